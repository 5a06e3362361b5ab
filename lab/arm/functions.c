/* The functions of the template language that this lab knows. One that it does not is refused by
 * name: a template that is deployed half-understood proves nothing. */
#include "functions.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/text.h"
#include "copy.h"

json_t *call_argument(const struct call *c, size_t i)
{
	return json_array_get(c->arguments, i);
}

json_t *call_wrong(const struct call *c, const char *what, struct error *err)
{
	error_set(err, FAULT_USAGE, EINVAL, "InvalidTemplate: the template function '%s' %s",
		  c->name, what);
	return NULL;
}

const char *call_text(const struct call *c, size_t i, struct error *err)
{
	const char *text = json_string_value(call_argument(c, i));

	if (!text)
		(void)call_wrong(c, "takes a string there", err);
	return text;
}

json_t *call_member(const json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key,
			    value) if (text_eq_nocase(key, name)) return value;
	return NULL;
}

/* ---- what the template says ------------------------------------------------------------------ */

static json_t *fn_parameters(const struct call *c, struct error *err)
{
	const char *name = call_text(c, 0, err);
	json_t *value = name ? call_member(c->scope->parameters, name) : NULL;

	if (name && !value)
		error_set(err, FAULT_USAGE, ENOENT,
			  "InvalidTemplate: the template parameter '%s' is not found", name);
	return json_incref(value);
}

/* As deep as any other: a loop may be made of itself, too. */
static json_t *variable_of(const struct scope *s, const json_t *loop, struct error *err)
{
	AUTO_JSON json_t *list = json_pack("{s:[O]}", "copy", loop);
	AUTO_JSON json_t *made = value_evaluate(s, list, err);

	return json_incref(json_object_get(made, json_text_at(loop, "name", "")));
}

static json_t *fn_variables(const struct call *c, struct error *err)
{
	const char *name = call_text(c, 0, err);
	json_t *value = name ? call_member(c->scope->variables, name) : NULL;
	const json_t *loops = call_member(c->scope->variables, "copy"), *loop;

	if (value && value != loops)
		return value_evaluate(c->scope, value, err);
	loop = name ? copy_find(loops, name) : NULL;
	if (name && !loop)
		error_set(err, FAULT_USAGE, ENOENT,
			  "InvalidTemplate: the template variable '%s' is not found", name);
	return loop ? variable_of(c->scope, loop, err) : NULL;
}

static json_t *known(const struct call *c, const json_t *what, struct error *err)
{
	return what ? json_incref((json_t *)what)
		    : call_wrong(c, "cannot be used at this place", err);
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
	const char *name = json_string_value(call_argument(c, 0));
	const json_t *offset = call_argument(c, name ? 1 : 0);
	const struct copy_loop *loop = c->scope->loop;

	while (loop && (name ? !text_eq_nocase(loop->name, name) : loop->by_name))
		loop = loop->outer;
	if (!loop)
		return call_wrong(c, "is used outside of its copy loop", err);
	return json_integer(loop->index + json_integer_value(offset));
}

static json_t *fn_reference(const struct call *c, struct error *err)
{
	const char *id = call_text(c, 0, err);
	bool full = text_eq_nocase(json_string_value(call_argument(c, 2)), "full");

	if (!id)
		return NULL;
	if (!c->scope->reference)
		return call_wrong(c, "can be used in properties and outputs only", err);
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
		const char *text = json_string_value(call_argument(c, i));

		if (text && strchr(text, '/') && segments(text) == n - i)
			return i;
	}
	return n;
}

static int add_type_and_names(const struct call *c, size_t at, struct buf *b)
{
	const char *type = json_string_value(call_argument(c, at));
	size_t len = strcspn(type, "/");
	int rc = buf_add_format(b, "/providers/%.*s", (int)len, type);

	for (type += len; rc == 0 && *type; type += len) {
		const char *name = json_string_value(call_argument(c, ++at));

		len = 1 + strcspn(type + 1, "/");
		rc = name ? buf_add_format(b, "%.*s/%s", (int)len, type, name) : -EINVAL;
	}
	return rc;
}

