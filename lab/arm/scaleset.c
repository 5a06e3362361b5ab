/* Scale sets (Uniform): the model shown and changed, its extensions one by one, upgrades. */
#include "scaleset.h"

#include "base/text.h"

json_t *scaleset_need(struct arm_request *r, struct arm_answer *ret)
{
	json_t *document;

	if (!arm_need_group(r, ret))
		return NULL;
	(void)pthread_mutex_lock(&r->arm->lock);
	document = json_deep_copy(arm_document(r->arm, SCALE_SET, r->parts[PART_SET]));
	(void)pthread_mutex_unlock(&r->arm->lock);
	if (!document)
		arm_refuse_absent(r, ret, "Microsoft.Compute/virtualMachineScaleSets/%s",
				  r->parts[PART_SET]);
	return document;
}

static json_t *id_of(const json_t *document)
{
	return json_sprintf("/subscriptions/" ARM_SUBSCRIPTION "/resourceGroups/" ARM_RESOURCE_GROUP
			    "/providers/Microsoft.Compute/virtualMachineScaleSets/%s",
			    json_text_at(document, "name", ""));
}

static const char *state_of(struct arm *a, const json_t *document)
{
	json_t *error = NULL;
	enum arm_end end = scaleset_end(a, document, json_int_at(document, "generation", 0),
					&error);

	json_decref(error);
	if (json_bool_at(document, "deleting", false))
		return "Deleting";
	return end == ARM_RUNNING ? "Updating" : end == ARM_FAILED ? "Failed" : "Succeeded";
}

json_t *scaleset_json(struct arm *a, const json_t *document)
{
	json_t *body = json_deep_copy(json_object_get(document, "model"));
	json_t *properties = json_object_get(body, "properties");

	json_object_set_new(body, "id", id_of(document));
	json_object_set(body, "name", json_object_get(document, "name"));
	json_object_set_new(body, "type", json_string("Microsoft.Compute/virtualMachineScaleSets"));
	json_object_set(properties, "uniqueId", json_object_get(document, "uniqueId"));
	json_object_set_new(properties, "provisioningState", json_string(state_of(a, document)));
	if (json_object_get(document, "identity"))
		json_object_set_new(body, "identity",
				    arm_identity_json(json_object_get(document, "identity")));
	return body;
}

static void begin(struct arm_request *r, const char *kind, long long generation,
		  struct arm_answer *ret)
{
	arm_operation_begin(r,
			    json_pack("{s:s, s:s, s:I}", "kind", kind, "set", r->parts[PART_SET],
				      "generation", (json_int_t)generation),
			    ret);
}

/* ---- the model ---------------------------------------------------------------------------------
 */

static void serve_get(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);

	if (document)
		arm_say(ret, 200, scaleset_json(r->arm, document));
}

static void serve_list(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *all = NULL, *copies = NULL;
	json_t *list = json_array(), *document;
	size_t i;

	(void)pthread_mutex_lock(&r->arm->lock);
	all = arm_documents(r->arm, SCALE_SET);
	copies = json_deep_copy(all);
	(void)pthread_mutex_unlock(&r->arm->lock);
	json_array_foreach(copies, i, document)
		json_array_append_new(list, scaleset_json(r->arm, document));
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

void arm_scalesets_add(struct arm *a, json_t *list)
{
	AUTO_JSON json_t *all = NULL;
	json_t *document;
	size_t i;

	(void)pthread_mutex_lock(&a->lock);
	all = arm_documents(a, SCALE_SET);
	json_array_foreach(all, i, document) json_array_append_new(
		list,
		json_pack("{s:o, s:O, s:s, s:s}", "id", id_of(document), "name",
			  json_object_get(document, "name"), "type",
			  "Microsoft.Compute/virtualMachineScaleSets", "location", ARM_LOCATION));
	(void)pthread_mutex_unlock(&a->lock);
}

/* Merge the body into the model, and say what is there now. */
static void change(struct arm_request *r, const json_t *body, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = NULL;
	bool is_new = false;

	if (!arm_name_is_good(r->parts[PART_SET])) {
		arm_refuse(ret, 400, "InvalidParameter", "The name of a scale set is invalid.");
		return;
	}
	if (scaleset_change(r, body, &is_new, ret) < 0)
		return;
	document = scaleset_need(r, ret);
	if (!document)
		return;
	begin(r, "scale-set", json_int_at(document, "generation", 0), ret);
	arm_say(ret, is_new ? 201 : 200, scaleset_json(r->arm, document));
}

/* What is not the user's to say stays out of the model. */
static json_t *model_of(const json_t *body)
{
	static const char *const keys[] = { "location", "sku",      "tags",
					    "zones",    "identity", "properties" };
	json_t *model = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_object_get(body, keys[i]))
			json_object_set_new(model, keys[i],
					    json_deep_copy(json_object_get(body, keys[i])));
	(void)json_object_del(json_object_get(model, "properties"), "provisioningState");
	(void)json_object_del(json_object_get(model, "properties"), "uniqueId");
	return model;
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *model = body ? model_of(body) : NULL;

	if (model)
		change(r, model, ret);
}

