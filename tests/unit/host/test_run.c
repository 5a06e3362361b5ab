/* tests/unit/host/test_run.c - a program is run to a named end, however it behaves. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "host/run.h"

static struct host host;

static int open_host(void **unused)
{
	(void)unused;
	return host_open_live(&host, NULL, NULL);
}

static int close_host(void **unused)
{
	(void)unused;
	host_close(&host);
	return 0;
}

#define ARGV(...)  ((const char *const[]) { __VA_ARGS__, NULL })
#define SH(script) ARGV("sh", "-c", script)

static void must_run(const struct run_spec *spec, struct run_result *ret)
{
	struct error err = { .what = "" };

	if (run(&host, spec, ret, &err) < 0)
		fail_msg("run %s: %s", spec->argv[0], err.what);
}

static const struct {
	const char *name;
	const char *argv[4];
	enum run_end end;
	int code;
	const char *text, *out, *err;
} end_rows[] = {
	{ "success", { "true" }, RUN_EXITED, 0, "exit code 0", "", "" },
	{ "failure", { "sh", "-c", "exit 100" }, RUN_EXITED, 100, "exit code 100", "", "" },
	{ "a signal",
	  { "sh", "-c", "kill -9 $$" },
	  RUN_SIGNALLED,
	  9,
	  "killed by signal 9",
	  "",
	  "" },
	{ "both streams, apart",
	  { "sh", "-c", "echo a; echo b >&2" },
	  RUN_EXITED,
	  0,
	  "exit code 0",
	  "a\n",
	  "b\n" },
	{ "an absolute path",
	  { "/bin/sh", "-c", "echo $0" },
	  RUN_EXITED,
	  0,
	  "exit code 0",
	  "/bin/sh\n",
	  "" },
	{ "arguments are no shell strings",
	  { "echo", "$HOME;", "a  b" },
	  RUN_EXITED,
	  0,
	  "exit code 0",
	  "$HOME; a  b\n",
	  "" },
	{ "a name that nobody has",
	  { "ib-vmext-no-such-program" },
	  RUN_NOT_FOUND,
	  0,
	  "not found",
	  "",
	  "" },
	{ "a path that nobody has", { "/nowhere/program" }, RUN_NOT_FOUND, 0, "not found", "", "" },
	{ "a directory is no program", { "/etc" }, RUN_NOT_FOUND, 0, "not found", "", "" },
	{ "a file that may not be executed",
	  { "/etc/passwd" },
	  RUN_NOT_FOUND,
	  0,
	  "not found",
	  "",
	  "" },
	{ "stdin is empty", { "cat" }, RUN_EXITED, 0, "exit code 0", "", "" },
	{ "its directory is the root", { "pwd" }, RUN_EXITED, 0, "exit code 0", "/\n", "" },
	{ "umask does not depend on ours",
	  { "sh", "-c", "umask" },
	  RUN_EXITED,
	  0,
	  "exit code 0",
	  "0022\n",
	  "" },
};

static void names_each_end(void **unused)
{
	mode_t old = umask(077);

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(end_rows); i++) {
		const struct run_spec spec = { .argv = end_rows[i].argv, .deadline_s = 60 };
		AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };
		char text[64];

		must_run(&spec, &r);
		run_end_text(&r, &spec, text, sizeof text);
		if (r.end != end_rows[i].end || r.code != end_rows[i].code || r.cut ||
		    !text_eq(text, end_rows[i].text) ||
		    !text_eq(buf_text(&r.out), end_rows[i].out) ||
		    !text_eq(buf_text(&r.err), end_rows[i].err))
			fail_msg("run: %s: %s, '%s', '%s'", end_rows[i].name, text,
				 buf_text(&r.out), buf_text(&r.err));
		if (run_ok(&r) != (r.end == RUN_EXITED && r.code == 0))
			fail_msg("run_ok: %s", end_rows[i].name);
	}
	(void)umask(old);
}

/* valgrind ends a process whose execve fails: "I can't recover from execve() failing". */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

