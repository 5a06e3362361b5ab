/* tests/unit/overlay.c - makes folders of worlds out of overlays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "overlay.h"

enum { OVERLAYS_MAX = 1 << 20, DEPTH_MAX = 8 };
enum { KVP_KEY = 512, KVP_VALUE = 2048, KVP_RECORD = KVP_KEY + KVP_VALUE };

static const char *const members[] = { "source", "base", "files", "world", "verify" };
static const char *const expectations[] = { "verdict", "red",      "green",
					    "absent",  "measured", "traffic" };

static void check_members(const char *name, const json_t *object, const char *const *known,
			  size_t count)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		fail_msg("%s: is no object", name);
	json_object_foreach((json_t *)object, key, value)
	{
		size_t i = 0;

		while (i < count && !text_eq(known[i], key))
			i++;
		if (i == count)
			fail_msg("%s: may not have \"%s\"", name, key);
	}
}

static void check_overlay(const char *name, const json_t *overlay)
{
	const json_t *verify = json_object_get(overlay, "verify");

	check_members(name, overlay, members, ARRAY_SIZE(members));
	if (json_text_at(overlay, "base", NULL) == NULL ||
	    json_text_at(overlay, "source", NULL) == NULL)
		fail_msg("%s: has no base, or no source", name);
	if (verify != NULL)
		check_members(name, verify, expectations, ARRAY_SIZE(expectations));
}

struct loading {
	const char *worlds;
	json_t *all;
};

static int load_file(void *ctx, const char *file)
{
	AUTO_BUF struct buf b = { .max = OVERLAYS_MAX };
	AUTO_JSON json_t *j = NULL;
	struct loading *l = ctx;
	char path[PATH_MAX], why[200] = "";
	const char *name;
	json_t *overlay;

	if (!text_ends(file, ".json"))
		return 0;
	(void)TEXT_FORMAT(path, "%s/overlays/%s", l->worlds, file);
	if (fs_read(AT_FDCWD, path, OVERLAYS_MAX, &b) < 0)
		fail_msg("%s cannot be read", path);
	j = json_parse(buf_text(&b), b.len, why, sizeof why);
	if (j == NULL)
		fail_msg("%s: %s", path, why);
	json_object_foreach(j, name, overlay)
	{
		check_overlay(name, overlay);
		if (json_object_get(l->all, name) != NULL)
			fail_msg("%s: is there twice", name);
		assert_int_equal(json_object_set(l->all, name, overlay), 0);
	}
	return 0;
}

json_t *overlays_load(const char *worlds)
{
	struct loading l = { worlds, json_object() };
	char dir[PATH_MAX];

	(void)TEXT_FORMAT(dir, "%s/overlays", worlds);
	assert_int_equal(fs_list(AT_FDCWD, dir, load_file, &l), 0);
	return l.all;
}

static void copy_folder(const char *from, const char *to)
{
	char *const argv[] = { (char *)"cp", (char *)"-a", (char *)from, (char *)to, NULL };
	pid_t pid;
	int status = -1;

	assert_int_equal(posix_spawnp(&pid, "cp", NULL, NULL, argv, environ), 0);
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	if (status != 0)
		fail_msg("cp -a %s %s failed", from, to);
}

/* Not fs_replace: it syncs, and these are a thousand files that live for a moment. */
static void put_bytes(int dir, const char *path, const char *bytes, size_t len)
{
	AUTO_FD int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fs_write_all(fd, bytes, len) < 0)
		fail_msg("%s cannot be written", path);
}

/* As hv_kvp_daemon writes a pool. */
static void put_kvp(int root, const char *path, const json_t *pairs)
{
	AUTO_BUF struct buf b = { 0 };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)pairs, key, value)
	{
		char record[KVP_RECORD] = { 0 };

		assert_int_equal(text_copy(record, KVP_KEY, key), 0);
		assert_int_equal(text_copy(record + KVP_KEY, KVP_VALUE, json_string_value(value)),
				 0);
		assert_int_equal(buf_add(&b, record, sizeof record), 0);
	}
	put_bytes(root, path, buf_text(&b), b.len);
}

/* The entries of a module's .modinfo, each ended by NUL. */
static void put_modinfo(int root, const char *path, const json_t *entries)
{
	AUTO_BUF struct buf b = { 0 };
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry) assert_int_equal(
		buf_add(&b, json_string_value(entry), json_string_length(entry) + 1), 0);
	put_bytes(root, path, buf_text(&b), b.len);
}

static void put_file(int root, const char *path, const json_t *value)
{
	char parent[PATH_MAX];
	char *slash;

	assert_int_equal(fs_remove(root, path), 0);
	if (json_is_null(value))
		return;
	(void)TEXT_COPY(parent, path);
	slash = strrchr(parent, '/');
	if (slash != NULL) {
		*slash = '\0';
		assert_int_equal(fs_make_dirs(root, parent, 0755), 0);
	}
	if (json_is_string(value))
		put_bytes(root, path, json_string_value(value), json_string_length(value));
	else if (json_object_get(value, "kvp") != NULL)
		put_kvp(root, path, json_object_get(value, "kvp"));
	else if (json_object_get(value, "modinfo") != NULL)
		put_modinfo(root, path, json_object_get(value, "modinfo"));
	else if (symlinkat(json_text_at(value, "link", ""), root, path) < 0)
		fail_msg("%s cannot be made", path);
}

static void change_world(int dir, const json_t *changes)
{
	AUTO_BUF struct buf was = { .max = OVERLAYS_MAX }, is = { 0 };
	AUTO_JSON json_t *world = NULL;
	const char *key;
	json_t *value;

	assert_int_equal(fs_read(dir, "world.json", OVERLAYS_MAX, &was), 0);
	world = json_parse(buf_text(&was), was.len, NULL, 0);
	json_object_foreach((json_t *)changes, key, value)
	{
		if (json_is_null(value) && !text_eq(key, "imds"))
			(void)json_object_del(world, key);
		else
			assert_int_equal(json_object_set(world, key, value), 0);
	}
	assert_int_equal(json_write(world, true, &is), 0);
	put_bytes(dir, "world.json", buf_text(&is), is.len);
}

static void apply(const json_t *overlay, const char *dir)
{
	AUTO_FD int base = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int root = openat(base, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *path;
	json_t *value;

	assert_true(root >= 0);
	json_object_foreach(json_object_get(overlay, "files"), path, value)
		put_file(root, path, value);
	if (json_object_get(overlay, "world") != NULL)
		change_world(base, json_object_get(overlay, "world"));
}

void overlay_make(const char *worlds, const json_t *overlays, const char *name, const char *dir)
{
	const json_t *chain[DEPTH_MAX];
	char from[PATH_MAX];
	size_t depth = 0;

	for (const json_t *o; (o = json_object_get(overlays, name)) != NULL;
	     name = json_text_at(o, "base", "")) {
		if (depth == DEPTH_MAX)
			fail_msg("%s: has too many bases", name);
		chain[depth++] = o;
	}
	(void)TEXT_FORMAT(from, "%s/%s", worlds, name);
	if (!fs_exists(AT_FDCWD, from))
		fail_msg("there is no world %s", name);
	copy_folder(from, dir);
	while (depth > 0)
		apply(chain[--depth], dir);
}
