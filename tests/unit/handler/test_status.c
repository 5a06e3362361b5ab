/* tests/unit/handler/test_status.c - N.status is valid whatever is said in it. */
#include "fixture.h"

#include <errno.h>

#include "act/act.h"
#include "handler/outcome.h"
#include "handler/status.h"

static void render(const struct status *s, struct buf *ret)
{
	AUTO_JSON json_t *j = status_to_json(s, T0);

	assert_non_null(j);
	assert_int_equal(json_write(j, false, ret), 0);
	check_status_text(buf_text(ret), ret->len);
}

static const struct {
	const char *name, *unit; /* repeated to 10 KB */
} long_rows[] = {
	{ "ASCII", "x" },
	{ "two bytes a character", "é" },
	{ "three bytes", "漢" },
	{ "four bytes", "😀" },
	{ "control characters, six bytes each in JSON", "\001" },
	{ "quotes and backslashes", "\"\\" },
	{ "latin-1, which is not UTF-8", "\xe9" },
	{ "overlong slashes", "\xc0\xaf" },
	{ "surrogates", "\xed\xa0\x80" },
	{ "above U+10FFFF", "\xf4\x90\x80\x80" },
	{ "characters cut in two", "\xe6\xbc" },
	{ "newlines, as programs say them", "line\r\n" },
};

static void is_valid_with_10_kb_messages(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(long_rows); i++) {
		AUTO_BUF struct buf text = { 0 }, said = { 0 };
		struct status s = { 0 };

		while (said.len < 10 << 10)
			assert_int_equal(buf_add_text(&said, long_rows[i].unit), 0);
		status_set(&s, STATUS_ERROR, 14, buf_text(&said));
		for (unsigned sub = 0; sub < 2 * STATUS_SUBS_MAX; sub++) {
			char name[16];

			TEXT_FORMAT(name, "stage-%u", sub);
			status_sub(&s, name, STATUS_ERROR, 14, buf_text(&said));
		}
		assert_int_equal(s.nsubs, STATUS_SUBS_MAX);
		assert_true(strlen(s.message) > 900);
		render(&s, &text);
	}
}

static const struct {
	const char *name, *text;
	size_t size;
	const char *want;
} fit_rows[] = {
	{ "fits", "abc", 4, "abc" },
	{ "cut", "abc", 3, "ab" },
	{ "not cut inside a character", "aé", 3, "a" },
	{ "a whole character fits", "aé", 4, "aé" },
	{ "the end inside a character", "a\xc3", 9, "a?" },
	{ "tabs become blanks", "a\tb", 9, "a b" },
	{ "nothing fits", "é", 2, "" },
};

static void fits_utf8(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(fit_rows); i++) {
		char text[16];

		TEXT_COPY(text, fit_rows[i].text);
		utf8_fit(text, fit_rows[i].size);
		if (!text_eq(text, fit_rows[i].want))
			fail_msg("%s: \"%s\"", fit_rows[i].name, text);
	}
}

/* The portal shows 1,024 characters: the next step must be among them. */
static void every_fault_says_the_next_step(void **unused)
{
	char cause[480];

	(void)unused;
	memset(cause, 'c', sizeof cause - 1);
	cause[sizeof cause - 1] = '\0';
	for (int fault = 1; fault < FAULT_COUNT; fault++) {
		AUTO_BUF struct buf text = { 0 };
		struct status s = { 0 };

		status_fail(&s, (enum fault)fault, cause);
		if (strstr(s.message, fault_row((enum fault)fault)->remedy) == NULL ||
		    strncmp(s.message, "cccc", 4) != 0)
			fail_msg("%s: %s", fault_row((enum fault)fault)->slug, s.message);
		assert_int_equal(s.code, fault_row((enum fault)fault)->exit_code);
		render(&s, &text);
		status_fail(&s, (enum fault)fault, "");
		assert_true(text_starts(s.message, fault_row((enum fault)fault)->cause));
	}
}

static void writes_whole_files(void **unused)
{
	struct machine m;
	struct status s = { 0 };
	AUTO_JSON json_t *j = NULL;
	enum status_state state;
	char text[64];

	(void)unused;
	machine_make(&m);
	status_set(&s, STATUS_SUCCESS, 0, "fine");
	j = status_to_json(&s, T0);
	assert_int_equal(status_read(&m.host, STATUS_DIR, 4, &state), -ENOENT);
	assert_int_equal(status_write(&m.host, STATUS_DIR, 4, j), 0);
	machine_status(&m, 4, text, sizeof text);
	assert_string_equal(text, "success 0 fine");
	assert_int_equal(status_read(&m.host, STATUS_DIR, 4, &state), 0);
	assert_int_equal(state, STATUS_SUCCESS);
	machine_put(&m, STATUS_DIR "/5.status", "[{\"status\":{\"status\":\"Success\"}}]");
	assert_int_equal(status_read(&m.host, STATUS_DIR, 5, &state), -EINVAL);
	machine_put(&m, STATUS_DIR "/5.status", "");
	assert_int_equal(status_read(&m.host, STATUS_DIR, 5, &state), -EINVAL);
	machine_remove(&m, STATUS_DIR);
	assert_int_equal(status_write(&m.host, STATUS_DIR, 4, j), -ENOENT);
	machine_drop(&m);
}

