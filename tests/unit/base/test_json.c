/* tests/unit/base/test_json.c - parsing, walking, writing, and reading structs by table. */
#include "rows.h"

#include <errno.h>

#include "base/json.h"

static const struct {
	const char *name, *text;
	bool ok;
} parse_rows[] = {
	{ "an object", "{\"a\": 1}", true },
	{ "an array", "[1, 2]", true },
	{ "white space around", " \n{}\n ", true },
	{ "a key twice", "{\"a\": 1, \"a\": 1}", false },
	{ "a key twice, deep", "{\"a\": [{\"b\": 1, \"b\": 2}]}", false },
	{ "something behind the document", "{} {}", false },
	{ "a comma too many", "[1,]", false },
	{ "cut off", "{\"a\": ", false },
	{ "the empty text", "", false },
	{ "no document, but a bare value", "17", false },
	{ "NUL within a string", "[\"a\\u0000b\"]", false },
	{ "bytes that are not UTF-8", "[\"\xff\"]", false },
	{ "a number too large", "[99999999999999999999]", false },
};

static void parses_documents(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(parse_rows); i++) {
		char why[200] = "";
		AUTO_JSON json_t *j = json_parse(parse_rows[i].text, strlen(parse_rows[i].text),
						 why, sizeof why);
		AUTO_JSON json_t *silent = json_parse(parse_rows[i].text,
						      strlen(parse_rows[i].text), NULL, 0);

		if ((j != NULL) != parse_rows[i].ok || (silent != NULL) != parse_rows[i].ok)
			fail_msg("json_parse: %s", parse_rows[i].name);
		if ((why[0] == '\0') != parse_rows[i].ok)
			fail_msg("json_parse: %s: why is \"%s\"", parse_rows[i].name, why);
	}
}

static void says_where_it_is_wrong(void **unused)
{
	static const char text[] = "{\n  \"a\": 1,\n  \"a\": 2\n}";
	char why[200];

	(void)unused;
	assert_null(json_parse(text, strlen(text), why, sizeof why));
	assert_true(text_starts(why, "line 3, column "));
	assert_non_null(strstr(why, "duplicate"));
}

static void reads_no_further_than_the_length(void **unused)
{
	AUTO_JSON json_t *j = json_parse("[1]garbage", 3, NULL, 0);

	(void)unused;
	assert_non_null(j);
}

static const char sample[] =
	"{\"decision\": {\"exitCode\": 12, \"fault\": \"no-route\", \"ok\": true,"
	" \"none\": null}, \"nics\": [{\"device\": \"101c\"}, {\"device\": \"1018\"}],"
	" \"0\": \"zero\", \"size\": \"Standard_HB120rs_v3\"}";

static const struct {
	const char *name, *path, *text;
	long long number;
	bool truth;
} at_rows[] = {
	{ "top level", "size", "Standard_HB120rs_v3", -1, false },
	{ "a number, deep", "decision.exitCode", "?", 12, false },
	{ "a boolean, deep", "decision.ok", "?", -1, true },
	{ "an array's element", "nics.1.device", "1018", -1, false },
	{ "behind the array's end", "nics.2.device", "?", -1, false },
	{ "no number names an element", "nics.x.device", "?", -1, false },
	{ "a sign is no number here", "nics.+1.device", "?", -1, false },
	{ "digits are a key in an object", "0", "zero", -1, false },
	{ "null is absent", "decision.none", "?", -1, false },
	{ "absent", "nothing.at.all", "?", -1, false },
	{ "through a text", "size.x", "?", -1, false },
	{ "another type: object", "decision", "?", -1, false },
};

