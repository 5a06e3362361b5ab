/* tests/unit/act/crash.c - wrappers of the calls that change files. */
#include "crash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
	enum crash_kind kind;
	uint64_t at, count;
	bool paused;
} crash;

ssize_t __real_write(int fd, const void *data, size_t len);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_mkdirat(int dir, const char *path, mode_t mode);
int __real_symlinkat(const char *target, int dir, const char *path);

ssize_t __wrap_write(int fd, const void *data, size_t len);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);
int __wrap_symlinkat(const char *target, int dir, const char *path);

void crash_arm(enum crash_kind kind, uint64_t at)
{
	crash.kind = kind;
	crash.at = at;
	crash.count = 0;
}

void crash_pause(void)
{
	crash.paused = true;
}

void crash_resume(void)
{
	crash.paused = false;
}

uint64_t crash_count(void)
{
	return crash.count;
}

/* What a call needs to succeed. */
enum need { NEED_NOTHING = 0, NEED_ROOM = 1, NEED_DISK = 2 };

static int error_of(enum crash_kind kind, unsigned needs)
{
	if (kind == CRASH_DISK_FULL && (needs & NEED_ROOM))
		return ENOSPC;
	return kind == CRASH_DISK_FAILS && (needs & NEED_DISK) ? EIO : 0;
}

/* Does this call fail? Then errno says why. */
static bool strike(unsigned needs)
{
	int error;

	if (crash.paused)
		return false;
	crash.count++;
	if (crash.kind == CRASH_KILL && crash.count == crash.at)
		_exit(CRASH_STATUS);
	error = crash.count < crash.at ? 0 : error_of(crash.kind, needs);
	if (error != 0)
		errno = error;
	return error != 0;
}

/* A kill leaves half of what was to be written; so does a full disk. */
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (fd <= STDERR_FILENO || crash.paused)
		return __real_write(fd, data, len);
	if ((crash.kind == CRASH_KILL || crash.kind == CRASH_DISK_FULL) &&
	    crash.count + 1 == crash.at && len > 1)
		(void)!__real_write(fd, data, len / 2);
	return strike(NEED_ROOM | NEED_DISK) ? -1 : __real_write(fd, data, len);
}

int __wrap_fsync(int fd)
{
	(void)fd;
	return strike(NEED_ROOM | NEED_DISK) ? -1 : 0;
}

int __wrap_fdatasync(int fd)
{
	(void)fd;
	return strike(NEED_ROOM | NEED_DISK) ? -1 : 0;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return strike(NEED_NOTHING) ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	return strike(NEED_NOTHING) ? -1 : __real_unlinkat(dir, path, flags);
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
	struct stat st;

	if (fstatat(dir, path, &st, 0) == 0) /* nothing would change: not an instant of its own */
		return __real_mkdirat(dir, path, mode);
	return strike(NEED_ROOM) ? -1 : __real_mkdirat(dir, path, mode);
}

int __wrap_symlinkat(const char *target, int dir, const char *path)
{
	return strike(NEED_ROOM) ? -1 : __real_symlinkat(target, dir, path);
}

uint64_t crash_stride(uint64_t usual)
{
	const char *preload = getenv("LD_PRELOAD");
	bool watched = preload != NULL && strstr(preload, "valgrind") != NULL;

#if defined(__SANITIZE_ADDRESS__)
	watched = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	watched = true;
#endif
#endif
	return watched ? usual * 3 : usual;
}