static void serve_patch(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);

	if (document)
		serve_put(r, ret);
}

static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	json_t *document;

	(void)pthread_mutex_lock(&r->arm->lock);
	document = arm_document(r->arm, SCALE_SET, r->parts[PART_SET]);
	if (document) {
		json_object_set_new(document, "deleting", json_true());
		(void)arm_document_save(r->arm, SCALE_SET, document, NULL);
	}
	(void)pthread_mutex_unlock(&r->arm->lock);
	ret->status = document ? 202 : 204;
	if (document)
		begin(r, "scale-set-delete", 0, ret);
}

/* ---- upgrades ----------------------------------------------------------------------------------
 */

static void serve_upgrade(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	AUTO_JSON json_t *body = document ? arm_body(r, ret) : NULL;
	const json_t *ids = json_object_get(body, "instanceIds");

	if (!body)
		return;
	if (json_array_size(ids) == 0) {
		arm_refuse(ret, 400, "InvalidParameter",
			   "Required parameter 'instanceIds' is missing (null).");
		return;
	}
	scaleset_upgrade(r->arm, r->parts[PART_SET], ids);
	ret->status = 202;
	begin(r, "scale-set", json_int_at(document, "generation", 0), ret);
}

static void serve_roll(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	json_t *kept;

	if (!document)
		return;
	(void)pthread_mutex_lock(&r->arm->lock);
	kept = arm_document(r->arm, SCALE_SET, r->parts[PART_SET]);
	if (kept) {
		scaleset_roll(kept);
		(void)arm_document_save(r->arm, SCALE_SET, kept, NULL);
	}
	(void)pthread_mutex_unlock(&r->arm->lock);
	ret->status = 202;
	begin(r, "scale-set", json_int_at(document, "generation", 0), ret);
}

static void serve_rolling(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	const json_t *rolling = json_object_get(document, "rolling");
	json_t *body;

	if (!document)
		return;
	if (!rolling) {
		arm_refuse(ret, 404, "NotFound", "There was no rolling upgrade of '%s'.",
			   r->parts[PART_SET]);
		return;
	}
	body = json_pack("{s:s, s:s, s:s, s:{s:O?, s:{s:O}}}", "name", "latest", "type",
			 "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades", "location",
			 ARM_LOCATION, "properties", "policy",
			 json_at(document, "model.properties.upgradePolicy.rollingUpgradePolicy"),
			 "runningStatus", "code", json_object_get(rolling, "status"));
	if (json_object_get(rolling, "error"))
		json_object_set(json_object_get(body, "properties"), "error",
				json_object_get(rolling, "error"));
	arm_say(ret, 200, body);
}

/* ---- the extensions of the model, one by one ----------------------------------------------------
 */

static json_t *extension_json(struct arm *a, const json_t *document, const json_t *ext)
{
	AUTO_JSON json_t *id = id_of(document);
	json_t *properties = json_deep_copy(json_object_get(ext, "properties"));

	json_object_set_new(properties, "provisioningState", json_string(state_of(a, document)));
	return json_pack("{s:o, s:O, s:s, s:o}", "id",
			 json_sprintf("%s/extensions/%s", json_string_value(id),
				      json_text_at(ext, "name", "")),
			 "name", json_object_get(ext, "name"), "type",
			 "Microsoft.Compute/virtualMachineScaleSets/extensions", "properties",
			 properties);
}

