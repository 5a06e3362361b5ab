/* host/background.c - starts a program, and ends it. */
#include "host/background.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "host/child.h"
#include "host/host.h"
#include "host/run.h"
#include "host/stream.h"

enum { LOOK_MS = 20, TERM_MS = 2000, KILL_MS = 10000, CHUNK = 4096 };

struct background {
	const struct host *h;
	struct child child; /* pid 0: none, or it is reaped */
	struct stream out, err;
	struct run_result result;
	struct sigaction old_chld;
};

static int start(struct background *b, const struct run_spec *spec, struct error *err)
{
	struct run_spec mine = *spec;
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	int rc;

	mine.dies_with_us = true;
	run_log(b->h, spec);
	/* Where SIGCHLD is ignored, the kernel reaps the child and its end is lost. */
	(void)sigaction(SIGCHLD, &by_default, &b->old_chld);
	rc = child_start(b->h, &mine, &b->child);
	if (rc == 0)
		return 0;
	(void)sigaction(SIGCHLD, &b->old_chld, NULL);
	if (rc == -ENOENT)
		return 0;
	return error_set(err, FAULT_PROGRAM_FAILED, -rc, "cannot run %s: %s", spec->argv[0],
			 strerror(-rc));
}

int background_start(const struct host *h, const struct run_spec *spec, struct background **ret,
		     struct error *err)
{
	struct background *b = calloc(1, sizeof(*b));

	if (!b)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory");
	b->h = h;
	child_init(&b->child);
	b->result.end = RUN_NOT_FOUND;
	stream_init(&b->out, spec, &b->result.out);
	stream_init(&b->err, spec, &b->result.err);
	if ((h->runner == &runner_real ? start(b, spec, err) : run(h, spec, &b->result, err)) < 0) {
		background_free(b);
		return -1;
	}
	*ret = b;
	return 0;
}

static void take(int *fd, struct stream *s)
{
	char chunk[CHUNK];
	ssize_t n;

	while (*fd >= 0) {
		n = read(*fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0 && stream_add(s, chunk, (size_t)n) == 0)
			continue;
		cleanup_fd(fd);
		*fd = -1;
	}
}

bool background_is_over(struct background *b)
{
	siginfo_t info = { .si_pid = 0 };

	take(&b->child.out, &b->out);
	take(&b->child.err, &b->err);
	if (b->child.pid == 0)
		return true;
	/* WNOWAIT: while the zombie is there, nobody else can have its process group. */
	return waitid(P_PID, (id_t)b->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == b->child.pid;
}

static bool wait_over(struct background *b, int64_t most_ms)
{
	const struct clock *c = b->h->clock;
	int64_t until = c->monotonic_ms(c) + most_ms;

	while (!background_is_over(b)) {
		if (c->monotonic_ms(c) >= until)
			return false;
		c->sleep_ms(c, LOOK_MS);
	}
	return true;
}

static void reap(struct background *b, bool by_itself)
{
	int status = 0;

	while (waitpid(b->child.pid, &status, WNOHANG) < 0 && errno == EINTR)
		;
	b->child.pid = 0;
	b->result.end = !by_itself            ? RUN_TIMED_OUT
			: WIFSIGNALED(status) ? RUN_SIGNALLED
					      : RUN_EXITED;
	if (b->result.end == RUN_SIGNALLED)
		b->result.code = WTERMSIG(status);
	else if (b->result.end == RUN_EXITED)
		b->result.code = WEXITSTATUS(status);
}

const struct run_result *background_end(struct background *b, int64_t patience_ms)
{
	bool by_itself;

	if (b->child.pid == 0)
		return &b->result;
	by_itself = wait_over(b, patience_ms);
	if (!by_itself) {
		(void)kill(-b->child.pid, SIGTERM);
		(void)wait_over(b, TERM_MS);
	}
	/* The rest of its group too, where it has one. */
	(void)kill(-b->child.pid, SIGKILL);
	(void)wait_over(b, KILL_MS);
	reap(b, by_itself);
	(void)sigaction(SIGCHLD, &b->old_chld, NULL);
	stream_end(&b->out);
	stream_end(&b->err);
	b->result.cut = b->out.cut || b->err.cut;
	return &b->result;
}

void background_free(struct background *b)
{
	if (!b)
		return;
	(void)background_end(b, 0);
	child_close(&b->child);
	run_result_free(&b->result);
	free(b);
}
