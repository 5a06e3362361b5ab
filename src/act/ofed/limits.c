/* Keeps limits.conf, and puts it back. */
#include "act/ofed/limits.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "act/saved.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

#define LIMITS "etc/security/limits.conf"

enum { FILE_BYTES_MAX = 1 << 20 };

int limits_keep(const struct step_context *c, const struct step *s,
		char ret[static LIMITS_SAVED_SIZE], struct error *err)
{
	ret[0] = '\0';
	if (!fs_exists(c->host->root, LIMITS))
		return 0;
	(void)text_format(ret, LIMITS_SAVED_SIZE, "saved/%s/%s/limits.conf", c->run, s->id);
	return saved_keep(c, LIMITS, ret, err);
}

/* The lines that the installer and its uninstaller write and remove. */
static void drop_memlock(const char *text, struct buf *ret)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len > 0 && !memmem(line, len, "memlock", strlen("memlock")))
			(void)!buf_add_format(ret, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

int limits_back(const struct step_context *c, const char *saved, struct error *err)
{
	AUTO_BUF struct buf now = { 0 }, old = { 0 }, a = { 0 }, b = { 0 };

	if (fs_read(c->host->root, LIMITS, FILE_BYTES_MAX, &now) < 0)
		return saved[0] ? saved_put_back(c, saved, LIMITS, err) : 0;
	if (saved[0] && fs_read(c->state_dir, saved, FILE_BYTES_MAX, &old) < 0)
		return error_set(err, FAULT_STATE_DIR, 0, "%s cannot be read", saved);
	if (text_eq(buf_text(&now), buf_text(&old)))
		return 0;
	drop_memlock(buf_text(&now), &a);
	drop_memlock(buf_text(&old), &b);
	if (!text_eq(buf_text(&a), buf_text(&b))) {
		LOG(c->host->log, WARNING, "file.kept",
		    "/" LIMITS " was changed by someone else: it stays as it is");
		return 0;
	}
	if (saved[0])
		return saved_put_back(c, saved, LIMITS, err);
	return unlinkat(c->host->root, LIMITS, 0) < 0 && errno != ENOENT
		       ? file_failed("removed", LIMITS, -errno, err)
		       : 0;
}