static const struct {
	const char *name;
	int exit_code;
	enum fault fault;
	bool reboot_pending, changed;
	enum on_unsupported on_unsupported;
	enum status_state want;
	int code;
	const char *sub; /* "" if none is added */
} outcome_rows[] = {
	{ "done", 0, FAULT_NONE, false, true, UNSUPPORTED_FAIL, STATUS_SUCCESS, 0, "" },
	{ "a reboot is pending", 0, FAULT_NONE, true, true, UNSUPPORTED_FAIL, STATUS_SUCCESS, 0,
	  "reboot-pending" },
	{ "failed", 14, FAULT_PACKAGE_INSTALL, false, false, UNSUPPORTED_FAIL, STATUS_ERROR, 14,
	  "" },
	{ "failed is not skipped", 14, FAULT_PACKAGE_INSTALL, false, false, UNSUPPORTED_SKIP,
	  STATUS_ERROR, 14, "" },
	{ "no adapter came", 11, FAULT_ADAPTER_ABSENT, false, false, UNSUPPORTED_FAIL, STATUS_ERROR,
	  11, "" },
	{ "no adapter came, in a mixed scale set", 11, FAULT_ADAPTER_ABSENT, false, false,
	  UNSUPPORTED_SKIP, STATUS_SUCCESS, 0, "skipped" },
	{ "not supported, skipped", 12, FAULT_UNSUPPORTED_IMAGE, false, false, UNSUPPORTED_SKIP,
	  STATUS_SUCCESS, 0, "skipped" },
	{ "no Hyper-V is not skipped", 10, FAULT_NO_VMBUS, false, false, UNSUPPORTED_SKIP,
	  STATUS_ERROR, 10, "" },
	{ "what has changed something is not skipped", 12, FAULT_UNSUPPORTED_IMAGE, false, true,
	  UNSUPPORTED_SKIP, STATUS_ERROR, 12, "" },
};

static void outcomes_become_statuses(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(outcome_rows); i++) {
		AUTO_FREE struct outcome *o = calloc(1, sizeof *o);
		AUTO_BUF struct buf text = { 0 };
		struct settings settings;
		struct status s = { 0 };

		assert_non_null(o);
		settings_defaults(&settings);
		settings.on_unsupported = outcome_rows[i].on_unsupported;
		o->exit_code = outcome_rows[i].exit_code;
		o->fault = outcome_rows[i].fault;
		o->reboot_pending = outcome_rows[i].reboot_pending;
		o->changed = outcome_rows[i].changed;
		TEXT_COPY(o->message, "What happened. What to do.");
		status_sub(&s, "packages", STATUS_TRANSITIONING, 0, "at work");
		status_from_outcome(o, &settings, &s);
		render(&s, &text);
		if (s.state != outcome_rows[i].want || s.code != outcome_rows[i].code ||
		    strstr(s.message, "What to do.") == NULL)
			fail_msg("%s: %s %d %s", outcome_rows[i].name, status_state_name(s.state),
				 s.code, s.message);
		if (s.nsubs != (outcome_rows[i].sub[0] != '\0' ? 2 : 1) ||
		    (s.nsubs == 2 && !text_eq(s.subs[1].name, outcome_rows[i].sub)))
			fail_msg("%s: %u substatus", outcome_rows[i].name, s.nsubs);
		if (s.subs[0].state == STATUS_TRANSITIONING)
			fail_msg("%s: a stage is left transitioning", outcome_rows[i].name);
	}
}

/* What the worker tells after it waited in vain is what `enable` would have told. */
static void a_refusal_is_told_alike(void **unused)
{
	static struct outcome o;
	struct decision *d = &o.plan.decision;
	struct settings settings;
	struct status at_once = { 0 }, later = { 0 };

	(void)unused;
	settings_defaults(&settings);
	*d = (struct decision) { .exit_code = 11, .fault = FAULT_ADAPTER_ABSENT };
	TEXT_COPY(d->reason, "No function is there");
	TEXT_COPY(d->remedy, "Start it again.");
	o.exit_code = d->exit_code;
	o.fault = d->fault;
	TEXT_COPY(o.message, "No function is there. Start it again.");
	status_from_refusal(d, &settings, &at_once);
	status_from_outcome(&o, &settings, &later);
	assert_string_equal(later.message, "No function is there. Next: Start it again. "
					   "(ib-vmext explain adapter-absent)");
	assert_string_equal(later.message, at_once.message);
	assert_int_equal(later.code, 11);
	settings.on_unsupported = UNSUPPORTED_SKIP;
	status_from_outcome(&o, &settings, &later);
	assert_int_equal(later.state, STATUS_SUCCESS);
	assert_string_equal(later.subs[0].name, "skipped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_valid_with_10_kb_messages),
		cmocka_unit_test(fits_utf8),
		cmocka_unit_test(every_fault_says_the_next_step),
		cmocka_unit_test(writes_whole_files),
		cmocka_unit_test(outcomes_become_statuses),
		cmocka_unit_test(a_refusal_is_told_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
