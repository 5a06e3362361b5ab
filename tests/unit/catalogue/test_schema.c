/* tests/unit/catalogue/test_schema.c - the tables of data/ are as their schemas say: every key,
 * type, word and bound, all but patterns. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"

static const char *const names[] = { "sizes", "adapters", "drivers", "faults" };

static json_t *read_json(const char *name, const char *end)
{
	AUTO_BUF struct buf b = { 0 };
	char path[512], why[200] = "";
	json_t *j;

	(void)TEXT_FORMAT(path, "%s/%s%s", DATA_DIR, name, end);
	assert_int_equal(fs_read(AT_FDCWD, path, 1 << 22, &b), 0);
	j = json_parse(buf_text(&b), b.len, why, sizeof why);
	if (j == NULL)
		fail_msg("%s: %s", path, why);
	return j;
}

/* What the rules look at; `why` is set by the first that does not hold. */
struct check {
	const json_t *schema; /* the whole, for references */
	char why[200];
};

static bool value_fits(struct check *c, const json_t *schema, const json_t *value,
		       const char *place);

static PRINTF(2, 3) bool refuse(struct check *c, const char *fmt, ...)
{
	va_list ap;

	if (c->why[0] == '\0') {
		va_start(ap, fmt);
		(void)vsnprintf(c->why, sizeof c->why, fmt, ap);
		va_end(ap);
	}
	return false;
}

static bool is_of_type(const char *type, const json_t *value)
{
	return (text_eq(type, "object") && json_is_object(value)) ||
	       (text_eq(type, "array") && json_is_array(value)) ||
	       (text_eq(type, "string") && json_is_string(value)) ||
	       (text_eq(type, "integer") && json_is_integer(value)) ||
	       (text_eq(type, "boolean") && json_is_boolean(value)) ||
	       (text_eq(type, "null") && json_is_null(value));
}

static bool rule_type(struct check *c, const json_t *rule, const json_t *value, const char *place)
{
	if (json_is_string(rule))
		return is_of_type(json_string_value(rule), value) ||
		       refuse(c, "%s is no %s", place, json_string_value(rule));
	for (size_t i = 0; i < json_array_size(rule); i++)
		if (is_of_type(json_string_value(json_array_get(rule, i)), value))
			return true;
	return refuse(c, "%s is of none of its types", place);
}

static bool rule_enum(struct check *c, const json_t *rule, const json_t *value, const char *place)
{
	for (size_t i = 0; i < json_array_size(rule); i++)
		if (json_equal(json_array_get(rule, i), value))
			return true;
	return refuse(c, "%s is none of its words", place);
}

static bool rule_required(struct check *c, const json_t *rule, const json_t *value,
			  const char *place)
{
	for (size_t i = 0; i < json_array_size(rule); i++) {
		const char *key = json_string_value(json_array_get(rule, i));

		if (json_object_get(value, key) == NULL)
			return refuse(c, "%s lacks %s", place, key);
	}
	return true;
}

/* Its neighbour "additionalProperties" is false everywhere: see schemas_are_strict. */
static bool rule_properties(struct check *c, const json_t *rule, const json_t *value,
			    const char *place)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)value, key, member)
	{
		const json_t *property = json_object_get(rule, key);
		char at[200];

		(void)TEXT_FORMAT(at, "%s.%s", place, key);
		if (property == NULL)
			return refuse(c, "%s is unknown", at);
		if (!value_fits(c, property, member, at))
			return false;
	}
	return true;
}

static bool rule_items(struct check *c, const json_t *rule, const json_t *value, const char *place)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		char at[200];

		(void)TEXT_FORMAT(at, "%s[%zu]", place, i);
		if (!value_fits(c, rule, json_array_get(value, i), at))
			return false;
	}
	return true;
}

