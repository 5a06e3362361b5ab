/* tests/unit/probe/test_slice.c - walking text without copying it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "probe/slice.h"

#define S(text) ((struct slice) { (text), strlen(text) })

static void takes_lines(void **unused)
{
	struct slice rest = S("one\n\nthree"), line;

	(void)unused;
	assert_true(slice_line(&rest, &line) && slice_eq(line, "one"));
	assert_true(slice_line(&rest, &line) && slice_eq(line, ""));
	assert_true(slice_line(&rest, &line) && slice_eq(line, "three"));
	assert_false(slice_line(&rest, &line));
	rest = (struct slice) { 0 };
	assert_false(slice_line(&rest, &line));
}

static void takes_words(void **unused)
{
	struct slice rest = S(" \tone  two\n"), word;

	(void)unused;
	assert_true(slice_word(&rest, &word) && slice_eq(word, "one"));
	assert_true(slice_word(&rest, &word) && slice_eq(word, "two"));
	assert_false(slice_word(&rest, &word));
}

static void cuts(void **unused)
{
	struct slice rest = S("a=b=c"), part;

	(void)unused;
	assert_true(slice_cut(&rest, '=', &part) && slice_eq(part, "a") && slice_eq(rest, "b=c"));
	assert_false(slice_cut(&rest, ':', &part));
	assert_true(slice_eq(rest, "b=c"));
	assert_true(slice_eq(slice_trim(S(" \r\n x y \t")), "x y"));
	assert_true(slice_eq(slice_trim(S(" \n")), ""));
}

static void copies_what_can_be_shown(void **unused)
{
	char text[6];

	(void)unused;
	SLICE_COPY(S("a\x1b[1m\xff"), text);
	assert_string_equal(text, "a?[1m");
	SLICE_COPY(S("\xc3\xa9"), text);
	assert_string_equal(text, "??");
	SLICE_COPY(S(""), text);
	assert_string_equal(text, "");
}

static const struct {
	const char *name, *text;
	int base, rc;
	uint32_t want;
} number_rows[] = {
	{ "decimal", "42", 10, 0, 42 },
	{ "hexadecimal with its mark", "0x1A5", 16, 0, 0x1a5 },
	{ "hexadecimal without", "ffffffff", 16, 0, UINT32_MAX },
	{ "one more than fits", "4294967296", 10, -ERANGE, 0 },
	{ "far more than fits", "99999999999999999999999999", 10, -ERANGE, 0 },
	{ "empty", "", 10, -EINVAL, 0 },
	{ "a mark and nothing", "0x", 16, -EINVAL, 0 },
	{ "a sign", "-1", 10, -EINVAL, 0 },
	{ "a hexadecimal digit in decimal", "1a", 10, -EINVAL, 0 },
	{ "white space", " 1", 10, -EINVAL, 0 },
};

static void reads_numbers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(number_rows); i++) {
		uint32_t got = 0;
		int rc = slice_number(S(number_rows[i].text), number_rows[i].base, &got);

		if (rc != number_rows[i].rc || got != number_rows[i].want)
			fail_msg("slice_number: %s", number_rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_lines),   cmocka_unit_test(takes_words),
		cmocka_unit_test(cuts),          cmocka_unit_test(copies_what_can_be_shown),
		cmocka_unit_test(reads_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