static void what_cannot_be_executed(void **unused)
{
	char script[128], binary[128];
	const struct run_spec lost = { .argv = ARGV(script), .deadline_s = 60 };
	const struct run_spec garbage = { .argv = ARGV(binary), .deadline_s = 60 };
	const struct run_spec endless = { .argv = ARGV("true"), .deadline_s = 0 };
	struct run_result r = { .end = RUN_TIMED_OUT };
	struct error err = { .what = "" };
	struct world w;

	(void)unused;
	if (under_valgrind())
		skip();
	world_make(&w);
	world_put(&w, "lost", "#!/nowhere/interpreter\n");
	world_put(&w, "garbage", "\x7f neither a script nor a program");
	assert_int_equal(fchmodat(w.fd, "lost", 0755, 0), 0);
	assert_int_equal(fchmodat(w.fd, "garbage", 0755, 0), 0);
	TEXT_FORMAT(script, "%s/lost", w.dir);
	TEXT_FORMAT(binary, "%s/garbage", w.dir);
	must_run(&lost, &r);
	assert_int_equal(r.end, RUN_NOT_FOUND);
	r.end = RUN_TIMED_OUT;
	assert_int_equal(run(&host, &garbage, &r, &err), -1);
	assert_int_equal(err.fault, FAULT_PROGRAM_FAILED);
	assert_int_equal(err.sys, ENOEXEC);
	assert_int_equal(r.end, RUN_TIMED_OUT); /* as it was */
	assert_int_equal(run(&host, &endless, &r, &err), -1);
	assert_int_equal(err.fault, FAULT_INTERNAL);
	world_drop(&w);
}

static const struct {
	const char *name;
	const char *env[4];
	const char *want;
} env_rows[] = {
	{ "nothing of ours",
	  { NULL },
	  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\nHOME=/"
	  "root\n" },
	{ "more",
	  { "DEBIAN_FRONTEND=noninteractive", "EMPTY=" },
	  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\nHOME=/"
	  "root\n"
	  "DEBIAN_FRONTEND=noninteractive\nEMPTY=\n" },
	{ "a fixed one set otherwise stands once",
	  { "HOME=/var/empty", "HOMEPAGE=x", "A=1" },
	  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n"
	  "HOME=/var/empty\nHOMEPAGE=x\nA=1\n" },
	{ "the last of two stands",
	  { "A=1", "LC_ALL=C.UTF-8", "A=2" },
	  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nHOME=/root\n"
	  "LC_ALL=C.UTF-8\nA=2\n" },
};

static void the_environment_is_exact(void **unused)
{
	(void)unused;
	assert_int_equal(setenv("LD_PRELOAD_OF_OURS", "x", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(env_rows); i++) {
		const struct run_spec spec = { .argv = ARGV("env"),
					       .env = env_rows[i].env,
					       .deadline_s = 60 };
		AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

		must_run(&spec, &r);
		if (!text_eq(buf_text(&r.out), env_rows[i].want))
			fail_msg("environment: %s:\n%s", env_rows[i].name, buf_text(&r.out));
	}
	assert_int_equal(unsetenv("LD_PRELOAD_OF_OURS"), 0);
}

static void sleep_ends_at_the_deadline(void **unused)
{
	const struct run_spec spec = { .argv = SH("echo begun; sleep 30"), .deadline_s = 1 };
	int64_t start = clock_system.monotonic_ms(&clock_system), took;
	AUTO_RUN struct run_result r = { .end = RUN_EXITED };
	char text[64];

	(void)unused;
	must_run(&spec, &r);
	took = clock_system.monotonic_ms(&clock_system) - start;
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_int_equal(r.code, 0);
	assert_string_equal(buf_text(&r.out), "begun\n");
	assert_true(took >= 1000 && took < 9000);
	run_end_text(&r, &spec, text, sizeof text);
	assert_string_equal(text, "no end after 1 s");
}

/* Time jumps over the deadline, once the child is ready for it, and then stands. */
static void start_this_clock(void *ctx, const char *line)
{
	struct test_clock *c = ctx;

	(void)line;
	c->now_ms = 1000;
}

static void who_heeds_sigterm_ends_in_its_own_way(void **unused)
{
	struct test_clock clock;
	const struct run_spec spec = {
		.argv = SH(
			"trap 'echo bye; exit 0' TERM; echo begun; while :; do sleep 0.01; done"),
		.deadline_s = 1,
		.line = start_this_clock,
		.ctx = &clock,
	};
	AUTO_RUN struct run_result r = { .end = RUN_EXITED };
	struct host h = host;

	(void)unused;
	test_clock_init(&clock);
	h.clock = &clock.clock;
	assert_int_equal(run(&h, &spec, &r, NULL), 0);
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_string_equal(buf_text(&r.out), "begun\nbye\n");
}

struct stubborn {
	struct test_clock clock;
	pid_t grandchild;
};

/* Time runs only once the child is ready for it. */
static void start_the_clock(void *ctx, const char *line)
{
	struct stubborn *s = ctx;
	long pid = 0;

	assert_int_equal(text_to_long(line, 10, &pid), 0);
	s->grandchild = (pid_t)pid;
	s->clock.step_ms = 6000;
}

static void who_ignores_sigterm_is_killed_with_its_group(void **unused)
{
	struct stubborn s = { .grandchild = 0 };
	const struct run_spec spec = {
		.argv = SH("trap '' TERM; sleep 60 & echo $!; while :; do wait; done"),
		.deadline_s = 5,
		.line = start_the_clock,
		.ctx = &s,
	};
	AUTO_RUN struct run_result r = { .end = RUN_EXITED };
	struct host h = host;

	(void)unused;
	test_clock_init(&s.clock);
	h.clock = &s.clock.clock;
	assert_int_equal(run(&h, &spec, &r, NULL), 0);
	assert_int_equal(r.end, RUN_TIMED_OUT);
	assert_true(s.clock.now_ms >= 15000); /* ten seconds lie between the two signals */
	/* Killed, and soon reaped by init: no signal reaches more than its zombie. */
	assert_true(kill(s.grandchild, 0) < 0 || kill(s.grandchild, SIGKILL) == 0);
}

static void a_daemon_that_holds_the_output_is_not_waited_for(void **unused)
{
	const struct run_spec spec = { .argv = SH("sleep 60 & echo $!; exit 3"), .deadline_s = 50 };
	int64_t start = clock_system.monotonic_ms(&clock_system);
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };
	long pid = 0;

	(void)unused;
	must_run(&spec, &r);
	assert_true(clock_system.monotonic_ms(&clock_system) - start < 20000);
	assert_int_equal(r.end, RUN_EXITED);
	assert_int_equal(r.code, 3);
	assert_int_equal(text_to_long(buf_text(&r.out), 10, &pid), 0);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0); /* it lived on */
}

