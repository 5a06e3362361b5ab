/* act/bundle/offline.c - a run that takes all that it downloads from a bundle. */
#include "act/bundle/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "act/fetch/download.h"
#include "act/fetch/download_place.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "base/url.h"
#include "facts/facts.h"
#include "host/host.h"

#define BUNDLE_FILE   OFFLINE_DIR "/bundle.tar"
#define FILES_DIR     OFFLINE_DIR "/files"
#define MANIFEST_FILE OFFLINE_DIR "/manifest.json"

enum { ROOM_LEFT_MIB = 64, MIB = 1 << 20 };

bool offline_is_on(const struct settings *s)
{
	return s != NULL && s->offline_bundle[0] != '\0';
}

/* Each part of a machine for which a bundle is made. */
static const struct {
	const char *name;
	size_t offset;
} parts[] = {
	{ "os", offsetof(struct facts, os.id) },
	{ "version", offsetof(struct facts, os.version) },
	{ "arch", offsetof(struct facts, kernel.machine) },
	{ "kernel", offsetof(struct facts, kernel.release) },
	{ "packageManager", offsetof(struct facts, package_manager) },
};

int offline_fits(const struct bundle *b, const struct facts *f, struct error *err)
{
	const json_t *target = json_object_get(b->manifest, "target");

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *is = (const char *)f + parts[i].offset;
		const char *wanted = json_text_at(target, parts[i].name, "");

		if (!text_eq(is, wanted))
			return error_set(
				err, FAULT_OFFLINE_BUNDLE, 0,
				"%.160s is for another machine: its %s is %.80s, and here it "
				"is %.80s",
				b->name, parts[i].name, wanted, is);
	}
	return 0;
}

/* The setting: a path of this machine, or an address. */

static int fetch(const struct step_context *c, struct error *err)
{
	struct download_context dc = { .host = c->host,
				       .settings = c->settings,
				       .stage = "offline",
				       .deadline_s = c->packages.deadline_s,
				       .stop = c->packages.stop,
				       .stop_ctx = c->packages.stop_ctx };
	struct download d = { .url = c->settings->offline_bundle,
			      .sha256 = "",
			      .path = BUNDLE_FILE };
	char sha256[DIGEST_TEXT_SIZE];

	return download_get(&dc, &d, sha256, err);
}

static int open_file(const struct step_context *c, struct error *err)
{
	const char *uri = c->settings->offline_bundle;
	const char *path = text_starts(uri, "file://") ? uri + strlen("file://") : uri;
	bool remote = text_starts(uri, "https://") || text_starts(uri, "http://");
	int fd;

	if (remote && fetch(c, err) < 0)
		return -1;
	if (!remote && path[0] != '/')
		return error_set(err, FAULT_SETTINGS, 0,
				 "offlineBundle is %.200s, which is no absolute path", uri);
	fd = host_open(c->host, remote ? BUNDLE_FILE : path + 1, O_NONBLOCK);
	if (fd >= 0)
		return fd;
	return error_set(err, FAULT_OFFLINE_BUNDLE, -fd, "%.300s cannot be read: %s", path,
			 strerror(-fd));
}

static int judge_room(const struct step_context *c, const struct bundle *b, struct error *err)
{
	uint64_t left, total, need = bundle_bytes(b) / MIB + ROOM_LEFT_MIB;

	if (host_space(c->host, OFFLINE_DIR, &left, &total) < 0 || left / MIB >= need)
		return 0;
	return error_set(err, FAULT_DISK_FULL, ENOSPC,
			 "%.160s needs %" PRIu64 " MiB below /" OFFLINE_DIR
			 ", and there are %" PRIu64,
			 b->name, need, left / MIB);
}

