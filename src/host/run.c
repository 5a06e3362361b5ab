/* host/run.c - runs a program and watches it to its end. */
#include "host/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "host/child.h"
#include "host/host.h"
#include "host/recorder.h"
#include "host/stream.h"

enum {
	GRACE_MS = 10000, /* between SIGTERM and SIGKILL */
	LOOK_MS = 1000,   /* a line callback that runs a program may take our SIGCHLD: look again */
	CHUNK = 16 << 10,
};

/* SIGCHLD wakes the loop, SIGPIPE must not kill us: both go to a descriptor meanwhile. */
struct signals {
	sigset_t old_mask;
	struct sigaction old_chld;
	int fd;
};

struct watch {
	const struct host *h;
	const struct run_spec *spec;
	struct child child;
	struct signals signals;
	struct stream out, err;
	size_t written;      /* of spec->input */
	int64_t deadline_ms; /* of what comes next: SIGTERM, SIGKILL, giving up */
	bool timed_out, killed;
	bool ended; /* the child is a zombie */
};

static int signals_take(struct signals *s)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGPIPE);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0)
		return -errno;
	/* Where SIGCHLD is ignored, the kernel reaps the child and its end is lost. */
	(void)sigaction(SIGCHLD, &by_default, &s->old_chld);
	(void)sigprocmask(SIG_BLOCK, &set, &s->old_mask);
	return 0;
}

static void signals_drain(const struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof info) > 0)
		;
}

static void signals_restore(struct signals *s)
{
	signals_drain(s);
	(void)close(s->fd);
	(void)sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
	(void)sigaction(SIGCHLD, &s->old_chld, NULL);
}

static void close_end(int *fd)
{
	cleanup_fd(fd);
	*fd = -1;
}

