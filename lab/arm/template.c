/* Parameters, copy loops, conditions and nested resources of a template. */
#include "template.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void template_free(struct template *t)
{
	for (size_t i = 0; i < t->nresources; i++)
		json_decref(t->resources[i].head);
	free(t->resources);
	json_decref(t->source);
	json_decref(t->parameters);
	json_decref(t->shown);
	json_decref(t->variables);
	json_decref(t->subscription);
	json_decref(t->resource_group);
	json_decref(t->deployment);
	*t = (struct template) { 0 };
}

static struct scope scope_of(const struct template *t)
{
	return (struct scope) { .parameters = t->parameters,
				.variables = t->variables,
				.subscription = t->subscription,
				.resource_group = t->resource_group,
				.deployment = t->deployment };
}

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a template");
}

/* ---- parameters ------------------------------------------------------------------------------ */

static bool is_of_type(const json_t *value, const char *type)
{
	if (text_eq_nocase(type, "string") || text_eq_nocase(type, "secureString"))
		return json_is_string(value);
	if (text_eq_nocase(type, "int"))
		return json_is_integer(value);
	if (text_eq_nocase(type, "bool"))
		return json_is_boolean(value);
	if (text_eq_nocase(type, "array"))
		return json_is_array(value);
	return (text_eq_nocase(type, "object") || text_eq_nocase(type, "secureObject")) &&
	       json_is_object(value);
}

static bool is_allowed(const json_t *value, const json_t *allowed)
{
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)allowed, i,
			   item) if (json_equal(item, (json_t *)value)) return true;
	return !allowed;
}

static int parameter_judge(const char *name, const json_t *declared, const json_t *value,
			   struct error *err)
{
	const char *type = json_text_at(declared, "type", "");

	if (!value)
		return error_set(err, FAULT_USAGE, ENOENT,
				 "InvalidTemplate: Deployment template validation failed: 'The "
				 "value for the template parameter '%s' is not provided.'",
				 name);
	if (!is_of_type(value, type))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: Deployment template validation failed: 'The "
				 "provided value for the template parameter '%s' is not of type "
				 "'%s'.'",
				 name, type);
	if (!is_allowed(value, json_object_get(declared, "allowedValues")))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: Deployment template validation failed: 'The "
				 "provided value for the template parameter '%s' is not part of "
				 "the allowed value(s).'",
				 name);
	return 0;
}

static int parameter_read(struct template *t, const char *name, const json_t *declared,
			  const json_t *given, struct error *err)
{
	const char *type = json_text_at(declared, "type", "");
	struct scope scope = scope_of(t);
	const json_t *otherwise = json_object_get(declared, "defaultValue");
	AUTO_JSON json_t *value = given       ? json_incref(json_object_get(given, "value"))
				  : otherwise ? value_evaluate(&scope, otherwise, err)
					      : NULL;
	AUTO_JSON json_t *shown = NULL;

	if ((!given && otherwise && !value) || parameter_judge(name, declared, value, err) < 0)
		return -1;
	shown = text_starts(type, "secure") || text_starts(type, "Secure")
			? json_pack("{s:s}", "type", type)
			: json_pack("{s:s, s:O}", "type", type, "value", value);
	return json_object_set(t->parameters, name, value) < 0 ||
			       json_object_set(t->shown, name, shown) < 0
		       ? no_memory(err)
		       : 0;
}

static int parameters_read(struct template *t, const json_t *given, struct error *err)
{
	const json_t *declared = json_object_get(t->source, "parameters");
	const char *name;
	json_t *value;

	json_object_foreach(
		(json_t *)given, name,
		value) if (!json_object_get(declared,
					    name)) return error_set(err, FAULT_USAGE, EINVAL,
								    "InvalidTemplate: Deployment "
								    "template validation failed: "
								    "'The template parameters '%s' "
								    "in the parameters file are "
								    "not valid; they are not "
								    "present in the original "
								    "template.'",
								    name);
	json_object_foreach((json_t *)declared, name,
			    value) if (parameter_read(t, name, value, json_object_get(given, name),
						      err) < 0) return -1;
	return 0;
}

