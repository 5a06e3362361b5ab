/* kill-at N PROGRAM [ARG...] - runs a program and kills it with SIGKILL right at its N-th durable
 * write.
 *
 * A durable write is what the next run may find: fsync, fdatasync, rename*, unlink*, symlink*. They
 * are counted by ptrace, in the program itself and not in its children, so the same N is the same
 * instant in each run. Without a kill (fewer than N writes) the exit status is the program's, and
 * its number of writes goes to the file named by $KILL_AT_COUNT.
 *
 * $KILL_AT_HOW: "kill" (the default); "stop", the program is held for a second, as by SIGSTOP,
 * while its children go on, and killed then; "full", from the N-th durable write on each call that
 * needs room on a disk fails with ENOSPC; "io", from then on each fsync, fdatasync and write to a
 * file fails with EIO. Of the last two nothing is killed: the program comes to an end of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLED = 137 };

static const long durable[] = {
	SYS_fsync,  SYS_fdatasync, SYS_renameat, SYS_unlinkat, SYS_symlinkat,
#ifdef SYS_rename
	SYS_rename, SYS_unlink,    SYS_symlink,
#endif
};

static bool is_durable(long number)
{
	for (size_t i = 0; i < sizeof(durable) / sizeof(durable[0]); i++)
		if (durable[i] == number)
			return true;
	return false;
}

static int count_to_file(long count)
{
	const char *path = getenv("KILL_AT_COUNT");
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f)
		return path ? -1 : 0;
	fprintf(f, "%ld\n", count);
	return fclose(f);
}

/* Go on to the next stop. Returns false when the program has ended. */
static bool next_stop(pid_t pid, int *signal_to_pass, int *status)
{
	if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)*signal_to_pass) < 0)
		return false;
	*signal_to_pass = 0;
	if (waitpid(pid, status, 0) < 0)
		return false;
	return WIFSTOPPED(*status);
}

/* Does the descriptor of the program name a file on a disk? */
static bool is_of_a_file(pid_t pid, unsigned long fd)
{
	char link[64], path[256];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/fd/%lu", (int)pid, fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return path[0] == '/' && strncmp(path, "/dev/", 5) != 0 &&
	       strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0;
}

static bool needs_room(pid_t pid, const struct user_regs_struct *regs)
{
	switch (regs->orig_rax) {
	case SYS_write:
	case SYS_fsync:
		return is_of_a_file(pid, regs->rdi);
	case SYS_openat:
		return (regs->rdx & O_CREAT) != 0;
	case SYS_mkdirat:
	case SYS_symlinkat:
		return true;
	default:
		return false;
	}
}

static bool reaches_the_disk(pid_t pid, const struct user_regs_struct *regs)
{
	return (regs->orig_rax == SYS_write || regs->orig_rax == SYS_fsync ||
		regs->orig_rax == SYS_fdatasync) &&
	       is_of_a_file(pid, regs->rdi);
}

/* What becomes of the program at its N-th durable write. */
static const struct how {
	const char *name;
	bool kills;
	long held_s;
	int error; /* of each call that `fails` names, after it */
	bool (*fails)(pid_t pid, const struct user_regs_struct *regs);
} hows[] = {
	{ .name = "kill", .kills = true },
	{ .name = "stop", .kills = true, .held_s = 1 },
	{ .name = "full", .error = ENOSPC, .fails = needs_room },
	{ .name = "io", .error = EIO, .fails = reaches_the_disk },
};

static const struct how *how_of_environment(void)
{
	const char *name = getenv("KILL_AT_HOW");

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (strcmp(hows[i].name, name ? name : "kill") == 0)
			return &hows[i];
	return NULL;
}

/* Let the program make the call that it is about to make fail: the kernel knows no call -1. Goes on
 * to the call's end. Returns false when the program has ended. */
static bool fail_call(pid_t pid, struct user_regs_struct *regs, int error, int *status)
{
	int pass = 0;

	regs->orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETREGS, pid, NULL, regs) < 0 || !next_stop(pid, &pass, status) ||
	    ptrace(PTRACE_GETREGS, pid, NULL, regs) < 0)
		return false;
	regs->rax = (unsigned long long)(long long)-error;
	return ptrace(PTRACE_SETREGS, pid, NULL, regs) == 0;
}

static int kill_now(pid_t pid, const struct how *how)
{
	struct timespec held = { .tv_sec = how->held_s };
	int status;

	(void)nanosleep(&held, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return KILLED;
}

static int watch(pid_t pid, long limit, const struct how *how)
{
	bool entering = false;
	int status = 0, pass = 0;
	long count = 0;

	while (next_stop(pid, &pass, &status)) {
		struct user_regs_struct regs;

		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			pass = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
			continue;
		}
		entering = !entering;
		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
			continue;
		if (!entering && is_durable((long)regs.orig_rax) && ++count == limit && how->kills)
			return kill_now(pid, how);
		if (!entering || how->kills || count < limit || !how->fails(pid, &regs))
			continue;
		if (!fail_call(pid, &regs, how->error, &status))
			break;
		entering = false;
	}
	if (count_to_file(count) < 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char *end = NULL;
	long limit = argc > 2 ? strtol(argv[1], &end, 10) : -1;
	const struct how *how = how_of_environment();
	int status;
	pid_t pid;

	if (limit < 0 || *end || !how) {
		fprintf(stderr,
			"usage: [KILL_AT_HOW=kill|stop|full|io] kill-at N PROGRAM [ARG...]\n");
		return 125;
	}
	pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execv(argv[2], argv + 2);
		fprintf(stderr, "kill-at: %s: %s\n", argv[2], strerror(errno));
		_exit(125);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return 125;
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL,
		     (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	return watch(pid, limit, how);
}
