/* The functions of the template language that this lab knows. One that it does not is refused by
 * name: a template that is deployed half-understood proves nothing. */
#include "expression.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/text.h"

enum { ARGUMENTS_MAX = 256 };

static json_t *argument(const struct call *c, size_t i)
{
	return json_array_get(c->arguments, i);
}

static json_t *wrong(const struct call *c, const char *what, struct error *err)
{
	error_set(err, FAULT_USAGE, EINVAL, "InvalidTemplate: the template function '%s' %s",
		  c->name, what);
	return NULL;
}

static const char *text_argument(const struct call *c, size_t i, struct error *err)
{
	const char *text = json_string_value(argument(c, i));

	if (!text)
		(void)wrong(c, "takes a string there", err);
	return text;
}

/* ---- what the template says ------------------------------------------------------------------ */

static json_t *member_of(const json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		if (text_eq_nocase(key, name))
			return value;
	return NULL;
}

static json_t *fn_parameters(const struct call *c, struct error *err)
{
	const char *name = text_argument(c, 0, err);
	json_t *value = name ? member_of(c->scope->parameters, name) : NULL;

	if (name && !value)
		error_set(err, FAULT_USAGE, ENOENT,
			  "InvalidTemplate: the template parameter '%s' is not found", name);
	return json_incref(value);
}

static json_t *fn_variables(const struct call *c, struct error *err)
{
	const char *name = text_argument(c, 0, err);
	json_t *value = name ? member_of(c->scope->variables, name) : NULL;

	if (name && !value)
		error_set(err, FAULT_USAGE, ENOENT,
			  "InvalidTemplate: the template variable '%s' is not found", name);
	return value ? value_evaluate(c->scope, value, err) : NULL;
}

static json_t *known(const struct call *c, const json_t *what, struct error *err)
{
	return what ? json_incref((json_t *)what)
		    : wrong(c, "cannot be used at this place", err);
}

static json_t *fn_resource_group(const struct call *c, struct error *err)
{
	return known(c, c->scope->resource_group, err);
}

static json_t *fn_subscription(const struct call *c, struct error *err)
{
	return known(c, c->scope->subscription, err);
}

static json_t *fn_deployment(const struct call *c, struct error *err)
{
	return known(c, c->scope->deployment, err);
}

/* copyIndex(), copyIndex(offset), copyIndex('loop'), copyIndex('loop', offset) */
static json_t *fn_copy_index(const struct call *c, struct error *err)
{
	const char *name = json_string_value(argument(c, 0));
	const json_t *offset = argument(c, name ? 1 : 0);
	const struct copy_loop *loop = c->scope->loop;

	while (name && loop && !text_eq_nocase(loop->name, name))
		loop = loop->outer;
	if (!loop)
		return wrong(c, "is used outside of its copy loop", err);
	return json_integer(loop->index + json_integer_value(offset));
}

static json_t *fn_reference(const struct call *c, struct error *err)
{
	const char *id = text_argument(c, 0, err);
	bool full = text_eq_nocase(json_string_value(argument(c, 2)), "full");

	if (!id)
		return NULL;
	if (!c->scope->reference)
		return wrong(c, "can be used in properties and outputs only", err);
	return c->scope->reference(c->scope->ctx, id, full, err);
}

/* ---- resource ids ---------------------------------------------------------------------------- */

static size_t segments(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

/* Which argument names the resource type: those before it are subscription and resource group. */
static size_t type_at(const struct call *c)
{
	size_t n = json_array_size(c->arguments);

	for (size_t i = 0; i < n && i < 3; i++) {
		const char *text = json_string_value(argument(c, i));

		if (text && strchr(text, '/') && segments(text) == n - i)
			return i;
	}
	return n;
}

static int add_type_and_names(const struct call *c, size_t at, struct buf *b)
{
	const char *type = json_string_value(argument(c, at));
	size_t len = strcspn(type, "/");
	int rc = buf_add_format(b, "/providers/%.*s", (int)len, type);

	for (type += len; rc == 0 && *type; type += len) {
		const char *name = json_string_value(argument(c, ++at));

		len = 1 + strcspn(type + 1, "/");
		rc = name ? buf_add_format(b, "%.*s/%s", (int)len, type, name) : -EINVAL;
	}
	return rc;
}

static json_t *fn_resource_id(const struct call *c, struct error *err)
{
	size_t at = type_at(c);
	const char *group = at > 0 ? json_string_value(argument(c, at - 1))
				   : json_text_at(c->scope->resource_group, "name", "");
	const char *subscription = at > 1 ? json_string_value(argument(c, 0))
					  : json_text_at(c->scope->subscription, "subscriptionId", "");
	AUTO_BUF struct buf b = { 0 };

	if (at == json_array_size(c->arguments) || !group || !subscription)
		return wrong(c, "takes a resource type and as many names as it has parts", err);
	if (buf_add_format(&b, "/subscriptions/%s/resourceGroups/%s", subscription, group) < 0 ||
	    add_type_and_names(c, at, &b) < 0)
		return wrong(c, "takes strings", err);
	return json_string(buf_text(&b));
}

/* ---- text ------------------------------------------------------------------------------------ */

/* A value as it stands in the middle of a text. */
static int add_as_text(struct buf *b, const json_t *value)
{
	if (json_is_string(value))
		return buf_add_text(b, json_string_value(value));
	if (json_is_boolean(value))
		return buf_add_text(b, json_is_true(value) ? "True" : "False");
	return json_write(value, false, b);
}

static json_t *concat_arrays(const struct call *c, struct error *err)
{
	AUTO_JSON json_t *all = json_array();
	json_t *part;
	size_t i;

	json_array_foreach(c->arguments, i, part)
		if (!json_is_array(part) || json_array_extend(all, part) < 0)
			return wrong(c, "takes arrays or strings, not both", err);
	return TAKE(all);
}

static json_t *fn_concat(const struct call *c, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };
	json_t *part;
	size_t i;

	if (json_is_array(argument(c, 0)))
		return concat_arrays(c, err);
	json_array_foreach(c->arguments, i, part)
		if (json_is_array(part) || json_is_object(part) || add_as_text(&b, part) < 0)
			return wrong(c, "takes arrays or strings, not both", err);
	return json_string(buf_text(&b));
}

