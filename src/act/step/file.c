/* Writes a file of ours, or, where it has no content, takes it away; what stood there before is
 * saved, what a person changed since is kept beside. */
#include "act/step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/saved.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { FILE_BYTES_MAX = 1 << 20, FILE_MODE = 0644, KEPT_MAX = 100 };

static bool has_bytes(const struct host *h, const char *path, const char *data, size_t len)
{
	AUTO_BUF struct buf text = { 0 };

	return fs_read(h->root, path, FILE_BYTES_MAX, &text) == 0 && text.len == len &&
	       memcmp(buf_text(&text), data, len) == 0;
}

static bool is_removal(const struct step *s)
{
	return !s->content[0];
}

static bool is_ours(const struct step_context *c, const struct step *s)
{
	if (is_removal(s))
		return !fs_exists(c->host->root, s->items[0]);
	return has_bytes(c->host, s->items[0], s->content, strlen(s->content));
}

static bool file_check(const struct step_context *c, const struct step *s)
{
	return is_ours(c, s);
}

/* "etc/x" of "etc/x/y"; "" where there is none. */
static void parent_of(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');

	text_format(ret, size, "%.*s", slash ? (int)(slash - path) : 0, path);
}

/* How many of the directories above the file are not there. */
static int parents_missing(const struct step_context *c, const char *path)
{
	char at[192], parent[192];
	int missing = 0;

	TEXT_COPY(at, path);
	for (;; missing++) {
		parent_of(at, parent, sizeof(parent));
		if (!parent[0] || fs_exists(c->host->root, parent))
			return missing;
		TEXT_COPY(at, parent);
	}
}

/* Directories that the step made go with its file, unless somebody else has put one there. */
static void parents_remove(const struct step_context *c, const char *path, const json_t *before)
{
	/* Journals of 1.1.0 tell of the nearest alone. */
	long long made = json_int_at(before, "parentsMade",
				     json_bool_at(before, "parentExisted", true) ? 0 : 1);
	char at[192], parent[192];

	TEXT_COPY(at, path);
	for (; made > 0; made--) {
		parent_of(at, parent, sizeof(parent));
		if (!parent[0])
			return;
		if (unlinkat(c->host->root, parent, AT_REMOVEDIR) < 0 && errno != ENOENT) {
			if (errno != ENOTEMPTY && errno != EEXIST)
				LOG(c->host->log, WARNING, "file.parent",
				    "/%s cannot be removed, ignoring: %s", parent, strerror(errno));
			return;
		}
		TEXT_COPY(at, parent);
	}
}

static int file_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			struct error *err)
{
	const char *path = s->items[0];
	bool existed = fs_exists(c->host->root, path);
	char saved[160] = "";

	if (existed)
		TEXT_FORMAT(saved, "saved/%s/%s/file", c->run, s->id);
	if (existed && saved_keep(c, path, saved, err) < 0)
		return -1;
	*ret = json_pack("{s:b, s:i, s:o}", "existed", existed, "parentsMade",
			 parents_missing(c, path), "saved", json_text_or_null(saved));
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to write down what %s was",
				path);
}

static int file_apply(const struct step_context *c, const struct step *s, const json_t *before,
		      struct error *err)
{
	const char *path = s->items[0];
	char parent[192];
	int rc = 0;

	(void)before;
	if (is_removal(s)) {
		if (unlinkat(c->host->root, path, 0) < 0 && errno != ENOENT)
			return file_failed("removed", path, -errno, err);
		rc = fs_sync_parent(c->host->root, path);
		return rc < 0 && rc != -ENOENT ? file_failed("removed", path, rc, err) : 0;
	}
	parent_of(path, parent, sizeof(parent));
	if (parent[0])
		rc = fs_make_dirs(c->host->root, parent, 0755);
	if (rc == 0)
		rc = fs_replace(c->host->root, path, s->content, strlen(s->content), FILE_MODE);
	return rc < 0 ? file_failed("written", path, rc, err) : 0;
}

static int file_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	if (is_ours(c, s))
		return 0;
	return error_set(err, FAULT_WRITE_FAILED, 0, "/%s does not hold what was written to it",
			 s->items[0]);
}

/* A person's edits are not lost: what is there goes to PATH.ib-vmext-kept, or -kept.2 and so on. */
static int keep_beside(const struct step_context *c, const char *path, struct error *err)
{
	char kept[128];

	TEXT_FORMAT(kept, "%s.ib-vmext-kept", path);
	for (int i = 2; fs_exists(c->host->root, kept) && i < KEPT_MAX; i++)
		TEXT_FORMAT(kept, "%s.ib-vmext-kept.%d", path, i);
	if (renameat(c->host->root, path, c->host->root, kept) < 0)
		return file_failed("kept beside", path, -errno, err);
	LOG(c->host->log, WARNING, "file.kept",
	    "/%s was changed by someone else: their version is kept as /%s", path, kept);
	return 0;
}

/* What fs_replace leaves when it is killed. */
static void remove_torn(const struct step_context *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	int parent = slash ? (int)(slash + 1 - path) : 0;
	char torn[128];

	TEXT_FORMAT(torn, "%.*s.%s.new", parent, path, path + parent);
	(void)unlinkat(c->host->root, torn, 0);
}

static bool is_put_back(const struct step_context *c, const char *path, const char *saved)
{
	AUTO_BUF struct buf old = { 0 };

	return fs_read(c->state_dir, saved, FILE_BYTES_MAX, &old) == 0 &&
	       has_bytes(c->host, path, buf_text(&old), old.len);
}

static int file_undo(const struct step_context *c, const struct step *s, const json_t *before,
		     struct error *err)
{
	const char *path = s->items[0];
	const char *saved = json_text_at(before, "saved", NULL);
	bool ours = is_ours(c, s);
	int rc;

	remove_torn(c, path);
	if (saved && is_put_back(c, path, saved))
		return 0;
	if (!ours && fs_exists(c->host->root, path) && keep_beside(c, path, err) < 0)
		return -1;
	if (saved)
		return saved_put_back(c, saved, path, err);
	if (ours && unlinkat(c->host->root, path, 0) < 0 && errno != ENOENT)
		return file_failed("removed", path, -errno, err);
	rc = fs_sync_parent(c->host->root, path);
	parents_remove(c, path, before);
	return rc < 0 && rc != -ENOENT ? file_failed("removed", path, rc, err) : 0;
}

const struct step_ops step_file = {
	.check = file_check,
	.prepare = file_prepare,
	.apply = file_apply,
	.confirm = file_confirm,
	.undo = file_undo,
	.percent = 5,
};
