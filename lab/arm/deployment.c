/* Deployments of templates: validated, kept, shown, asked about. */
#include "deployment.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"

#define DEPLOYMENTS ARM_GROUP "/providers/Microsoft.Resources/deployments"

enum { PART_DEPLOYMENT = 2, PART_OPERATION };

json_t *deployment_error(const struct error *err)
{
	const char *colon = strstr(err->what, ": ");
	bool has_code = colon && strcspn(err->what, " ") > (size_t)(colon - err->what);

	return json_pack("{s:o, s:o}", "code",
			 has_code ? json_stringn(err->what, (size_t)(colon - err->what))
				  : json_string("InvalidTemplate"),
			 "message", json_text_or_null(has_code ? colon + 2 : err->what));
}

/* The id of a resource of the template that is called by its name alone; else what was given. */
static const char *id_of(const struct template *t, const char *name)
{
	for (size_t i = 0; i < t->nresources; i++)
		if (text_eq_nocase(json_text_at(t->resources[i].head, "name", ""), name))
			return json_text_at(t->resources[i].head, "id", name);
	return name;
}

json_t *deployment_reference(void *ctx, const char *id, bool full, struct error *err)
{
	const struct deployment_asking *asking = ctx;
	struct arm_answer answer;
	json_t *ret = NULL;

	arm_call(asking->arm, "GET", id_of(asking->t, id), NULL, &answer);
	if (answer.status == 200)
		ret = json_incref(full ? answer.body : json_object_get(answer.body, "properties"));
	else
		(void)error_set(err, FAULT_USAGE, EAGAIN,
				"ResourceNotFound: The Resource '%.300s' was not found.", id);
	json_decref(answer.body);
	return ret;
}

/* ---- shown ----------------------------------------------------------------------------------- */

json_t *deployment_json(const json_t *document)
{
	const char *name = json_text_at(document, "name", "");

	return json_pack("{s:o, s:s, s:s, s:O}", "id",
			 json_sprintf("/subscriptions/" ARM_SUBSCRIPTION
				      "/resourceGroups/" ARM_RESOURCE_GROUP
				      "/providers/Microsoft.Resources/deployments/%s",
				      name),
			 "name", name, "type", "Microsoft.Resources/deployments", "properties",
			 json_object_get(document, "properties"));
}

static json_t *ids_of(const struct template *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nresources; i++)
		json_array_append_new(list, json_pack("{s:O}", "id",
						      json_object_get(t->resources[i].head, "id")));
	return list;
}

/* {"dependsOn":[{"id"}],"id","resourceType","resourceName"} of each that depends on another. */
static json_t *dependencies_of(const struct template *t)
{
	json_t *list = json_array(), *need;
	size_t k;

	for (size_t i = 0; i < t->nresources; i++) {
		const json_t *head = t->resources[i].head;
		json_t *needs = json_array();

		json_array_foreach(json_object_get(head, "dependsOn"), k, need)
			json_array_append_new(needs, json_pack("{s:O}", "id", need));
		if (json_array_size(needs) > 0)
			json_array_append_new(
				list, json_pack("{s:O, s:O, s:O, s:O}", "dependsOn", needs, "id",
						json_object_get(head, "id"), "resourceType",
						json_object_get(head, "type"), "resourceName",
						json_object_get(head, "name")));
		json_decref(needs);
	}
	return list;
}

/* Nineteen digits, the same for the same template. */
static json_t *hash_of(const struct template *t)
{
	AUTO_BUF struct buf text = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)json_write(t->source, false, &text);
	digest_of(text.data, text.len, digest);
	digest[15] = '\0';
	return json_sprintf("%019llu", strtoull(digest, NULL, 16));
}

static json_t *properties_of(const struct template *t, bool complete, const char *state)
{
	char now[ARM_TIME_SIZE], id[ARM_UUID_SIZE];

	arm_now(now);
	arm_uuid(id);
	return json_pack("{s:o, s:O, s:s, s:s, s:s, s:s, s:s, s:[], s:o}", "templateHash",
			 hash_of(t), "parameters", t->shown, "mode",
			 complete ? "Complete" : "Incremental", "provisioningState", state,
			 "timestamp", now, "duration", "PT0S", "correlationId", id, "providers",
			 "dependencies", dependencies_of(t));
}

