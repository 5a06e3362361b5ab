/* Managed identities: those of users as resources, those of VMs, and their tokens. No role is asked
 * for: whoever has an identity may do all that the lab can. */
#include "inner.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/text.h"
#include "lab/fabric/fabric.h"

#define IDENTITY   "identity" /* the kind of their documents */
#define TYPE       "Microsoft.ManagedIdentity/userAssignedIdentities"
#define IDENTITIES ARM_GROUP "/providers/" TYPE

enum { PART_NAME = 2 };

/* ---- of a VM --------------------------------------------------------------------------------- */

static json_t *uuid_json(void)
{
	char id[ARM_UUID_SIZE];

	arm_uuid(id);
	return json_string(id);
}

/* Keeps what was there: an identity is the same from its assignment to its end. */
static void set_uuid(json_t *into, const char *key, const json_t *before)
{
	const char *kept = json_text_at(before, key, NULL);

	(void)json_object_set_new(into, key, kept ? json_string(kept) : uuid_json());
}

/* The kept document whose id this is; a new reference or NULL. */
static json_t *document_of_id(struct arm *a, const char *id)
{
	AUTO_JSON json_t *all = NULL;
	json_t *document, *found = NULL;
	size_t i;

	(void)pthread_mutex_lock(&a->lock);
	all = arm_documents(a, IDENTITY);
	json_array_foreach(all, i, document)
	{
		if (text_eq_nocase(json_text_at(document, "id", ""), id))
			found = json_deep_copy(document);
	}
	(void)pthread_mutex_unlock(&a->lock);
	return found;
}

static json_t *users_make(struct arm *a, const json_t *asked, struct arm_answer *ret)
{
	AUTO_JSON json_t *users = json_object();
	const char *id;
	json_t *value;

	json_object_foreach((json_t *)asked, id, value)
	{
		AUTO_JSON json_t *document = json_is_null(value) ? NULL : document_of_id(a, id);

		if (json_is_null(value))
			continue;
		if (!document) {
			arm_refuse(ret, 400, "FailedIdentityOperation",
				   "Identity operation failed with error 'Failed to perform "
				   "resource identity operation. Status: 'BadRequest'. Resource "
				   "'%.300s' was not found.'",
				   id);
			return NULL;
		}
		json_object_set_new(users, json_text_at(document, "id", id),
				    json_pack("{s:O, s:O}", "principalId",
					      json_at(document, "properties.principalId"),
					      "clientId",
					      json_at(document, "properties.clientId")));
	}
	return TAKE(users);
}

/* Bits of what a type says; -1 where it is none. */
enum { SYSTEM = 1, USER = 2 };

