/* tests/unit/act/crash.c - wrappers of the calls that change files. */
#include "crash.h"

#include <errno.h>
#include <stdbool.h>
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

/* Is the disk full for this call? */
static bool strike(bool takes_space)
{
	if (crash.paused)
		return false;
	crash.count++;
	if (crash.kind == CRASH_KILL && crash.count == crash.at)
		_exit(CRASH_STATUS);
	if (crash.kind != CRASH_DISK_FULL || crash.count < crash.at || !takes_space)
		return false;
	errno = ENOSPC;
	return true;
}

/* A kill leaves half of what was to be written; so does a full disk. */
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (fd <= STDERR_FILENO || crash.paused)
		return __real_write(fd, data, len);
	if ((crash.kind == CRASH_KILL || crash.kind == CRASH_DISK_FULL) &&
	    crash.count + 1 == crash.at && len > 1)
		(void)!__real_write(fd, data, len / 2);
	return strike(true) ? -1 : __real_write(fd, data, len);
}

int __wrap_fsync(int fd)
{
	(void)fd;
	return strike(false) ? -1 : 0;
}

int __wrap_fdatasync(int fd)
{
	(void)fd;
	return strike(false) ? -1 : 0;
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return strike(false) ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	return strike(false) ? -1 : __real_unlinkat(dir, path, flags);
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
	struct stat st;

	if (fstatat(dir, path, &st, 0) == 0) /* nothing would change: not an instant of its own */
		return __real_mkdirat(dir, path, mode);
	return strike(true) ? -1 : __real_mkdirat(dir, path, mode);
}

int __wrap_symlinkat(const char *target, int dir, const char *path)
{
	return strike(true) ? -1 : __real_symlinkat(target, dir, path);
}
