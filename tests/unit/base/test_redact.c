/* tests/unit/base/test_redact.c - no secret gets through. */
#include "rows.h"

#include "base/redact.h"

static const char *const secrets[] = { "hunter22", "hunt", "22tail", "abc", NULL, "" };

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "nothing secret", "installing mlx5 from main", "installing mlx5 from main" },
	{ "the empty text", "", "" },
	{ "a secret alone", "hunter22", "***" },
	{ "a secret twice", "hunter22 and hunter22", "*** and ***" },
	{ "a secret next to itself", "hunter22hunter22", "******" },
	{ "the longer of two that begin alike", "x hunter22 y", "x *** y" },
	{ "the shorter of them alone", "x hunted y", "x ***ed y" },
	{ "two that overlap go together", "hunter22tail!", "***!" },
	{ "three bytes are no secret", "abcabc", "abcabc" },
	{ "a SAS signature", "https://a/b?sv=1&sig=AbC%2Fd%3D&se=2",
	  "https://a/b?sv=1&sig=***&se=2" },
	{ "a signature at the end", "https://a/b?sig=AbCdEf", "https://a/b?sig=***" },
	{ "a signature within quotes", "get \"https://a/b?sig=AbCdEf\" failed",
	  "get \"https://a/b?sig=***\" failed" },
	{ "a signature in capitals", "?SIG=AbCdEf ", "?SIG=*** " },
	{ "a signature in an encoded query", "?u=b%3Fsv%3D1%26sig%3DAbCdEf ",
	  "?u=b%3Fsv%3D1%26sig%3D*** " },
	{ "an ampersand as JSON escapes it", "sig=AbCdEf\\u0026se=2", "sig=***\\u0026se=2" },
	{ "an empty signature", "sig=&x=1", "sig=&x=1" },
	{ "a short signature does not grow", "sig=A&x", "sig=*&x" },
	{ "two signatures", "?sig=aaaaaa ?sig=bbbbbb", "?sig=*** ?sig=***" },
	{ "a proxy's password", "http://me:pass@proxy:3128/", "http://me:***@proxy:3128/" },
	{ "a password with @ in it", "http://me:p@ss@proxy/", "http://me:***@proxy/" },
	{ "a password with : in it", "http://me:p:ss@proxy", "http://me:***@proxy" },
	{ "a short password does not grow", "http://me:p@proxy", "http://me:*@proxy" },
	{ "an empty password", "http://me:@proxy", "http://me:@proxy" },
	{ "no user, but a password", "http://:pass@proxy", "http://:***@proxy" },
	{ "a user alone is no secret", "http://me@proxy:80", "http://me@proxy:80" },
	{ "a port is no password", "http://proxy:3128/a@b", "http://proxy:3128/a@b" },
	{ "a mail address in a query", "http://h:80?m=a@b", "http://h:80?m=a@b" },
	{ "two URLs", "http://a:bbbb@c http://d:eeee@f", "http://a:***@c http://d:***@f" },
	{ "all kinds at once", "hunter22 http://a:bbbb@c/?sig=dddd",
	  "*** http://a:***@c/?sig=***" },
	{ "a scheme at the end", "http://", "http://" },
	{ "a key at the end", "x sig=", "x sig=" },
};

static void hides_what_is_secret(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[128];

		assert_int_equal(TEXT_COPY(text, rows[i].text), 0);
		redact(text, secrets, ARRAY_SIZE(secrets));
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s: \"%s\"", rows[i].name, text);
		redact(text, secrets, ARRAY_SIZE(secrets));
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s, a second time: \"%s\"", rows[i].name, text);
	}
}

static void needs_no_secrets(void **unused)
{
	char text[] = "a ?sig=abcdef";

	(void)unused;
	redact(text, NULL, 0);
	assert_string_equal(text, "a ?sig=***");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hides_what_is_secret),
		cmocka_unit_test(needs_no_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
