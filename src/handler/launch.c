/* handler/launch.c - starts the worker by systemd-run, or as a detached session. */
#include "handler/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "handler/handler.h"
#include "handler/state.h"
#include "host/host.h"
#include "host/run.h"

enum { SYSTEMD_DEADLINE_S = 30, SEEN_WITHIN_MS = 3000, LOOK_EVERY_MS = 20, WEIGHTS = 2 };

/* Low weights beside a running job, newest names first: systemd before 232 knows only the second
 * pair, and no version must fail over them. Nice and the score for the OOM killer the worker sets
 * itself, which every version allows. */
static const char *const weights[][WEIGHTS] = {
	{ "--property=CPUWeight=20", "--property=IOWeight=20" },
	{ "--property=CPUShares=64", "--property=BlockIOWeight=50" },
	{ NULL, NULL },
};

/* systemd 219 (RHEL 7) has neither --collect nor --wait nor --no-block: only what it knows is used
 * here. */
static int run_systemd(const struct host *h, const char *unit, const char *program, size_t row,
		       struct run_result *ret, struct error *err)
{
	const char *argv[10] = { "systemd-run", unit, "--description=InfiniBand driver worker" };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMD_DEADLINE_S };
	size_t n = 3;

	for (size_t i = 0; i < WEIGHTS && weights[row][i] != NULL; i++)
		argv[n++] = weights[row][i];
	argv[n++] = program;
	argv[n++] = "handler";
	argv[n++] = "worker";
	argv[n] = NULL;
	return run(h, &spec, ret, err);
}

/* "Unknown assignment CPUWeight=20" from systemd-run itself, "Cannot set property" or "Unknown
 * property" from PID 1: nothing was started. */
static bool is_unknown_property(const struct run_result *r)
{
	static const char *const said[] = { "nknown assignment", "annot set property",
					    "nknown property" };

	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if (r->end == RUN_EXITED && strstr(buf_text(&r->err), said[i]) != NULL)
			return true;
	return false;
}

static int start_unit(const struct host *h, const char *unit, const char *program,
		      struct error *err)
{
	for (size_t row = 0; row < ARRAY_SIZE(weights); row++) {
		AUTO_RUN struct run_result result = { 0 };

		if (run_systemd(h, unit, program, row, &result, err) < 0)
			return error_set(err, FAULT_WORKER_START, err->sys,
					 "systemd-run cannot be started: %.200s", err->what);
		if (run_ok(&result))
			return 0;
		if (is_unknown_property(&result) && row + 1 < ARRAY_SIZE(weights))
			continue;
		return error_set(err, FAULT_WORKER_START, 0,
				 "systemd-run did not start the worker (%s %d): %.200s",
				 result.end == RUN_EXITED ? "exit code" : "end", result.code,
				 buf_text(&result.err));
	}
	return 0;
}

/* Whether the worker came to life: it holds the lock, or has ended already. systemd-run says yes
 * before it executes. */
static bool is_seen(const struct host *h)
{
	int64_t until = h->clock->monotonic_ms(h->clock) + SEEN_WITHIN_MS;

	while (state_holder(h) == 0) {
		if (h->clock->monotonic_ms(h->clock) >= until)
			return false;
		h->clock->sleep_ms(h->clock, LOOK_EVERY_MS);
	}
	return true;
}

static int check_unit(const struct host *h, const char *unit, struct error *err)
{
	const char *const argv[] = { "systemctl", "is-failed", "--quiet", unit, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMD_DEADLINE_S, .quiet = true };
	AUTO_RUN struct run_result result = { 0 };

	if (is_seen(h) || run(h, &spec, &result, NULL) < 0 || !run_ok(&result))
		return 0;
	return error_set(
		err, FAULT_WORKER_START, 0,
		"systemd started the worker, but it ended at once: see systemctl status %s", unit);
}

int worker_start(const struct handler_app *app, const char *program, int64_t seq, struct error *err)
{
	const struct host *h = app->host;
	char option[96];
	const char *unit = option + strlen("--unit=");

	if (!host_exists(h, "run/systemd/system"))
		return launch_detached(program, "worker", err);
	(void)TEXT_FORMAT(option, "--unit=ib-vmext-worker-%lld-%llx.service", (long long)seq,
			  (unsigned long long)h->clock->realtime_ms(h->clock));
	if (start_unit(h, option, program, err) < 0)
		return -1;
	return check_unit(h, unit, err);
}

/* In the grandchild. Nothing of the agent's is kept: its files, its directory, its environment. */
static void become_worker(const char *program, const char *verb, int report)
{
	const char *const argv[] = { program, "handler", verb, NULL };
	const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	struct rlimit files = { .rlim_cur = 1024 };
	int null = open("/dev/null", O_RDWR);
	int sys;

	(void)getrlimit(RLIMIT_NOFILE, &files);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		(void)dup2(null, fd);
	for (int fd = 3; fd < (int)(files.rlim_cur < 4096 ? files.rlim_cur : 4096); fd++)
		if (fd != report)
			(void)close(fd);
	if (chdir("/") == 0)
		(void)execve(program, (char *const *)argv, (char *const *)env);
	sys = errno;
	if (write(report, &sys, sizeof sys) < 0)
		_exit(126);
	_exit(127);
}

static pid_t fork_twice(const char *program, const char *verb, int report)
{
	pid_t child = fork();
	pid_t grandchild;

	if (child != 0)
		return child;
	(void)setsid();
	grandchild = fork();
	if (grandchild == 0)
		become_worker(program, verb, report);
	_exit(grandchild < 0 ? 1 : 0);
}

int launch_detached(const char *program, const char *verb, struct error *err)
{
	int ends[2];
	int sys = 0, status = 0;
	ssize_t n;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, FAULT_WORKER_START, errno, "no pipe to start the worker");
	AUTO_FD int from = ends[0];
	child = fork_twice(program, verb, ends[1]);
	if (child < 0)
		sys = errno;
	(void)close(ends[1]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (sys == 0 && status != 0)
		sys = EAGAIN;
	/* The end of the pipe is closed by a successful exec: then there is nothing to read. */
	do {
		n = sys == 0 ? read(from, &sys, sizeof sys) : 0;
	} while (n < 0 && errno == EINTR);
	if (sys != 0)
		return error_set(err, FAULT_WORKER_START, sys, "%s cannot be started: %s", program,
				 strerror(sys));
	return 0;
}
