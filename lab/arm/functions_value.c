/* Functions of logic, collections and numbers: they look at their arguments alone. */
#include "functions.h"

#include <string.h>

#include "base/text.h"

/* ---- logic and collections ------------------------------------------------------------------- */

/* Strings are equal without regard to case, as the service has it. */
static bool values_equal(const json_t *a, const json_t *b)
{
	if (json_is_string(a) && json_is_string(b))
		return text_eq_nocase(json_string_value(a), json_string_value(b));
	return json_equal((json_t *)a, (json_t *)b);
}

static json_t *fn_equals(const struct call *c, struct error *err)
{
	(void)err;
	return json_boolean(values_equal(call_argument(c, 0), call_argument(c, 1)));
}

static json_t *fn_not(const struct call *c, struct error *err)
{
	if (!json_is_boolean(call_argument(c, 0)))
		return call_wrong(c, "takes true or false", err);
	return json_boolean(!json_is_true(call_argument(c, 0)));
}

static json_t *any_or_all(const struct call *c, bool all, struct error *err)
{
	bool value = all;
	json_t *part;
	size_t i;

	json_array_foreach(c->arguments, i, part)
	{
		if (!json_is_boolean(part))
			return call_wrong(c, "takes true or false", err);
		value = all ? value && json_is_true(part) : value || json_is_true(part);
	}
	return json_boolean(value);
}

static json_t *fn_and(const struct call *c, struct error *err)
{
	return any_or_all(c, true, err);
}

static json_t *fn_or(const struct call *c, struct error *err)
{
	return any_or_all(c, false, err);
}

static json_t *fn_if(const struct call *c, struct error *err)
{
	if (!json_is_boolean(call_argument(c, 0)))
		return call_wrong(c, "takes true or false first", err);
	return json_incref(call_argument(c, json_is_true(call_argument(c, 0)) ? 1 : 2));
}

static json_t *fn_length(const struct call *c, struct error *err)
{
	const json_t *of = call_argument(c, 0);

	if (json_is_string(of))
		return json_integer((json_int_t)json_string_length(of));
	if (json_is_array(of))
		return json_integer((json_int_t)json_array_size(of));
	if (json_is_object(of))
		return json_integer((json_int_t)json_object_size(of));
	return call_wrong(c, "takes a string, an array or an object", err);
}

static json_t *fn_empty(const struct call *c, struct error *err)
{
	AUTO_JSON json_t *length = NULL;

	if (json_is_null(call_argument(c, 0)))
		return json_true();
	length = fn_length(c, err);
	return length ? json_boolean(json_integer_value(length) == 0) : NULL;
}

static json_t *fn_contains(const struct call *c, struct error *err)
{
	const json_t *in = call_argument(c, 0), *what = call_argument(c, 1);
	const char *text = json_string_value(what);
	json_t *item;
	size_t i;

	if (json_is_object(in) && text)
		return json_boolean(call_member(in, text) != NULL);
	if (json_is_string(in) && text)
		return json_boolean(strstr(json_string_value(in), text) != NULL);
	if (!json_is_array(in))
		return call_wrong(c, "takes an object, an array or a string first", err);
	json_array_foreach((json_t *)in, i, item) if (values_equal(item, what)) return json_true();
	return json_false();
}

static json_t *fn_create_array(const struct call *c, struct error *err)
{
	(void)err;
	return json_incref(c->arguments);
}

static json_t *fn_create_object(const struct call *c, struct error *err)
{
	AUTO_JSON json_t *made = json_object();
	size_t n = json_array_size(c->arguments);

	for (size_t i = 0; i < n; i += 2)
		if (i + 1 == n || !json_is_string(call_argument(c, i)) ||
		    json_object_set(made, json_string_value(call_argument(c, i)),
				    call_argument(c, i + 1)) < 0)
			return call_wrong(c, "takes names and values by turns", err);
	return TAKE(made);
}

static json_t *first_or_last(const struct call *c, bool last, struct error *err)
{
	const json_t *of = call_argument(c, 0);
	size_t n = json_array_size(of);

	if (!json_is_array(of) || n == 0)
		return call_wrong(c, "takes an array that is not empty", err);
	return json_incref(json_array_get(of, last ? n - 1 : 0));
}

static json_t *fn_first(const struct call *c, struct error *err)
{
	return first_or_last(c, false, err);
}

static json_t *fn_last(const struct call *c, struct error *err)
{
	return first_or_last(c, true, err);
}

static int add_members(json_t *into, const json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)from, key, value)
	{
		json_t *there = json_object_get(into, key);
		int rc = json_is_object(there) && json_is_object(value)
				 ? add_members(there, value)
				 : json_object_set_new(into, key, json_deep_copy(value));

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Of objects; what stands later wins. */
static json_t *fn_union(const struct call *c, struct error *err)
{
	AUTO_JSON json_t *made = json_object();
	json_t *part;
	size_t i;

	json_array_foreach(
		c->arguments, i,
		part) if (!json_is_object(part) ||
			  add_members(made, part) <
				  0) return call_wrong(c, "is known to this lab for objects only",
						       err);
	return TAKE(made);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static json_t *arithmetic(const struct call *c, char operation, struct error *err)
{
	json_int_t a = json_integer_value(call_argument(c, 0)),
		   b = json_integer_value(call_argument(c, 1));
	json_int_t value = 0;
	bool over;

	if (!json_is_integer(call_argument(c, 0)) || !json_is_integer(call_argument(c, 1)))
		return call_wrong(c, "takes two whole numbers", err);
	over = operation == '+'   ? __builtin_add_overflow(a, b, &value)
	       : operation == '-' ? __builtin_sub_overflow(a, b, &value)
				  : __builtin_mul_overflow(a, b, &value);
	return over ? call_wrong(c, "makes a number that is too large", err) : json_integer(value);
}

static json_t *fn_add(const struct call *c, struct error *err)
{
	return arithmetic(c, '+', err);
}

static json_t *fn_sub(const struct call *c, struct error *err)
{
	return arithmetic(c, '-', err);
}

static json_t *fn_mul(const struct call *c, struct error *err)
{
	return arithmetic(c, '*', err);
}

const struct function functions_of_values[] = {
	{ "add", 2, 2, fn_add },
	{ "and", 2, ARGUMENTS_MAX, fn_and },
	{ "contains", 2, 2, fn_contains },
	{ "createArray", 0, ARGUMENTS_MAX, fn_create_array },
	{ "createObject", 0, ARGUMENTS_MAX, fn_create_object },
	{ "empty", 1, 1, fn_empty },
	{ "equals", 2, 2, fn_equals },
	{ "first", 1, 1, fn_first },
	{ "if", 3, 3, fn_if },
	{ "last", 1, 1, fn_last },
	{ "length", 1, 1, fn_length },
	{ "mul", 2, 2, fn_mul },
	{ "not", 1, 1, fn_not },
	{ "or", 2, ARGUMENTS_MAX, fn_or },
	{ "sub", 2, 2, fn_sub },
	{ "union", 1, ARGUMENTS_MAX, fn_union },
	{ 0 },
};
