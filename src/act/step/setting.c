/* Sets one line "KEY=VALUE" of somebody else's file; the rest of it stays byte for byte, as do its
 * mode and its owner. Items: the path, the key, the value. */
#include "act/step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/saved.h"
#include "act/setting.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { FILE_BYTES_MAX = 1 << 20, KEPT_MAX = 100 };

static int read_now(const struct step_context *c, const struct step *s, struct buf *ret,
		    struct error *err)
{
	int rc = fs_read(c->host->root, s->items[0], FILE_BYTES_MAX, ret);

	return rc < 0 ? file_failed("read", s->items[0], rc, err) : 0;
}

static bool is_set(const struct step_context *c, const struct step *s)
{
	AUTO_BUF struct buf text = { 0 };

	return read_now(c, s, &text, NULL) == 0 &&
	       setting_has(buf_text(&text), text.len, s->items[1], s->items[2]);
}

static bool setting_check(const struct step_context *c, const struct step *s)
{
	return is_set(c, s);
}

static int setting_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			   struct error *err)
{
	char saved[160];

	TEXT_FORMAT(saved, "saved/%s/%s/file", c->run, s->id);
	if (saved_keep(c, s->items[0], saved, err) < 0)
		return -1;
	*ret = json_pack("{s:s}", "saved", saved);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to write down what %s was",
				s->items[0]);
}

static int write_as_it_is(const struct step_context *c, const char *path, const struct buf *text,
			  struct error *err)
{
	struct stat st;
	int rc = fstatat(c->host->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;

	if (rc == 0)
		rc = fs_replace(c->host->root, path, text->data, text->len, st.st_mode & 07777);
	if (rc == 0 && (st.st_uid != geteuid() || st.st_gid != getegid()) &&
	    fchownat(c->host->root, path, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		rc = -errno;
	return rc < 0 ? file_failed("written", path, rc, err) : 0;
}

static int setting_apply(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	AUTO_BUF struct buf now = { 0 }, then = { 0 };

	(void)before;
	if (read_now(c, s, &now, err) < 0)
		return -1;
	if (setting_put(buf_text(&now), now.len, s->items[1], s->items[2], &then) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for /%s", s->items[0]);
	return write_as_it_is(c, s->items[0], &then, err);
}

static int setting_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	return is_set(c, s) ? 0
			    : error_set(err, FAULT_WRITE_FAILED, 0, "/%s does not say %s=%s",
					s->items[0], s->items[1], s->items[2]);
}

/* A copy of theirs, at PATH.ib-vmext-kept, or -kept.2 and so on. */
static int keep_copy(const struct step_context *c, const char *path, const struct buf *text,
		     struct error *err)
{
	char kept[128];
	int rc;

	TEXT_FORMAT(kept, "%s.ib-vmext-kept", path);
	for (int i = 2; fs_exists(c->host->root, kept) && i < KEPT_MAX; i++)
		TEXT_FORMAT(kept, "%s.ib-vmext-kept.%d", path, i);
	rc = fs_replace(c->host->root, kept, text->data, text->len, 0600);
	if (rc < 0)
		return file_failed("kept beside", path, rc, err);
	LOG(c->host->log, WARNING, "setting.kept",
	    "/%s was changed by someone else: their version is kept as /%s, too", path, kept);
	return 0;
}

/* Of what others have written since, the one line alone is put back; if it is theirs it stays. */
static int undo_line(const struct step_context *c, const struct step *s, const struct buf *old,
		     const struct buf *now, struct error *err)
{
	AUTO_BUF struct buf then = { 0 };

	if (!setting_has(buf_text(now), now->len, s->items[1], s->items[2])) {
		LOG(c->host->log, WARNING, "setting.theirs",
		    "%s of /%s was changed by someone else and stays", s->items[1], s->items[0]);
		return 0;
	}
	if (setting_restore(buf_text(now), now->len, s->items[1], buf_text(old), old->len, &then) <
	    0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for /%s", s->items[0]);
	if (keep_copy(c, s->items[0], now, err) < 0)
		return -1;
	return write_as_it_is(c, s->items[0], &then, err);
}

static bool is_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(buf_text(a), buf_text(b), a->len) == 0;
}

static int setting_undo(const struct step_context *c, const struct step *s, const json_t *before,
			struct error *err)
{
	AUTO_BUF struct buf old = { 0 }, ours = { 0 }, now = { 0 };
	const char *saved = json_text_at(before, "saved", "");
	int rc = fs_read(c->state_dir, saved, FILE_BYTES_MAX, &old);

	if (rc < 0)
		return file_failed("put back from what was saved", s->items[0], rc, err);
	if (!fs_exists(c->host->root, s->items[0]))
		return 0; /* with the agent itself */
	if (read_now(c, s, &now, err) < 0)
		return -1;
	if (setting_put(buf_text(&old), old.len, s->items[1], s->items[2], &ours) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for /%s", s->items[0]);
	if (is_same(&now, &old))
		return 0;
	return is_same(&now, &ours) ? write_as_it_is(c, s->items[0], &old, err)
				    : undo_line(c, s, &old, &now, err);
}

const struct step_ops step_setting = {
	.check = setting_check,
	.prepare = setting_prepare,
	.apply = setting_apply,
	.confirm = setting_confirm,
	.undo = setting_undo,
	.percent = 1,
};
