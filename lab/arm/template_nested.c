/* Deployments of templates inside of templates.
 *
 * Source: "Using linked and nested templates when deploying Azure resources". */
#include "template.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

bool template_is_nested(const struct template *t, size_t i)
{
	return text_eq_nocase(json_text_at(t->resources[i].head, "type", ""), TEMPLATE_NESTED);
}

static int refuse(struct error *err, const char *what, const char *value)
{
	return error_set(err, FAULT_USAGE, ENOTSUP,
			 "InvalidTemplate: %s '%.80s' of a nested "
			 "deployment is not known to this lab",
			 what, value);
}

static int judge(const json_t *properties, struct error *err)
{
	static const char *const known[] = { "mode", "template", "parameters",
					     "expressionEvaluationOptions", "debugSetting" };
	const char *mode = json_text_at(properties, "mode", "Incremental"), *key;
	json_t *value;

	json_object_foreach((json_t *)properties, key, value)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && !text_eq_nocase(known[i], key))
			i++;
		if (i == ARRAY_SIZE(known))
			return refuse(err, "the property", key);
	}
	if (!json_is_object(json_object_get(properties, "template")))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidTemplate: a nested deployment needs a template");
	if (!text_eq_nocase(mode, "Incremental"))
		return error_set(err, FAULT_USAGE, ENOTSUP,
				 "InvalidDeploymentMode: The mode of a nested deployment is "
				 "Incremental, not '%.40s'.",
				 mode);
	return 0;
}

/* 1: it is evaluated on its own, 0: in the scope around it, -1 with *err set. */
static int is_inner(const json_t *properties, struct error *err)
{
	const char *scope = json_text_at(properties, "expressionEvaluationOptions.scope", "outer");

	if (text_eq_nocase(scope, "inner"))
		return 1;
	if (text_eq_nocase(scope, "outer") || text_eq_nocase(scope, "notSpecified"))
		return 0;
	return refuse(err, "the scope", scope);
}

/* A place that is not the lab's group. */
static int judge_place(const struct template *t, const struct scope *s, const json_t *raw,
		       struct error *err)
{
	const json_t *group = json_object_get(raw, "resourceGroup"),
		     *subscription = json_object_get(raw, "subscriptionId");
	AUTO_JSON json_t *in = group ? value_evaluate(s, group, err) : NULL;
	AUTO_JSON json_t *of = subscription ? value_evaluate(s, subscription, err) : NULL;

	if ((group && !in) || (subscription && !of))
		return -1;
	if (in &&
	    !text_eq_nocase(json_string_value(in), json_text_at(t->resource_group, "name", "")))
		return error_set(
			err, FAULT_USAGE, ENOENT,
			"ResourceGroupNotFound: Resource group '%.80s' could not be found.",
			json_is_string(in) ? json_string_value(in) : "?");
	if (of && !text_eq_nocase(json_string_value(of),
				  json_text_at(t->subscription, "subscriptionId", "")))
		return error_set(
			err, FAULT_USAGE, ENOENT,
			"SubscriptionNotFound: The subscription '%.80s' could not be found.",
			json_is_string(of) ? json_string_value(of) : "?");
	return 0;
}

static json_t *outer_of(const struct template *t, const struct copy_loop *innermost)
{
	json_t *loops = json_array();

	for (const struct copy_loop *l = innermost; l; l = l->outer)
		(void)json_array_insert_new(
			loops, 0, json_pack("{s:s, s:I}", "name", l->name, "index", l->index));
	return json_pack("{s:O, s:O?, s:o}", "parameters", t->parameters, "variables", t->variables,
			 "loops", loops);
}

json_t *template_nested(const struct template *t, const struct scope *s, const json_t *raw,
			struct error *err)
{
	const json_t *properties = json_object_get(raw, "properties");
	const json_t *parameters = json_object_get(properties, "parameters");
	AUTO_JSON json_t *ret = NULL;
	int inner = judge(properties, err) < 0 || judge_place(t, s, raw, err) < 0
			    ? -1
			    : is_inner(properties, err);

	if (inner < 0)
		return NULL;
	ret = json_pack("{s:s, s:O}", "mode", "Incremental", "template",
			json_object_get(properties, "template"));
	if (!inner)
		(void)json_object_set_new(ret, "outer", outer_of(t, s->loop));
	if (inner && parameters &&
	    json_object_set_new(ret, "parameters", value_evaluate(s, parameters, err)) < 0)
		return NULL;
	return TAKE(ret);
}
