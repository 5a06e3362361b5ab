/* tests/unit/base/test_log.c - events reach the sinks that listen, once, and without secrets. */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

enum { NOW_S = 1795345200 }; /* date -u -d 2026-11-22T11:00:00Z +%s */

static int64_t now_ms(void)
{
	return NOW_S * 1000LL + 678;
}

struct heard {
	unsigned count;
	struct event last;
	char what[4096];
};

static void hear(void *ctx, const struct event *ev)
{
	struct heard *h = ctx;

	h->count++;
	h->last = *ev;
	(void)TEXT_COPY(h->what, ev->what);
}

static void each_sink_hears_from_its_level_on(void **unused)
{
	struct log log = { .now_ms = now_ms };
	struct heard all = { 0 }, loud = { 0 };

	(void)unused;
	assert_int_equal(log_add_sink(&log, hear, &all, LEVEL_DEBUG), 0);
	assert_int_equal(log_add_sink(&log, hear, &loud, LEVEL_WARNING), 0);
	LOG(&log, DEBUG, "a.b", "one %d", 1);
	LOG(&log, INFO, "a.b", "two");
	LOG(&log, WARNING, "a.b", "three");
	LOG(&log, ERROR, "a.c", "four");
	assert_int_equal(all.count, 4);
	assert_int_equal(loud.count, 2);
	assert_string_equal(loud.what, "four");
	assert_string_equal(loud.last.slug, "a.c");
	assert_int_equal(loud.last.level, LEVEL_ERROR);
	assert_int_equal(loud.last.time_ms, now_ms());
	assert_int_equal(loud.last.percent, -1);
	assert_null(loud.last.stage);
}

static void stages_move_and_failures_are_errors(void **unused)
{
	struct log log = { .now_ms = now_ms };
	struct heard h = { 0 };

	(void)unused;
	assert_int_equal(log_add_sink(&log, hear, &h, LEVEL_INFO), 0);
	log_stage(&log, "packages", STAGE_RUNNING, 40, "package.install", "installing %s", "x");
	assert_string_equal(h.last.stage, "packages");
	assert_int_equal(h.last.state, STAGE_RUNNING);
	assert_int_equal(h.last.percent, 40);
	assert_int_equal(h.last.level, LEVEL_INFO);
	assert_string_equal(h.what, "installing x");
	log_stage(&log, "packages", STAGE_FAILED, 40, "package.install", "failed");
	assert_int_equal(h.last.level, LEVEL_ERROR);
}

static void secrets_are_hidden_before_any_cut(void **unused)
{
	char padding[2044];
	struct log log = { .now_ms = now_ms };
	struct heard h = { 0 };

	(void)unused;
	memset(padding, 'x', sizeof padding - 1);
	padding[sizeof padding - 1] = '\0';
	assert_int_equal(log_add_sink(&log, hear, &h, LEVEL_INFO), 0);
	assert_int_equal(log_add_secret(&log, "opensesame"), 0);
	LOG(&log, INFO, "a", "key opensesame, get https://a/?sig=abcdef");
	assert_string_equal(h.what, "key ***, get https://a/?sig=***");
	LOG(&log, INFO, "a", "%sopensesame", padding);
	assert_null(strstr(h.what, "op"));
	assert_int_equal(strlen(h.what), strlen(padding) + 3);
}

static void tables_have_an_end(void **unused)
{
	struct log log = { 0 };

	(void)unused;
	for (int i = 0; i < LOG_SINKS_MAX; i++)
		assert_int_equal(log_add_sink(&log, hear, NULL, LEVEL_INFO), 0);
	assert_int_equal(log_add_sink(&log, hear, NULL, LEVEL_INFO), -ENOSPC);
	for (int i = 0; i < LOG_SECRETS_MAX; i++)
		assert_int_equal(log_add_secret(&log, "secret"), 0);
	assert_int_equal(log_add_secret(&log, "secret"), -ENOSPC);
	assert_int_equal(log_add_secret(&log, NULL), 0);
	assert_int_equal(log_add_secret(&log, ""), 0);
}

static void no_log_is_no_matter(void **unused)
{
	struct log deaf = { 0 };

	(void)unused;
	LOG(NULL, ERROR, "a", "b");
	log_stage(NULL, "s", STAGE_DONE, 1, "a", "b");
	LOG(&deaf, ERROR, "a", "b");
}

static void names_levels(void **unused)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	enum level level = LEVEL_ERROR;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(level_by_name(names[i], &level), 0);
		assert_int_equal(level, i);
		assert_string_equal(level_name(level), names[i]);
	}
	level = LEVEL_INFO;
	assert_int_equal(level_by_name("loud", &level), -EINVAL);
	assert_int_equal(level_by_name(NULL, &level), -EINVAL);
	assert_int_equal(level, LEVEL_INFO);
	assert_string_equal(level_name((enum level)99), "unknown");
}