static void walks_paths(void **unused)
{
	AUTO_JSON json_t *j = json_parse(sample, strlen(sample), NULL, 0);
	char large[300];

	(void)unused;
	assert_non_null(j);
	for (size_t i = 0; i < ARRAY_SIZE(at_rows); i++) {
		if (!text_eq(json_text_at(j, at_rows[i].path, "?"), at_rows[i].text))
			fail_msg("json_text_at: %s", at_rows[i].name);
		if (json_int_at(j, at_rows[i].path, -1) != at_rows[i].number)
			fail_msg("json_int_at: %s", at_rows[i].name);
		if (json_bool_at(j, at_rows[i].path, false) != at_rows[i].truth)
			fail_msg("json_bool_at: %s", at_rows[i].name);
	}
	assert_ptr_equal(json_at(j, ""), j);
	assert_null(json_at(NULL, "a"));
	assert_true(json_bool_at(j, "size", true));
	memset(large, 'k', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	assert_null(json_at(j, large));
}

static void makes_null_of_no_text(void **unused)
{
	AUTO_JSON json_t *none = json_text_or_null(NULL);
	AUTO_JSON json_t *empty = json_text_or_null("");
	AUTO_JSON json_t *text = json_text_or_null("a");

	(void)unused;
	assert_true(json_is_null(none));
	assert_true(json_is_null(empty));
	assert_string_equal(json_string_value(text), "a");
}

static void writes_compact_and_indented(void **unused)
{
	static const char text[] = "{\"b\": [1, \"\xc3\xa9\\n\"], \"a\": {}}";
	AUTO_JSON json_t *j = json_parse(text, strlen(text), NULL, 0);
	AUTO_BUF struct buf compact = { 0 };
	AUTO_BUF struct buf indented = { 0 };

	(void)unused;
	assert_int_equal(json_write(j, false, &compact), 0);
	assert_string_equal(buf_text(&compact), "{\"b\":[1,\"\xc3\xa9\\n\"],\"a\":{}}");
	assert_int_equal(json_write(j, true, &indented), 0);
	assert_string_equal(buf_text(&indented),
			    "{\n  \"b\": [\n    1,\n    \"\xc3\xa9\\n\"\n  ],\n  \"a\": {}\n}");
	assert_int_equal(json_write(json_at(j, "b.0"), false, &compact), 0);
	assert_true(text_ends(buf_text(&compact), "}1"));
}

static void writes_all_or_nothing(void **unused)
{
	AUTO_JSON json_t *j = json_pack("[s, s]", "one", "two");
	AUTO_BUF struct buf b = { .max = 9 };

	(void)unused;
	assert_int_equal(buf_add_text(&b, "keep"), 0);
	assert_int_equal(json_write(j, false, &b), -EFBIG);
	assert_string_equal(buf_text(&b), "keep");
	assert_int_equal(b.len, 4);
}

struct request {
	char name[8];
	int seq;
	int64_t when;
	bool force;
};

static const struct json_field request_fields[] = {
	{ "name", JSON_KIND_TEXT, true, offsetof(struct request, name),
	  sizeof((struct request *)0)->name },
	{ "seq", JSON_KIND_INT, false, offsetof(struct request, seq), 0 },
	{ "when", JSON_KIND_INT64, false, offsetof(struct request, when), 0 },
	{ "force", JSON_KIND_BOOL, false, offsetof(struct request, force), 0 },
};

static const struct {
	const char *name, *text;
	const char *bad; /* NULL: read */
	struct request want;
} read_rows[] = {
	{ "everything",
	  "{\"name\":\"abcdefg\",\"seq\":-3,\"when\":5000000000,\"force\":true}",
	  NULL,
	  { "abcdefg", -3, 5000000000, true } },
	{ "what is absent stays", "{\"name\":\"a\"}", NULL, { "a", 7, 8, false } },
	{ "null is absent", "{\"name\":\"a\",\"seq\":null}", NULL, { "a", 7, 8, false } },
	{ "unknown keys are not its matter",
	  "{\"name\":\"a\",\"x\":1}",
	  NULL,
	  { "a", 7, 8, false } },
	{ "a required key is missing", "{\"seq\":1}", "name", { "", 0, 0, false } },
	{ "a required key is null", "{\"name\":null}", "name", { "", 0, 0, false } },
	{ "text too long for its array", "{\"name\":\"abcdefgh\"}", "name", { "", 0, 0, false } },
	{ "text of another type", "{\"name\":1}", "name", { "", 0, 0, false } },
	{ "a number as text", "{\"name\":\"a\",\"seq\":\"1\"}", "seq", { "", 0, 0, false } },
	{ "a fraction", "{\"name\":\"a\",\"seq\":1.5}", "seq", { "", 0, 0, false } },
	{ "too large for an int",
	  "{\"name\":\"a\",\"seq\":2147483648}",
	  "seq",
	  { "", 0, 0, false } },
	{ "too small for an int",
	  "{\"name\":\"a\",\"seq\":-2147483649}",
	  "seq",
	  { "", 0, 0, false } },
	{ "text where a time is", "{\"name\":\"a\",\"when\":\"x\"}", "when", { "", 0, 0, false } },
	{ "one is not true", "{\"name\":\"a\",\"force\":1}", "force", { "", 0, 0, false } },
	{ "no object at all", "[]", "name", { "", 0, 0, false } },
};

static bool same_request(const struct request *a, const struct request *b)
{
	return strcmp(a->name, b->name) == 0 && a->seq == b->seq && a->when == b->when &&
	       a->force == b->force;
}

static void reads_structs(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(read_rows); i++) {
		const char *text = read_rows[i].text, *bad = NULL;
		AUTO_JSON json_t *j = json_parse(text, strlen(text), NULL, 0);
		struct request got = { "", 7, 8, false };
		int rc = json_read(j, request_fields, ARRAY_SIZE(request_fields), &got, &bad);

		if (rc != (read_rows[i].bad == NULL ? 0 : -EINVAL) ||
		    !text_eq(bad, read_rows[i].bad))
			fail_msg("json_read: %s: %d, bad %s", read_rows[i].name, rc,
				 bad ? bad : "-");
		if (rc == 0 && !same_request(&got, &read_rows[i].want))
			fail_msg("json_read: %s: wrong values", read_rows[i].name);
		if (text_eq(bad, "name") && got.name[0] != '\0')
			fail_msg("json_read: %s: half of a text was written", read_rows[i].name);
		rc = json_read(j, request_fields, ARRAY_SIZE(request_fields), &got, NULL);
		assert_int_equal(rc, read_rows[i].bad == NULL ? 0 : -EINVAL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_documents),
		cmocka_unit_test(says_where_it_is_wrong),
		cmocka_unit_test(reads_no_further_than_the_length),
		cmocka_unit_test(walks_paths),
		cmocka_unit_test(makes_null_of_no_text),
		cmocka_unit_test(writes_compact_and_indented),
		cmocka_unit_test(writes_all_or_nothing),
		cmocka_unit_test(reads_structs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
