/* act/step/download.c - gets an artefact and holds it against its digest, or against what came the
 * first time. */
#include "act/step/download.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/fetch/pin.h"
#include "act/fetch/download.h"
#include "act/fetch/download_place.h"
#include "act/bundle/offline.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

enum { NAME_SIZE = 160 };

static bool is_right(const struct step_context *c, const struct step *s)
{
	char name[NAME_SIZE], path[300], sha256[DIGEST_TEXT_SIZE];
	struct pin e;
	AUTO_FD int fd = -1;

	pin_expected_now(c->host, s, &e);
	if (e.sha256[0] == '\0' || pin_name(s, name, sizeof name) < 0 ||
	    download_find(c->host, name, path, sizeof path) < 0)
		return false;
	fd = openat(c->host->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && digest_of_fd(fd, sha256) == 0 && text_eq(sha256, e.sha256);
}

static struct download_context context_of(const struct step_context *c, const struct step *s)
{
	return (struct download_context) { .host = c->host,
					   .settings = c->settings,
					   .stage = s->id,
					   .deadline_s = c->packages.deadline_s,
					   .stop = c->packages.stop,
					   .stop_ctx = c->packages.stop_ctx };
}

/* Where it really comes from. */
static int address_of(const struct step_context *c, const struct step *s, char *ret, size_t size,
		      struct error *err)
{
	if (offline_is_on(c->settings))
		return offline_find(c->host, pin_url(s), ret, size, err);
	if (url_mirror(c->settings->mirror, pin_url(s), ret, size) == 0)
		return 0;
	return error_set(err, FAULT_SETTINGS, 0, "the address that mirror makes of %.200s is none",
			 pin_url(s));
}

/* The digest of one that nobody told is not asked for: TLS alone vouches for the first. */
static int download_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			    struct error *err)
{
	struct download_context dc = context_of(c, s);
	char name[NAME_SIZE], url[URL_SIZE], shown[300], dir[200], path[400];
	struct download_size size;

	if (pin_name(s, name, sizeof name) < 0)
		return error_set(err, FAULT_DOWNLOAD, EINVAL, "%.200s names no file", pin_url(s));
	if (address_of(c, s, url, sizeof url, err) < 0 || download_ask(&dc, url, &size, err) < 0 ||
	    download_place(c->host, name, size.bytes, dir, sizeof dir, err) < 0)
		return -1;
	url_show(url, shown, sizeof shown);
	(void)TEXT_FORMAT(path, "%s/%s", dir, name);
	*ret = json_pack("{s:s, s:s, s:s, s:I}", "url", pin_url(s), "from", shown, "path", path,
			 "bytes", (json_int_t)size.bytes);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to write down a download");
}

static int download_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	struct download_context dc = context_of(c, s);
	const char *path = json_text_at(before, "path", ""), *slash = strrchr(path, '/');
	char url[URL_SIZE], parent[300], sha256[DIGEST_TEXT_SIZE];
	struct pin e;
	int rc;

	pin_expected(c->host, s, &e);
	(void)TEXT_FORMAT(parent, "%.*s", slash != NULL ? (int)(slash - path) : 0, path);
	rc = fs_make_dirs(c->host->root, parent, 0700);
	if (rc < 0)
		return error_set(err, FAULT_WRITE_FAILED, -rc, "/%s cannot be made: %s", parent,
				 strerror(-rc));
	if (address_of(c, s, url, sizeof url, err) < 0)
		return -1;
	if (download_get(&dc,
			 &(struct download) { .url = url,
					      .sha256 = e.sha256,
					      .whose = e.whose,
					      .path = path,
					      .bytes = json_int_at(before, "bytes", -1) },
			 sha256, err) < 0)
		return -1;
	return e.sha256[0] != '\0' ? 0 : pin_take(c->host, s, c->run, sha256, err);
}

static int download_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	if (is_right(c, s))
		return 0;
	return error_set(err, FAULT_DOWNLOAD, 0, "the file of %.200s is not there, or not whole",
			 pin_url(s));
}

static int remove_file(const struct step_context *c, const char *path, struct error *err)
{
	if (unlinkat(c->host->root, path, 0) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_set(err, FAULT_WRITE_FAILED, errno, "/%s cannot be removed: %s", path,
			 strerror(errno));
}

/* A file that was right before was no change of ours: then the step was not begun. */
static int download_undo(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	const char *path = json_text_at(before, "path", "");
	char name[NAME_SIZE], part[400];

	if (path[0] == '\0' || pin_name(s, name, sizeof name) < 0)
		return 0;
	(void)TEXT_FORMAT(part, "%s.part", path);
	return remove_file(c, path, err) < 0 || remove_file(c, part, err) < 0 ||
			       pin_drop(c->host, s, err) < 0
		       ? -1
		       : 0;
}

int step_download_path(const struct step_context *c, const struct step *s, char *ret, size_t size,
		       struct error *err)
{
	char name[NAME_SIZE];

	if (pin_name(s, name, sizeof name) == 0 && download_find(c->host, name, ret, size) == 0)
		return 0;
	return error_set(err, FAULT_DOWNLOAD, ENOENT, "the file of %.200s is not there",
			 pin_url(s));
}

const struct step_ops step_download = {
	.check = is_right,
	.prepare = download_prepare,
	.apply = download_apply,
	.confirm = download_confirm,
	.undo = download_undo,
	.percent = 15,
};