static void a_daemon_that_writes_for_ever_is_not_listened_to(void **unused)
{
	const struct run_spec spec = { .argv = SH("yes & echo $! >&2"), .deadline_s = 50 };
	int64_t start = clock_system.monotonic_ms(&clock_system);
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

	(void)unused;
	must_run(&spec, &r); /* `yes` then meets a closed pipe, and ends */
	assert_true(clock_system.monotonic_ms(&clock_system) - start < 20000);
	assert_int_equal(r.end, RUN_EXITED);
}

static void add_line(void *ctx, const char *line)
{
	assert_int_equal(buf_add_format(ctx, "[%s]", line), 0);
}

static const struct {
	const char *name, *script, *want;
} line_rows[] = {
	{ "lines", "printf 'a\\nb\\n'", "[a][b]" },
	{ "the last one without its end", "printf 'a\\nb'", "[a][b]" },
	{ "progress that returns", "printf '10%%\\r20%%\\r\\n'", "[10%][20%]" },
	{ "empty ones are left out", "printf '\\n\\n\\na\\n\\n'", "[a]" },
	{ "a NUL does not hide the rest", "printf 'a\\000b\\n'", "[a?b]" },
	{ "a line that comes in pieces", "printf a; printf b; echo c", "[abc]" },
	{ "stderr too", "echo oops >&2", "[oops]" },
	{ "nothing", ":", "" },
};

static void hands_out_lines(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(line_rows); i++) {
		AUTO_BUF struct buf got = { .data = NULL };
		const struct run_spec spec = { .argv = SH(line_rows[i].script),
					       .deadline_s = 60,
					       .line = add_line,
					       .ctx = &got };
		AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

		must_run(&spec, &r);
		if (!text_eq(buf_text(&got), line_rows[i].want))
			fail_msg("lines: %s: %s", line_rows[i].name, buf_text(&got));
	}
}

struct longest {
	size_t lines, longest, total;
};

static void measure(void *ctx, const char *line)
{
	struct longest *l = ctx;
	size_t len = strlen(line);

	l->lines++;
	l->total += len;
	if (len > l->longest)
		l->longest = len;
}

static void a_long_line_comes_in_parts(void **unused)
{
	struct longest l = { .lines = 0 };
	const struct run_spec spec = {
		.argv = SH("head -c 10000 /dev/zero"), .deadline_s = 60, .line = measure, .ctx = &l
	};
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

	(void)unused;
	must_run(&spec, &r);
	assert_int_equal(l.lines, 3);
	assert_int_equal(l.longest, 4095);
	assert_int_equal(l.total, 10000);
	assert_int_equal(r.out.len, 10000); /* the tail has the bytes as they came */
}