static json_t *tasks_of(const struct template *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nresources; i++) {
		const json_t *head = t->resources[i].head;
		char id[ARM_UUID_SIZE];

		arm_uuid(id);
		json_array_append_new(
			list, json_pack("{s:s, s:O, s:O, s:O, s:O, s:s}", "operationId", id, "id",
					json_object_get(head, "id"), "type",
					json_object_get(head, "type"), "name",
					json_object_get(head, "name"), "dependsOn",
					json_object_get(head, "dependsOn"), "state", "NotStarted"));
	}
	return list;
}

/* ---- routes ---------------------------------------------------------------------------------- */

static void serve_validate(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *document = NULL;
	AUTO_TEMPLATE struct template t = { 0 };
	json_t *properties;

	if (!body || deployment_read(r, body, r->parts[PART_DEPLOYMENT], &t, ret) < 0)
		return;
	properties = properties_of(&t, deployment_is_complete(body), "Succeeded");
	json_object_set_new(properties, "validatedResources", ids_of(&t));
	document = json_pack("{s:s, s:o}", "name", r->parts[PART_DEPLOYMENT], "properties",
			     properties);
	arm_say(ret, 200, deployment_json(document));
}

/* Returns 0, or -1 with the answer set. */
static int begin(struct arm_request *r, bool complete, struct template *t, struct arm_answer *ret)
{
	const char *name = r->parts[PART_DEPLOYMENT];
	char operation[ARM_UUID_SIZE];
	struct error err = { 0 };
	json_t *document, *copy; /* the engine changes the document */
	int rc;

	arm_uuid(operation);
	document = json_pack("{s:s, s:s, s:I, s:o, s:o}", "name", name, "operation", operation,
			     "began", (json_int_t)time(NULL), "properties",
			     properties_of(t, complete, "Running"), "tasks", tasks_of(t));
	copy = json_deep_copy(document);
	(void)pthread_mutex_lock(&r->arm->lock);
	if (text_eq(json_text_at(arm_document(r->arm, DEPLOYMENT, name),
				 "properties.provisioningState", ""),
		    "Running"))
		rc = error_set(&err, FAULT_USAGE, EBUSY, "it runs");
	else
		rc = arm_document_save(r->arm, DEPLOYMENT, document, &err);
	(void)pthread_mutex_unlock(&r->arm->lock);
	if (rc == 0 && deployment_start(r->arm, name, complete, t) == 0) {
		(void)TEXT_FORMAT(ret->operation,
				  "%s/subscriptions/%s/resourcegroups/%s/providers/"
				  "Microsoft.Resources/deployments/%s/operationStatuses/%s?"
				  "api-version=%s",
				  r->origin, ARM_SUBSCRIPTION, ARM_RESOURCE_GROUP, name, operation,
				  arm_query(r, "api-version"));
		arm_say(ret, 201, deployment_json(copy));
	} else if (err.sys == EBUSY) {
		arm_refuse(ret, 409, "DeploymentActive",
			   "Unable to edit or replace deployment '%s': previous deployment is "
			   "still active. Please see https://aka.ms/arm-deploy for usage details.",
			   name);
	} else {
		arm_refuse(ret, 500, "InternalServerError", "%s", err.what);
	}
	json_decref(copy);
	json_decref(document);
	return rc;
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_TEMPLATE struct template t = { 0 };

	if (body && deployment_read(r, body, r->parts[PART_DEPLOYMENT], &t, ret) == 0)
		(void)begin(r, deployment_is_complete(body), &t, ret);
}

/* A copy of the document, NULL with the answer set. */
static json_t *need(struct arm_request *r, struct arm_answer *ret)
{
	json_t *document;

	if (!arm_need_group(r, ret))
		return NULL;
	(void)pthread_mutex_lock(&r->arm->lock);
	document = json_deep_copy(arm_document(r->arm, DEPLOYMENT, r->parts[PART_DEPLOYMENT]));
	(void)pthread_mutex_unlock(&r->arm->lock);
	if (!document)
		arm_refuse(ret, 404, "DeploymentNotFound", "Deployment '%s' could not be found.",
			   r->parts[PART_DEPLOYMENT]);
	return document;
}

