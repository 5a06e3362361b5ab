/* Unpacks a tarball with the host's tar. */
#include "act/ofed/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/fetch/download_place.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define PART "part" /* while it is unpacked */

static int failed(const char *path, const char *doing, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_WRITE_FAILED), -rc, "/%s cannot be %s: %s",
			 path, doing, strerror(-rc));
}

/* "MLNX_OFED_LINUX-5.8-1.0.1.1-rhel8.6-x86_64" */
static void stem_of(const char *name, char *ret, size_t size)
{
	(void)text_copy(ret, size, name);
	for (const char *end = NULL;
	     (end = strrchr(ret, '.')) != NULL &&
	     (text_eq(end, ".tgz") || text_eq(end, ".gz") || text_eq(end, ".tar"));)
		ret[end - ret] = '\0';
}

struct look {
	const struct host *host;
	const char *above;
	char *found;
	size_t size;
};

static int look_for_installer(void *ctx, const char *name)
{
	const struct look *l = ctx;
	char path[UNPACKED_SIZE];

	if (TEXT_FORMAT(path, "%s/%s/mlnxofedinstall", l->above, name) < 0 ||
	    !fs_exists(l->host->root, path))
		return 0;
	return text_format(l->found, l->size, "%s/%s", l->above, name) < 0 ? -ENAMETOOLONG : 1;
}

/* The one directory of the archive. */
static bool find_in(const struct host *h, const char *above, struct unpacked *ret)
{
	struct look l = { h, above, ret->dir, sizeof ret->dir };

	return fs_list(h->root, above, look_for_installer, &l) == 1;
}

int unpack_find(const struct host *h, const char *name, struct unpacked *ret)
{
	char stem[160], above[UNPACKED_SIZE];
	const char *place;

	stem_of(name, stem, sizeof stem);
	for (unsigned i = 0; (place = download_place_at(i)) != NULL; i++) {
		(void)TEXT_FORMAT(above, "%s/unpacked/%s", place, stem);
		if (!find_in(h, above, ret))
			continue;
		return TEXT_FORMAT(ret->tmp, "%s/unpacked/tmp", place) < 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}

static int run_tar(const struct host *h, const char *archive, const char *dir, int deadline_s,
		   struct error *err)
{
	char from[UNPACKED_SIZE], to[UNPACKED_SIZE];
	const char *const argv[] = { "tar", "-x", "-z", "--no-same-owner", "-f", from,
				     "-C",  to,   NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = deadline_s };
	char doing[200];

	(void)TEXT_FORMAT(from, "/%s", archive);
	(void)TEXT_FORMAT(to, "/%s", dir);
	(void)TEXT_FORMAT(doing, "unpacking %.150s", strrchr(from, '/') + 1);
	if (run_or_fail(h, &spec, FAULT_INSTALLER_FAILED, doing, err) == 0)
		return 0;
	if (err && strstr(err->what, "No space left on device"))
		err->fault = FAULT_DISK_FULL;
	return -1;
}

/* A directory in which nothing is left of earlier. */
static int make_empty(const struct host *h, const char *path, struct error *err)
{
	int rc = fs_remove(h->root, path);

	if (rc == 0)
		rc = fs_make_dirs(h->root, path, 0700);
	return rc < 0 ? failed(path, "made", rc, err) : 0;
}

static int unpack_at(const struct host *h, const char *archive, const char *place, const char *stem,
		     int deadline_s, struct error *err)
{
	char part[UNPACKED_SIZE], whole[UNPACKED_SIZE];
	int rc;

	(void)TEXT_FORMAT(part, "%s/unpacked/" PART, place);
	(void)TEXT_FORMAT(whole, "%s/unpacked/%s", place, stem);
	if (make_empty(h, part, err) < 0 || run_tar(h, archive, part, deadline_s, err) < 0)
		return -1;
	rc = fs_remove(h->root, whole);
	if (rc == 0 && renameat(h->root, part, h->root, whole) < 0)
		rc = -errno;
	return rc < 0 ? failed(whole, "made", rc, err) : 0;
}

int unpack_tarball(const struct host *h, const char *name, int deadline_s, struct unpacked *ret,
		   struct error *err)
{
	char archive[UNPACKED_SIZE], place[200], stem[160];
	struct stat st;

	if (unpack_find(h, name, ret) == 0)
		return fs_make_dirs(h->root, ret->tmp, 0700) < 0
			       ? failed(ret->tmp, "made", -EIO, err)
			       : 0;
	if (download_find(h, name, archive, sizeof archive) < 0 ||
	    fstatat(h->root, archive, &st, 0) < 0)
		return error_set(err, FAULT_DOWNLOAD, ENOENT, "the file %.150s is not there", name);
	stem_of(name, stem, sizeof stem);
	if (download_place(h, name, st.st_size, place, sizeof place, err) < 0 ||
	    unpack_at(h, archive, place, stem, deadline_s, err) < 0)
		return -1;
	if (unpack_find(h, name, ret) < 0)
		return error_set(err, FAULT_INSTALLER_FAILED, 0,
				 "%.150s holds no mlnxofedinstall: it is not the tarball of "
				 "MLNX_OFED",
				 name);
	return make_empty(h, ret->tmp, err);
}

void unpack_tidy(const struct host *h)
{
	const char *place;
	char path[UNPACKED_SIZE];

	for (unsigned i = 0; (place = download_place_at(i)) != NULL; i++) {
		int rc;

		(void)TEXT_FORMAT(path, "%s/unpacked", place);
		if (!fs_exists(h->root, path))
			continue;
		rc = fs_remove(h->root, path);
		if (rc < 0)
			LOG(h->log, WARNING, "unpack.tidy", "/%s cannot be removed, ignoring: %s",
			    path, strerror(-rc));
	}
}
