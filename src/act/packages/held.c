/* Keeps package files that would vanish with the package that holds them. */
#include "act/packages/held.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

enum { PATH_SIZE = 512, FILE_MODE = 0600 };

static int failed(const char *path, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "/%s cannot be saved: %s",
			 path, strerror(-rc));
}

int held_link(const struct package_context *c, const char *from, const char *to, struct error *err)
{
	int root = c->host->root, rc;
	AUTO_FD int fd = -1;

	if (linkat(root, from, root, to, 0) == 0 || errno == EEXIST)
		return 0;
	fd = openat(root, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	rc = fd < 0 ? -errno : fs_copy_to(fd, root, to, FILE_MODE);
	return rc < 0 ? failed(from, rc, err) : 0;
}

static int keep_one(const struct held *h, const char *path, const char *dir, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;
	char to[PATH_SIZE];

	if (!text_ends(name, h->end) || !h->is_installed(h->ctx, name))
		return 0;
	if (TEXT_FORMAT(to, "%s/%s", dir + (dir[0] == '/'), name) < 0)
		return failed(path + 1, -ENAMETOOLONG, err);
	return held_link(h->context, path + 1, to, err);
}

int held_keep(const struct held *h, const char *dir, struct error *err)
{
	int rc = fs_make_dirs(h->context->host->root, dir + (dir[0] == '/'), 0700);
	char path[PATH_SIZE];

	if (rc < 0)
		return failed(dir + 1, rc, err);
	for (const char *line = h->list; *line;) {
		size_t len = strcspn(line, "\n");

		if (line[0] == '/' && TEXT_FORMAT(path, "%.*s", (int)len, line) == 0 &&
		    keep_one(h, path, dir, err) < 0)
			return -1;
		line += len + (line[len] == '\n');
	}
	return 0;
}
