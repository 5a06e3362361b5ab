/* Makes user namespaces, each by a child that has become its owner. */
#include "userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"

/* Above all that systemd and distributions give out: 60000-ff, containers, dynamic users. */
enum { OWNER_FIRST = 0x70100000, OWNERS = 0x0f000000 };

#define ALL_IDS "0 0 4294967295\n"

/* The capabilities stay with the change of user: a host may forbid namespaces to who has none. */
__attribute__((noreturn)) static void own(uid_t owner, int tell)
{
	int rc = 0;

	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) < 0 ||
	    setresuid(owner, owner, owner) < 0 || unshare(CLONE_NEWUSER) < 0 ||
	    unshare(CLONE_NEWNET) < 0)
		rc = errno;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not before: a change of user takes it back */
	(void)!write(tell, &rc, sizeof rc);
	for (;;)
		(void)pause();
}

static int write_map(pid_t child, const char *which)
{
	char path[64];
	AUTO_FD int fd = -1;

	(void)TEXT_FORMAT(path, "/proc/%d/%s", (int)child, which);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fs_write_all(fd, ALL_IDS, strlen(ALL_IDS));
}

static int open_space(pid_t child, const char *which)
{
	char path[64];
	int fd;

	(void)TEXT_FORMAT(path, "/proc/%d/ns/%s", (int)child, which);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Returns 0 or -errno. */
static int take(pid_t child, int said, struct userns *ret)
{
	int rc = 0;

	if (read(said, &rc, sizeof rc) != (ssize_t)sizeof rc)
		return -ECHILD;
	rc = rc != 0 ? -rc : write_map(child, "uid_map");
	if (rc == 0)
		rc = write_map(child, "gid_map");
	if (rc == 0)
		ret->user = rc = open_space(child, "user");
	if (rc >= 0)
		ret->net = rc = open_space(child, "net");
	return rc < 0 ? rc : 0;
}

int userns_open(struct userns *ret, struct error *err)
{
	uint32_t random = 0;
	int ends[2], rc;
	pid_t child;

	*ret = (struct userns) { -1, -1 };
	if (getrandom(&random, sizeof random, 0) != sizeof random || pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "no pipe for a namespace");
	child = fork();
	if (child == 0)
		own(OWNER_FIRST + random % OWNERS, ends[1]);
	(void)close(ends[1]);
	rc = child < 0 ? -errno : take(child, ends[0], ret);
	(void)close(ends[0]);
	if (child > 0) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	if (rc == 0)
		return 0;
	cleanup_fd(&ret->user);
	cleanup_fd(&ret->net);
	return error_set(err, FAULT_INTERNAL, -rc, "cannot make a user namespace: %s",
			 strerror(-rc));
}