/* {0} or {0:format}, of which the format is not looked at; {{ is a bracket. Returns how much of the
 * text was taken, 0 if that is none. */
static size_t add_placeholder(const struct call *c, const char *at, struct buf *b)
{
	char *end = NULL;
	long n = isdigit((unsigned char)at[1]) ? strtol(at + 1, &end, 10) : -1;

	if (n < 0 || (size_t)n + 1 >= json_array_size(c->arguments) ||
	    (*end != '}' && *end != ':') || !strchr(end, '}') ||
	    add_as_text(b, argument(c, (size_t)n + 1)) < 0)
		return 0;
	return (size_t)(strchr(end, '}') + 1 - at);
}

static json_t *fn_format(const struct call *c, struct error *err)
{
	const char *at = text_argument(c, 0, err);
	AUTO_BUF struct buf b = { 0 };

	while (at && *at) {
		bool twice = (at[0] == '{' || at[0] == '}') && at[1] == at[0];
		size_t taken = 1;

		if (*at == '{' && !twice)
			taken = add_placeholder(c, at, &b);
		else if (buf_add(&b, at, 1) < 0)
			taken = 0;
		if (taken == 0)
			return wrong(c, "has a placeholder without its argument", err);
		at += taken + twice;
	}
	return at ? json_string(buf_text(&b)) : NULL;
}

static json_t *change_case(const struct call *c, int (*change)(int), struct error *err)
{
	const char *text = text_argument(c, 0, err);
	AUTO_BUF struct buf b = { 0 };

	if (!text || buf_add_text(&b, text) < 0)
		return NULL;
	for (size_t i = 0; i < b.len; i++)
		if ((unsigned char)b.data[i] < 0x80)
			b.data[i] = (char)change(b.data[i]);
	return json_string(buf_text(&b));
}

static json_t *fn_to_lower(const struct call *c, struct error *err)
{
	return change_case(c, tolower, err);
}

static json_t *fn_to_upper(const struct call *c, struct error *err)
{
	return change_case(c, toupper, err);
}

/* Thirteen letters and digits, the same for the same arguments. Which ones is Azure's own secret:
 * these are of SHA-256. */
static json_t *fn_unique_string(const struct call *c, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	char digest[DIGEST_TEXT_SIZE], text[14] = "";
	AUTO_BUF struct buf b = { 0 };
	json_t *part;
	size_t i;

	json_array_foreach(c->arguments, i, part)
		if (!json_is_string(part) ||
		    buf_add_format(&b, "%zu:%s", i, json_string_value(part)) < 0)
			return wrong(c, "takes strings", err);
	digest_of(b.data, b.len, digest);
	for (i = 0; i < 13; i++) {
		char pair[3] = { digest[2 * i], digest[2 * i + 1], '\0' };

		text[i] = letters[strtoul(pair, NULL, 16) % 32];
	}
	return json_string(text);
}

static json_t *fn_string(const struct call *c, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };

	if (add_as_text(&b, argument(c, 0)) < 0)
		return wrong(c, "cannot show that value", err);
	return json_string(buf_text(&b));
}

static json_t *fn_int(const struct call *c, struct error *err)
{
	const char *text = json_string_value(argument(c, 0));
	long n = 0;

	if (json_is_integer(argument(c, 0)))
		return json_incref(argument(c, 0));
	if (!text || text_to_long(text, 10, &n) < 0)
		return wrong(c, "takes a whole number, or a text that is one", err);
	return json_integer(n);
}

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
	return json_boolean(values_equal(argument(c, 0), argument(c, 1)));
}

static json_t *fn_not(const struct call *c, struct error *err)
{
	if (!json_is_boolean(argument(c, 0)))
		return wrong(c, "takes true or false", err);
	return json_boolean(!json_is_true(argument(c, 0)));
}

