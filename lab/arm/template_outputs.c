/* What a template tells at its end. */
#include <errno.h>

#include "base/text.h"
#include "copy.h"
#include "template.h"

static json_t *value_of(const struct scope *s, const char *name, const json_t *raw,
			struct error *err)
{
	const json_t *value = json_object_get(raw, "value"), *copy = json_object_get(raw, "copy");

	if (json_is_object(copy))
		return copy_values(s, copy, err);
	if (value)
		return value_evaluate(s, value, err);
	error_set(err, FAULT_USAGE, EINVAL,
		  "InvalidTemplate: the template output '%s' has no value", name);
	return NULL;
}

/* Returns 0, or -1 with *err set. */
static int output_add(const struct scope *s, const char *name, const json_t *raw, json_t *into,
		      struct error *err)
{
	int wanted = template_condition(s, raw, err);
	AUTO_JSON json_t *value = wanted > 0 ? value_of(s, name, raw, err) : NULL;

	if (wanted <= 0)
		return wanted;
	if (!value)
		return -1;
	return json_object_set_new(into, name,
				   json_pack("{s:s, s:O}", "type",
					     json_text_at(raw, "type", "String"), "value", value));
}

json_t *template_outputs(const struct template *t,
			 json_t *(*reference)(void *ctx, const char *id, bool full,
					      struct error *err),
			 void *ctx, struct error *err)
{
	AUTO_JSON json_t *made = json_object();
	struct template copy = *t; /* its loops are chained anew */
	struct scope s = template_scope(t, copy.loops, copy.nloops);
	const char *name;
	json_t *raw;

	s.reference = reference;
	s.ctx = ctx;
	json_object_foreach(json_object_get(t->source, "outputs"), name, raw)
	{
		if (output_add(&s, name, raw, made, err) < 0)
			return NULL;
	}
	return TAKE(made);
}
