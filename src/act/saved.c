/* Keeps files for going back, and puts them back. */
#include "act/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/step/step.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

int file_failed(const char *doing, const char *path, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_WRITE_FAILED), -rc, "/%s cannot be %s: %s",
			 path, doing, strerror(-rc));
}

static int make_parent(int dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[320];

	if (!slash)
		return 0;
	if (TEXT_FORMAT(parent, "%.*s", (int)(slash - path), path) < 0)
		return -ENAMETOOLONG;
	return fs_make_dirs(dir, parent, 0700);
}

int saved_keep(const struct step_context *c, const char *path, const char *saved, struct error *err)
{
	AUTO_FD int from = openat(c->host->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int rc = from < 0 || fstat(from, &st) < 0 ? -errno : make_parent(c->state_dir, saved);

	if (rc == 0)
		rc = fs_copy_to(from, c->state_dir, saved, st.st_mode & 07777);
	return rc < 0 ? file_failed("saved", path, rc, err) : 0;
}

int saved_put_back(const struct step_context *c, const char *saved, const char *path,
		   struct error *err)
{
	AUTO_FD int from = openat(c->state_dir, saved, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (from < 0 || fstat(from, &st) < 0)
		return file_failed("put back from what was saved", path, -errno, err);
	rc = fs_copy_to(from, c->host->root, path, st.st_mode & 07777);
	return rc < 0 ? file_failed("put back", path, rc, err) : 0;
}