static const struct {
	const char *name;
	int64_t ms;
	const char *want;
} time_rows[] = {
	{ "the beginning", 0, "1970-01-01T00:00:00Z" },
	{ "a whole second", NOW_S * 1000LL, "2026-11-22T11:00:00Z" },
	{ "milliseconds are cut", NOW_S * 1000LL + 999, "2026-11-22T11:00:00Z" },
	{ "a leap day", 1709164800000, "2024-02-29T00:00:00Z" },
	{ "beyond 32 bits", 4294967296000, "2106-02-07T06:28:16Z" },
	{ "before the beginning", -1, "1969-12-31T23:59:59Z" },
	{ "a clock gone mad", INT64_MAX, "1970-01-01T00:00:00Z" },
	{ "and the other way", INT64_MIN, "1970-01-01T00:00:00Z" },
};

static void writes_times(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(time_rows); i++) {
		char got[21];

		time_text(time_rows[i].ms, got);
		if (strcmp(got, time_rows[i].want) != 0)
			fail_msg("time_text: %s: %s", time_rows[i].name, got);
	}
}

static void reads_a_time_back(void **unused)
{
	int64_t ms = 0;

	(void)unused;
	assert_int_equal(time_parse("2026-11-22T11:00:00Z", &ms), 0);
	assert_int_equal(ms, 1795345200000);
	assert_int_equal(time_parse("2026-11-22T11:00:00", &ms), -EINVAL);
	assert_int_equal(time_parse("", &ms), -EINVAL);
	assert_int_equal(ms, 1795345200000);
}

static const struct {
	int percent;
	int64_t left_s;
	const char *want;
} progress_rows[] = {
	{ -1, 40, "" },
	{ 0, 0, "0 %" },
	{ 45, 119, "45 %, about 119 s left" },
	{ 45, 120, "45 %, about 2 min left" },
	{ 45, 4800, "45 %, about 80 min left" },
	{ 5, 7260, "5 %, about 2 h 1 min left" },
};

static void tells_how_far_it_is(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(progress_rows); i++) {
		char got[60];

		progress_text(progress_rows[i].percent, progress_rows[i].left_s, got, sizeof got);
		assert_string_equal(got, progress_rows[i].want);
	}
}

/* What a sink writes for an event, through a pipe. */
static void rendered(void (*sink)(void *, const struct event *), const struct event *ev, char *ret,
		     size_t size)
{
	int ends[2];
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	sink((void *)(intptr_t)ends[1], ev);
	assert_int_equal(close(ends[1]), 0);
	got = read(ends[0], ret, size - 1);
	assert_true(got >= 0);
	ret[got] = '\0';
	(void)close(ends[0]);
}

static void text_is_one_line(void **unused)
{
	struct event ev = { .time_ms = NOW_S * 1000LL,
			    .level = LEVEL_WARNING,
			    .slug = "a.b",
			    .what = "two\nlines\x1b[1m",
			    .percent = -1 };
	char line[200];

	(void)unused;
	rendered(log_sink_text, &ev, line, sizeof line);
	assert_string_equal(line, "2026-11-22T11:00:00Z warning a.b: two lines [1m\n");
}

static void json_is_one_line(void **unused)
{
	struct event ev = { .time_ms = NOW_S * 1000LL,
			    .level = LEVEL_INFO,
			    .slug = "a.b",
			    .what = "say \"x\"\ny",
			    .percent = -1 };
	char line[400];

	(void)unused;
	rendered(log_sink_json, &ev, line, sizeof line);
	assert_string_equal(
		line, "{\"time\":\"2026-11-22T11:00:00Z\",\"level\":\"info\",\"slug\":\"a.b\","
		      "\"what\":\"say \\\"x\\\"\\ny\"}\n");
	ev.stage = "modules";
	ev.state = STAGE_WAITING;
	ev.percent = 55;
	ev.what = "x";
	rendered(log_sink_json, &ev, line, sizeof line);
	assert_string_equal(
		line,
		"{\"time\":\"2026-11-22T11:00:00Z\",\"level\":\"info\",\"slug\":\"a.b\","
		"\"what\":\"x\",\"stage\":\"modules\",\"state\":\"waiting\",\"percent\":55}\n");
}

static void json_survives_text_that_is_not_utf8(void **unused)
{
	struct event ev = { .level = LEVEL_INFO, .slug = "a", .what = "caf\xe9", .percent = -1 };
	char line[400];
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	rendered(log_sink_json, &ev, line, sizeof line);
	j = json_parse(line, strlen(line), NULL, 0);
	assert_string_equal(json_text_at(j, "what", ""), "caf?");
}

static void a_closed_sink_is_no_matter(void **unused)
{
	struct event ev = { .level = LEVEL_INFO, .slug = "a", .what = "b", .percent = -1 };

	(void)unused;
	log_sink_text((void *)(intptr_t)-1, &ev);
	log_sink_json((void *)(intptr_t)-1, &ev);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_time_back),
		cmocka_unit_test(tells_how_far_it_is),
		cmocka_unit_test(each_sink_hears_from_its_level_on),
		cmocka_unit_test(stages_move_and_failures_are_errors),
		cmocka_unit_test(secrets_are_hidden_before_any_cut),
		cmocka_unit_test(tables_have_an_end),
		cmocka_unit_test(no_log_is_no_matter),
		cmocka_unit_test(names_levels),
		cmocka_unit_test(writes_times),
		cmocka_unit_test(text_is_one_line),
		cmocka_unit_test(json_is_one_line),
		cmocka_unit_test(json_survives_text_that_is_not_utf8),
		cmocka_unit_test(a_closed_sink_is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
