/* tests/unit/base/test_buf.c - the growing buffer. */
#include "rows.h"

#include <errno.h>

#include "base/buf.h"

static void starts_empty_and_is_text_at_once(void **unused)
{
	AUTO_BUF struct buf b = { 0 };

	(void)unused;
	assert_string_equal(buf_text(&b), "");
	buf_clear(&b); /* nothing there to clear */
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_string_equal(buf_text(&b), "");
}

static void adds_in_order(void **unused)
{
	AUTO_BUF struct buf b = { 0 };

	(void)unused;
	assert_int_equal(buf_add_text(&b, "one "), 0);
	assert_int_equal(buf_add(&b, "two and more", 4), 0);
	assert_int_equal(buf_add_format(&b, "%s=%d", "three", 3), 0);
	assert_string_equal(b.data, "one two three=3");
	assert_int_equal(b.len, 15);
}

static void grows_across_many_sizes(void **unused)
{
	AUTO_BUF struct buf b = { 0 };

	(void)unused;
	for (unsigned i = 0; i < 5000; i++) {
		char c = (char)('a' + i % 26);

		assert_int_equal(buf_add(&b, &c, 1), 0);
		assert_int_equal(b.data[b.len], '\0');
	}
	for (unsigned i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
}

static void formats_more_than_it_has_room_for(void **unused)
{
	AUTO_BUF struct buf b = { 0 };

	(void)unused;
	assert_int_equal(buf_add_format(&b, "%0500d", 7), 0);
	assert_int_equal(b.len, 500);
	assert_int_equal(b.data[499], '7');
}

static const struct {
	const char *name;
	size_t max, before, more;
	int rc;
} max_rows[] = {
	{ "up to the maximum", 8, 3, 5, 0 },
	{ "one beyond it", 8, 3, 6, -EFBIG },
	{ "all at once beyond it", 8, 0, 9, -EFBIG },
	{ "nothing, when it is full", 8, 8, 0, 0 },
	{ "a length that would overflow", 8, 3, SIZE_MAX - 1, -EFBIG },
	{ "the default holds where none is named", 0, 1, BUF_MAX_DEFAULT, -EFBIG },
};

static void keeps_its_maximum(void **unused)
{
	static const char data[16] = "abcdefghijklmno";

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(max_rows); i++) {
		AUTO_BUF struct buf b = { .max = max_rows[i].max };
		int rc;

		assert_int_equal(buf_add(&b, data, max_rows[i].before), 0);
		rc = buf_add(&b, data, max_rows[i].more);
		if (rc != max_rows[i].rc)
			fail_msg("%s: %d", max_rows[i].name, rc);
		if (rc < 0 && b.len != max_rows[i].before)
			fail_msg("%s: something was added", max_rows[i].name);
	}
}

static void refuses_a_format_beyond_the_maximum(void **unused)
{
	AUTO_BUF struct buf b = { .max = 4 };

	(void)unused;
	assert_int_equal(buf_add_format(&b, "%s", "abcde"), -EFBIG);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_add_format(&b, "%s", "abcd"), 0);
	assert_string_equal(buf_text(&b), "abcd");
}

static void clear_keeps_the_memory_and_free_does_not(void **unused)
{
	struct buf b = { .max = 100 };
	const char *data;

	(void)unused;
	assert_int_equal(buf_add_text(&b, "abc"), 0);
	data = b.data;
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_add_text(&b, "de"), 0);
	assert_ptr_equal(b.data, data);
	assert_string_equal(buf_text(&b), "de");
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.max, 100);
	buf_free(&b);
	buf_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty_and_is_text_at_once),
		cmocka_unit_test(adds_in_order),
		cmocka_unit_test(grows_across_many_sizes),
		cmocka_unit_test(formats_more_than_it_has_room_for),
		cmocka_unit_test(keeps_its_maximum),
		cmocka_unit_test(refuses_a_format_beyond_the_maximum),
		cmocka_unit_test(clear_keeps_the_memory_and_free_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
