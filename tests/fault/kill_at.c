/* kill-at N PROGRAM [ARG...] - runs a program and kills it with SIGKILL right after its N-th
 * durable write.
 *
 * A durable write is what the next run may find: fsync, fdatasync, rename*, unlink*, symlink*. They
 * are counted by ptrace, in the program itself and not in its children, so the same N is the same
 * instant in each run. Without a kill (fewer than N writes) the exit status is the program's, and
 * its number of writes goes to the file named by $KILL_AT_COUNT. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
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

static int watch(pid_t pid, long limit)
{
	bool entering = true;
	int status = 0, pass = 0;
	long count = 0;

	while (next_stop(pid, &pass, &status)) {
		struct user_regs_struct regs;

		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			pass = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
			continue;
		}
		entering = !entering;
		if (!entering || ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
			continue;
		if (!is_durable((long)regs.orig_rax) || ++count != limit)
			continue;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		return KILLED;
	}
	if (count_to_file(count) < 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	char *end = NULL;
	long limit = argc > 2 ? strtol(argv[1], &end, 10) : -1;
	int status;
	pid_t pid;

	if (limit < 0 || *end) {
		fprintf(stderr, "usage: kill-at N PROGRAM [ARG...]\n");
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
	return watch(pid, limit);
}
