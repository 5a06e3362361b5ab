/* act/fetch/download.c - one file from one address, whole and right, or a fault that says why not.
 */
#include "act/fetch/download.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "act/fetch/download_room.h"
#include "act/saved.h"
#include "act/fetch/transfer.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum {
	TRIES_WITHOUT_A_BYTE = 5,
	TRIES_IN_ALL = 60,
	REDIRECTS = 10,
	PAUSE_FIRST_S = 1,
	PAUSE_MOST_S = 300,
	SAY_MS = 10000,
};

static int64_t now_ms(const struct fetch *f)
{
	const struct clock *clock = f->c->host->clock;

	return clock->monotonic_ms(clock);
}

static int64_t part_size(const struct fetch *f)
{
	struct stat st;

	return f->fd >= 0 && fstat(f->fd, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void say_progress(void *ctx)
{
	struct fetch *f = ctx;
	int64_t now = now_ms(f), have = part_size(f);
	char of[40] = "";

	if (f->fd < 0 || now - f->said_ms < SAY_MS)
		return;
	if (f->total > 0)
		TEXT_FORMAT(of, " of %" PRId64, f->total >> 20);
	log_stage(f->c->host->log, f->c->stage, STAGE_RUNNING, -1, "download.progress",
		  "%s: %" PRId64 "%s MiB, %.1f MiB/s", f->shown, have >> 20, of,
		  (double)(have - f->said_bytes) / 1048.576 / (double)(now - f->said_ms));
	f->said_ms = now;
	f->said_bytes = have;
}

static int go_to(struct fetch *f, const char *url, struct error *err)
{
	struct url u;

	if (TEXT_COPY(f->url, url) < 0 || url_parse(url, &u) < 0)
		return error_set(err, FAULT_DOWNLOAD, 0, "%.300s is no address", f->shown);
	if (text_eq(u.scheme, "https") || (text_eq(u.scheme, "http") && f->by_http))
		return 0;
	return error_set(
		err, FAULT_DOWNLOAD_TLS, 0,
		text_eq(u.scheme, "http")
			? "%s is not downloaded: no digest of it is known, so it must come "
			  "by https"
			: "%s is not downloaded: only https, http and file are known",
		f->shown);
}

/* Where the answer sends us. */
static int follow(struct fetch *f, const struct answer *a, struct error *err)
{
	char to[URL_SIZE], shown[300];

	if (++f->redirects > REDIRECTS)
		return error_set(err, FAULT_DOWNLOAD_REDIRECT, ELOOP,
				 "%s cannot be downloaded: more than %d redirects", f->shown,
				 REDIRECTS);
	if (url_resolve(f->url, a->location, to, sizeof to) < 0)
		return error_set(err, FAULT_DOWNLOAD_REDIRECT, 0,
				 "%s cannot be downloaded: it leads to an address that cannot be "
				 "read",
				 f->shown);
	url_show(to, shown, sizeof shown);
	if (text_starts(f->url, "https:") && !text_starts(to, "https:"))
		return error_set(err, FAULT_DOWNLOAD_REDIRECT, 0,
				 "%s cannot be downloaded: it leads away from https, to %s",
				 f->shown, shown);
	LOG(f->c->host->log, DEBUG, "download.redirect", "%s leads to %s", f->shown, shown);
	f->keys = false;
	return go_to(f, to, err);
}

static int fail(const struct fetch *f, const struct transfer_result *r, const struct proxy *proxy,
		struct error *err)
{
	char what[300] = "no answer came", by[300] = "";

	if (r->answer.status >= 300)
		TEXT_FORMAT(what, "the server answered with HTTP %d", r->answer.status);
	else if (r->why[0] != '\0')
		(void)TEXT_COPY(what, r->why);
	if (proxy->url[0] != '\0')
		TEXT_FORMAT(by, " through the proxy %s", proxy->url);
	error_set(err, r->judgement.fault, 0, "%.200s cannot be downloaded%.100s: %.160s", f->shown,
		  by, what);
	if (err != NULL)
		fetch_redact(f, err->what);
	return -1;
}

static bool is_taken_over(const struct fetch *f)
{
	return f->c->stop != NULL && f->c->stop(f->c->stop_ctx);
}

/* -1 if the time is over before, or a newer request came; *err is untouched for the first. */
static int pause_for(struct fetch *f, int seconds, const char *why, struct error *err)
{
	const struct clock *clock = f->c->host->clock;
	int64_t until = now_ms(f) + seconds * 1000LL;
	char text[21];

	if (until >= f->until_ms)
		return -1;
	time_text(clock->realtime_ms(clock) + seconds * 1000LL, text);
	log_stage(f->c->host->log, f->c->stage, STAGE_WAITING, -1, "download.wait",
		  "%s; trying again in %d s, at %s", why, seconds, text);
	while (now_ms(f) < until) {
		if (is_taken_over(f))
			return error_set(err, FAULT_TAKEN_OVER, 0,
					 "a newer request came during a download");
		clock->sleep_ms(clock, 1000);
	}
	return 0;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Something that may be otherwise in a while. */
static int try_later(struct fetch *f, int64_t before, const struct transfer_result *r,
		     const struct error *why, struct error *err)
{
	int pause;

	if (part_size(f) > before)
		f->tries = 0;
	if (f->max_tries <= ++f->tries || f->all_tries >= TRIES_IN_ALL) {
		*err = *why;
		return -1;
	}
	pause = r->answer.retry_after_s > 0 ? r->answer.retry_after_s
					    : PAUSE_FIRST_S << (f->tries - 1);
	*err = *why;
	if (pause_for(f, least(pause, PAUSE_MOST_S), why->what, err) < 0)
		return -1;
	f->keys = true;
	f->redirects = 0;
	return go_to(f, f->start, err);
}

static int cut_to(const struct fetch *f, int64_t size, struct error *err)
{
	if (f->fd < 0 || part_size(f) <= size || ftruncate(f->fd, size) == 0)
		return 0;
	return error_set(err, FAULT_WRITE_FAILED, errno, "/%s cannot be cut: %s", f->part,
			 strerror(errno));
}

static int try_once(struct fetch *f, struct transfer_result *ret, struct proxy *proxy,
		    struct error *err)
{
	char url[URL_SIZE];
	struct fetch_keys keys = { 0 };
	struct transfer t = { .url = url,
			      .output = f->fd >= 0 ? f->part : NULL,
			      .offset = part_size(f),
			      .peek = f->peek,
			      .proxy = proxy,
			      .deadline_s = (int)((f->until_ms - now_ms(f)) / 1000) + 1,
			      .tick = say_progress,
			      .ctx = f };
	int rc;

	(void)TEXT_COPY(url, f->url);
	if (proxy_for(f->c->settings, f->url, proxy, err) < 0 ||
	    (f->keys && fetch_keys_get(f, &keys, url, sizeof url, err) < 0))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(keys.headers); i++)
		t.headers[i] = keys.headers[i][0] != '\0' ? keys.headers[i] : NULL;
	f->all_tries++;
	rc = transfer_run(f->c->host, &t, ret, err);
	explicit_bzero(&keys, sizeof keys);
	return rc;
}

/* One try, and what follows from it. Returns 1 when it is done, 0 to go on, -1. */
static int step_on(struct fetch *f, struct answer *ret, struct error *err)
{
	struct transfer_result r;
	struct proxy proxy;
	struct error why = { 0 };
	int64_t before = part_size(f);

	if (is_taken_over(f))
		return error_set(err, FAULT_TAKEN_OVER, 0,
				 "a newer request came during a download");
	if (try_once(f, &r, &proxy, err) < 0)
		return -1;
	*ret = r.answer;
	if (r.judgement.fault == FAULT_NONE)
		return 1;
	/* What came with a redirect or a refusal is no part of the file. */
	if (!r.judgement.again && cut_to(f, before, err) < 0)
		return -1;
	if (r.judgement.redirect)
		return follow(f, &r.answer, err);
	if (r.judgement.too_far && before > 0)
		return cut_to(f, 0, err);
	(void)fail(f, &r, &proxy, &why);
	if (r.judgement.again && now_ms(f) < f->until_ms)
		return try_later(f, before, &r, &why, err);
	*err = why;
	return -1;
}

static int fetch(struct fetch *f, struct answer *ret, struct error *err)
{
	struct error own = { 0 };
	int rc = go_to(f, f->start, &own);

	f->keys = true;
	f->said_ms = now_ms(f);
	f->said_bytes = part_size(f);
	while (rc == 0)
		rc = step_on(f, ret, &own);
	if (rc < 0 && err != NULL)
		*err = own;
	return rc < 0 ? -1 : 0;
}

static void fetch_init(struct fetch *f, const struct download_context *c, const char *url)
{
	*f = (struct fetch) { .c = c, .start = url, .fd = -1, .max_tries = TRIES_WITHOUT_A_BYTE };
	f->until_ms = now_ms(f) + c->deadline_s * 1000LL;
	url_show(url, f->shown, sizeof f->shown);
}

/* Files. */

static int copy_local(const struct fetch *f, const struct download *d, const char *from,
		      struct error *err)
{
	AUTO_FD int fd = openat(f->c->host->root, from + strspn(from, "/"),
				O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, FAULT_DOWNLOAD_NOT_FOUND, errno, "%s cannot be read: %s",
				 f->shown, fd < 0 ? strerror(errno) : "it is no file");
	if (d == NULL)
		return 0;
	rc = fs_copy_to(fd, f->c->host->root, f->part, 0600);
	return rc < 0 ? file_failed("written", f->part, rc, err) : 0;
}

static const char *local_path(const char *url)
{
	if (url[0] == '/')
		return url;
	return text_starts(url, "file://") ? url + strlen("file://") : NULL;
}

static int open_part(struct fetch *f, const struct download *d, struct error *err)
{
	struct stat st;

	f->fd = openat(f->c->host->root, f->part,
		       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return file_failed("written", f->part, -errno, err);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return file_failed("written", f->part, -EINVAL, err);
	/* Whose first part this is cannot be told later, without a digest. */
	return cut_to(f, f->has_digest ? INT64_MAX : 0, err);
}

static int get_part(struct fetch *f, const struct download *d, struct error *err)
{
	const char *local = local_path(d->url);
	struct answer a;
	int rc;

	if (local != NULL)
		return copy_local(f, d, local, err);
	if (open_part(f, d, err) < 0)
		return -1;
	rc = fetch(f, &a, err);
	cleanup_fd(&f->fd);
	f->fd = -1;
	return rc;
}

static int read_digest(const struct fetch *f, char ret[static DIGEST_TEXT_SIZE], struct error *err)
{
	AUTO_FD int fd = openat(f->c->host->root, f->part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = fd < 0 ? -errno : digest_of_fd(fd, ret);

	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	return rc < 0 ? file_failed("read", f->part, rc, err) : 0;
}

static int has_wrong_digest(const struct fetch *f, const struct download *d, const char *sha256,
			    struct error *err)
{
	(void)unlinkat(f->c->host->root, f->part, 0);
	return error_set(err, FAULT_DOWNLOAD_DIGEST, 0,
			 "%.160s has the SHA-256 %s, and by %s it is %s: it was removed", f->shown,
			 sha256, d->whose != NULL ? d->whose : "the request", d->sha256);
}

/* What was begun before may be of another file: then once from the start. */
static int get_right(struct fetch *f, const struct download *d, char ret[static DIGEST_TEXT_SIZE],
		     struct error *err)
{
	struct stat st;
	bool resumed = fstatat(f->c->host->root, f->part, &st, AT_SYMLINK_NOFOLLOW) == 0;

	for (;;) {
		if (get_part(f, d, err) < 0 || read_digest(f, ret, err) < 0)
			return -1;
		if (!f->has_digest || text_eq(ret, d->sha256))
			return 0;
		if (!resumed)
			return has_wrong_digest(f, d, ret, err);
		LOG(f->c->host->log, WARNING, "download.resume",
		    "%s is not right with what was there of it before: it is downloaded anew",
		    f->shown);
		(void)unlinkat(f->c->host->root, f->part, 0);
		resumed = false;
	}
}

int download_get(const struct download_context *c, const struct download *d,
		 char ret_sha256[static DIGEST_TEXT_SIZE], struct error *err)
{
	char sha256[DIGEST_TEXT_SIZE];
	struct fetch f;
	int rc;

	fetch_init(&f, c, d->url);
	f.has_digest = d->sha256[0] != '\0';
	f.by_http = f.has_digest || d->is_signed;
	f.total = d->bytes;
	if (TEXT_FORMAT(f.part, "%s.part", d->path) < 0)
		return error_set(err, FAULT_INTERNAL, ENAMETOOLONG, "a path is too long");
	if (get_right(&f, d, sha256, err) < 0)
		return -1;
	rc = renameat(c->host->root, f.part, c->host->root, d->path) < 0 ? -errno : 0;
	if (rc == 0)
		rc = fs_sync_parent(c->host->root, d->path);
	if (rc < 0)
		return file_failed("written", d->path, rc, err);
	memcpy(ret_sha256, sha256, sizeof sha256);
	return 0;
}

static bool is_worth_a_peek(enum fault fault)
{
	return fault == FAULT_DOWNLOAD_NOT_FOUND || fault == FAULT_DOWNLOAD_REFUSED ||
	       fault == FAULT_DOWNLOAD;
}

int download_ask(const struct download_context *c, const char *url, struct download_size *ret,
		 struct error *err)
{
	const char *local = local_path(url);
	struct error why = { 0 };
	struct answer a = { .total = -1 };
	struct fetch f;

	fetch_init(&f, c, url);
	f.max_tries = 2;
	f.has_digest = f.by_http = true; /* nothing is kept of it */
	*ret = (struct download_size) { .bytes = -1 };
	if (local != NULL)
		return copy_local(&f, NULL, local, err);
	if (fetch(&f, &a, &why) == 0) {
		ret->bytes = a.length;
		return 0;
	}
	/* Servers that do not know HEAD answer with 4xx or 501. */
	f.peek = true;
	f.tries = f.redirects = 0;
	if (a.status >= 400 && is_worth_a_peek(why.fault) && fetch(&f, &a, &why) == 0) {
		ret->bytes = a.total >= 0 ? a.total : a.length;
		return 0;
	}
	if (err != NULL)
		*err = why;
	return -1;
}
