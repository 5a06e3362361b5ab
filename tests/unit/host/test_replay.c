/* tests/unit/host/test_replay.c - a world answers for programs, and only for exactly what was
 * recorded. */
#include "fixture.h"

#include "host/run.h"

#define COMMANDS                                                                                   \
	"\"commands\":["                                                                           \
	"{\"argv\":[\"rpm\",\"-qa\"],\"code\":0,\"stdout\":\"a\\nb\\n\"},"                         \
	"{\"argv\":[\"rpm\",\"-q\",\"x\"],\"code\":1,\"stdout\":\"\",\"stderr\":\"none\\n\"},"     \
	"{\"argv\":[\"mokutil\"]},"                                                                \
	"{\"argv\":[\"odd\",7],\"code\":0}]"

static const struct {
	const char *name;
	const char *argv[4];
	enum run_end end;
	int code;
	const char *out, *err, *lines;
} rows[] = {
	{ "as recorded", { "rpm", "-qa" }, RUN_EXITED, 0, "a\nb\n", "", "[a][b]" },
	{ "a failure with its message",
	  { "rpm", "-q", "x" },
	  RUN_EXITED,
	  1,
	  "",
	  "none\n",
	  "[none]" },
	{ "no code means 0, no output none", { "mokutil" }, RUN_EXITED, 0, "", "", "" },
	{ "another program", { "dpkg" }, RUN_NOT_FOUND, 0, "", "", "" },
	{ "fewer arguments", { "rpm" }, RUN_NOT_FOUND, 0, "", "", "" },
	{ "more arguments", { "rpm", "-qa", "x" }, RUN_NOT_FOUND, 0, "", "", "" },
	{ "another argument", { "rpm", "-q", "y" }, RUN_NOT_FOUND, 0, "", "", "" },
	{ "an argument that is no text matches nothing",
	  { "odd", "7" },
	  RUN_NOT_FOUND,
	  0,
	  "",
	  "",
	  "" },
};

static void add_line(void *ctx, const char *line)
{
	assert_int_equal(buf_add_format(ctx, "[%s]", line), 0);
}

static void replays_what_was_recorded(void **unused)
{
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_start(&w, COMMANDS, &h);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf lines = { .data = NULL };
		const struct run_spec spec = {
			.argv = rows[i].argv, .deadline_s = 1, .line = add_line, .ctx = &lines
		};
		AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };

		assert_int_equal(run(&h, &spec, &r, NULL), 0);
		if (r.end != rows[i].end || r.code != rows[i].code ||
		    !text_eq(buf_text(&r.out), rows[i].out) ||
		    !text_eq(buf_text(&r.err), rows[i].err) ||
		    !text_eq(buf_text(&lines), rows[i].lines))
			fail_msg("replay: %s: end %d, code %d, '%s'", rows[i].name, (int)r.end,
				 r.code, buf_text(&r.out));
	}
	host_close(&h);
	world_drop(&w);
}

static void keeps_the_tail_as_a_real_run_does(void **unused)
{
	const char *const argv[] = { "rpm", "-qa", NULL };
	const struct run_spec spec = { .argv = argv, .deadline_s = 1, .keep = 1 };
	AUTO_RUN struct run_result r = { .end = RUN_TIMED_OUT };
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_start(&w, COMMANDS, &h);
	assert_int_equal(run(&h, &spec, &r, NULL), 0);
	assert_string_equal(buf_text(&r.out), "\n");
	assert_true(r.cut);
	host_close(&h);
	world_drop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replays_what_was_recorded),
		cmocka_unit_test(keeps_the_tail_as_a_real_run_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
