/* host/host.c - opens this machine or a world, and reads its files. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "host/recorder.h"
#include "host/root.h"
#include "host/world.h"

enum {
	ATTRIBUTE_MAX = 4096,  /* a page: what sysfs can show at once */
	OPENED_MAX = 64 << 20, /* of a file that was opened, what a recorder keeps */
	PIECE_BYTES = 32768,
};

#define OSRELEASE "proc/sys/kernel/osrelease"

/* The paths of this room have no leading slash; one that has is meant the same way. */
static const char *relative(const char *path)
{
	path += strspn(path, "/");
	return *path ? path : ".";
}

int host_open_live(struct host *ret, struct log *log, struct error *err)
{
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_set(err, FAULT_READ_FAILED, errno,
				 "cannot open the root directory: %s", strerror(errno));
	*ret = (struct host) { .root = root,
			       .live = true,
			       .runner = &runner_real,
			       .clock = &clock_system,
			       .log = log };
	return 0;
}

int host_open_world(struct host *ret, const char *dir, struct log *log, struct error *err)
{
	AUTO_FD int base = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int root = -1;
	json_t *world;

	if (base < 0)
		return error_set(err, FAULT_WORLD, errno, "cannot open the world %s: %s", dir,
				 strerror(errno));
	root = openat(base, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set(err, FAULT_WORLD, errno, "the world %s has no directory root: %s",
				 dir, strerror(errno));
	world = world_load(base, err);
	if (!world)
		return error_wrap(err, "the world %s", dir);
	*ret = (struct host) { .root = root,
			       .world = world,
			       .runner = &runner_replay,
			       .clock = &clock_system,
			       .log = log };
	root = -1;
	return 0;
}

void host_close(struct host *h)
{
	if (h->root >= 0)
		(void)close(h->root);
	json_decref(h->world);
	*h = (struct host) { .root = -1 };
}

/* The path to hand to a *at call, which for a world is free of symlinks. Returns 0 or -errno. */
static int locate(const struct host *h, const char *path, bool follow, char ret[static PATH_MAX])
{
	if (h->live)
		return text_copy(ret, PATH_MAX, relative(path));
	return root_resolve(h->root, path, follow, ret, PATH_MAX);
}

static int open_unnoted(const struct host *h, const char *path, int flags)
{
	char real[PATH_MAX];
	int fd, rc;

	if ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)))
		return -EROFS;
	rc = locate(h, path, !(flags & O_NOFOLLOW), real);
	if (rc < 0)
		return rc;
	if (!h->live)
		flags |= O_NOFOLLOW;
	fd = openat(h->root, real, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* What is opened is read by somebody: all of it is noted. */
static void note_opened(const struct host *h, const char *path)
{
	AUTO_BUF struct buf content = { .data = NULL };

	recorder_seen(h, path);
	(void)!host_read(h, path, OPENED_MAX, &content);
}

int host_open(const struct host *h, const char *path, int flags)
{
	int fd = open_unnoted(h, path, flags);

	if (fd >= 0 && h->recorder)
		note_opened(h, path);
	return fd;
}

/* Their size says nothing (0 or 4096): each is read until its end. Returns the length of the next
 * piece, 0 at the end, or -errno; -EFBIG where *total passes `max`. */
static ssize_t read_piece(int fd, char ret[static PIECE_BYTES], size_t max, size_t *total)
{
	ssize_t n;

	do
		n = read(fd, ret, PIECE_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*total += (size_t)n;
	return *total > max ? -EFBIG : n;
}

static int read_to_end(int fd, size_t max, struct buf *ret)
{
	char piece[PIECE_BYTES];
	size_t total = 0;

	for (;;) {
		ssize_t n = read_piece(fd, piece, max, &total);
		int rc = n < 0 ? (int)n : buf_add(ret, piece, (size_t)n);

		if (rc < 0 || n == 0)
			return rc;
	}
}

/* Open a regular file. Returns a descriptor or -errno. */
static int open_file(const struct host *h, const char *path)
{
	/* O_NONBLOCK: a pipe of that name must not hold us up before we see that it is one. */
	AUTO_FD int fd = open_unnoted(h, path, O_NONBLOCK);
	struct stat st;
	int ret;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	ret = fd;
	fd = -1;
	return ret;
}

static int read_file(const struct host *h, const char *path, size_t max, struct buf *ret)
{
	AUTO_FD int fd = open_file(h, path);
	size_t before = ret->len;
	int rc;

	if (fd < 0)
		return fd;
	rc = read_to_end(fd, max, ret);
	if (rc < 0 && ret->len > before) {
		ret->len = before;
		ret->data[before] = '\0';
	}
	return rc;
}

static int read_or_fall_back(const struct host *h, const char *path, size_t max, struct buf *ret)
{
	int rc = read_file(h, path, max, ret);

	if (rc == -ENOENT && !h->live && text_eq(relative(path), OSRELEASE)) {
		const char *release = json_text_at(h->world, "kernel.release", NULL);

		if (!release)
			return rc;
		return strlen(release) > max ? -EFBIG : buf_add_text(ret, release);
	}
	return rc;
}

int host_read(const struct host *h, const char *path, size_t max, struct buf *ret)
{
	size_t before = ret->len;
	int rc = read_or_fall_back(h, path, max, ret);

	if (!h->recorder)
		return rc;
	if (rc == 0)
		recorder_read(h, path, buf_text(ret) + before, ret->len - before);
	else if (rc == -EFBIG)
		recorder_too_long(h, path, max);
	return rc;
}

/* How much of `text` its last `end` closes; there is none in its first `seen` bytes. */
static size_t closed(const struct buf *text, size_t seen, const char *end)
{
	size_t n = strlen(end);

	for (size_t at = text->len; at >= n && at > seen; at--) {
		if (memcmp(text->data + at - n, end, n) == 0)
			return at;
	}
	return 0;
}

static int read_pieces(int fd, size_t max, const char *end, host_take take, void *ctx)
{
	AUTO_BUF struct buf text = { .max = max };
	char piece[PIECE_BYTES];
	size_t total = 0;

	for (;;) {
		size_t seen = text.len, whole;
		ssize_t n = read_piece(fd, piece, max, &total);
		int rc = n < 0 ? (int)n : buf_add(&text, piece, (size_t)n);

		if (rc < 0)
			return rc;
		whole = n == 0 ? text.len : closed(&text, seen, end);
		if (whole > 0)
			take(text.data, whole, ctx);
		if (n == 0)
			return 0;
		buf_drop(&text, whole);
	}
}

int host_read_pieces(const struct host *h, const char *path, size_t max, const char *end,
		     host_take take, void *ctx)
{
	AUTO_BUF struct buf noted = { .max = max };
	AUTO_FD int fd = -1;
	int rc;

	if (h->recorder) { /* it keeps the whole of a file */
		rc = host_read(h, path, max, &noted);
		if (rc == 0 && noted.len > 0)
			take(noted.data, noted.len, ctx);
		return rc;
	}
	fd = open_file(h, path);
	return fd < 0 ? fd : read_pieces(fd, max, end, take, ctx);
}

int host_read_line(const struct host *h, const char *path, char *ret, size_t size)
{
	AUTO_BUF struct buf b = { .data = NULL };
	int rc = host_read(h, path, ATTRIBUTE_MAX, &b);
	char *line;

	if (rc < 0)
		return rc;
	line = text_trim(b.data);
	if (strlen(line) >= size)
		return -EFBIG;
	return text_copy(ret, size, line);
}

int host_kernel_release(const struct host *h, char *ret, size_t size)
{
	return h->kernel ? text_copy(ret, size, h->kernel)
			 : host_read_line(h, OSRELEASE, ret, size);
}

int host_machine(const struct host *h, char *ret, size_t size)
{
	const char *machine = json_text_at(h->world, "kernel.machine", NULL);
	struct utsname uts;

	if (h->live && uname(&uts) == 0)
		machine = uts.machine;
	if (!machine)
		return -ENOENT;
	recorder_machine(h, machine);
	return text_copy(ret, size, machine);
}

int host_read_link_name(const struct host *h, const char *path, char *ret, size_t size)
{
	char real[PATH_MAX], target[PATH_MAX];
	const char *slash;
	ssize_t n;
	int rc = locate(h, path, false, real);

	if (rc < 0)
		return rc;
	n = readlinkat(h->root, real, target, sizeof target);
	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof target)
		return -ENAMETOOLONG;
	target[n] = '\0';
	recorder_link(h, path);
	slash = strrchr(target, '/');
	return text_copy(ret, size, slash ? slash + 1 : target);
}

bool host_exists(const struct host *h, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	bool there;
	int rc = locate(h, path, true, real);

	there = (rc == 0 && fstatat(h->root, real, &st, 0) == 0) ||
		(!h->live &&
		 (world_lists(h->world, path) || (rc == 0 && world_lists(h->world, real))));
	if (there)
		recorder_seen(h, path);
	return there;
}

bool host_knows(const struct host *h, const char *path)
{
	const char *p = relative(path);

	/* What is missing from sys/ is missing with all that would be below it. */
	if (text_eq(p, "sys") || text_starts(p, "sys/"))
		return h->live || host_exists(h, "sys");
	if (!h->live && !world_completes(h->world, p))
		return false;
	recorder_complete(h, p);
	return true;
}

static int list_unnoted(const struct host *h, const char *path,
			int (*fn)(void *ctx, const char *name), void *ctx)
{
	char real[PATH_MAX];
	int rc = locate(h, path, true, real);

	if (rc == 0 && !h->live && world_lists(h->world, real))
		path = real;
	if (h->live || !world_lists(h->world, path)) {
		if (rc == 0)
			rc = fs_list(h->root, real, fn, ctx);
		return rc == -ENOENT ? 0 : rc;
	}
	return world_list(h->world, path,
			  &(struct world_dir) { .root = h->root, .real = rc == 0 ? real : NULL },
			  fn, ctx);
}

struct noted_list {
	const struct host *host;
	const char *path;
	int (*fn)(void *ctx, const char *name);
	void *ctx;
};

static int note_name(void *ctx, const char *name)
{
	const struct noted_list *l = ctx;

	recorder_listed(l->host, l->path, name);
	return l->fn(l->ctx, name);
}

int host_list(const struct host *h, const char *path, int (*fn)(void *ctx, const char *name),
	      void *ctx)
{
	struct noted_list l = { h, path, fn, ctx };

	if (!h->recorder)
		return list_unnoted(h, path, fn, ctx);
	(void)host_exists(h, path); /* notes a directory that is empty */
	return list_unnoted(h, path, note_name, &l);
}

static int space_of(int fd, uint64_t *ret_free, uint64_t *ret_total)
{
	struct statvfs s;

	if (fstatvfs(fd, &s) < 0)
		return -ENODATA;
	*ret_free = (uint64_t)s.f_bavail * s.f_frsize;
	*ret_total = (uint64_t)s.f_blocks * s.f_frsize;
	return 0;
}

static int space_unnoted(const struct host *h, const char *path, uint64_t *ret_free,
			 uint64_t *ret_total)
{
	char at[PATH_MAX];

	if (TEXT_COPY(at, relative(path)) < 0)
		return -ENODATA;
	if (!h->live)
		return world_space(h->world, at, ret_free, ret_total);
	for (;;) {
		/* Not O_PATH: fstatfs(2) takes such a descriptor only since Linux 3.12. */
		AUTO_FD int fd = open_unnoted(h, at, O_NONBLOCK);
		char *slash = strrchr(at, '/');

		if (fd >= 0)
			return space_of(fd, ret_free, ret_total);
		if (fd != -ENOENT || text_eq(at, "."))
			return -ENODATA;
		if (slash)
			*slash = '\0';
		else
			(void)TEXT_COPY(at, ".");
	}
}

int host_space(const struct host *h, const char *path, uint64_t *ret_free, uint64_t *ret_total)
{
	int rc = space_unnoted(h, path, ret_free, ret_total);

	if (rc == 0)
		recorder_space(h, relative(path), *ret_free, *ret_total);
	return rc;
}
