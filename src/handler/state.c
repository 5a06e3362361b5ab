/* handler/state.c - reads and writes the handler's files in the state directory. */
#include "handler/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "act/act.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/lock.h"

enum { STATE_FILE_MAX = 4 << 20 };

int state_read(const struct host *h, const char *name, const char *schema, json_t **ret)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	char path[PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(path, ACT_STATE_DIR "/%s", name);
	rc = fs_read(h->root, path, STATE_FILE_MAX, &text);
	if (rc < 0)
		return rc;
	j = json_parse(buf_text(&text), text.len, NULL, 0);
	if (!json_is_object(j) || !text_eq(json_text_at(j, "schema", NULL), schema))
		return -EINVAL;
	*ret = TAKE(j);
	return 0;
}

static int write_in(const struct host *h, const char *name, const struct buf *text)
{
	AUTO_FD int dir = -1;
	int rc = fs_make_dirs(h->root, ACT_STATE_DIR, 0700);

	if (rc < 0)
		return rc;
	dir = openat(h->root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	return fs_replace(dir, name, buf_text(text), text->len, 0600);
}

int state_write(const struct host *h, const char *name, const json_t *j, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	int rc = json_write(j, true, &text);

	if (rc == 0)
		rc = buf_add_text(&text, "\n");
	if (rc == 0)
		rc = write_in(h, name, &text);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "cannot write /" ACT_STATE_DIR "/%s: %s", name, strerror(-rc));
	return 0;
}

int state_remove(const struct host *h, const char *name)
{
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, ACT_STATE_DIR "/%s", name);
	return fs_remove(h->root, path);
}

pid_t state_holder(const struct host *h)
{
	AUTO_FD int dir = openat(h->root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = dir >= 0 ? lock_holder(dir, "lock") : 0;

	return pid == -EWOULDBLOCK ? -1 : pid > 0 ? pid : 0;
}

bool state_is_worker(const struct host *h, pid_t pid)
{
	static const char *const verbs[] = { "worker", "resume" };
	AUTO_BUF struct buf line = { 0 };
	char path[64];

	(void)TEXT_FORMAT(path, "proc/%ld/cmdline", (long)pid);
	if (pid <= 0 || host_read(h, path, 64 << 10, &line) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char words[32];
		int n = snprintf(words, sizeof words, "%chandler%c%s", '\0', '\0', verbs[i]);

		if (memmem(buf_text(&line), line.len, words, (size_t)n + 1) != NULL)
			return true;
	}
	return false;
}

bool state_has(const struct host *h, const char *name)
{
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, ACT_STATE_DIR "/%s", name);
	return fs_exists(h->root, path);
}

bool state_journal_is_open(const struct host *h)
{
	return state_has(h, "journal/open");
}

void boot_id_read(const struct host *h, char ret[static BOOT_ID_SIZE])
{
	if (host_read_line(h, "proc/sys/kernel/random/boot_id", ret, BOOT_ID_SIZE) < 0)
		ret[0] = '\0';
}
