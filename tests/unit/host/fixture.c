/* tests/unit/host/fixture.c - makes worlds in a temporary directory, and a clock to move. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

void world_make(struct world *w)
{
	TEXT_COPY(w->dir, "/tmp/ib-vmext-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->fd >= 0);
	assert_int_equal(mkdirat(w->fd, "root", 0755), 0);
}

void world_drop(struct world *w)
{
	close(w->fd);
	assert_int_equal(fs_remove(AT_FDCWD, w->dir), 0);
}

static void make_parent(const struct world *w, const char *path)
{
	char parent[256];
	char *slash;

	TEXT_COPY(parent, path);
	slash = strrchr(parent, '/');
	if (!slash)
		return;
	*slash = '\0';
	assert_int_equal(fs_make_dirs(w->fd, parent, 0755), 0);
}

void world_put(const struct world *w, const char *path, const char *text)
{
	make_parent(w, path);
	assert_int_equal(fs_replace(w->fd, path, text, strlen(text), 0644), 0);
}

void world_put_dir(const struct world *w, const char *path)
{
	assert_int_equal(fs_make_dirs(w->fd, path, 0755), 0);
}

void world_put_link(const struct world *w, const char *path, const char *target)
{
	make_parent(w, path);
	assert_int_equal(symlinkat(target, w->fd, path), 0);
}

void world_start(const struct world *w, const char *members, struct host *ret)
{
	AUTO_BUF struct buf json = { .data = NULL };
	struct error err = { .what = "" };

	assert_int_equal(buf_add_format(&json, "{\"schema\":\"ib-vmext/world/1\"%s%s}",
					*members ? "," : "", members),
			 0);
	world_put(w, "world.json", json.data);
	if (host_open_world(ret, w->dir, NULL, &err) < 0)
		fail_msg("host_open_world: %s", err.what);
}

static int64_t look(const struct clock *c)
{
	struct test_clock *t = (struct test_clock *)c;

	t->now_ms += t->step_ms;
	return t->now_ms;
}

static void count_sleep(const struct clock *c, int64_t ms)
{
	struct test_clock *t = (struct test_clock *)c;

	t->sleeps++;
	t->slept_ms += ms;
}

void test_clock_init(struct test_clock *c)
{
	*c = (struct test_clock) {
		.clock = { .realtime_ms = look, .monotonic_ms = look, .sleep_ms = count_sleep }
	};
}