static void keeps_the_tail(void **unused)
{
	const struct run_spec small = { .argv = ARGV("seq", "1", "100000"),
					.deadline_s = 60,
					.keep = 12 };
	const struct run_spec exact = { .argv = ARGV("echo", "12345"),
					.deadline_s = 60,
					.keep = 6 };
	const struct run_spec usual = { .argv = ARGV("seq", "1", "100000"), .deadline_s = 60 };
	AUTO_RUN struct run_result a = { .end = RUN_TIMED_OUT };
	AUTO_RUN struct run_result b = { .end = RUN_TIMED_OUT };
	AUTO_RUN struct run_result c = { .end = RUN_TIMED_OUT };

	(void)unused;
	must_run(&small, &a);
	assert_string_equal(buf_text(&a.out), "9999\n100000\n");
	assert_true(a.cut);
	must_run(&exact, &b);
	assert_string_equal(buf_text(&b.out), "12345\n");
	assert_false(b.cut);
	must_run(&usual, &c);
	assert_int_equal(c.out.len, 64 << 10);
	assert_true(text_ends(buf_text(&c.out), "\n99999\n100000\n"));
	assert_true(c.cut);
}

static void feeds_input_while_it_reads_output(void **unused)
{
	size_t len = 1 << 20;
	AUTO_FREE char *data = malloc(len);
	struct run_spec spec = { .argv = ARGV("cat"), .deadline_s = 60, .keep = 2 << 20 };
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };
	AUTO_RUN struct run_result none = { .end = RUN_TIMED_OUT };

	(void)unused;
	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)('a' + i % 26);
	spec.input = data;
	spec.input_len = len;
	must_run(&spec, &r); /* more than both pipes hold */
	assert_int_equal(r.out.len, len);
	assert_memory_equal(r.out.data, data, len);

	spec.argv = ARGV("true"); /* who does not read must not cost us our life by SIGPIPE */
	must_run(&spec, &none);
	assert_true(run_ok(&none));
}

static void empty_input_is_an_end_of_file(void **unused)
{
	const struct run_spec spec = { .argv = ARGV("cat"), .deadline_s = 60, .input = "" };
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

	(void)unused;
	must_run(&spec, &r);
	assert_true(run_ok(&r));
}

static void inherits_only_what_it_is_given(void **unused)
{
	static const char script[] = "cd /proc/self/fd; for n in 57 58 59; do test -e $n && echo "
				     "$n; done; cat /proc/self/fd/58";
	int kept[] = { 58 };
	const struct run_spec spec = {
		.argv = SH(script), .deadline_s = 60, .keep_fds = kept, .nkeep_fds = 1
	};
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };
	struct world w;
	int fd;

	(void)unused;
	world_make(&w);
	world_put(&w, "secret", "kept\n");
	fd = openat(w.fd, "secret", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(fd, 57),
			 57); /* dup2 leaves O_CLOEXEC behind: as if we had been started with it */
	assert_int_equal(dup3(fd, 58, O_CLOEXEC), 58);
	assert_int_equal(dup3(fd, 59, O_CLOEXEC), 59);
	must_run(&spec, &r);
	assert_string_equal(buf_text(&r.out), "58\nkept\n");
	assert_true(fcntl(58, F_GETFD) & FD_CLOEXEC); /* ours is as it was */
	close(fd);
	close(57);
	close(58);
	close(59);
	world_drop(&w);
}

