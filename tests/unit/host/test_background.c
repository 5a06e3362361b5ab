/* tests/unit/host/test_background.c - a program beside others is taken down, whatever happens. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/background.h"
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

#define SH(script) ((const char *const[]) { "sh", "-c", (script), NULL })

static struct background *start(const struct run_spec *spec)
{
	struct background *b = NULL;
	struct error err = { .what = "" };

	if (background_start(&host, spec, &b, &err) < 0)
		fail_msg("%s: %s", spec->argv[0], err.what);
	return b;
}

static const struct {
	const char *name, *script;
	int64_t patience_ms;
	enum run_end end;
	int code;
	const char *out, *err;
} rows[] = {
	{ "success, both streams apart", "echo a; echo b >&2", 20000, RUN_EXITED, 0, "a\n", "b\n" },
	{ "failure", "exit 3", 20000, RUN_EXITED, 3, "", "" },
	{ "a signal", "kill -9 $$", 20000, RUN_SIGNALLED, 9, "", "" },
	{ "one that does not end is ended", "exec sleep 600", 0, RUN_TIMED_OUT, 0, "", "" },
	{ "one that takes no SIGTERM too", "trap '' TERM; echo a; while :; do sleep 600; done", 100,
	  RUN_TIMED_OUT, 0, "a\n", "" },
};

static void names_each_end(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct run_spec spec = { .argv = SH(rows[i].script) };
		AUTO_BACKGROUND struct background *b = start(&spec);
		const struct run_result *r = background_end(b, rows[i].patience_ms);

		if (r->end != rows[i].end || r->code != rows[i].code ||
		    !text_eq(buf_text(&r->out), rows[i].out) ||
		    !text_eq(buf_text(&r->err), rows[i].err))
			fail_msg("%s: end %d, code %d, out %s, err %s", rows[i].name, r->end,
				 r->code, buf_text(&r->out), buf_text(&r->err));
	}
}

static void a_missing_program_has_ended(void **unused)
{
	const struct run_spec spec = { .argv = (const char *const[]) { "ib-vmext-no-such-program",
								       NULL } };
	AUTO_BACKGROUND struct background *b = start(&spec);

	(void)unused;
	assert_true(background_is_over(b));
	assert_int_equal(background_end(b, 0)->end, RUN_NOT_FOUND);
}

/* The pid that it prints first. */
static pid_t read_pid(int fd)
{
	char text[32] = "";
	long pid = 0;

	for (size_t n = 0; n + 1 < sizeof text; n++)
		if (read(fd, text + n, 1) != 1 || text[n] == '\n')
			break;
	assert_int_equal(text_to_long(text, 10, &pid), 0);
	return (pid_t)pid;
}

/* With its whole group: a program may have children of its own. */
static void ends_the_group(void **unused)
{
	int pipes[2];
	char script[120];
	const int keep[] = { 9 };
	struct run_spec spec = { .argv = SH(script), .keep_fds = keep, .nkeep_fds = 1 };
	struct background *b;
	pid_t grandchild;

	(void)unused;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(dup2(pipes[1], keep[0]), keep[0]);
	(void)TEXT_FORMAT(script, "sleep 600 & echo $! >&9; wait");
	b = start(&spec);
	grandchild = read_pid(pipes[0]);
	assert_false(background_is_over(b));
	assert_int_equal(kill(grandchild, 0), 0);
	background_free(b);
	(void)close(keep[0]);
	(void)close(pipes[1]);
	/* Who holds the pipe lives; end of file means that nobody does. */
	assert_int_equal(read(pipes[0], script, 1), 0);
	(void)close(pipes[0]);
}

/* We start it, and are killed. */
static void it_dies_with_us(void **unused)
{
	int pipes[2];
	const int keep[] = { 9 };
	pid_t us;
	char byte;

	(void)unused;
	assert_int_equal(pipe(pipes), 0);
	us = fork();
	assert_true(us >= 0);
	if (us == 0) {
		const struct run_spec spec = { .argv = SH("echo $$ >&9; exec sleep 600"),
					       .keep_fds = keep,
					       .nkeep_fds = 1 };

		(void)dup2(pipes[1], keep[0]);
		(void)start(&spec);
		(void)pause();
		_exit(0);
	}
	(void)close(pipes[1]);
	assert_int_equal(kill(read_pid(pipes[0]), 0), 0);
	assert_int_equal(kill(us, SIGKILL), 0);
	assert_int_equal(waitpid(us, NULL, 0), us);
	assert_int_equal(read(pipes[0], &byte, 1), 0);
	(void)close(pipes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_each_end),
		cmocka_unit_test(a_missing_program_has_ended),
		cmocka_unit_test(ends_the_group),
		cmocka_unit_test(it_dies_with_us),
	};

	return cmocka_run_group_tests(tests, open_host, close_host);
}