static void serve_get(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = need(r, ret);

	if (document)
		arm_say(ret, 200, deployment_json(document));
}

static void serve_head(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = need(r, ret);

	if (document)
		ret->status = 204;
}

static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	(void)pthread_mutex_lock(&r->arm->lock);
	arm_document_drop(r->arm, DEPLOYMENT, r->parts[PART_DEPLOYMENT]);
	(void)pthread_mutex_unlock(&r->arm->lock);
	ret->status = 204;
}

static void serve_list(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *all = NULL;
	json_t *list = json_array(), *document;
	size_t i;

	(void)pthread_mutex_lock(&r->arm->lock);
	all = arm_documents(r->arm, DEPLOYMENT);
	json_array_foreach(all, i, document) json_array_append_new(list, json_deep_copy(document));
	(void)pthread_mutex_unlock(&r->arm->lock);
	json_array_foreach(list, i, document)
		json_array_set_new(list, i, deployment_json(document));
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

static void serve_status(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = need(r, ret);
	json_t *body;

	if (!document)
		return;
	body = json_pack("{s:O}", "status", json_at(document, "properties.provisioningState"));
	if (json_at(document, "properties.error"))
		json_object_set(body, "error", json_at(document, "properties.error"));
	if (text_eq(json_text_at(body, "status", ""), "Running"))
		(void)text_copy(ret->retry_after, sizeof ret->retry_after, "1");
	arm_say(ret, 200, body);
}

/* "Microsoft.Compute/virtualMachines/extensions": its last name is that of the resource. */
static json_t *operation_json(const json_t *document, const json_t *task)
{
	bool failed = text_eq(json_text_at(task, "state", ""), "Failed");
	json_t *properties = json_pack(
		"{s:s, s:O, s:o, s:s, s:s, s:{s:O, s:O, s:O}}", "provisioningOperation",
		json_text_at(task, "operation", "Create"), "provisioningState",
		json_object_get(task, "state"), "timestamp",
		json_text_or_null(json_text_at(task, "time", "")), "duration",
		json_text_at(task, "duration", "PT0S"), "statusCode", failed ? "Conflict" : "OK",
		"targetResource", "id", json_object_get(task, "id"), "resourceType",
		json_object_get(task, "type"), "resourceName", json_object_get(task, "name"));

	if (failed)
		json_object_set_new(properties, "statusMessage",
				    json_pack("{s:s, s:O}", "status", "Failed", "error",
					      json_object_get(task, "error")));
	return json_pack("{s:o, s:O, s:o}", "id",
			 json_sprintf("/subscriptions/" ARM_SUBSCRIPTION
				      "/resourceGroups/" ARM_RESOURCE_GROUP
				      "/providers/Microsoft.Resources/deployments/%s/operations/%s",
				      json_text_at(document, "name", ""),
				      json_text_at(task, "operationId", "")),
			 "operationId", json_object_get(task, "operationId"), "properties",
			 properties);
}

static void serve_operations(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = need(r, ret);
	json_t *list, *task;
	size_t i;

	if (!document)
		return;
	list = json_array();
	json_array_foreach(json_object_get(document, "tasks"), i, task)
	{
		if (!text_eq(json_text_at(task, "state", ""), "NotStarted"))
			json_array_append_new(list, operation_json(document, task));
	}
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

const struct arm_route arm_deployment_routes[] = {
	{ "GET", DEPLOYMENTS, false, serve_list },
	{ "PUT", DEPLOYMENTS "/{}", false, serve_put },
	{ "GET", DEPLOYMENTS "/{}", false, serve_get },
	{ "HEAD", DEPLOYMENTS "/{}", false, serve_head },
	{ "DELETE", DEPLOYMENTS "/{}", false, serve_delete },
	{ "POST", DEPLOYMENTS "/{}/validate", false, serve_validate },
	{ "POST", DEPLOYMENTS "/{}/whatIf", false, arm_serve_what_if },
	{ "GET", DEPLOYMENTS "/{}/operationStatuses/{}", false, serve_status },
	{ "GET", DEPLOYMENTS "/{}/operations", false, serve_operations },
	{ "GET", ARM_GROUP "/deployments/{}/operations", false, serve_operations },
	{ 0 },
};
