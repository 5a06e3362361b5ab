/* Tokens of the lab: whose they are, and how long they hold. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/arm/token.h"

enum { NOW = 1700000000, HOUR = 3600 };

enum { SECRET = TOKEN_SECRET_SIZE };

static const struct token_claims claims = { TOKEN_AUDIENCE, "an-application", "an-object", NULL };

static void make(unsigned char secret[SECRET], struct buf *ret)
{
	memset(secret, 7, SECRET);
	assert_int_equal(token_make(secret, &claims, NOW, ret), 0);
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
	unsigned char secret[SECRET];
	AUTO_BUF struct buf token = { 0 };

	make(secret, &token);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (token_check(secret, buf_text(&token), TOKEN_AUDIENCE, rows[i].at) != rows[i].rc)
			fail_msg("%s", rows[i].name);
}

/* Each character of it counts, and each of its three parts. */
static void no_other_is_taken(void **unused)
{
	static const char *const wrong[] = {
		"", ".", "..", "a", "a.b", "a.b.c", "a.b.c.d", "eyJhbGciOiJub25lIn0.e30."
	};
	unsigned char secret[SECRET];
	AUTO_BUF struct buf token = { 0 }, longer = { 0 };

	make(secret, &token);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(token_check(secret, wrong[i], TOKEN_AUDIENCE, NOW), -EACCES);
	for (size_t i = 0; i < token.len; i++) {
		char before = token.data[i];

		token.data[i] = before == 'A' ? 'B' : 'A';
		if (token_check(secret, buf_text(&token), TOKEN_AUDIENCE, NOW) != -EACCES)
			fail_msg("character %zu of %zu does not count", i, token.len);
		token.data[i] = before;
	}
	assert_int_equal(buf_add_format(&longer, "%sA", buf_text(&token)), 0);
	assert_int_equal(token_check(secret, buf_text(&longer), TOKEN_AUDIENCE, NOW), -EACCES);
	memset(secret, 8, sizeof secret);
	assert_int_equal(token_check(secret, buf_text(&token), TOKEN_AUDIENCE, NOW), -EACCES);
}

static void is_for_one_audience(void **unused)
{
	static const struct {
		const char *name, *audience;
		int rc;
	} others[] = {
		{ "its own", "https://management.core.windows.net/", 0 },
		{ "without the slash", "https://management.core.windows.net", 0 },
		{ "in another case", "https://Management.core.windows.net", 0 },
		{ "another", "https://storage.azure.com/", -EXDEV },
		{ "the beginning of it", "https://management.core", -EXDEV },
		{ "none", "", -EXDEV },
	};
	unsigned char secret[SECRET];
	AUTO_BUF struct buf token = { 0 };

	make(secret, &token);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (token_check(secret, buf_text(&token), others[i].audience, NOW) != others[i].rc)
			fail_msg("%s", others[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_for_an_hour),
		cmocka_unit_test(no_other_is_taken),
		cmocka_unit_test(is_for_one_audience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
