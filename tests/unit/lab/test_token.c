/* Tokens of the lab's Resource Manager: whose they are, and how long they hold. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/arm/inner.h"

enum { NOW = 1700000000, HOUR = 3600 };

/* What the routes of token.c use, which are not tried here. */
const char *arm_query(const struct arm_request *r, const char *name)
{
	return NULL;
}
void arm_say(struct arm_answer *a, int status, json_t *body)
{
	json_decref(body);
}
void arm_refuse(struct arm_answer *a, int status, const char *code, const char *fmt, ...)
{
}

static void make(struct arm *a, struct buf *ret)
{
	memset(a->token_secret, 7, sizeof a->token_secret);
	assert_int_equal(arm_token_make(a, NOW, ret), 0);
}

static void holds_for_an_hour(void **unused)
{
	static const struct {
		const char *name;
		int64_t at;
		int rc;
	} rows[] = {
		{ "at once", NOW, 0 },
		{ "in its last second", NOW + HOUR - 1, 0 },
		{ "an hour later", NOW + HOUR, -EKEYEXPIRED },
		{ "the day after", NOW + 24 * HOUR, -EKEYEXPIRED },
	};
	struct arm a = { 0 };
	AUTO_BUF struct buf token = { 0 };

	make(&a, &token);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (arm_token_check(&a, buf_text(&token), rows[i].at) != rows[i].rc)
			fail_msg("%s", rows[i].name);
}

/* Each character of it counts, and each of its three parts. */
static void no_other_is_taken(void **unused)
{
	static const char *const wrong[] = {
		"", ".", "..", "a", "a.b", "a.b.c", "a.b.c.d", "eyJhbGciOiJub25lIn0.e30."
	};
	struct arm a = { 0 };
	AUTO_BUF struct buf token = { 0 }, longer = { 0 };

	make(&a, &token);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(arm_token_check(&a, wrong[i], NOW), -EACCES);
	for (size_t i = 0; i < token.len; i++) {
		char before = token.data[i];

		token.data[i] = before == 'A' ? 'B' : 'A';
		if (arm_token_check(&a, buf_text(&token), NOW) != -EACCES)
			fail_msg("character %zu of %zu does not count", i, token.len);
		token.data[i] = before;
	}
	assert_int_equal(buf_add_format(&longer, "%sA", buf_text(&token)), 0);
	assert_int_equal(arm_token_check(&a, buf_text(&longer), NOW), -EACCES);
	memset(a.token_secret, 8, sizeof a.token_secret);
	assert_int_equal(arm_token_check(&a, buf_text(&token), NOW), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_for_an_hour),
		cmocka_unit_test(no_other_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
