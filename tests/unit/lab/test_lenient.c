/* What template files may hold beyond JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "lab/arm/lenient.h"

static const struct {
	const char *name, *text;
	const char *want; /* the same as strict JSON; NULL: stays unreadable */
} rows[] = {
	{ "strict JSON", "{\"a\": [1, 2.5e3, true, null, \"b\"]}",
	  "{\"a\":[1,2500.0,true,null,\"b\"]}" },
	{ "a line comment", "{ // of ours\n\"a\": 1}", "{\"a\":1}" },
	{ "a block comment", "{/* one\ntwo */\"a\": 1}", "{\"a\":1}" },
	{ "a comment's sign in a string", "{\"u\": \"https://x/*y*/\"}",
	  "{\"u\":\"https://x/*y*/\"}" },
	{ "az's key without quotes",
	  "{\"properties\": {\"mode\": \"Incremental\", template:{\"a\": 1}}}",
	  "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"a\":1}}}" },
	{ "a string of two lines", "{\"a\": \"b\nc\td\"}", "{\"a\":\"b\\nc\\td\"}" },
	{ "an escaped quote", "{\"a\": \"b\\\"// c\"}", "{\"a\":\"b\\\"// c\"}" },
	{ "an escaped backslash at the end", "{\"a\": \"b\\\\\"}", "{\"a\":\"b\\\\\"}" },
	{ "trailing commas", "{\"a\": [1, 2, ], \"b\": 3 , // c\n}", "{\"a\":[1,2],\"b\":3}" },
	{ "a comment that does not end", "{\"a\": 1} /* b", "{\"a\":1}" },
	{ "a number before a colon", "{1: 2}", NULL },
	{ "a word as a value", "{\"a\": b}", NULL },
	{ "a string that does not end", "{\"a\": \"b", NULL },
	{ "two commas", "[1,,2]", NULL },
	{ "nothing", "", NULL },
};

static void reads_what_az_sends(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf strict = { 0 }, again = { 0 };
		AUTO_JSON json_t *j = NULL;

		assert_int_equal(lenient_json(rows[i].text, strlen(rows[i].text), &strict), 0);
		j = json_parse(buf_text(&strict), strict.len, NULL, 0);
		if ((j != NULL) != (rows[i].want != NULL))
			fail_msg("%s: %s", rows[i].name, buf_text(&strict));
		if (!j)
			continue;
		assert_int_equal(json_write(j, false, &again), 0);
		if (!text_eq(buf_text(&again), rows[i].want))
			fail_msg("%s: %s", rows[i].name, buf_text(&again));
	}
}

static void keeps_the_lines(void **unused)
{
	static const char text[] = "{\n/* a\nb */ // c\n\"d\": ?}";
	AUTO_BUF struct buf strict = { 0 };
	char why[120] = "";

	(void)unused;
	assert_int_equal(lenient_json(text, strlen(text), &strict), 0);
	assert_null(json_parse(buf_text(&strict), strict.len, why, sizeof why));
	assert_non_null(strstr(why, "line 4"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_az_sends),
		cmocka_unit_test(keeps_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
