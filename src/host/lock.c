/* host/lock.c - flock(2) on a file that names its holder. */
#include "host/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

/* lock_holder takes the lock for an instant, which lock_take must not take for a holder. */
enum { TRIES = 4, PAUSE_MS = 5 };

static int flock_now(int fd, int how)
{
	while (flock(fd, how | LOCK_NB) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Returns 0 where the file does not name a process that lives. */
static pid_t read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	long pid = 0;

	if (n <= 0 || text_to_long(text, 10, &pid) < 0 || pid <= 0 || pid != (pid_t)pid)
		return 0;
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH ? 0 : (pid_t)pid;
}

static int write_pid(int fd)
{
	char text[32];

	(void)TEXT_FORMAT(text, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0)
		return -errno;
	return fs_write_all(fd, text, strlen(text));
}

int lock_take(int dir, const char *path, pid_t *holder)
{
	AUTO_FD int fd = openat(dir, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc, taken;

	if (fd < 0)
		return -errno;
	rc = flock_now(fd, LOCK_EX);
	for (int i = 1; rc == -EWOULDBLOCK && i < TRIES; i++) {
		clock_system.sleep_ms(&clock_system, PAUSE_MS);
		rc = flock_now(fd, LOCK_EX);
	}
	if (rc == -EWOULDBLOCK && holder)
		*holder = read_pid(fd);
	if (rc == 0)
		rc = write_pid(fd);
	if (rc < 0)
		return rc;
	taken = fd;
	fd = -1;
	return taken;
}

pid_t lock_holder(int dir, const char *path)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	pid_t pid;
	int rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = flock_now(fd, LOCK_SH);
	if (rc != -EWOULDBLOCK)
		return rc;
	pid = read_pid(fd);
	return pid > 0 ? pid : -EWOULDBLOCK;
}