static int kinds_of(const char *type)
{
	static const struct {
		const char *type;
		int kinds;
	} types[] = {
		{ "None", 0 },
		{ "SystemAssigned", SYSTEM },
		{ "UserAssigned", USER },
		{ "SystemAssigned, UserAssigned", SYSTEM | USER },
		{ "SystemAssigned,UserAssigned", SYSTEM | USER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (text_eq_nocase(types[i].type, type))
			return types[i].kinds;
	return -1;
}

json_t *arm_identity_make(struct arm *a, const json_t *asked, const json_t *before,
			  struct arm_answer *ret)
{
	const char *type = json_text_at(asked, "type", "");
	const json_t *users = json_object_get(asked, "userAssignedIdentities");
	int kinds = kinds_of(type);
	AUTO_JSON json_t *made = NULL, *given = NULL;

	given = kinds < 0 ? NULL : users_make(a, users, ret);
	if (kinds >= 0 && !given)
		return NULL;
	if (kinds < 0 || ((kinds & USER) != 0) != (json_object_size(given) > 0)) {
		arm_refuse(ret, 400, "InvalidIdentityType", "The identity type '%.60s' %s.", type,
			   kinds < 0 ? "is not supported: it is None, SystemAssigned, UserAssigned "
				       "or 'SystemAssigned, UserAssigned'"
				     : "and its userAssignedIdentities do not go together");
		return NULL;
	}
	if (kinds == 0)
		return json_null();
	made = json_pack("{s:s}", "type", type);
	if (kinds & SYSTEM) {
		set_uuid(made, "principalId", before);
		set_uuid(made, "clientId", before);
		json_object_set_new(made, "tenantId", json_string(ARM_TENANT));
	}
	if (kinds & USER)
		json_object_set(made, "userAssignedIdentities", given);
	return TAKE(made);
}

json_t *arm_identity_json(const json_t *identity)
{
	json_t *shown = json_deep_copy(identity);

	(void)json_object_del(shown, "clientId"); /* the directory alone tells that */
	return shown;
}

int arm_identity_token(void *arm, const char *resource, const char *id, const json_t *who,
		       struct fabric_token *ret)
{
	const struct arm *a = arm;
	int64_t now_s = time(NULL);
	const struct token_claims claims = {
		.audience = resource,
		.application = json_text_at(who, "clientId", ""),
		.object = json_text_at(who, "principalId", ""),
		.resource_id = id,
	};

	ret->expires_s = now_s + TOKEN_LIFETIME_S;
	return token_make(a->token_secret, &claims, now_s, &ret->text);
}

/* ---- of users -------------------------------------------------------------------------------- */

static json_t *kept_of(struct arm_request *r)
{
	json_t *kept;

	(void)pthread_mutex_lock(&r->arm->lock);
	kept = json_deep_copy(arm_document(r->arm, IDENTITY, r->parts[PART_NAME]));
	(void)pthread_mutex_unlock(&r->arm->lock);
	return kept;
}

static json_t *document_make(const struct arm_request *r, const json_t *body, const json_t *before)
{
	const json_t *kept = json_object_get(before, "properties");
	json_t *properties = json_pack("{s:s}", "tenantId", ARM_TENANT);
	const char *name = json_text_at(before, "name", r->parts[PART_NAME]);

	set_uuid(properties, "principalId", kept);
	set_uuid(properties, "clientId", kept);
	return json_pack("{s:o, s:s, s:s, s:s, s:O?, s:o}", "id",
			 json_sprintf("/subscriptions/" ARM_SUBSCRIPTION
				      "/resourceGroups/" ARM_RESOURCE_GROUP "/providers/" TYPE
				      "/%s",
				      name),
			 "name", name, "type", TYPE, "location",
			 json_text_at(body, "location", ARM_LOCATION), "tags",
			 json_object_get(body, "tags"), "properties", properties);
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *before = body ? kept_of(r) : NULL, *document = NULL;

	if (!body)
		return;
	if (!arm_name_is_good(r->parts[PART_NAME])) {
		arm_refuse(ret, 400, "InvalidResourceName", "The name of a resource is invalid.");
		return;
	}
	document = document_make(r, body, before);
	arm_document_put(r, IDENTITY, document, before != NULL, ret);
}

static void serve_get(struct arm_request *r, struct arm_answer *ret)
{
	json_t *document = arm_need_group(r, ret) ? kept_of(r) : NULL;

	if (document)
		arm_say(ret, 200, document);
	else if (!ret->body)
		arm_refuse_absent(r, ret, TYPE "/%s", r->parts[PART_NAME]);
}

static json_t *all_of(struct arm *a)
{
	AUTO_JSON json_t *all = NULL;
	json_t *copy;

	(void)pthread_mutex_lock(&a->lock);
	all = arm_documents(a, IDENTITY);
	copy = json_deep_copy(all);
	(void)pthread_mutex_unlock(&a->lock);
	return copy;
}

static void serve_list(struct arm_request *r, struct arm_answer *ret)
{
	if (arm_need_group(r, ret))
		arm_say(ret, 200, json_pack("{s:o}", "value", all_of(r->arm)));
}

/* VMs that have it keep it, as they do of a resource that is gone. */
static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	if (!arm_need_group(r, ret))
		return;
	(void)pthread_mutex_lock(&r->arm->lock);
	ret->status = arm_document(r->arm, IDENTITY, r->parts[PART_NAME]) ? 200 : 204;
	arm_document_drop(r->arm, IDENTITY, r->parts[PART_NAME]);
	(void)pthread_mutex_unlock(&r->arm->lock);
}

void arm_identities_add(struct arm *a, json_t *list)
{
	AUTO_JSON json_t *all = all_of(a);
	json_t *document;
	size_t i;

	json_array_foreach(all, i, document)
	{
		(void)json_object_del(document, "properties");
		json_array_append(list, document);
	}
}

const struct arm_route arm_identity_routes[] = {
	{ "GET", IDENTITIES, false, serve_list },
	{ "PUT", IDENTITIES "/{}", false, serve_put },
	{ "GET", IDENTITIES "/{}", false, serve_get },
	{ "DELETE", IDENTITIES "/{}", false, serve_delete },
	{ 0 },
};
