/* The instances of a scale set, as their agents report. */
#include "scaleset.h"

#include "base/text.h"
#include "lab/fabric/fabric.h"

static const char *state_of(struct arm *a, const json_t *instance)
{
	json_t *error = NULL;
	enum arm_end end = scaleset_instance_end(a, instance, &error);

	json_decref(error);
	if (json_bool_at(instance, "deleting", false))
		return "Deleting";
	if (end == ARM_RUNNING)
		return json_bool_at(instance, "made", false) ? "Updating" : "Creating";
	return end == ARM_FAILED ? "Failed" : "Succeeded";
}

static json_t *instance_json(struct arm *a, const json_t *document, const json_t *instance,
			     bool view)
{
	const char *set = json_text_at(document, "name", ""),
		   *id = json_text_at(instance, "id", "");
	AUTO_JSON json_t *vm = fabric_vm_show(a->fabric, json_text_at(instance, "vm", ""));
	json_t *properties = json_pack(
		"{s:b, s:s, s:s, s:{s:O}, s:{s:O}}", "latestModelApplied",
		json_int_at(instance, "applied", -1) == json_int_at(document, "generation", 0),
		"provisioningState", state_of(a, instance), "vmId", json_text_at(vm, "vmId", ""),
		"hardwareProfile", "vmSize", json_at(document, "model.sku.name"), "osProfile",
		"computerName", json_object_get(instance, "vm"));
	json_t *body;

	if (view && vm)
		json_object_set_new(properties, "instanceView", arm_vm_view(a, vm));
	body = json_pack("{s:o, s:o, s:s, s:s, s:s, s:{s:O, s:s}, s:o}", "id",
			 json_sprintf("/subscriptions/" ARM_SUBSCRIPTION
				      "/resourceGroups/" ARM_RESOURCE_GROUP
				      "/providers/Microsoft.Compute/virtualMachineScaleSets/%s/"
				      "virtualMachines/%s",
				      set, id),
			 "name", json_sprintf("%s_%s", set, id), "instanceId", id, "type",
			 "Microsoft.Compute/virtualMachineScaleSets/virtualMachines", "location",
			 ARM_LOCATION, "sku", "name", json_at(document, "model.sku.name"), "tier",
			 "Standard", "properties", properties);
	if (json_array_size(json_object_get(vm, "extensions")) > 0)
		json_object_set_new(body, "resources", arm_extensions_json(a, vm, false));
	return body;
}

/* One of the document's, NULL with the answer set. */
static const json_t *need_instance(struct arm_request *r, const json_t *document,
				   struct arm_answer *ret)
{
	json_t *instance;
	size_t i;

	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		if (text_eq(json_text_at(instance, "id", ""), r->parts[PART_INSTANCE]))
			return instance;
	}
	if (document)
		arm_refuse(ret, 404, "InstanceIdsNotFound",
			   "The instanceId '%s' of the scale set '%s' was not found.",
			   r->parts[PART_INSTANCE], r->parts[PART_SET]);
	return NULL;
}

static void serve_instances(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	json_t *list, *instance;
	size_t i;

	if (!document)
		return;
	list = json_array();
	json_array_foreach(json_object_get(document, "instances"), i, instance)
		json_array_append_new(list,
				      instance_json(r->arm, document, instance, arm_wants_view(r)));
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

static void serve_instance(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	const json_t *instance = need_instance(r, document, ret);

	if (instance)
		arm_say(ret, 200, instance_json(r->arm, document, instance, arm_wants_view(r)));
}

static void serve_instance_view(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret), *vm = NULL;
	const json_t *instance = need_instance(r, document, ret);

	if (!instance)
		return;
	vm = fabric_vm_show(r->arm->fabric, json_text_at(instance, "vm", ""));
	if (vm)
		arm_say(ret, 200, arm_vm_view(r->arm, vm));
	else
		arm_refuse(ret, 404, "ResourceNotFound", "The instance '%s' is not made yet.",
			   r->parts[PART_INSTANCE]);
}

/* ---- all of them in numbers --------------------------------------------------------------------
 */

