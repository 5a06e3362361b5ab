/* base/fs.c - files relative to a directory descriptor, replaced whole and synced. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { TEMPORARY_TRIES = 100 };

int fs_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t done = write(fd, p, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		len -= (size_t)done;
	}
	return 0;
}

static int read_all(int fd, size_t max, struct buf *ret)
{
	char piece[4096];
	size_t total = 0;
	ssize_t got;
	int rc;

	while ((got = read(fd, piece, sizeof piece)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if ((size_t)got > max - total)
			return -EFBIG;
		rc = buf_add(ret, piece, (size_t)got);
		if (rc < 0)
			return rc;
		total += (size_t)got;
	}
	return buf_add(ret, "", 0); /* an empty file is text, too */
}

int fs_read(int dir, const char *path, size_t max, struct buf *ret)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t before = ret->len;
	int rc;

	if (fd < 0)
		return -errno;
	rc = read_all(fd, max, ret);
	if (rc < 0 && ret->data != NULL) {
		ret->len = before;
		ret->data[before] = '\0';
	}
	return rc;
}

/* The name in a path, and the length of what stands before it: 0 for "name", 1 for "/name". */
static const char *name_in(const char *path, size_t *parent)
{
	const char *slash = strrchr(path, '/');

	*parent = slash == NULL ? 0 : (size_t)(slash - path) + (slash == path);
	return slash == NULL ? path : slash + 1;
}

/* Open the directory that holds `path`. Returns the descriptor or -errno. */
static int open_parent(int dir, const char *path)
{
	char parent[PATH_MAX];
	size_t len;
	int fd;

	(void)name_in(path, &len);
	if (TEXT_FORMAT(parent, "%.*s", (int)len, len == 0 ? "." : path) < 0)
		return -ENAMETOOLONG;
	fd = openat(dir, len == 0 ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A file that is being written, beside the one that it will replace. */
struct temporary {
	int fd;                  /* for writing */
	int lock;                /* locked until the file has its final name: fd is closed before */
	char name[NAME_MAX + 1]; /* ".NAME.new" */
};

static void temporary_free(struct temporary *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	if (t->lock >= 0)
		(void)close(t->lock);
	*t = (struct temporary) { .fd = -1, .lock = -1 };
}
#define AUTO_TEMPORARY CLEANUP(temporary_free)

static bool lock_now(int fd)
{
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool is_same_file(int fd, int dir, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Remove what nobody has locked: it is left from a process that was killed, or was put there by
 * somebody else. -EWOULDBLOCK if one that lives is writing it, -EAGAIN if it is another by now. */
static int remove_left(int dir, const char *name)
{
	AUTO_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && !lock_now(fd))
		return -EWOULDBLOCK;
	if (fd >= 0 && !is_same_file(fd, dir, name))
		return -EAGAIN;
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* Make and lock it. -EAGAIN where somebody took it for a left one before it was locked. */
static int temporary_make(int dir, struct temporary *ret)
{
	ret->fd = openat(dir, ret->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			 0600);
	if (ret->fd < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	ret->lock = openat(dir, ret->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (lock_now(ret->lock) && is_same_file(ret->fd, dir, ret->name) &&
	    is_same_file(ret->lock, dir, ret->name))
		return 0;
	temporary_free(ret);
	return -EAGAIN;
}

/* One that is left is removed, never written through; beside one that another process writes just
 * now, ours gets a name of its own. */
static int temporary_open(int dir, const char *name, struct temporary *ret)
{
	int rc = -EAGAIN;

	for (int tries = 0; rc == -EAGAIN && tries < TEMPORARY_TRIES; tries++) {
		if (TEXT_FORMAT(ret->name, ".%s.new", name) < 0)
			return -ENAMETOOLONG;
		rc = remove_left(dir, ret->name);
		if (rc == -EWOULDBLOCK)
			rc = TEXT_FORMAT(ret->name, ".%s.new.%ld", name, (long)getpid());
		if (rc == 0)
			rc = temporary_make(dir, ret);
	}
	return rc;
}

/* Where the content of a new file comes from: memory, or the open file `from` if that is not -1. */
struct content {
	const void *data;
	size_t len;
	int from;
};

static int write_content(int fd, const struct content *c)
{
	char piece[32768];
	ssize_t got;
	int rc;

	if (c->from < 0)
		return fs_write_all(fd, c->data, c->len);
	while ((got = read(c->from, piece, sizeof piece)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		rc = fs_write_all(fd, piece, (size_t)got);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Closed at its end: what is open for writing cannot be executed. */
static int write_synced(struct temporary *t, const struct content *c, mode_t mode)
{
	AUTO_FD int fd = t->fd;
	int rc;

	t->fd = -1;
	if (fchmod(fd, mode) < 0) /* whatever the umask */
		return -errno;
	rc = write_content(fd, c);
	if (rc < 0)
		return rc;
	return fsync(fd) < 0 ? -errno : 0;
}

static int replace(int dir, const char *path, const struct content *c, mode_t mode)
{
	size_t parent_len;
	const char *name = name_in(path, &parent_len);
	AUTO_FD int parent = open_parent(dir, path);
	AUTO_TEMPORARY struct temporary tmp = { .fd = -1, .lock = -1 };
	int rc;

	if (parent < 0)
		return parent;
	if (name[0] == '\0')
		return -EISDIR;
	rc = temporary_open(parent, name, &tmp);
	if (rc < 0)
		return rc;
	rc = write_synced(&tmp, c, mode);
	if (rc == 0 && renameat(parent, tmp.name, parent, name) < 0)
		rc = -errno;
	if (rc < 0) {
		(void)unlinkat(parent, tmp.name, 0);
		return rc;
	}
	return fsync(parent) < 0 ? -errno : 0;
}

int fs_replace(int dir, const char *path, const void *data, size_t len, mode_t mode)
{
	struct content c = { .data = data, .len = len, .from = -1 };

	return replace(dir, path, &c, mode);
}

int fs_copy_to(int from, int dir, const char *path, mode_t mode)
{
	struct content c = { .from = from };

	return from < 0 ? -EBADF : replace(dir, path, &c, mode);
}

int fs_sync_parent(int dir, const char *path)
{
	AUTO_FD int parent = open_parent(dir, path);

	if (parent < 0)
		return parent;
	return fsync(parent) < 0 ? -errno : 0;
}

static int make_dir(int dir, const char *path, mode_t mode)
{
	struct stat st;

	if (mkdirat(dir, path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (fstatat(dir, path, &st, 0) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int fs_make_dirs(int dir, const char *path, mode_t mode)
{
	char part[PATH_MAX];

	if (TEXT_COPY(part, path) < 0)
		return -ENAMETOOLONG;
	for (char *p = part + 1; part[0] != '\0' && *p != '\0'; p++) {
		int rc;

		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_dir(dir, part, mode);
		*p = '/';
		if (rc < 0)
			return rc;
	}
	return make_dir(dir, part, mode);
}

bool fs_exists(int dir, const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}