static json_t *extensions_of(const json_t *document)
{
	return json_at(document,
		       "model.properties.virtualMachineProfile.extensionProfile.extensions");
}

static json_t *find(const json_t *document, const char *name, size_t *ret_at)
{
	json_t *ext;
	size_t i;

	json_array_foreach(extensions_of(document), i, ext)
	{
		*ret_at = i;
		if (text_eq_nocase(json_text_at(ext, "name", ""), name))
			return ext;
	}
	return NULL;
}

static void serve_extensions(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	json_t *list, *ext;
	size_t i;

	if (!document)
		return;
	list = json_array();
	json_array_foreach(extensions_of(document), i, ext)
		json_array_append_new(list, extension_json(r->arm, document, ext));
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

static void serve_extension(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	size_t at;
	const json_t *ext = find(document, r->parts[PART_SET_EXTENSION], &at);

	if (ext)
		arm_say(ret, 200, extension_json(r->arm, document, ext));
	else if (document)
		arm_refuse_absent(r, ret,
				  "Microsoft.Compute/virtualMachineScaleSets/%s/extensions/%s",
				  r->parts[PART_SET], r->parts[PART_SET_EXTENSION]);
}

/* Put a list of extensions in the place of the model's. Takes it. */
static void change_extensions(struct arm_request *r, json_t *list, struct arm_answer *ret)
{
	AUTO_JSON json_t *model = json_pack("{s:{s:{s:{s:o}}}}", "properties",
					    "virtualMachineProfile", "extensionProfile",
					    "extensions", list);

	change(r, model, ret);
}

static void serve_extension_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	AUTO_JSON json_t *body = document ? arm_body(r, ret) : NULL;
	const char *name = r->parts[PART_SET_EXTENSION];
	json_t *list, *made;
	size_t at = 0;

	if (!body)
		return;
	made = json_pack("{s:s, s:O?}", "name", name, "properties",
			 json_object_get(body, "properties"));
	list = extensions_of(document) ? json_copy(extensions_of(document)) : json_array();
	if (find(document, name, &at))
		json_array_set(list, at, made);
	else
		json_array_append(list, made);
	change_extensions(r, list, ret);
	if (ret->status < 300)
		arm_say(ret, ret->status, extension_json(r->arm, document, made));
	json_decref(made);
}

static void serve_extension_delete(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	json_t *list;
	size_t at;

	if (!document)
		return;
	ret->status = 204;
	if (!find(document, r->parts[PART_SET_EXTENSION], &at))
		return;
	list = json_copy(extensions_of(document));
	json_array_remove(list, at);
	change_extensions(r, list, ret);
	if (ret->status >= 300)
		return;
	json_decref(ret->body);
	ret->body = NULL;
	ret->status = 202;
}

const struct arm_route arm_scaleset_routes[] = {
	{ "GET", ARM_SETS, false, serve_list },
	{ "GET", "/subscriptions/{}/providers/Microsoft.Compute/virtualMachineScaleSets", false,
	  serve_list },
	{ "GET", ARM_SETS "/{}", false, serve_get },
	{ "PUT", ARM_SETS "/{}", false, serve_put },
	{ "PATCH", ARM_SETS "/{}", false, serve_patch },
	{ "DELETE", ARM_SETS "/{}", false, serve_delete },
	{ "POST", ARM_SETS "/{}/manualupgrade", false, serve_upgrade },
	{ "POST", ARM_SETS "/{}/extensionRollingUpgrade", false, serve_roll },
	{ "GET", ARM_SETS "/{}/rollingUpgrades/latest", false, serve_rolling },
	{ "GET", ARM_SETS "/{}/extensions", false, serve_extensions },
	{ "GET", ARM_SETS "/{}/extensions/{}", false, serve_extension },
	{ "PUT", ARM_SETS "/{}/extensions/{}", false, serve_extension_put },
	{ "DELETE", ARM_SETS "/{}/extensions/{}", false, serve_extension_delete },
	{ 0 },
};