/* ---- resources ------------------------------------------------------------------------------- */

/* Where a list of resources stands: below which parent, inside of which loops. */
struct nest {
	const char *type, *name; /* of the parent; "" at the top */
	struct copy_loop loops[TEMPLATE_LOOPS_MAX];
	unsigned nloops;
};

struct scope template_scope(const struct template *t, struct copy_loop *loops, unsigned n)
{
	struct scope s = scope_of(t);

	for (unsigned i = 0; i < n; i++)
		loops[i].outer = i ? &loops[i - 1] : NULL;
	s.loop = n ? &loops[n - 1] : NULL;
	return s;
}

static json_t *evaluated_text(const struct scope *s, const json_t *raw, const char *key,
			      struct error *err)
{
	const json_t *value = json_object_get(raw, key);
	AUTO_JSON json_t *text = value ? value_evaluate(s, value, err) : NULL;

	if (value && !text)
		return NULL;
	if (json_is_string(text))
		return TAKE(text);
	error_set(err, FAULT_USAGE, EINVAL,
		  "InvalidTemplate: a resource of the template has no text as its '%s'", key);
	return NULL;
}

static json_t *evaluated_or_null(const struct scope *s, const json_t *raw, const char *key,
				 struct error *err)
{
	const json_t *value = json_object_get(raw, key);

	return value ? value_evaluate(s, value, err) : json_null();
}

static json_t *joined(const char *parent, const json_t *own)
{
	return json_sprintf("%s%s%s", parent, *parent ? "/" : "", json_string_value(own));
}

static json_t *head_make(const struct template *t, const struct scope *s, const json_t *raw,
			 const struct nest *nest, struct error *err)
{
	AUTO_JSON json_t *own_type = evaluated_text(s, raw, "type", err);
	AUTO_JSON json_t *own_name = own_type ? evaluated_text(s, raw, "name", err) : NULL;
	AUTO_JSON json_t *version = own_name ? evaluated_text(s, raw, "apiVersion", err) : NULL;
	AUTO_JSON json_t *location = version ? evaluated_or_null(s, raw, "location", err) : NULL;
	AUTO_JSON json_t *tags = location ? evaluated_or_null(s, raw, "tags", err) : NULL;
	AUTO_JSON json_t *needs = tags ? evaluated_or_null(s, raw, "dependsOn", err) : NULL;
	AUTO_JSON json_t *type = needs ? joined(nest->type, own_type) : NULL;
	AUTO_JSON json_t *name = type ? joined(nest->name, own_name) : NULL;
	char id[512];

	if (!name)
		return NULL;
	if (template_id(t, json_string_value(type), json_string_value(name), id, sizeof id) < 0) {
		error_set(err, FAULT_USAGE, EINVAL,
			  "InvalidTemplate: Deployment template validation failed: 'The template "
			  "resource '%s' for type '%s' has incorrect segment lengths. A nested "
			  "resource type must have identical number of segments as its resource "
			  "name.'",
			  json_string_value(name), json_string_value(type));
		return NULL;
	}
	return json_pack("{s:s, s:O, s:O, s:O, s:O, s:O, s:O}", "id", id, "type", type, "name",
			 name, "apiVersion", version, "location", location, "tags", tags,
			 "dependsOn", needs);
}

static int resource_add(struct template *t, json_t *head, const json_t *raw,
			const struct nest *nest, struct error *err)
{
	struct template_resource *grown;

	if (t->nresources == TEMPLATE_RESOURCES_MAX)
		return error_set(err, FAULT_USAGE, E2BIG,
				 "InvalidTemplate: there are more than %d resources",
				 TEMPLATE_RESOURCES_MAX);
	grown = realloc(t->resources, (t->nresources + 1) * sizeof *grown);
	if (!grown)
		return no_memory(err);
	t->resources = grown;
	grown[t->nresources] = (struct template_resource) { .head = json_incref(head),
							    .raw = raw,
							    .nloops = nest->nloops };
	memcpy(grown[t->nresources++].loops, nest->loops, sizeof nest->loops);
	return 0;
}

