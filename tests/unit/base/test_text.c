/* tests/unit/base/test_text.c - small operations on text. */
#include "rows.h"

#include <errno.h>
#include <limits.h>

static const struct {
	const char *name, *a, *b;
	bool eq, nocase;
} eq_rows[] = {
	{ "the same", "ab", "ab", true, true },
	{ "case counts for one of the two", "Ab", "aB", false, true },
	{ "a prefix is not equal", "ab", "abc", false, false },
	{ "a longer text is not equal", "abc", "ab", false, false },
	{ "nothing equals nothing", NULL, NULL, true, true },
	{ "nothing is not the empty text", NULL, "", false, false },
	{ "the empty text is not nothing", "", NULL, false, false },
	{ "@ and ` differ by the bit of case, but are no letters", "@", "`", false, false },
};

static void compares_text(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(eq_rows); i++) {
		if (text_eq(eq_rows[i].a, eq_rows[i].b) != eq_rows[i].eq)
			fail_msg("text_eq: %s", eq_rows[i].name);
		if (text_eq_nocase(eq_rows[i].a, eq_rows[i].b) != eq_rows[i].nocase)
			fail_msg("text_eq_nocase: %s", eq_rows[i].name);
	}
}

static const struct {
	const char *name, *text, *part;
	bool starts, ends;
} part_rows[] = {
	{ "both ends", "aba", "a", true, true },
	{ "the whole", "abc", "abc", true, true },
	{ "the empty part", "abc", "", true, true },
	{ "a part longer than the text", "c", "abc", false, false },
	{ "start only", "mlx5_ib", "mlx5", true, false },
	{ "end only", "5.15-azure", "-azure", false, true },
};

static void finds_parts(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(part_rows); i++) {
		if (text_starts(part_rows[i].text, part_rows[i].part) != part_rows[i].starts)
			fail_msg("text_starts: %s", part_rows[i].name);
		if (text_ends(part_rows[i].text, part_rows[i].part) != part_rows[i].ends)
			fail_msg("text_ends: %s", part_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	size_t size;
	int rc;
	const char *want;
} copy_rows[] = {
	{ "fits with room", "ab", 8, 0, "ab" },
	{ "fits exactly", "abc", 4, 0, "abc" },
	{ "one too long is cut", "abcd", 4, -ENAMETOOLONG, "abc" },
	{ "much too long is cut", "abcdefghijkl", 4, -ENAMETOOLONG, "abc" },
	{ "room for the NUL alone", "a", 1, -ENAMETOOLONG, "" },
	{ "the empty text", "", 1, 0, "" },
	{ "no room at all leaves the array alone", "a", 0, -ENAMETOOLONG, "########" },
};

static void copies_text(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(copy_rows); i++) {
		char got[9] = "########";
		int rc = text_copy(got, copy_rows[i].size, copy_rows[i].text);

		if (rc != copy_rows[i].rc || strcmp(got, copy_rows[i].want) != 0)
			fail_msg("text_copy: %s: %d \"%s\"", copy_rows[i].name, rc, got);
	}
}

static void formats_text(void **unused)
{
	char small[6];

	(void)unused;
	assert_int_equal(TEXT_FORMAT(small, "%d-%s", 12, "ab"), 0);
	assert_string_equal(small, "12-ab");
	assert_int_equal(TEXT_FORMAT(small, "%d-%s", 12, "abc"), -ENAMETOOLONG);
	assert_string_equal(small, "12-ab");
}

static const struct {
	const char *name, *text, *want;
} trim_rows[] = {
	{ "both ends", " \t ab c \r\n", "ab c" },
	{ "nothing to do", "abc", "abc" },
	{ "white space alone", " \n\v\f", "" },
	{ "the empty text", "", "" },
};

static void trims_text(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(trim_rows); i++) {
		char text[32];

		assert_int_equal(TEXT_COPY(text, trim_rows[i].text), 0);
		if (strcmp(text_trim(text), trim_rows[i].want) != 0)
			fail_msg("text_trim: %s", trim_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	int base, rc;
	long want;
} long_rows[] = {
	{ "plain", "42", 10, 0, 42 },
	{ "negative", "-7", 10, 0, -7 },
	{ "as sysfs prints it, with a newline", "200\n", 10, 0, 200 },
	{ "space before", "  5", 10, 0, 5 },
	{ "hexadecimal with prefix", "0x15b3\n", 16, 0, 0x15b3 },
	{ "hexadecimal without", "101c", 16, 0, 0x101c },
	{ "base from the text", "0x10", 0, 0, 16 },
	{ "a unit behind is not a number", "200 Gb/sec", 10, -EINVAL, -1 },
	{ "letters", "abc", 10, -EINVAL, -1 },
	{ "the empty text", "", 10, -EINVAL, -1 },
	{ "white space alone", " \n", 10, -EINVAL, -1 },
	{ "too large", "99999999999999999999", 10, -ERANGE, -1 },
	{ "too small", "-99999999999999999999", 10, -ERANGE, -1 },
	{ "the greatest", "9223372036854775807", 10, 0, LONG_MAX },
};

static void parses_numbers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(long_rows); i++) {
		long got = -1;
		int rc = text_to_long(long_rows[i].text, long_rows[i].base, &got);

		if (rc != long_rows[i].rc || got != long_rows[i].want)
			fail_msg("text_to_long: %s: %d, %ld", long_rows[i].name, rc, got);
	}
}

static const char *const words[] = { "driver",  "driverVersion", "prefer",   "proxy",
				     "noProxy", "ipoib",         "timeouts", NULL };

static const struct {
	const char *name, *word, *want;
} nearest_rows[] = {
	{ "one letter missing", "drver", "driver" },
	{ "one letter too many", "timeoutss", "timeouts" },
	{ "two letters swapped", "dirver", "driver" },
	{ "case does not count", "DRIVERVERSION", "driverVersion" },
	{ "the word itself", "ipoib", "ipoib" },
	{ "nothing like it", "kubernetes", NULL },
	{ "a short word has few misspellings", "xy", NULL },
	{ "one wrong of five", "oroxy", "proxy" },
	{ "two wrong of five are too many", "oroxi", NULL },
	{ "the empty word", "", NULL },
	{ "far too long a word",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  NULL },
};

static void finds_the_nearest_word(void **unused)
{
	static const char *const none[] = { NULL };
	static const char *const alike[] = { "limit1", "limit2", NULL };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(nearest_rows); i++) {
		const char *got = text_nearest(nearest_rows[i].word, words);

		if (!text_eq(got, nearest_rows[i].want))
			fail_msg("text_nearest: %s: %s", nearest_rows[i].name, got ? got : "none");
	}
	assert_null(text_nearest("driver", none));
	assert_ptr_equal(text_nearest("limits", alike), alike[0]); /* the first of equals */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_text),
		cmocka_unit_test(finds_parts),
		cmocka_unit_test(copies_text),
		cmocka_unit_test(formats_text),
		cmocka_unit_test(trims_text),
		cmocka_unit_test(parses_numbers),
		cmocka_unit_test(finds_the_nearest_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
