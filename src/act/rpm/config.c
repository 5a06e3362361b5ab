/* Configuration files that rpm lays beside the owner's (x.rpmnew) when a package is replaced: those
 * that came by us go with it. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { NOTE_MAX = 1 << 20 };

/* The note of those that were there before, in the directory of the saved files. */
static void note_path(const char *dir, char *ret, size_t size)
{
	(void)text_format(ret, size, "%s/rpmnew", dir + (dir[0] == '/'));
}

/* Call `fn` with the name beside each configuration file of what the transaction replaces, as far
 * as it is there. */
static int each_beside(const struct package_context *c, const struct transaction *t,
		       int (*fn)(void *ctx, const char *path), void *ctx)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	int rc = 0;

	command_add(&cmd, "rpm");
	command_add(&cmd, "-qc");
	for (size_t i = 0; i < t->count; i++)
		if (t->changes[i].kind == CHANGE_REPLACE && !strchr(t->changes[i].name, ':'))
			command_add(&cmd, t->changes[i].name);
	if (cmd.n == 2)
		return 0;
	if (rpm_query(c, &cmd, &r, NULL) < 0)
		return -EIO;
	for (const char *line = buf_text(&r.out); rc == 0 && *line;) {
		size_t len = strcspn(line, "\n");
		char path[600];

		if (line[0] == '/' &&
		    TEXT_FORMAT(path, "%.*s.rpmnew", (int)len - 1, line + 1) == 0 &&
		    fs_exists(c->host->root, path))
			rc = fn(ctx, path);
		line += len + (line[len] == '\n');
	}
	return rc;
}

static int add_line(void *ctx, const char *path)
{
	return buf_add_format(ctx, "%s\n", path);
}

int rpm_config_note(const struct package_context *c, const struct transaction *t, const char *dir,
		    struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char path[300];
	int rc;

	note_path(dir, path, sizeof(path));
	if (fs_exists(c->host->root, path))
		return 0;
	rc = each_beside(c, t, add_line, &text);
	if (rc == 0)
		rc = fs_replace(c->host->root, path, buf_text(&text), text.len, 0600);
	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "/%s cannot be written: %s",
			 path, strerror(-rc));
}

struct sweep {
	const struct package_context *c;
	const char *before;
};

static int sweep_one(void *ctx, const char *path)
{
	const struct sweep *s = ctx;

	return rpm_has_line(s->before, path) ? 0 : fs_remove(s->c->host->root, path);
}

void rpm_config_sweep(const struct package_context *c, const struct transaction *t, const char *dir)
{
	AUTO_BUF struct buf before = { 0 };
	struct sweep s = { .c = c };
	char path[300];
	int rc;

	note_path(dir, path, sizeof(path));
	if (fs_read(c->host->root, path, NOTE_MAX, &before) < 0)
		return;
	s.before = buf_text(&before);
	rc = each_beside(c, t, sweep_one, &s);
	if (rc < 0)
		LOG(c->host->log, WARNING, "package.config",
		    "configuration files ending in .rpmnew may be left: %s", strerror(-rc));
}