/* One more of that code in [{"code","count"}]. */
static void count(json_t *summary, const char *code)
{
	json_t *row;
	size_t i;

	json_array_foreach(summary, i, row)
	{
		if (!text_eq(json_text_at(row, "code", ""), code))
			continue;
		json_object_set_new(row, "count", json_integer(json_int_at(row, "count", 0) + 1));
		return;
	}
	json_array_append_new(summary, json_pack("{s:s, s:i}", "code", code, "count", 1));
}

static const char *code_of(enum arm_end end)
{
	return end == ARM_RUNNING  ? "ProvisioningState/updating"
	       : end == ARM_FAILED ? "ProvisioningState/failed"
				   : "ProvisioningState/succeeded";
}

static json_t *summary_of(struct arm *a, const json_t *document)
{
	json_t *summary = json_array(), *instance;
	size_t i;

	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		json_t *error = NULL;

		count(summary, code_of(scaleset_instance_end(a, instance, &error)));
		json_decref(error);
	}
	return summary;
}

static void count_extensions(struct arm *a, const char *name, json_t *by_name)
{
	AUTO_JSON json_t *vm = fabric_vm_show(a->fabric, name);
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
	{
		const char *which = json_text_at(ext, "name", "");
		json_t *error = NULL;

		if (!json_object_get(by_name, which))
			json_object_set_new(by_name, which, json_array());
		count(json_object_get(by_name, which),
		      code_of(arm_extension_end(a, name, which, &error)));
		json_decref(error);
	}
}

static void serve_view(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret), *by_name = json_object();
	json_t *extensions = json_array(), *instance, *summary;
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(document, "instances"), i, instance)
		count_extensions(r->arm, json_text_at(instance, "vm", ""), by_name);
	json_object_foreach(by_name, name, summary) json_array_append_new(
		extensions, json_pack("{s:s, s:O}", "name", name, "statusesSummary", summary));
	if (document)
		arm_say(ret, 200,
			json_pack("{s:{s:o}, s:O, s:[o]}", "virtualMachine", "statusesSummary",
				  summary_of(r->arm, document), "extensions", extensions,
				  "statuses",
				  arm_status("ProvisioningState/succeeded", "Info",
					     "Provisioning succeeded", "", "")));
	json_decref(extensions);
}

/* ---- fewer of them ------------------------------------------------------------------------------
 */

static void mark(struct arm *a, const char *name, const json_t *ids)
{
	json_t *document, *instance;
	json_int_t left = 0;
	size_t i;

	(void)pthread_mutex_lock(&a->lock);
	document = arm_document(a, SCALE_SET, name);
	json_array_foreach(json_object_get(document, "instances"), i, instance)
	{
		if (scaleset_names(ids, json_text_at(instance, "id", "")))
			json_object_set_new(instance, "deleting", json_true());
		left += !json_bool_at(instance, "deleting", false);
	}
	if (document) {
		json_object_set_new(json_at(document, "model.sku"), "capacity", json_integer(left));
		(void)arm_document_save(a, SCALE_SET, document, NULL);
	}
	(void)pthread_mutex_unlock(&a->lock);
}

static void serve_delete_instances(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *document = scaleset_need(r, ret);
	AUTO_JSON json_t *body = document ? arm_body(r, ret) : NULL;

	if (!body)
		return;
	mark(r->arm, r->parts[PART_SET], json_object_get(body, "instanceIds"));
	ret->status = 202;
	arm_operation_begin(r,
			    json_pack("{s:s, s:s, s:O}", "kind", "scale-set", "set",
				      r->parts[PART_SET], "generation",
				      json_object_get(document, "generation")),
			    ret);
}

const struct arm_route arm_instance_routes[] = {
	{ "GET", ARM_SETS "/{}/instanceView", false, serve_view },
	{ "GET", ARM_SETS "/{}/virtualMachines", false, serve_instances },
	{ "GET", ARM_SETS "/{}/virtualMachines/{}", false, serve_instance },
	{ "GET", ARM_SETS "/{}/virtualMachines/{}/instanceView", false, serve_instance_view },
	{ "POST", ARM_SETS "/{}/delete", false, serve_delete_instances },
	{ 0 },
};
