/* Resources that templates of VMs have and that are nothing in the lab: networks. They are kept,
 * shown and taken away, so that such templates deploy as they are. */
#include "inner.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define NETWORK ARM_GROUP "/providers/Microsoft.Network/{}"

enum { PART_TYPE = 2, PART_NAME };

/* As documents are named: one kind each. */
static const char *const types[] = { "networkInterfaces", "virtualNetworks", "publicIPAddresses",
				     "networkSecurityGroups", NULL };

bool arm_has_type(const char *type)
{
	const char *slash = strchr(type, '/');

	if (!slash || strncasecmp(type, "Microsoft.Network/", strlen("Microsoft.Network/")) != 0)
		return true;
	for (size_t i = 0; types[i]; i++)
		if (text_eq_nocase(types[i], slash + 1))
			return true;
	return false;
}

static const char *need_type(struct arm_request *r, struct arm_answer *ret)
{
	for (size_t i = 0; types[i]; i++)
		if (text_eq_nocase(types[i], r->parts[PART_TYPE]))
			return arm_need_group(r, ret) ? types[i] : NULL;
	arm_refuse(ret, 404, "InvalidResourceType", "The lab does not have 'Microsoft.Network/%s'.",
		   r->parts[PART_TYPE]);
	return NULL;
}

static json_t *kept_of(struct arm_request *r, const char *type)
{
	json_t *kept;

	(void)pthread_mutex_lock(&r->arm->lock);
	kept = json_deep_copy(arm_document(r->arm, type, r->parts[PART_NAME]));
	(void)pthread_mutex_unlock(&r->arm->lock);
	return kept;
}

static json_t *document_of(const struct arm_request *r, const char *type, const json_t *body)
{
	json_t *document = json_deep_copy(body), *properties;

	json_object_set_new(document, "name", json_string(r->parts[PART_NAME]));
	json_object_set_new(document, "type", json_sprintf("Microsoft.Network/%s", type));
	json_object_set_new(document, "id",
			    json_sprintf("/subscriptions/" ARM_SUBSCRIPTION
					 "/resourceGroups/" ARM_RESOURCE_GROUP
					 "/providers/Microsoft.Network/%s/%s",
					 type, r->parts[PART_NAME]));
	properties = json_object_get(document, "properties");
	if (!json_is_object(properties)) {
		properties = json_object();
		json_object_set_new(document, "properties", properties);
	}
	json_object_set_new(properties, "provisioningState", json_string("Succeeded"));
	return document;
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	const char *type = need_type(r, ret);
	AUTO_JSON json_t *body = type ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *before = body ? kept_of(r, type) : NULL, *document = NULL;

	if (!body)
		return;
	if (!arm_name_is_good(r->parts[PART_NAME])) {
		arm_refuse(ret, 400, "InvalidResourceName", "The name of a resource is invalid.");
		return;
	}
	document = document_of(r, type, body);
	arm_document_put(r, type, document, before != NULL, ret);
}

static void serve_get(struct arm_request *r, struct arm_answer *ret)
{
	const char *type = need_type(r, ret);
	json_t *document = type ? kept_of(r, type) : NULL;

	if (document)
		arm_say(ret, 200, document);
	else if (type)
		arm_refuse_absent(r, ret, "Microsoft.Network/%s/%s", type, r->parts[PART_NAME]);
}

static void serve_list(struct arm_request *r, struct arm_answer *ret)
{
	const char *type = need_type(r, ret);
	AUTO_JSON json_t *all = NULL;
	json_t *copy;

	if (!type)
		return;
	(void)pthread_mutex_lock(&r->arm->lock);
	all = arm_documents(r->arm, type);
	copy = json_deep_copy(all);
	(void)pthread_mutex_unlock(&r->arm->lock);
	arm_say(ret, 200, json_pack("{s:o}", "value", copy));
}

static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	const char *type = need_type(r, ret);

	if (!type)
		return;
	(void)pthread_mutex_lock(&r->arm->lock);
	arm_document_drop(r->arm, type, r->parts[PART_NAME]);
	(void)pthread_mutex_unlock(&r->arm->lock);
	ret->status = 204;
}

void arm_inert_add(struct arm *a, json_t *list)
{
	(void)pthread_mutex_lock(&a->lock);
	for (size_t i = 0; types[i]; i++) {
		AUTO_JSON json_t *all = arm_documents(a, types[i]);
		json_t *document;
		size_t k;

		json_array_foreach(all, k, document) json_array_append_new(
			list,
			json_pack("{s:O, s:O, s:O, s:s}", "id", json_object_get(document, "id"),
				  "name", json_object_get(document, "name"), "type",
				  json_object_get(document, "type"), "location", ARM_LOCATION));
	}
	(void)pthread_mutex_unlock(&a->lock);
}

const struct arm_route arm_inert_routes[] = {
	{ "GET", NETWORK, false, serve_list },
	{ "PUT", NETWORK "/{}", false, serve_put },
	{ "GET", NETWORK "/{}", false, serve_get },
	{ "DELETE", NETWORK "/{}", false, serve_delete },
	{ 0 },
};