static json_t *any_or_all(const struct call *c, bool all, struct error *err)
{
	bool value = all;
	json_t *part;
	size_t i;

	json_array_foreach(c->arguments, i, part)
	{
		if (!json_is_boolean(part))
			return wrong(c, "takes true or false", err);
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
	if (!json_is_boolean(argument(c, 0)))
		return wrong(c, "takes true or false first", err);
	return json_incref(argument(c, json_is_true(argument(c, 0)) ? 1 : 2));
}

static json_t *fn_length(const struct call *c, struct error *err)
{
	const json_t *of = argument(c, 0);

	if (json_is_string(of))
		return json_integer((json_int_t)json_string_length(of));
	if (json_is_array(of))
		return json_integer((json_int_t)json_array_size(of));
	if (json_is_object(of))
		return json_integer((json_int_t)json_object_size(of));
	return wrong(c, "takes a string, an array or an object", err);
}

static json_t *fn_empty(const struct call *c, struct error *err)
{
	AUTO_JSON json_t *length = NULL;

	if (json_is_null(argument(c, 0)))
		return json_true();
	length = fn_length(c, err);
	return length ? json_boolean(json_integer_value(length) == 0) : NULL;
}

static json_t *fn_contains(const struct call *c, struct error *err)
{
	const json_t *in = argument(c, 0), *what = argument(c, 1);
	const char *text = json_string_value(what);
	json_t *item;
	size_t i;

	if (json_is_object(in) && text)
		return json_boolean(member_of(in, text) != NULL);
	if (json_is_string(in) && text)
		return json_boolean(strstr(json_string_value(in), text) != NULL);
	if (!json_is_array(in))
		return wrong(c, "takes an object, an array or a string first", err);
	json_array_foreach((json_t *)in, i, item)
		if (values_equal(item, what))
			return json_true();
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
		if (i + 1 == n || !json_is_string(argument(c, i)) ||
		    json_object_set(made, json_string_value(argument(c, i)), argument(c, i + 1)) < 0)
			return wrong(c, "takes names and values by turns", err);
	return TAKE(made);
}

static json_t *first_or_last(const struct call *c, bool last, struct error *err)
{
	const json_t *of = argument(c, 0);
	size_t n = json_array_size(of);

	if (!json_is_array(of) || n == 0)
		return wrong(c, "takes an array that is not empty", err);
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

	json_array_foreach(c->arguments, i, part)
		if (!json_is_object(part) || add_members(made, part) < 0)
			return wrong(c, "is known to this lab for objects only", err);
	return TAKE(made);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static json_t *arithmetic(const struct call *c, char operation, struct error *err)
{
	json_int_t a = json_integer_value(argument(c, 0)), b = json_integer_value(argument(c, 1));
	json_int_t value = 0;
	bool over;

	if (!json_is_integer(argument(c, 0)) || !json_is_integer(argument(c, 1)))
		return wrong(c, "takes two whole numbers", err);
	over = operation == '+'   ? __builtin_add_overflow(a, b, &value)
	       : operation == '-' ? __builtin_sub_overflow(a, b, &value)
				  : __builtin_mul_overflow(a, b, &value);
	return over ? wrong(c, "makes a number that is too large", err) : json_integer(value);
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

const struct function *function_find(const char *name)
{
	static const struct function table[] = {
		{ "add", 2, 2, fn_add },
		{ "and", 2, ARGUMENTS_MAX, fn_and },
		{ "concat", 1, ARGUMENTS_MAX, fn_concat },
		{ "contains", 2, 2, fn_contains },
		{ "copyIndex", 0, 2, fn_copy_index },
		{ "createArray", 0, ARGUMENTS_MAX, fn_create_array },
		{ "createObject", 0, ARGUMENTS_MAX, fn_create_object },
		{ "deployment", 0, 0, fn_deployment },
		{ "empty", 1, 1, fn_empty },
		{ "equals", 2, 2, fn_equals },
		{ "first", 1, 1, fn_first },
		{ "format", 1, ARGUMENTS_MAX, fn_format },
		{ "if", 3, 3, fn_if },
		{ "int", 1, 1, fn_int },
		{ "last", 1, 1, fn_last },
		{ "length", 1, 1, fn_length },
		{ "mul", 2, 2, fn_mul },
		{ "not", 1, 1, fn_not },
		{ "or", 2, ARGUMENTS_MAX, fn_or },
		{ "parameters", 1, 1, fn_parameters },
		{ "reference", 1, 3, fn_reference },
		{ "resourceGroup", 0, 0, fn_resource_group },
		{ "resourceId", 2, ARGUMENTS_MAX, fn_resource_id },
		{ "string", 1, 1, fn_string },
		{ "sub", 2, 2, fn_sub },
		{ "subscription", 0, 0, fn_subscription },
		{ "toLower", 1, 1, fn_to_lower },
		{ "toUpper", 1, 1, fn_to_upper },
		{ "union", 1, ARGUMENTS_MAX, fn_union },
		{ "uniqueString", 1, ARGUMENTS_MAX, fn_unique_string },
		{ "variables", 1, 1, fn_variables },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (text_eq_nocase(table[i].name, name))
			return &table[i];
	return NULL;
}