int template_condition(const struct scope *s, const json_t *raw, struct error *err)
{
	const json_t *condition = json_object_get(raw, "condition");
	AUTO_JSON json_t *value = condition ? value_evaluate(s, condition, err) : NULL;

	if (!condition)
		return 1;
	if (!value)
		return -1;
	if (!json_is_boolean(value))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: a condition is neither true nor false");
	return json_is_true(value);
}

static int resources_read(struct template *t, const json_t *list, const struct nest *nest,
			  struct error *err);

static int resource_once(struct template *t, const json_t *raw, const struct nest *nest,
			 struct error *err)
{
	struct nest inner = *nest;
	struct scope s = template_scope(t, inner.loops, inner.nloops);
	AUTO_JSON json_t *head = NULL;
	int wanted = template_condition(&s, raw, err);

	if (wanted <= 0)
		return wanted;
	head = head_make(t, &s, raw, nest, err);
	if (!head || resource_add(t, head, raw, nest, err) < 0)
		return -1;
	inner.type = json_text_at(head, "type", "");
	inner.name = json_text_at(head, "name", "");
	return resources_read(t, json_object_get(raw, "resources"), &inner, err);
}

static int copy_count(const struct template *t, const json_t *copy, const struct nest *nest,
		      struct error *err)
{
	struct nest here = *nest;
	struct scope s = template_scope(t, here.loops, here.nloops);
	const json_t *raw = json_object_get(copy, "count");
	AUTO_JSON json_t *count = raw ? value_evaluate(&s, raw, err) : NULL;

	if (raw && !count)
		return -1;
	if (!json_is_integer(count) || json_integer_value(count) < 0 ||
	    json_integer_value(count) > TEMPLATE_COPIES_MAX || nest->nloops == TEMPLATE_LOOPS_MAX ||
	    !json_text_at(copy, "name", NULL))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: a copy loop needs a name and a count of 0 to "
				 "%d, in at most %d others",
				 TEMPLATE_COPIES_MAX, TEMPLATE_LOOPS_MAX - 1);
	return (int)json_integer_value(count);
}

static int resource_read(struct template *t, const json_t *raw, const struct nest *nest,
			 struct error *err)
{
	const json_t *copy = json_object_get(raw, "copy");
	struct nest inner = *nest;
	struct copy_loop *loop;
	int count;

	if (!json_is_object(raw))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: a resource of the template is no object");
	if (!copy)
		return resource_once(t, raw, nest, err);
	count = copy_count(t, copy, nest, err);
	if (count < 0)
		return -1;
	loop = &inner.loops[inner.nloops++];
	*loop = (struct copy_loop) { .weight = 1 };
	(void)TEXT_COPY(loop->name, json_text_at(copy, "name", ""));
	for (loop->index = 0; loop->index < count; loop->index++)
		if (resource_once(t, raw, &inner, err) < 0)
			return -1;
	return 0;
}

static int resources_read(struct template *t, const json_t *list, const struct nest *nest,
			  struct error *err)
{
	json_t *raw;
	size_t i;

