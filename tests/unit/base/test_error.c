/* tests/unit/base/test_error.c - the error object and the fault table. argv[1] is data/faults.json.
 */
#include "rows.h"

#include <errno.h>

#include "base/error.h"
#include "base/json.h"

static const char *faults_file;

static void set_fills_and_returns_minus_one(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(error_set(&err, FAULT_SETTINGS, ENOENT, "no %s here", "key"), -1);
	assert_int_equal(err.fault, FAULT_SETTINGS);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.what, "no key here");
}

static void set_may_quote_what_it_replaces(void **unused)
{
	struct error err = { .what = "old" };

	(void)unused;
	assert_int_equal(error_set(&err, FAULT_USAGE, 0, "new after %s", err.what), -1);
	assert_string_equal(err.what, "new after old");
}

static void wrap_puts_context_in_front(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	(void)error_set(&err, FAULT_INTERNAL, EIO, "disk %d fails", 3);
	assert_int_equal(error_wrap(&err, "installing %s", "DOCA"), -1);
	assert_string_equal(err.what, "installing DOCA: disk 3 fails");
	assert_int_equal(err.fault, FAULT_INTERNAL);
	assert_int_equal(err.sys, EIO);
}

static void nobody_listens(void **unused)
{
	(void)unused;
	assert_int_equal(error_set(NULL, FAULT_USAGE, 0, "x"), -1);
	assert_int_equal(error_wrap(NULL, "x"), -1);
}

static void long_sentences_are_cut_but_keep_both_parts(void **unused)
{
	struct error err = { 0 };
	char large[1000];

	(void)unused;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	assert_int_equal(error_set(&err, FAULT_USAGE, 0, "%s", large), -1);
	assert_int_equal(strlen(err.what), sizeof err.what - 1);
	(void)error_set(&err, FAULT_USAGE, 0, "the cause");
	assert_int_equal(error_wrap(&err, "%s", large), -1);
	assert_true(text_ends(err.what, "x: the cause"));
}

static void every_row_is_the_one_in_the_data(void **unused)
{
	AUTO_JSON json_t *doc = json_load_file(faults_file, 0, NULL);
	json_t *rows = json_at(doc, "faults");

	(void)unused;
	assert_non_null(rows);
	assert_int_equal(json_array_size(rows), FAULT_COUNT - 1);
	for (int i = 1; i < FAULT_COUNT; i++) {
		const json_t *want = json_array_get(rows, (size_t)i - 1);
		const struct fault_row *got = fault_row((enum fault)i);

		assert_string_equal(got->slug, json_text_at(want, "slug", NULL));
		assert_int_equal(got->exit_code, json_int_at(want, "exitCode", -1));
		assert_string_equal(got->who, json_text_at(want, "who", NULL));
		assert_int_equal(got->transient, json_bool_at(want, "transient", !got->transient));
		assert_string_equal(got->cause, json_text_at(want, "cause", NULL));
		assert_string_equal(got->remedy, json_text_at(want, "remedy", NULL));
		assert_int_equal(fault_by_slug(got->slug), i);
		assert_non_null(exit_row(got->exit_code));
	}
}

static void none_is_a_row_and_bugs_get_one(void **unused)
{
	(void)unused;
	assert_string_equal(fault_row(FAULT_NONE)->slug, "none");
	assert_int_equal(fault_row(FAULT_NONE)->exit_code, 0);
	assert_string_equal(fault_row(FAULT_COUNT)->slug, "internal");
	assert_string_equal(fault_row((enum fault) - 1)->slug, "internal");
	assert_int_equal(fault_by_slug("no-such-fault"), FAULT_NONE);
	assert_int_equal(fault_by_slug(""), FAULT_NONE);
}

static void the_exit_codes_are_the_seeds(void **unused)
{
	static const int known[] = { 0, 1, 10, 11, 12, 13, 14 };
	size_t found = 0;

	(void)unused;
	for (int code = -1; code <= 256; code++)
		found += exit_row(code) != NULL;
	assert_int_equal(found, ARRAY_SIZE(known));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		assert_non_null(exit_row(known[i]));
		assert_int_equal(exit_row(known[i])->code, known[i]);
		assert_true(exit_row(known[i])->meaning[0] != '\0');
		assert_true(exit_row(known[i])->remedy[0] != '\0');
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_returns_minus_one),
		cmocka_unit_test(set_may_quote_what_it_replaces),
		cmocka_unit_test(wrap_puts_context_in_front),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(long_sentences_are_cut_but_keep_both_parts),
		cmocka_unit_test(every_row_is_the_one_in_the_data),
		cmocka_unit_test(none_is_a_row_and_bugs_get_one),
		cmocka_unit_test(the_exit_codes_are_the_seeds),
	};

	faults_file = argc > 1 ? argv[1] : "data/faults.json";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
