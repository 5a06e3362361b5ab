/* tests/unit/facts/test_schema.c - the table of settings and data/settings.schema.json say the
 * same, key by key. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "facts/setting_rows.h"
#include "facts/settings.h"

static json_t *schema;

static int read_schema(void **unused)
{
	AUTO_BUF struct buf b = { 0 };
	char why[200] = "";

	(void)unused;
	if (fs_read(AT_FDCWD, SETTINGS_SCHEMA, 1 << 20, &b) < 0)
		return -1;
	schema = json_parse(buf_text(&b), b.len, why, sizeof why);
	if (schema == NULL)
		print_error("%s: %s\n", SETTINGS_SCHEMA, why);
	return schema != NULL ? 0 : -1;
}

static int drop_schema(void **unused)
{
	(void)unused;
	json_decref(schema);
	return 0;
}

/* Where the schema describes the key of a row. */
static const json_t *property(const struct setting_row *row)
{
	const json_t *at = row->is_protected ? json_at(schema, "$defs.protectedSettings") : schema;
	char path[128];
	const char *dot = strchr(row->key, '.');

	if (dot == NULL)
		(void)TEXT_FORMAT(path, "properties.%s", row->key);
	else
		(void)TEXT_FORMAT(path, "properties.%.*s.properties.%s", (int)(dot - row->key),
				  row->key, dot + 1);
	return json_at(at, path);
}

static void check_text(const struct setting_row *row, const json_t *p)
{
	assert_string_equal(json_text_at(p, "type", ""), "string");
	assert_int_equal(json_int_at(p, "maxLength", -1), (long long)row->size - 1);
	assert_string_equal(json_text_at(p, "pattern", ""), "^[^\\u0000-\\u001f\\u007f]*$");
}

static void check_words(const struct setting_row *row, const json_t *p)
{
	const json_t *words = json_at(p, "enum");
	size_t count = 0;

	assert_string_equal(json_text_at(p, "type", ""), "string");
	for (; row->words[count] != NULL; count++)
		assert_string_equal(json_string_value(json_array_get(words, count)),
				    row->words[count]);
	assert_int_equal(json_array_size(words), count);
	assert_string_equal(json_text_at(p, "default", ""), row->words[row->standard]);
}

static void check_row(const struct setting_row *row, const json_t *p)
{
	switch (row->kind) {
	case SETTING_TEXT:
		check_text(row, p);
		assert_string_equal(json_text_at(p, "default", "none"), "");
		break;
	case SETTING_TEXTS:
		assert_string_equal(json_text_at(p, "type", ""), "array");
		assert_int_equal(json_int_at(p, "maxItems", -1), (long long)row->max);
		assert_int_equal(json_array_size(json_at(p, "default")), 0);
		check_text(row, json_at(p, "items"));
		break;
	case SETTING_WORD:
		check_words(row, p);
		break;
	case SETTING_BOOL:
		assert_string_equal(json_text_at(p, "type", ""), "boolean");
		assert_true(json_is_boolean(json_at(p, "default")));
		assert_int_equal(json_is_true(json_at(p, "default")), row->standard);
		break;
	case SETTING_INT:
		assert_string_equal(json_text_at(p, "type", ""), "integer");
		assert_int_equal(json_int_at(p, "minimum", INT_MIN), row->least);
		assert_int_equal(json_int_at(p, "maximum", INT_MIN), row->most);
		assert_int_equal(json_int_at(p, "default", INT_MIN), row->standard);
		break;
	case SETTING_INT64:
		assert_string_equal(json_text_at(p, "type", ""), "integer");
		assert_null(json_at(p, "minimum"));
		assert_null(json_at(p, "maximum"));
		assert_int_equal(json_int_at(p, "default", INT_MIN), row->standard);
		break;
	}
}

static void each_row_is_as_the_schema_says(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < setting_row_count; i++) {
		const json_t *p = property(&setting_rows[i]);

		assert_non_null(p);
		check_row(&setting_rows[i], p);
		assert_true(strlen(json_text_at(p, "description", "")) > 10);
	}
}

static bool has_row(const char *key, bool is_protected)
{
	for (size_t i = 0; i < setting_row_count; i++) {
		if (setting_rows[i].is_protected == is_protected &&
		    text_eq(setting_rows[i].key, key))
			return true;
	}
	return false;
}

static void check_object(const json_t *object, const char *prefix, bool is_protected)
{
	const char *key;
	json_t *p;
	char path[128];

	/* An object that let unknown keys through would promise what the program refuses. */
	assert_true(json_is_false(json_at(object, "additionalProperties")));
	json_object_foreach(json_at(object, "properties"), key, p)
	{
		(void)TEXT_FORMAT(path, "%s%s", prefix, key);
		if (text_eq(json_text_at(p, "type", ""), "object")) {
			(void)TEXT_FORMAT(path, "%s%s.", prefix, key);
			check_object(p, path, is_protected);
		} else if (!has_row(path, is_protected)) {
			fail_msg("the schema has %s, the table has not", path);
		}
	}
}

static void each_key_of_the_schema_has_a_row(void **unused)
{
	(void)unused;
	check_object(schema, "", false);
	check_object(json_at(schema, "$defs.protectedSettings"), "", true);
	assert_non_null(json_at(schema, "not.required"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_as_the_schema_says),
		cmocka_unit_test(each_key_of_the_schema_has_a_row),
	};

	return cmocka_run_group_tests(tests, read_schema, drop_schema);
}
