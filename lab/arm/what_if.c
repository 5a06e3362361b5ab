/* What a deployment would change, resource by resource, without changing it. */
#include "deployment.h"

#include <errno.h>

#include "base/text.h"

enum { PART_DEPLOYMENT = 2 };

static json_t *deltas(const json_t *before, const json_t *after);

/* A property that is there after: NULL where it is the same. */
static json_t *delta(const char *path, const json_t *before, const json_t *after)
{
	json_t *ret, *children;

	if (json_is_object(before) && json_is_object(after)) {
		children = deltas(before, after);
		if (json_array_size(children) > 0)
			return json_pack("{s:s, s:s, s:o}", "path", path, "propertyChangeType",
					 "Modify", "children", children);
		json_decref(children);
		return NULL;
	}
	if (json_is_string(before) && json_is_string(after)
		    ? text_eq_nocase(json_string_value(before), json_string_value(after))
		    : before && json_equal(before, after))
		return NULL;
	ret = json_pack("{s:s, s:s, s:O}", "path", path, "propertyChangeType",
			before ? "Modify" : "Create", "after", after);
	if (before)
		json_object_set(ret, "before", (json_t *)before);
	return ret;
}

/* What the template does not say stays as it is: that is no change. */
static json_t *deltas(const json_t *before, const json_t *after)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach((json_t *)after, key, value)
	{
		json_t *one = json_is_null(value) || text_starts(key, "protectedSettings")
				      ? NULL
				      : delta(key, json_object_get(before, key), value);

		if (one)
			json_array_append_new(list, one);
	}
	return list;
}

/* The change of one resource; takes `after`. */
static json_t *change(struct arm *a, const char *id, json_t *after)
{
	struct arm_answer answer;
	json_t *ret, *delta_list;

	arm_call(a, "GET", id, NULL, &answer);
	if (answer.status != 200) {
		json_decref(answer.body);
		return json_pack("{s:s, s:s, s:o}", "resourceId", id, "changeType", "Create",
				 "after", after);
	}
	json_object_del(after, "apiVersion"); /* no property of the resource's */
	delta_list = deltas(answer.body, after);
	ret = json_pack("{s:s, s:s, s:O, s:O, s:o}", "resourceId", id, "changeType",
			json_array_size(delta_list) > 0 ? "Modify" : "NoChange", "before",
			answer.body, "after", after, "delta", delta_list);
	json_decref(after);
	json_decref(answer.body);
	return ret;
}

/* The resource as it would be; a secret does not leave. */
static json_t *after_of(struct arm *a, const struct template *t, size_t i, struct error *err)
{
	const json_t *head = t->resources[i].head;
	struct deployment_asking asking = { a, t };
	json_t *after = template_body(t, i, deployment_reference, &asking, err);

	if (!after && err->sys == EAGAIN) /* it refers to what is not there before it is deployed */
		after = json_pack("{s:{}}", "properties");
	if (!after)
		return NULL;
	(void)json_object_del(json_object_get(after, "properties"), "protectedSettings");
	json_object_set(after, "id", json_object_get(head, "id"));
	json_object_set(after, "apiVersion", json_object_get(head, "apiVersion"));
	json_object_set(after, "type", json_object_get(head, "type"));
	return after;
}

/* Is there a template of which it is not known what is in it? */
static bool has_unknown(const json_t *changes)
{
	json_t *item;
	size_t i;

	json_array_foreach((json_t *)changes, i, item)
	{
		if (text_eq(json_text_at(item, "changeType", ""), "Unsupported"))
			return true;
	}
	return false;
}

static json_t *ids_of(const json_t *changes)
{
	json_t *ids = json_array(), *item;
	size_t i;

	json_array_foreach((json_t *)changes, i, item)
		json_array_append(ids, json_object_get(item, "resourceId"));
	return ids;
}

/* What is there and not in the template stays, or goes in the mode Complete. */
static void add_rest(struct arm *a, bool complete, json_t *changes)
{
	AUTO_JSON json_t *all = json_array(), *ids = ids_of(changes);
	const char *type = !complete ? "Ignore" : has_unknown(changes) ? "Unsupported" : "Delete";
	json_t *item;
	size_t i;

	arm_resources_add(a, all);
	json_array_foreach(all, i, item)
	{
		json_t *one;

		if (deployment_names(ids, json_text_at(item, "id", "")))
			continue;
		one = json_pack("{s:O, s:s, s:O}", "resourceId", json_object_get(item, "id"),
				"changeType", type, "before", item);
		if (!complete)
			json_object_set(one, "after", item);
		else if (text_eq(type, "Unsupported"))
			json_object_set_new(
				one, "unsupportedReason",
				json_string("It goes unless a template whose parameters "
					    "are not known yet names it."));
		json_array_append_new(changes, one);
	}
}

static int add_changes(struct arm *a, const struct template *t, json_t *changes, struct error *err);

/* Those of a template inside of this one; it is not known where its parameters are yet to come. */
static int add_nested(struct arm *a, const struct template *t, size_t i, json_t *changes,
		      struct error *err)
{
	struct deployment_asking asking = { a, t };
	AUTO_TEMPLATE struct template inner = { 0 };
	AUTO_JSON json_t *body = template_body(t, i, deployment_reference, &asking, err);

	if (!body && err->sys == EAGAIN) {
		json_array_append_new(
			changes, json_pack("{s:O, s:s, s:s}", "resourceId",
					   json_object_get(t->resources[i].head, "id"),
					   "changeType", "Unsupported", "unsupportedReason",
					   "Its parameters refer to what is not deployed yet."));
		*err = (struct error) { 0 };
		return 0;
	}
	if (!body || deployment_read_nested(a, t, i, body, &inner, err) < 0)
		return -1;
	return add_changes(a, &inner, changes, err);
}

static int add_changes(struct arm *a, const struct template *t, json_t *changes, struct error *err)
{
	for (size_t i = 0; i < t->nresources; i++) {
		json_t *after;

		if (template_is_nested(t, i)) {
			if (add_nested(a, t, i, changes, err) < 0)
				return -1;
			continue;
		}
		after = after_of(a, t, i, err);
		if (!after)
			return -1;
		json_array_append_new(
			changes, change(a, json_text_at(t->resources[i].head, "id", ""), after));
	}
	return 0;
}

void arm_serve_what_if(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *changes = json_array();
	AUTO_TEMPLATE struct template t = { 0 };
	struct error err = { 0 };

	if (!body || deployment_read(r, body, r->parts[PART_DEPLOYMENT], &t, ret) < 0)
		return;
	if (add_changes(r->arm, &t, changes, &err) < 0) {
		arm_say(ret, 400, json_pack("{s:o}", "error", deployment_error(&err)));
		return;
	}
	add_rest(r->arm, deployment_is_complete(body), changes);
	arm_say(ret, 200,
		json_pack("{s:s, s:{s:O}}", "status", "Succeeded", "properties", "changes",
			  changes));
}