/* The manifest comes last: where it is, all is. */
static int unpack(const struct step_context *c, const struct bundle *b, struct error *err)
{
	AUTO_BUF struct buf text = { .max = BUNDLE_MANIFEST_BYTES_MAX };
	AUTO_FD int to = -1;
	int rc = fs_make_dirs(c->host->root, FILES_DIR, 0700);

	if (rc == 0)
		to = openat(c->host->root, FILES_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rc < 0 || to < 0)
		return error_set(err, FAULT_STATE_DIR, errno, "/" FILES_DIR " cannot be made: %s",
				 strerror(rc < 0 ? -rc : errno));
	if (bundle_walk(b, to, err) < 0)
		return -1;
	rc = json_write(b->manifest, false, &text);
	if (rc == 0)
		rc = fs_replace(c->host->root, MANIFEST_FILE, buf_text(&text), text.len, 0600);
	return rc < 0 ? error_set(err, FAULT_STATE_DIR, -rc,
				  "/" MANIFEST_FILE " cannot be written: %s", strerror(-rc))
		      : 0;
}

static int use_packages(const struct step_context *c, struct error *err)
{
	const struct package_manager *m = c->packages.manager;

	if (!fs_exists(c->host->root, OFFLINE_PACKAGES))
		return 0;
	if (m != NULL && m->use_local != NULL)
		return m->use_local(&c->packages, OFFLINE_PACKAGES, OFFLINE_DIR "/local", err);
	return error_set(err, FAULT_OFFLINE_BUNDLE, 0,
			 "packages of a bundle cannot be used with %s yet",
			 m != NULL ? m->name : "this package manager");
}

static int take(const struct step_context *c, const struct facts *f, struct bundle *b,
		struct error *err)
{
	if (offline_fits(b, f, err) < 0 || judge_room(c, b, err) < 0 || unpack(c, b, err) < 0 ||
	    use_packages(c, err) < 0)
		return -1;
	(void)unlinkat(c->host->root, BUNDLE_FILE, 0);
	log_stage(c->host->log, "offline", STAGE_DONE, -1, "offline.ready",
		  "all downloads come from %s, made on %s and signed with key %s", b->name,
		  json_text_at(b->manifest, "made", ""), b->signer);
	return 0;
}

int offline_ready(const struct step_context *c, const struct facts *f, struct error *err)
{
	AUTO_BUNDLE struct bundle b = { .fd = -1 };
	struct trusted_keys keys;
	char shown[300];
	int fd, rc;

	if (!offline_is_on(c->settings))
		return 0;
	url_show(c->settings->offline_bundle, shown, sizeof shown);
	log_stage(c->host->log, "offline", STAGE_RUNNING, -1, "offline.read",
		  "verifying and unpacking %s", shown);
	offline_tidy(c->host);
	rc = fs_make_dirs(c->host->root, OFFLINE_DIR, 0700);
	if (rc < 0)
		return error_set(err, FAULT_STATE_DIR, -rc, "/" OFFLINE_DIR " cannot be made: %s",
				 strerror(-rc));
	if (trusted_read(c->settings, &keys, err) < 0)
		return -1;
	fd = open_file(c, err);
	if (fd < 0 || bundle_open(fd, shown, &keys, &b, err) < 0 || take(c, f, &b, err) < 0) {
		offline_tidy(c->host);
		return -1;
	}
	return 0;
}

int offline_find(const struct host *h, const char *url, char *ret, size_t size, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *manifest = NULL;
	const json_t *files;

	if (fs_read(h->root, MANIFEST_FILE, BUNDLE_MANIFEST_BYTES_MAX, &text) == 0)
		manifest = json_parse(buf_text(&text), text.len, NULL, 0);
	files = json_object_get(manifest, "files");
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);

		if (text_eq(json_text_at(file, "url", ""), url))
			return text_format(ret, size, "/" FILES_DIR "/%s",
					   json_text_at(file, "path", ""));
	}
	return error_set(err, FAULT_OFFLINE_BUNDLE, ENOENT,
			 "the offline bundle does not hold %.250s", url);
}

void offline_tidy(const struct host *h)
{
	int rc = fs_remove(h->root, OFFLINE_DIR);

	if (rc < 0 && rc != -ENOENT)
		LOG(h->log, WARNING, "tidy.offline",
		    "/" OFFLINE_DIR " cannot be removed, ignoring: %s", strerror(-rc));
}