	if (list && !json_is_array(list))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: the resources of a template are an array");
	json_array_foreach((json_t *)list, i,
			   raw) if (resource_read(t, raw, nest, err) < 0) return -1;
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* What a nested template sees of the one around it. */
static void outer_take(struct template *t, const json_t *outer)
{
	json_t *loop;
	size_t i;

	t->parameters = json_incref(json_object_get(outer, "parameters"));
	t->variables = json_incref(json_object_get(outer, "variables"));
	json_array_foreach(json_object_get(outer, "loops"), i, loop)
	{
		struct copy_loop *l = &t->loops[t->nloops];

		if (t->nloops == TEMPLATE_LOOPS_MAX)
			break;
		*l = (struct copy_loop) { .index = json_int_at(loop, "index", 0), .weight = 1 };
		(void)TEXT_COPY(l->name, json_text_at(loop, "name", ""));
		t->nloops++;
	}
}

static int place_fill(struct template *t, const struct template_place *p)
{
	if (p->outer)
		outer_take(t, p->outer);
	else
		t->parameters = json_object();
	if (!t->variables)
		t->variables = json_incref(json_object_get(t->source, "variables"));
	t->shown = json_object();
	t->subscription = json_pack("{s:o, s:s, s:s}", "id",
				    json_sprintf("/subscriptions/%s", p->subscription),
				    "subscriptionId", p->subscription, "tenantId", p->tenant);
	t->resource_group = json_pack("{s:o, s:s, s:s}", "id",
				      json_sprintf("/subscriptions/%s/resourceGroups/%s",
						   p->subscription, p->resource_group),
				      "name", p->resource_group, "location", p->location);
	t->deployment = json_pack("{s:s}", "name", p->deployment);
	return t->parameters && t->shown && t->subscription && t->resource_group && t->deployment
		       ? 0
		       : -ENOMEM;
}

int template_read(json_t *source, const json_t *given, const struct template_place *place,
		  struct template *ret, struct error *err)
{
	struct nest top = { .type = "", .name = "" };

	*ret = (struct template) { .source = json_incref(source) };
	if (place_fill(ret, place) < 0)
		return no_memory(err);
	memcpy(top.loops, ret->loops, sizeof top.loops);
	top.nloops = ret->nloops;
	if (!json_is_array(json_object_get(source, "resources")) ||
	    !json_text_at(source, "$schema", NULL) || !json_text_at(source, "contentVersion", NULL))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: a template needs $schema, contentVersion and "
				 "resources");
	if ((!place->outer && parameters_read(ret, given, err) < 0) ||
	    resources_read(ret, json_object_get(source, "resources"), &top, err) < 0)
		return -1;
	return template_order(ret, err);
}

json_t *template_properties(const struct template *t, size_t i,
			    json_t *(*reference)(void *ctx, const char *id, bool full,
						 struct error *err),
			    void *ctx, struct error *err)
{
	struct template_resource r = t->resources[i];
	struct scope s = template_scope(t, r.loops, r.nloops);
	const json_t *raw = json_object_get(r.raw, "properties");

	s.reference = reference;
	s.ctx = ctx;
	if (template_is_nested(t, i))
		return template_nested(t, &s, r.raw, err);
	return raw ? value_evaluate(&s, raw, err) : json_object();
}

/* Of the template's own language, and no part of the resource. */
static bool is_for_the_template(const char *key)
{
	static const char *const keys[] = { "name",      "type",  "apiVersion", "dependsOn",
					    "condition", "copy",  "resources",  "comments",
					    "metadata",  "scope", "properties" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (text_eq_nocase(keys[i], key))
			return true;
	return false;
}

json_t *template_body(const struct template *t, size_t i,
		      json_t *(*reference)(void *ctx, const char *id, bool full, struct error *err),
		      void *ctx, struct error *err)
{
	AUTO_JSON json_t *body = json_object();
	struct template_resource r = t->resources[i];
	struct scope s = template_scope(t, r.loops, r.nloops);
	json_t *properties = template_properties(t, i, reference, ctx, err), *raw;
	const char *key;

	if (!properties)
		return NULL;
	(void)json_object_set_new(body, "properties", properties);
	json_object_foreach((json_t *)r.raw, key, raw)
	{
		json_t *value = is_for_the_template(key) ? NULL : value_evaluate(&s, raw, err);

		if (value)
			(void)json_object_set_new(body, key, value);
		else if (!is_for_the_template(key))
			return NULL;
	}
	return TAKE(body);
}
