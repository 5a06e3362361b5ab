/* watch-exec NAMESPACE FILE - notes the command line and the environment of every process of a PID
 * namespace ("pid:[4026532198]"), from outside of it: of those that are there at the start, of each
 * that begins at its execve, and of each again as it ends, for what a program makes of its own
 * words. Nothing is missed between two looks: ptrace stops each process there, and nowhere else.
 *
 * FILE gets "+PID\n", the two as /proc has them, and a newline; "=N\n" at the end, N being the
 * number of execve calls seen. "watching" on stdout once all are followed. Ends with SIGTERM, or
 * with the namespace. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPTIONS = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		  PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT,
};

static volatile sig_atomic_t ends;

static void end(int signal)
{
	(void)signal;
	ends = 1;
}

static void copy_file(const char *path, FILE *out)
{
	char piece[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0)
		(void)fwrite(piece, 1, (size_t)n, out);
	if (fd >= 0)
		(void)close(fd);
}

static void note(pid_t pid, FILE *out)
{
	char path[64];

	fprintf(out, "+%d\n", (int)pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	copy_file(path, out);
	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	copy_file(path, out);
	fputc('\n', out);
}

/* 0 for what is no number. */
static pid_t number_of(const char *name)
{
	char *rest;
	long n = strtol(name, &rest, 10);

	return *rest == '\0' && n > 0 ? (pid_t)n : 0;
}

static bool is_in(const char *pid, const char *space)
{
	char path[300], is[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
	n = readlink(path, is, sizeof(is) - 1);
	is[n > 0 ? n : 0] = '\0';
	return strcmp(is, space) == 0;
}

/* All threads of a process; those that are followed already are left alone. Returns how many were
 * new. */
static unsigned seize(const char *pid, FILE *out)
{
	char path[300];
	unsigned new = 0;
	struct dirent *e;
	DIR *tasks;

	(void)snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && (e = readdir(tasks)) != NULL)
		if (number_of(e->d_name) > 0 &&
		    ptrace(PTRACE_SEIZE, number_of(e->d_name), 0, (void *)(long)OPTIONS) == 0)
			new ++;
	if (tasks)
		(void)closedir(tasks);
	if (new > 0)
		note(number_of(pid), out);
	return new;
}

static unsigned seize_all(const char *space, FILE *out)
{
	DIR *proc = opendir("/proc");
	unsigned new = 0;
	struct dirent *e;

	while (proc && (e = readdir(proc)) != NULL)
		if (number_of(e->d_name) > 0 && is_in(e->d_name, space))
			new += seize(e->d_name, out);
	if (proc)
		(void)closedir(proc);
	return new;
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Let it go on as if nobody had looked. */
static void go_on(pid_t pid, int status, FILE *out, unsigned long *execs)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	if (event == PTRACE_EVENT_STOP && is_stop_signal(signal)) {
		(void)ptrace(PTRACE_LISTEN, pid, 0, 0);
		return;
	}
	if (event == PTRACE_EVENT_EXEC || event == PTRACE_EVENT_EXIT)
		note(pid, out);
	*execs += event == PTRACE_EVENT_EXEC;
	(void)ptrace(PTRACE_CONT, pid, 0, (void *)(long)(event != 0 ? 0 : signal));
}

int main(int argc, char **argv)
{
	struct sigaction on_end = { .sa_handler = end };
	unsigned long execs = 0;
	FILE *out;
	pid_t pid;
	int status;

	if (argc != 3)
		return 2;
	out = fopen(argv[2], "w");
	if (!out || sigaction(SIGTERM, &on_end, NULL) < 0)
		return 1;
	if (seize_all(argv[1], out) == 0) {
		fprintf(stderr, "watch-exec: nobody is in %s, or may be followed\n", argv[1]);
		return 1;
	}
	while (seize_all(argv[1], out) > 0)
		; /* who was born meanwhile */
	puts("watching");
	(void)fflush(stdout);
	while (!ends && (pid = waitpid(-1, &status, __WALL)) > 0)
		if (WIFSTOPPED(status))
			go_on(pid, status, out, &execs);
	fprintf(out, "=%lu\n", execs);
	return fclose(out) == 0 ? 0 : 1;
}
