/* Reads and evaluates expressions in one pass: a function's arguments are values by the time it is
 * called. */
#include "expression.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "copy.h"

struct parser {
	const struct scope *scope;
	const char *text; /* the whole, for messages */
	const char *at;
	unsigned depth;
	struct error *err;
};

static json_t *bad(struct parser *p, const char *what)
{
	error_set(p->err, FAULT_USAGE, EINVAL,
		  "InvalidTemplate: the template language expression '%.200s' is not valid: %s at "
		  "position %zu",
		  p->text, what, (size_t)(p->at - p->text));
	return NULL;
}

static void skip_space(struct parser *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

static bool take(struct parser *p, char c)
{
	skip_space(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static json_t *parse_value(struct parser *p);

/* 'it''s' */
static json_t *parse_literal(struct parser *p)
{
	AUTO_BUF struct buf b = { 0 };
	json_t *text;

	for (p->at++;; p->at++) {
		if (*p->at == '\0')
			return bad(p, "a string without its end");
		if (*p->at == '\'' && *++p->at != '\'')
			break;
		if (buf_add(&b, p->at, 1) < 0)
			return bad(p, "a string that is too long");
	}
	text = json_stringn(buf_text(&b), b.len);
	return text ? text : bad(p, "a string that is not UTF-8");
}

static json_t *parse_number(struct parser *p)
{
	char *end = NULL;
	long long n;

	errno = 0;
	n = strtoll(p->at, &end, 10);
	if (errno != 0 || end == p->at || *end == '.')
		return bad(p, "a number that is none of the language");
	p->at = end;
	return json_integer(n);
}

/* Up to the closing bracket, which is taken, too. */
static json_t *parse_arguments(struct parser *p)
{
	AUTO_JSON json_t *list = json_array();

	if (take(p, ')'))
		return TAKE(list);
	do {
		if (json_array_append_new(list, parse_value(p)) < 0)
			return NULL;
	} while (take(p, ','));
	return take(p, ')') ? TAKE(list) : bad(p, "an argument list without its end");
}

static json_t *call(struct parser *p, const char *name)
{
	AUTO_JSON json_t *arguments = parse_arguments(p);
	const struct function *f = function_find(name);
	struct call c = { .scope = p->scope, .name = name, .arguments = arguments };
	size_t n = json_array_size(arguments);

	if (!arguments)
		return NULL;
	if (!f) {
		error_set(p->err, FAULT_USAGE, EINVAL,
			  "InvalidTemplate: the template function '%s' in '%.200s' is not known to "
			  "this lab",
			  name, p->text);
		return NULL;
	}
	if (n >= f->least && n <= f->most)
		return f->fn(&c, p->err);
	error_set(p->err, FAULT_USAGE, EINVAL,
		  "InvalidTemplate: the template function '%s' in '%.200s' was given %zu "
		  "arguments; it takes %zu to %zu",
		  name, p->text, n, f->least, f->most);
	return NULL;
}

static json_t *parse_name(struct parser *p)
{
	const char *from = p->at;
	char name[80];

	while (isalnum((unsigned char)*p->at) || *p->at == '_')
		p->at++;
	if (TEXT_FORMAT(name, "%.*s", (int)(p->at - from), from) < 0)
		return bad(p, "a name that is too long");
	if (take(p, '('))
		return call(p, name);
	if (text_eq_nocase(name, "true") || text_eq_nocase(name, "false"))
		return json_boolean(text_eq_nocase(name, "true"));
	if (text_eq_nocase(name, "null"))
		return json_null();
	/* The nested fragment of Azure's page has one: [concat('...', myVM)]. */
	p->at = from;
	return bad(p, "an identifier that is neither quoted nor called, such as parameters('x')");
}

static json_t *parse_term(struct parser *p)
{
	skip_space(p);
	if (*p->at == '\'')
		return parse_literal(p);
	if (isdigit((unsigned char)*p->at) || *p->at == '-')
		return parse_number(p);
	if (isalpha((unsigned char)*p->at) || *p->at == '_')
		return parse_name(p);
	return bad(p, "nothing that begins a value");
}

/* Properties are found whatever the case, as the service finds them. */
static json_t *member(struct parser *p, const json_t *of, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)of, key,
			    value) if (text_eq_nocase(key, name)) return json_incref(value);
	error_set(p->err, FAULT_USAGE, ENOENT,
		  "InvalidTemplate: the property '%s' in '%.200s' is not there", name, p->text);
	return NULL;
}

static json_t *parse_property(struct parser *p, const json_t *of)
{
	const char *from = p->at;
	char name[80];

	while (isalnum((unsigned char)*p->at) || *p->at == '_' || *p->at == '-')
		p->at++;
	if (p->at == from || TEXT_FORMAT(name, "%.*s", (int)(p->at - from), from) < 0)
		return bad(p, "a dot without a property's name");
	return member(p, of, name);
}

static json_t *parse_index(struct parser *p, const json_t *of)
{
	AUTO_JSON json_t *key = parse_value(p);
	json_t *item;

	if (!key)
		return NULL;
	if (!take(p, ']'))
		return bad(p, "an index without its end");
	if (json_is_string(key))
		return member(p, of, json_string_value(key));
	item = json_is_integer(key) && json_integer_value(key) >= 0
		       ? json_array_get(of, (size_t)json_integer_value(key))
		       : NULL;
	return item ? json_incref(item) : bad(p, "an index that is out of range");
}

static json_t *parse_value(struct parser *p)
{
	AUTO_JSON json_t *value = NULL;

	if (++p->depth > EXPRESSION_DEPTH_MAX)
		return bad(p, "brackets that are too deep");
	value = parse_term(p);
	for (bool on = true; value && on;) {
		json_t *next = NULL;

		if (take(p, '.'))
			next = parse_property(p, value);
		else if (take(p, '['))
			next = parse_index(p, value);
		else
			on = false;
		if (on) {
			json_decref(value);
			value = next;
		}
	}
	p->depth--;
	return TAKE(value);
}

json_t *expression_evaluate(const struct scope *s, const char *text, struct error *err)
{
	size_t len = strlen(text);
	struct parser p = { .scope = s, .text = text, .at = text + 1, .err = err };
	AUTO_JSON json_t *value = NULL;

	if (len < 2 || text[0] != '[' || text[len - 1] != ']')
		return json_string(text);
	if (text[1] == '[')
		return json_string(text + 1);
	value = parse_value(&p);
	if (!value)
		return NULL;
	skip_space(&p);
	if (p.at != text + len - 1)
		return bad(&p, "something after its end");
	return TAKE(value);
}

static json_t *evaluate_array(const struct scope *s, const json_t *array, struct error *err)
{
	AUTO_JSON json_t *list = json_array();
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)array, i,
			   item) if (json_array_append_new(list, value_evaluate(s, item, err)) <
				     0) return NULL;
	return TAKE(list);
}

static json_t *evaluate_object(const struct scope *s, const json_t *object, struct error *err)
{
	AUTO_JSON json_t *made = json_object();
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)object, key, item)
	{
		if ((copy_is_list(key, item)
			     ? copy_expand(s, item, made, err)
			     : json_object_set_new(made, key, value_evaluate(s, item, err))) < 0)
			return NULL;
	}
	return TAKE(made);
}

json_t *value_evaluate(const struct scope *s, const json_t *value, struct error *err)
{
	struct scope deeper = *s;

	if (++deeper.depth > EXPRESSION_DEPTH_MAX) {
		error_set(err, FAULT_USAGE, ELOOP,
			  "InvalidTemplate: it is nested too deeply, or a variable is made of "
			  "itself");
		return NULL;
	}
	if (json_is_string(value))
		return expression_evaluate(&deeper, json_string_value(value), err);
	if (json_is_array(value))
		return evaluate_array(&deeper, value, err);
	if (json_is_object(value))
		return evaluate_object(&deeper, value, err);
	return json_incref((json_t *)value);
}