static json_t *fn_resource_id(const struct call *c, struct error *err)
{
	size_t at = type_at(c);
	const char *group = at > 0 ? json_string_value(call_argument(c, at - 1))
				   : json_text_at(c->scope->resource_group, "name", "");
	const char *subscription = at > 1 ? json_string_value(call_argument(c, 0))
					  : json_text_at(c->scope->subscription, "subscriptionId",
							 "");
	AUTO_BUF struct buf b = { 0 };

	if (at == json_array_size(c->arguments) || !group || !subscription)
		return call_wrong(c, "takes a resource type and as many names as it has parts",
				  err);
	if (buf_add_format(&b, "/subscriptions/%s/resourceGroups/%s", subscription, group) < 0 ||
	    add_type_and_names(c, at, &b) < 0)
		return call_wrong(c, "takes strings", err);
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

	json_array_foreach(
		c->arguments, i,
		part) if (!json_is_array(part) ||
			  json_array_extend(all, part) <
				  0) return call_wrong(c, "takes arrays or strings, not both", err);
	return TAKE(all);
}

static json_t *fn_concat(const struct call *c, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };
	json_t *part;
	size_t i;

	if (json_is_array(call_argument(c, 0)))
		return concat_arrays(c, err);
	json_array_foreach(
		c->arguments, i,
		part) if (json_is_array(part) || json_is_object(part) ||
			  add_as_text(&b, part) <
				  0) return call_wrong(c, "takes arrays or strings, not both", err);
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
	    add_as_text(b, call_argument(c, (size_t)n + 1)) < 0)
		return 0;
	return (size_t)(strchr(end, '}') + 1 - at);
}

static json_t *fn_format(const struct call *c, struct error *err)
{
	const char *at = call_text(c, 0, err);
	AUTO_BUF struct buf b = { 0 };

	while (at && *at) {
		bool twice = (at[0] == '{' || at[0] == '}') && at[1] == at[0];
		size_t taken = 1;

		if (*at == '{' && !twice)
			taken = add_placeholder(c, at, &b);
		else if (buf_add(&b, at, 1) < 0)
			taken = 0;
		if (taken == 0)
			return call_wrong(c, "has a placeholder without its argument", err);
		at += taken + twice;
	}
	return at ? json_string(buf_text(&b)) : NULL;
}

static json_t *change_case(const struct call *c, int (*change)(int), struct error *err)
{
	const char *text = call_text(c, 0, err);
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

	json_array_foreach(c->arguments, i,
			   part) if (!json_is_string(part) ||
				     buf_add_format(&b, "%zu:%s", i, json_string_value(part)) <
					     0) return call_wrong(c, "takes strings", err);
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

	if (add_as_text(&b, call_argument(c, 0)) < 0)
		return call_wrong(c, "cannot show that value", err);
	return json_string(buf_text(&b));
}

static json_t *fn_int(const struct call *c, struct error *err)
{
	const char *text = json_string_value(call_argument(c, 0));
	long n = 0;

	if (json_is_integer(call_argument(c, 0)))
		return json_incref(call_argument(c, 0));
	if (!text || text_to_long(text, 10, &n) < 0)
		return call_wrong(c, "takes a whole number, or a text that is one", err);
	return json_integer(n);
}

static const struct function functions_of_templates[] = {
	{ "concat", 1, ARGUMENTS_MAX, fn_concat },
	{ "copyIndex", 0, 2, fn_copy_index },
	{ "deployment", 0, 0, fn_deployment },
	{ "format", 1, ARGUMENTS_MAX, fn_format },
	{ "int", 1, 1, fn_int },
	{ "parameters", 1, 1, fn_parameters },
	{ "reference", 1, 3, fn_reference },
	{ "resourceGroup", 0, 0, fn_resource_group },
	{ "resourceId", 2, ARGUMENTS_MAX, fn_resource_id },
	{ "string", 1, 1, fn_string },
	{ "subscription", 0, 0, fn_subscription },
	{ "toLower", 1, 1, fn_to_lower },
	{ "toUpper", 1, 1, fn_to_upper },
	{ "uniqueString", 1, ARGUMENTS_MAX, fn_unique_string },
	{ "variables", 1, 1, fn_variables },
	{ 0 },
};

const struct function *function_find(const char *name)
{
	static const struct function *const tables[] = { functions_of_templates,
							 functions_of_values };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct function *f = tables[i]; f->name; f++)
			if (text_eq_nocase(f->name, name))
				return f;
	return NULL;
}