static void signals_are_fresh_there_and_unchanged_here(void **unused)
{
	const struct run_spec spec = {
		.argv = ARGV("sed", "-n", "/^Sig[BI]/p", "/proc/self/status"),
		.deadline_s = 60,
	};
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_chld, old_pipe, now;
	sigset_t block, old, after;

	(void)unused;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &old);
	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigaction(SIGCHLD, &ignore, &old_chld); /* then the kernel would reap the child for us */
	must_run(&spec, &r);
	sigaction(SIGCHLD, &old_chld, &now);
	assert_ptr_equal(now.sa_handler, SIG_IGN);
	sigaction(SIGPIPE, &old_pipe, &now);
	assert_ptr_equal(now.sa_handler, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, &after);
	assert_true(sigismember(&after, SIGTERM) && sigismember(&after, SIGUSR1));
	assert_false(sigismember(&after, SIGCHLD) || sigismember(&after, SIGPIPE));
	assert_true(run_ok(&r));
	assert_string_equal(buf_text(&r.out),
			    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void run_another(void *ctx, const char *line)
{
	const struct run_spec spec = { .argv = ARGV("echo", line), .deadline_s = 60 };
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

	must_run(&spec, &r);
	assert_int_equal(buf_add_text(ctx, buf_text(&r.out)), 0);
}

static void a_line_callback_may_run_programs(void **unused)
{
	AUTO_BUF struct buf got = { .data = NULL };
	const struct run_spec spec = {
		.argv = ARGV("seq", "1", "5"), .deadline_s = 60, .line = run_another, .ctx = &got
	};
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

	(void)unused;
	must_run(&spec, &r);
	assert_true(run_ok(&r));
	assert_string_equal(buf_text(&got), "1\n2\n3\n4\n5\n");
}

static void keep_event(void *ctx, const struct event *ev)
{
	assert_int_equal(ev->level, LEVEL_DEBUG);
	assert_int_equal(buf_add_format(ctx, "%s: %s\n", ev->slug, ev->what), 0);
}

static void logs_the_command_line_redacted(void **unused)
{
	AUTO_BUF struct buf got = { .data = NULL };
	struct log log = { .nsinks = 0 };
	struct host h = host;
	const struct run_spec loud = { .argv = ARGV("true", "https://x/?sig=abc%2Fdef"),
				       .deadline_s = 60 };
	const struct run_spec quiet = { .argv = ARGV("true"), .deadline_s = 60, .quiet = true };
	AUTO_RUN struct run_result a = { .end = RUN_TIMED_OUT };
	AUTO_RUN struct run_result b = { .end = RUN_TIMED_OUT };

	(void)unused;
	h.log = &log;
	assert_int_equal(log_add_sink(&log, keep_event, &got, LEVEL_DEBUG), 0);
	assert_int_equal(run(&h, &loud, &a, NULL), 0);
	assert_int_equal(run(&h, &quiet, &b, NULL), 0);
	assert_string_equal(buf_text(&got), "run: true https://x/?sig=***\n");
}

static const struct {
	const char *argv[4];
	enum fault fault;
	const char *what;
} fail_rows[] = {
	{ { "true" }, FAULT_NONE, "" },
	{ { "sh", "-c", "echo a b >&2; exit 7" }, FAULT_MODULE_LOAD, "trying: exit code 7: a b" },
	{ { "sh", "-c", "exit 7" }, FAULT_MODULE_LOAD, "trying: exit code 7: no message" },
	{ { "sh", "-c", "kill -9 $$" },
	  FAULT_MODULE_LOAD,
	  "trying: killed by signal 9: no message" },
	{ { "no-such-program" }, FAULT_PROGRAM_MISSING, "trying: not found: no message" },
};

static void every_end_but_success_is_an_error(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(fail_rows); i++) {
		struct run_spec spec = { .argv = fail_rows[i].argv, .deadline_s = 30 };
		struct error err = { .what = "" };
		int rc = run_or_fail(&host, &spec, FAULT_MODULE_LOAD, "trying", &err);

		assert_int_equal(rc, fail_rows[i].fault == FAULT_NONE ? 0 : -1);
		assert_int_equal(err.fault, fail_rows[i].fault);
		assert_string_equal(err.what, fail_rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_each_end),
		cmocka_unit_test(what_cannot_be_executed),
		cmocka_unit_test(every_end_but_success_is_an_error),
		cmocka_unit_test(the_environment_is_exact),
		cmocka_unit_test(sleep_ends_at_the_deadline),
		cmocka_unit_test(who_heeds_sigterm_ends_in_its_own_way),
		cmocka_unit_test(who_ignores_sigterm_is_killed_with_its_group),
		cmocka_unit_test(a_daemon_that_holds_the_output_is_not_waited_for),
		cmocka_unit_test(a_daemon_that_writes_for_ever_is_not_listened_to),
		cmocka_unit_test(hands_out_lines),
		cmocka_unit_test(a_long_line_comes_in_parts),
		cmocka_unit_test(keeps_the_tail),
		cmocka_unit_test(feeds_input_while_it_reads_output),
		cmocka_unit_test(empty_input_is_an_end_of_file),
		cmocka_unit_test(inherits_only_what_it_is_given),
		cmocka_unit_test(signals_are_fresh_there_and_unchanged_here),
		cmocka_unit_test(a_line_callback_may_run_programs),
		cmocka_unit_test(logs_the_command_line_redacted),
	};

	return cmocka_run_group_tests(tests, open_host, close_host);
}
