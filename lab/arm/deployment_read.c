/* Reads and judges what a deployment asks for, before anything begins. */
#include "deployment.h"

#include <errno.h>

#include "base/text.h"

/* What no lab can do is said before anything begins. */
static int judge_resources(struct arm *a, const struct template *t, struct error *err)
{
	for (size_t i = 0; i < t->nresources; i++) {
		const json_t *head = t->resources[i].head;

		if (!arm_is_served(a, "PUT", json_text_at(head, "id", "")) ||
		    !arm_has_type(json_text_at(head, "type", "")))
			return error_set(err, FAULT_USAGE, ENOTSUP,
					 "InvalidResourceType: The resource type '%.100s' of "
					 "'%.100s' could not be found: the lab does not have it.",
					 json_text_at(head, "type", ""),
					 json_text_at(head, "name", ""));
	}
	return 0;
}

static int read_at(struct arm *a, const json_t *properties, const char *name, unsigned depth,
		   struct template *ret, struct error *err);

/* Properties that refer to nothing can be judged now, templates inside of this one, too; the others
 * when their time comes. */
static int judge_properties(struct arm *a, const struct template *t, unsigned depth,
			    struct error *err)
{
	for (size_t i = 0; i < t->nresources; i++) {
		AUTO_TEMPLATE struct template inner = { 0 };
		struct deployment_asking asking = { a, t };
		struct error why = { 0 };
		AUTO_JSON json_t *body = template_body(t, i, deployment_reference, &asking, &why);

		if (!body && why.sys == EAGAIN)
			continue;
		if (!body || (template_is_nested(t, i) &&
			      read_at(a, json_object_get(body, "properties"),
				      json_text_at(t->resources[i].head, "name", ""), depth + 1,
				      &inner, &why) < 0)) {
			*err = why;
			return -1;
		}
	}
	return 0;
}

static int read_at(struct arm *a, const json_t *properties, const char *name, unsigned depth,
		   struct template *ret, struct error *err)
{
	json_t *source = json_object_get(properties, "template");
	const char *mode = json_text_at(properties, "mode", "Incremental");
	struct template_place place = { .subscription = ARM_SUBSCRIPTION,
					.tenant = ARM_TENANT,
					.resource_group = ARM_RESOURCE_GROUP,
					.location = ARM_LOCATION,
					.deployment = name,
					.outer = json_object_get(properties, "outer") };

	*ret = (struct template) { 0 };
	if (!arm_name_is_good(name))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidDeploymentName: The deployment name '%.80s' is invalid.",
				 name);
	if (depth > DEPLOYMENT_DEPTH_MAX)
		return error_set(
			err, FAULT_USAGE, E2BIG,
			"InvalidTemplate: templates stand inside of each other more than %d "
			"deep",
			DEPLOYMENT_DEPTH_MAX);
	if (!text_eq_nocase(mode, "Incremental") && !text_eq_nocase(mode, "Complete"))
		return error_set(err, FAULT_USAGE, ENOTSUP,
				 "InvalidDeploymentMode: The lab deploys in the modes Incremental "
				 "and Complete, not '%.40s'.",
				 mode);
	if (!json_is_object(source))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "InvalidRequestContent: The request content was invalid: the "
				 "template is missing (templateLink is not known to this lab).");
	if (template_read(source, json_object_get(properties, "parameters"), &place, ret, err) <
		    0 ||
	    judge_resources(a, ret, err) < 0)
		return -1;
	return judge_properties(a, ret, depth, err);
}

int deployment_read(struct arm_request *r, const json_t *body, const char *name,
		    struct template *ret, struct arm_answer *answer)
{
	const json_t *properties = json_object_get(body, "properties");
	struct error err = { 0 };

	*ret = (struct template) { 0 };
	if (r->connection && json_object_get(properties, "outer"))
		(void)error_set(&err, FAULT_USAGE, EINVAL,
				"InvalidRequestContent: The request content was invalid: Could not "
				"find member 'outer' on object of type 'DeploymentProperties'.");
	else if (read_at(r->arm, properties, name, 0, ret, &err) == 0)
		return 0;
	arm_say(answer, 400, json_pack("{s:o}", "error", deployment_error(&err)));
	return -1;
}

int deployment_read_nested(struct arm *a, const struct template *t, size_t i, const json_t *body,
			   struct template *ret, struct error *err)
{
	return read_at(a, json_object_get(body, "properties"),
		       json_text_at(t->resources[i].head, "name", ""), 1, ret, err);
}

bool deployment_is_complete(const json_t *body)
{
	return text_eq_nocase(json_text_at(body, "properties.mode", ""), "Complete");
}