/* Take at most `most` bytes of what is there. Returns 0, or -ENOMEM. */
static int take_output(int *fd, struct stream *s, size_t most)
{
	char chunk[CHUNK];

	while (*fd >= 0 && most > 0) {
		ssize_t n = read(*fd, chunk, most < sizeof chunk ? most : sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			close_end(fd);
			return 0;
		}
		most -= (size_t)n;
		if (stream_add(s, chunk, (size_t)n) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What the pipe holds now, and no more: a daemon that inherited it may write for ever. */
static int drain_output(int *fd, struct stream *s)
{
	int there = 0;

	if (*fd < 0 || ioctl(*fd, FIONREAD, &there) < 0)
		return 0;
	return take_output(fd, s, (size_t)there);
}

static void give_input(struct watch *w)
{
	const char *data = w->spec->input;
	ssize_t n;

	if (w->written < w->spec->input_len) {
		n = write(w->child.in, data + w->written, w->spec->input_len - w->written);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			w->written += (size_t)n;
		else
			w->written = w->spec->input_len; /* it does not want the rest */
	}
	if (w->written == w->spec->input_len)
		close_end(&w->child.in);
}

static void look_for_end(struct watch *w)
{
	siginfo_t info = { .si_pid = 0 };

	/* WNOWAIT: while the zombie is there, nobody else can have its process group. */
	if (waitid(P_PID, (id_t)w->child.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == w->child.pid)
		w->ended = true;
}

static void watch_deadline(struct watch *w, int64_t now_ms)
{
	if (now_ms < w->deadline_ms || w->killed)
		return;
	(void)kill(-w->child.pid, w->timed_out ? SIGKILL : SIGTERM);
	w->killed = w->timed_out;
	w->timed_out = true;
	w->deadline_ms = now_ms + GRACE_MS;
}

/* Wait for output, room for input, the end of the child or the deadline. Returns 0 or -errno. */
static int wait_for_more(struct watch *w)
{
	struct pollfd p[] = {
		{ .fd = w->signals.fd, .events = POLLIN },
		{ .fd = w->child.out, .events = POLLIN },
		{ .fd = w->child.err, .events = POLLIN },
		{ .fd = w->child.in, .events = POLLOUT },
	};
	int64_t left = w->deadline_ms - w->h->clock->monotonic_ms(w->h->clock);
	int rc = 0;

	if (left > LOOK_MS)
		left = LOOK_MS;
	if (poll(p, ARRAY_SIZE(p), left > 0 ? (int)left : 0) < 0)
		return errno == EINTR ? 0 : -errno;
	signals_drain(&w->signals);
	if (p[1].revents)
		rc = take_output(&w->child.out, &w->out, CHUNK);
	if (rc == 0 && p[2].revents)
		rc = take_output(&w->child.err, &w->err, CHUNK);
	if (rc == 0 && p[3].revents)
		give_input(w);
	return rc;
}

/* After a deadline the rest of the group has its ten seconds too: it is there as long as it holds
 * the pipes. What SIGKILL does not end hangs in the kernel, and is left behind after ten more. */
static bool is_over(const struct watch *w, int64_t now_ms)
{
	bool silent = w->child.out < 0 && w->child.err < 0;

	if (!w->ended)
		return w->killed && now_ms >= w->deadline_ms;
	return !w->timed_out || silent || w->killed;
}

static int watch_to_end(struct watch *w)
{
	for (;;) {
		int64_t now_ms = w->h->clock->monotonic_ms(w->h->clock);
		int rc;

		look_for_end(w);
		if (is_over(w, now_ms))
			break;
		watch_deadline(w, now_ms);
		rc = wait_for_more(w);
		if (rc < 0)
			return rc;
	}
	if (drain_output(&w->child.out, &w->out) < 0 || drain_output(&w->child.err, &w->err) < 0)
		return -ENOMEM;
	return 0;
}

/* The child is a zombie, or we give up on it and do not wait. */
static void reap(struct watch *w, struct run_result *ret)
{
	int status = 0;

	if (w->timed_out || !w->ended)
		(void)kill(-w->child.pid, SIGKILL);
	while (waitpid(w->child.pid, &status, w->ended ? 0 : WNOHANG) < 0 && errno == EINTR)
		;
	if (w->timed_out)
		ret->end = RUN_TIMED_OUT;
	else if (WIFSIGNALED(status))
		ret->end = RUN_SIGNALLED;
	else
		ret->end = RUN_EXITED;
	if (ret->end == RUN_SIGNALLED)
		ret->code = WTERMSIG(status);
	else if (ret->end == RUN_EXITED)
		ret->code = WEXITSTATUS(status);
}

static int run_child(struct watch *w, struct run_result *ret)
{
	int rc = child_start(w->h, w->spec, &w->child);

	if (rc == -ENOENT) {
		ret->end = RUN_NOT_FOUND;
		return 0;
	}
	if (rc < 0)
		return rc;
	w->deadline_ms = w->h->clock->monotonic_ms(w->h->clock) +
			 (int64_t)w->spec->deadline_s * 1000;
	rc = watch_to_end(w);
	reap(w, ret);
	stream_end(&w->out);
	stream_end(&w->err);
	ret->cut = w->out.cut || w->err.cut;
	return rc;
}

static int real_run(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		    struct error *err)
{
	struct watch w = { .h = h, .spec = spec };
	int rc = signals_take(&w.signals);

	if (rc < 0)
		return error_set(err, FAULT_PROGRAM_FAILED, -rc, "cannot watch %s: %s",
				 spec->argv[0], strerror(-rc));
	child_init(&w.child);
	stream_init(&w.out, spec, &ret->out);
	stream_init(&w.err, spec, &ret->err);
	rc = run_child(&w, ret);
	child_close(&w.child);
	signals_restore(&w.signals);
	if (rc < 0)
		return error_set(err, FAULT_PROGRAM_FAILED, -rc, "cannot run %s: %s", spec->argv[0],
				 strerror(-rc));
	return 0;
}

const struct runner runner_real = { .run = real_run };

void run_result_free(struct run_result *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

void run_log(const struct host *h, const struct run_spec *spec)
{
	AUTO_BUF struct buf line = { .max = 8 << 10 };

	for (size_t i = 0; spec->argv[i]; i++) {
		if ((i > 0 && buf_add_text(&line, " ") < 0) ||
		    buf_add_text(&line, spec->argv[i]) < 0)
			break; /* the head of so long a line will do */
	}
	LOG(h->log, DEBUG, "run", "%s", buf_text(&line));
}

int run(const struct host *h, const struct run_spec *spec, struct run_result *ret,
	struct error *err)
{
	struct run_result fresh = { .end = RUN_NOT_FOUND };
	int rc;

	if (spec->deadline_s <= 0)
		return error_set(err, FAULT_INTERNAL, EINVAL, "%s was to run without a deadline",
				 spec->argv[0]);
	if (!spec->quiet)
		run_log(h, spec);
	rc = h->runner->run(h, spec, &fresh, err);
	if (rc < 0) {
		run_result_free(&fresh);
		return rc;
	}
	recorder_command(h, spec, &fresh);
	*ret = fresh;
	return 0;
}

bool run_ok(const struct run_result *r)
{
	return r->end == RUN_EXITED && r->code == 0;
}

void run_end_text(const struct run_result *r, const struct run_spec *spec, char *ret, size_t size)
{
	switch (r->end) {
	case RUN_EXITED:
		(void)text_format(ret, size, "exit code %d", r->code);
		return;
	case RUN_SIGNALLED:
		(void)text_format(ret, size, "killed by signal %d", r->code);
		return;
	case RUN_TIMED_OUT:
		(void)text_format(ret, size, "no end after %d s", spec->deadline_s);
		return;
	case RUN_NOT_FOUND:
		break;
	}
	(void)text_copy(ret, size, "not found");
}

int run_or_fail(const struct host *h, const struct run_spec *spec, enum fault fault,
		const char *doing, struct error *err)
{
	AUTO_RUN struct run_result r = { 0 };
	char end[64];

	if (run(h, spec, &r, err) < 0)
		return -1;
	if (run_ok(&r))
		return 0;
	run_end_text(&r, spec, end, sizeof end);
	return error_set(err, r.end == RUN_NOT_FOUND ? FAULT_PROGRAM_MISSING : fault, 0,
			 "%s: %s: %.200s", doing, end,
			 r.err.len > 0 ? text_trim(r.err.data) : "no message");
}
