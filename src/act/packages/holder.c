/* Tells who holds a lock: fcntl locks, flocks, and numbers of processes in files. */
#include "act/packages/holder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { LOCKS_MAX = 1 << 20, WROTE_WITHIN_S = 5 };

static pid_t fcntl_holder(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid > 0 ? lock.l_pid : -1;
}

/* flock(2) cannot be asked without being taken; the kernel lists them:
 * "1: FLOCK  ADVISORY  WRITE 209 00:2b:131 0 EOF". */
static pid_t flock_holder(const struct host *h, const struct stat *st)
{
	AUTO_BUF struct buf text = { 0 };

	if (host_read(h, "proc/locks", LOCKS_MAX, &text) < 0)
		return 0;
	for (const char *line = buf_text(&text); *line;
	     line += strcspn(line, "\n"), line += !!*line) {
		unsigned major, minor;
		uint64_t inode;
		int pid;

		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%" SCNu64, &pid, &major, &minor,
			   &inode) == 4 &&
		    major == major(st->st_dev) && minor == minor(st->st_dev) &&
		    inode == (uint64_t)st->st_ino)
			return pid > 0 ? pid : -1;
	}
	return 0;
}

/* When the machine was started, in seconds since 1970, by the clock of now; -1 if unknown. */
static int64_t boot_time(const struct host *h)
{
	AUTO_BUF struct buf text = { 0 };
	const char *at;
	int64_t s;

	if (host_read(h, "proc/stat", LOCKS_MAX, &text) < 0)
		return -1;
	at = strstr(buf_text(&text), "\nbtime ");
	return at && sscanf(at, "\nbtime %" SCNd64, &s) == 1 ? s : -1;
}

/* When the process was started; -1 if there is none. */
static int64_t start_time(const struct host *h, long pid)
{
	char path[48], line[1024];
	const char *after_name;
	unsigned long long ticks;
	int64_t boot = boot_time(h);

	TEXT_FORMAT(path, "proc/%ld/stat", pid);
	if (boot < 0 || HOST_READ_LINE(h, path, line) < 0)
		return -1;
	after_name = strrchr(line, ')'); /* the name may hold anything */
	if (!after_name || sscanf(after_name,
				  ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
				  "%*d %*d %*d %*d %llu",
				  &ticks) != 1)
		return -1;
	return boot + (int64_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
}

/* Does it look like one that writes such files? The clock may have been set since. */
static bool is_package_manager(const struct host *h, long pid)
{
	static const char *const begins[] = { "dnf", "yum",        "zypp", "tdnf",
					      "rpm", "packagekit", "y2",   "python" };
	char path[48], comm[32];

	TEXT_FORMAT(path, "proc/%ld/comm", pid);
	if (HOST_READ_LINE(h, path, comm) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (text_starts(comm, begins[i]))
			return true;
	return false;
}

/* A process that was started after the file was written has got the number of one that is gone;
 * zypp leaves its file behind. */
static pid_t pid_file_holder(const struct host *h, const char *path, const struct stat *st)
{
	int64_t started;
	char line[32];
	long pid;

	if (HOST_READ_LINE(h, path, line) < 0 || text_to_long(line, 10, &pid) < 0 || pid <= 0)
		return 0;
	started = start_time(h, pid);
	if (started < 0)
		return 0;
	if (started <= (int64_t)st->st_mtime + WROTE_WITHIN_S || is_package_manager(h, pid))
		return (pid_t)pid;
	LOG(h->log, INFO, "package.lock", "/%s names process %ld, which is another by now", path,
	    pid);
	return fs_remove(h->root, path) < 0 ? (pid_t)pid : 0;
}

pid_t package_holder(const struct host *h, const char *path)
{
	AUTO_FD int fd = openat(h->root, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	pid_t pid;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	pid = fcntl_holder(fd);
	if (pid != 0)
		return pid;
	if (text_ends(path, ".pid"))
		return pid_file_holder(h, path, &st);
	return flock_holder(h, &st);
}
