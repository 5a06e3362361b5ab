/* Keys that come with a vendor's repository: taken into rpm's database by us, so that they can be
 * taken out again. A package manager would take them by itself, and nobody would know whose they
 * are. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

#define KEYS "/etc/pki/rpm-gpg/"

enum { NOTE_MAX = 1 << 20, PATH_SIZE = 400 };

/* A line each: "gpg-pubkey-6d85bd4f-5b1a2c3d". */
static int keys_now(const struct package_context *c, struct run_result *ret, struct error *err)
{
	static const char *const words[] = { "rpm",        "-q",
					     "--qf",       "%{NAME}-%{VERSION}-%{RELEASE}\\n",
					     "gpg-pubkey", NULL };
	AUTO_COMMAND struct command cmd = { 0 };

	command_add_all(&cmd, words);
	return rpm_query(c, &cmd, ret, err);
}

static void note_path(const char *dir, const char *name, char *ret, size_t size)
{
	(void)text_format(ret, size, "%s/%s", dir + (dir[0] == '/'), name);
}

static int note_write(const struct package_context *c, const char *dir, const char *name,
		      const char *text, struct error *err)
{
	char path[PATH_SIZE];
	int rc = fs_make_dirs(c->host->root, dir + (dir[0] == '/'), 0700);

	note_path(dir, name, path, sizeof(path));
	if (rc == 0)
		rc = fs_replace(c->host->root, path, text, strlen(text), 0600);
	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "/%s cannot be written: %s",
			 path, strerror(-rc));
}

int rpm_keys_note(const struct package_context *c, const char *dir, struct error *err)
{
	AUTO_RUN struct run_result r = { 0 };

	if (keys_now(c, &r, err) < 0)
		return -1;
	return note_write(c, dir, "keys.before", buf_text(&r.out), err);
}

/* Those that came since, a line each. */
static int keys_since(const struct package_context *c, const char *dir, struct buf *ret)
{
	AUTO_RUN struct run_result r = { 0 };
	AUTO_BUF struct buf before = { 0 };
	char path[PATH_SIZE], line[160];
	int rc;

	note_path(dir, "keys.before", path, sizeof(path));
	rc = fs_read(c->host->root, path, NOTE_MAX, &before);
	if (rc == 0 && keys_now(c, &r, NULL) < 0)
		rc = -EIO;
	for (const char *p = buf_text(&r.out); rc == 0 && *p;) {
		size_t len = strcspn(p, "\n");

		(void)TEXT_FORMAT(line, "%.*s", (int)len, p);
		if (text_starts(line, "gpg-pubkey-") && !rpm_has_line(buf_text(&before), line))
			rc = buf_add_format(ret, "%s\n", line);
		p += len + (p[len] == '\n');
	}
	return rc;
}

int rpm_keys_take(const struct package_context *c, const char *holder, const char *dir,
		  struct error *err)
{
	const char *const list[] = { "rpm", "-ql", holder, NULL };
	AUTO_COMMAND struct command query = { 0 }, cmd = { 0 };
	AUTO_RUN struct run_result files = { 0 }, r = { 0 };
	AUTO_BUF struct buf since = { 0 };
	char *save = NULL;

	command_add_all(&query, list);
	if (rpm_query(c, &query, &files, err) < 0)
		return -1;
	command_add(&cmd, "rpm");
	command_add(&cmd, "--import");
	for (char *p = files.out.len ? strtok_r(files.out.data, "\n", &save) : NULL; p;
	     p = strtok_r(NULL, "\n", &save))
		if (text_starts(p, KEYS))
			command_add(&cmd, p);
	if (cmd.n > 2 && rpm_call(c, &cmd, "rpm --import", &r, err) < 0)
		return -1;
	if (keys_since(c, dir, &since) < 0)
		return error_set(err, FAULT_STATE_DIR, EIO, "the keys of rpm cannot be compared");
	return note_write(c, dir, "keys.ours", buf_text(&since), err);
}

/* Without a note of what was ours, we were cut off while taking it: what came since then is. */
void rpm_keys_drop(const struct package_context *c, const char *dir)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_BUF struct buf ours = { 0 };
	struct error why = { 0 };
	char path[PATH_SIZE], *save = NULL;

	note_path(dir, "keys.ours", path, sizeof(path));
	if (fs_read(c->host->root, path, NOTE_MAX, &ours) < 0 && keys_since(c, dir, &ours) < 0)
		return;
	command_add(&cmd, "rpm");
	command_add(&cmd, "-e");
	for (char *p = ours.len ? strtok_r(ours.data, "\n", &save) : NULL; p;
	     p = strtok_r(NULL, "\n", &save))
		command_add(&cmd, p);
	if (cmd.n > 2 && rpm_call(c, &cmd, "rpm -e", &r, &why) < 0)
		LOG(c->host->log, WARNING, "package.keys", "%s, ignoring", why.what);
}
