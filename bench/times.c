/* times N PROGRAM [ARG...] - runs a program N times and prints its wall time as JSON; then once
 * more, watched, for its memory (VmHWM, read from the program itself as it exits) and the children
 * that it made. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 100000 };

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void become(char **argv, bool watched)
{
	int null = open("/dev/null", O_RDWR);

	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	if (!watched || ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		execvp(argv[0], argv);
	_exit(127);
}

/* Returns the wall time in microseconds, -1 if the program did not end with 0. */
static int64_t time_one(char **argv)
{
	int64_t start = now_us();
	int status = 0;
	pid_t pid = vfork();

	if (pid == 0)
		become(argv, false);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		return -1;
	return now_us() - start;
}

static long high_water_kib(pid_t pid)
{
	char path[40], line[128];
	long kib = -1;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f)
		(void)fclose(f);
	return kib;
}

struct watched {
	long high_water_kib;
	int children;
};

static int watch_one(char **argv, struct watched *ret)
{
	const long options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE;
	pid_t pid = fork(), stopped;
	int status;

	if (pid == 0)
		become(argv, true);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return -1;
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options);
	(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
	while ((stopped = waitpid(-1, &status, __WALL)) > 0) {
		int event = status >> 16, pass = 0;

		if (!WIFSTOPPED(status)) {
			if (stopped == pid)
				return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
			continue;
		}
		if (event == PTRACE_EVENT_EXIT && stopped == pid)
			ret->high_water_kib = high_water_kib(pid);
		else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
			 event == PTRACE_EVENT_CLONE)
			ret->children++;
		else if (event == 0 && WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP)
			pass = WSTOPSIG(status);
		(void)ptrace(PTRACE_CONT, stopped, NULL, (void *)(long)pass);
	}
	return -1;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	struct watched watched = { .high_water_kib = -1 };
	int64_t *us = runs > 0 && runs <= RUNS_MAX ? calloc((size_t)runs, sizeof *us) : NULL;

	if (!us) {
		fprintf(stderr, "usage: times N PROGRAM [ARG...]\n");
		return 1;
	}
	for (long i = 0; i < runs; i++) {
		us[i] = time_one(argv + 2);
		if (us[i] < 0) {
			fprintf(stderr, "times: run %ld of %s failed\n", i + 1, argv[2]);
			return 1;
		}
	}
	if (watch_one(argv + 2, &watched) < 0) {
		fprintf(stderr, "times: %s cannot be watched: %s\n", argv[2], strerror(errno));
		return 1;
	}
	qsort(us, (size_t)runs, sizeof *us, by_size);
	printf("{\"runs\":%ld,\"medianMs\":%.2f,\"p95Ms\":%.2f,\"maxMs\":%.2f,\"vmHwmKiB\":%ld,"
	       "\"children\":%d}\n",
	       runs, (double)us[runs / 2] / 1000, (double)us[runs * 95 / 100] / 1000,
	       (double)us[runs - 1] / 1000, watched.high_water_kib, watched.children);
	free(us);
	return 0;
}