static bool rule_unique(struct check *c, const json_t *rule, const json_t *value, const char *place)
{
	(void)rule;
	for (size_t i = 0; i < json_array_size(value); i++)
		for (size_t k = 0; k < i; k++)
			if (json_equal(json_array_get(value, i), json_array_get(value, k)))
				return refuse(c, "%s[%zu] stands there twice", place, i);
	return true;
}

static bool rule_min_items(struct check *c, const json_t *rule, const json_t *value,
			   const char *place)
{
	return !json_is_array(value) ||
	       (long long)json_array_size(value) >= json_integer_value(rule) ||
	       refuse(c, "%s is too short", place);
}

static bool rule_min_length(struct check *c, const json_t *rule, const json_t *value,
			    const char *place)
{
	return !json_is_string(value) ||
	       (long long)json_string_length(value) >= json_integer_value(rule) ||
	       refuse(c, "%s is too short", place);
}

static bool rule_minimum(struct check *c, const json_t *rule, const json_t *value,
			 const char *place)
{
	return !json_is_integer(value) || json_integer_value(value) >= json_integer_value(rule) ||
	       refuse(c, "%s is too small", place);
}

static bool rule_maximum(struct check *c, const json_t *rule, const json_t *value,
			 const char *place)
{
	return !json_is_integer(value) || json_integer_value(value) <= json_integer_value(rule) ||
	       refuse(c, "%s is too large", place);
}

static bool rule_ref(struct check *c, const json_t *rule, const json_t *value, const char *place)
{
	const char *name = json_string_value(rule) + strlen("#/$defs/");

	return value_fits(c, json_object_get(json_object_get(c->schema, "$defs"), name), value,
			  place);
}

static bool rule_none(struct check *c, const json_t *rule, const json_t *value, const char *place)
{
	(void)c, (void)rule, (void)value, (void)place;
	return true;
}

/* A keyword that is not here would go unchecked: the test fails on it. */
static const struct {
	const char *keyword;
	bool (*holds)(struct check *c, const json_t *rule, const json_t *value, const char *place);
} rules[] = {
	{ "type", rule_type },          { "enum", rule_enum },
	{ "required", rule_required },  { "properties", rule_properties },
	{ "items", rule_items },        { "uniqueItems", rule_unique },
	{ "minItems", rule_min_items }, { "minLength", rule_min_length },
	{ "minimum", rule_minimum },    { "maximum", rule_maximum },
	{ "$ref", rule_ref },           { "additionalProperties", rule_none },
	{ "pattern", rule_none }, /* gen-tables checks what the patterns say */
	{ "description", rule_none },   { "title", rule_none },
	{ "$schema", rule_none },       { "$id", rule_none },
	{ "$defs", rule_none },
};

static bool value_fits(struct check *c, const json_t *schema, const json_t *value,
		       const char *place)
{
	const char *keyword;
	json_t *rule;

	if (!json_is_object(schema))
		return refuse(c, "%s has no schema", place);
	json_object_foreach((json_t *)schema, keyword, rule)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(rules) && !text_eq(rules[i].keyword, keyword))
			i++;
		if (i == ARRAY_SIZE(rules))
			return refuse(c, "the schema of %s says %s, which this test cannot check",
				      place, keyword);
		if (!rules[i].holds(c, rule, value, place))
			return false;
	}
	return true;
}

static void each_table_is_as_its_schema_says(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *schema = read_json(names[i], ".schema.json");
		json_t *data = read_json(names[i], ".json");
		struct check c = { .schema = schema };

		if (!value_fits(&c, schema, data, names[i]))
			fail_msg("%s", c.why);
		json_decref(data);
		json_decref(schema);
	}
}

/* An object that let unknown keys through would promise what the generator refuses. */
static void check_object(const json_t *object, const char *name)
{
	const char *key;
	json_t *p;

	if (!json_is_false(json_object_get(object, "additionalProperties")) ||
	    !json_is_object(json_object_get(object, "properties")))
		fail_msg("%s lets unknown keys through", name);
	json_object_foreach(json_object_get(object, "properties"), key, p)
	{
		if (strlen(json_text_at(p, "description", "")) < 5)
			fail_msg("%s.%s is not described", name, key);
		if (json_object_get(p, "type") == NULL)
			fail_msg("%s.%s may be of any type", name, key);
	}
}

static void schemas_are_strict(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *schema = read_json(names[i], ".schema.json");
		const char *name;
		json_t *def;

		assert_string_equal(json_text_at(schema, "$schema", ""),
				    "https://json-schema.org/draft/2020-12/schema");
		check_object(schema, names[i]);
		json_object_foreach(json_object_get(schema, "$defs"), name, def)
			check_object(def, name);
		json_decref(schema);
	}
}

/* Rows that a schema must refuse: one member of the first row is set to what JSON says, or taken
 * away. */
static const struct {
	const char *name, *table, *array, *key, *value, *why;
} bad_rows[] = {
	{ "a misspelt member", "drivers", "drivers", "packges", "[\"x\"]", "packges is unknown" },
	{ "a member that is missing", "drivers", "drivers", "route", NULL, "lacks route" },
	{ "a route that is none", "drivers", "drivers", "route", "\"magic\"", "none of its words" },
	{ "a text for a list", "drivers", "drivers", "osIds", "\"ubuntu\"", "is no array" },
	{ "an empty list", "drivers", "drivers", "packages", "[]", "too short" },
	{ "a word twice", "drivers", "drivers", "osIds", "[\"a\",\"a\"]", "twice" },
	{ "a generation that is none", "drivers", "drivers", "generations", "[\"CX66\"]",
	  "generations[0] is none of its words" },
	{ "an empty text", "drivers", "drivers", "why", "\"\"", "too short" },
	{ "a negative number", "drivers", "drivers", "seconds", "-1", "too small" },
	{ "a text for a number", "drivers", "drivers", "seconds", "\"9\"", "none of its types" },
	{ "null where there must be a text", "drivers", "drivers", "source", "null",
	  "is no string" },
	{ "a kind that is none", "sizes", "sizes", "kind", "\"ib\"", "none of its words" },
	{ "too many ports", "sizes", "sizes", "ports", "65", "too large" },
	{ "a number for a truth value", "sizes", "sizes", "gpu", "1", "is no boolean" },
	{ "a size of no source", "sizes", "sizes", "source", NULL, "lacks source" },
	{ "a bridge", "adapters", "adapters", "kind", "\"bridge\"", "none of its words" },
	{ "a number for an id", "adapters", "adapters", "device", "4100", "is no string" },
	{ "nobody known who must act", "faults", "faults", "who", "\"me\"", "none of its words" },
	{ "exit code 0 for a fault", "faults", "faults", "exitCode", "0", "too small" },
	{ "an exit code of no meaning", "faults", "exitCodes", "meaning", NULL, "lacks meaning" },
};

static void refuses_bad_rows(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		json_t *schema = read_json(bad_rows[i].table, ".schema.json");
		json_t *data = read_json(bad_rows[i].table, ".json");
		json_t *row = json_array_get(json_object_get(data, bad_rows[i].array), 0);
		struct check c = { .schema = schema };

		if (bad_rows[i].value == NULL)
			assert_int_equal(json_object_del(row, bad_rows[i].key), 0);
		else
			json_object_set_new(row, bad_rows[i].key,
					    json_loads(bad_rows[i].value, JSON_DECODE_ANY, NULL));
		if (value_fits(&c, schema, data, bad_rows[i].table) ||
		    strstr(c.why, bad_rows[i].why) == NULL)
			fail_msg("%s: %s", bad_rows[i].name, c.why);
		json_decref(data);
		json_decref(schema);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_table_is_as_its_schema_says),
		cmocka_unit_test(schemas_are_strict),
		cmocka_unit_test(refuses_bad_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
