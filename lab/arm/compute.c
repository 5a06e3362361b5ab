/* Virtual machines, as the lab has them. */
#include "inner.h"

#include "base/text.h"
#include "lab/fabric/fabric.h"

/* Those of scale sets are shown below their sets. */
bool arm_is_vm_of(const json_t *vm, const char *group)
{
	return !*json_text_at(vm, "scaleSet", "") &&
	       text_eq_nocase(json_text_at(vm, "resourceGroup", ""), group);
}

/* The lab's VM of that name, whatever its case. */
json_t *arm_find_vm(const struct arm_request *r)
{
	AUTO_JSON json_t *vms = fabric_vms(r->arm->fabric);
	json_t *vm;
	size_t i;

	json_array_foreach(vms, i, vm)
	{
		if (arm_is_vm_of(vm, r->parts[PART_GROUP]) &&
		    text_eq_nocase(json_text_at(vm, "name", ""), r->parts[PART_VM]))
			return json_incref(vm);
	}
	return NULL;
}

json_t *arm_need_vm(struct arm_request *r, struct arm_answer *ret)
{
	json_t *vm = arm_need_group(r, ret) ? arm_find_vm(r) : NULL;

	if (vm || ret->body)
		return vm;
	arm_refuse_absent(r, ret, "Microsoft.Compute/virtualMachines/%s", r->parts[PART_VM]);
	return NULL;
}

json_t *arm_vm_id(const json_t *vm)
{
	return json_sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/"
			    "virtualMachines/%s",
			    ARM_SUBSCRIPTION, json_text_at(vm, "resourceGroup", ""),
			    json_text_at(vm, "name", ""));
}

/* ---- VMs ---------------------------------------------------------------------------------------
 */

static json_t *vm_properties(const json_t *vm)
{
	return json_pack(
		"{s:s, s:{s:s}, s:s, s:{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:s}, s:[]}, s:{s:s, s:s, "
		"s:{s:b, s:b}}, s:{s:[]}}",
		"vmId", json_text_at(vm, "vmId", ""), "hardwareProfile", "vmSize",
		json_text_at(vm, "size", ""), "provisioningState", "Succeeded", "storageProfile",
		"imageReference", "publisher", json_text_at(vm, "publisher", ""), "offer",
		json_text_at(vm, "offer", ""), "sku", json_text_at(vm, "sku", ""), "version",
		"latest", "osDisk", "osType", "Linux", "createOption", "FromImage", "dataDisks",
		"osProfile", "computerName", json_text_at(vm, "name", ""), "adminUsername",
		"azureuser", "linuxConfiguration", "disablePasswordAuthentication", true,
		"provisionVMAgent", true, "networkProfile", "networkInterfaces");
}

json_t *arm_vm_json(const struct arm *a, const json_t *vm, bool view)
{
	json_t *properties = vm_properties(vm);
	json_t *body;

	if (view)
		json_object_set_new(properties, "instanceView", arm_vm_view(a, vm));
	body = json_pack("{s:o, s:s, s:s, s:s, s:o}", "id", arm_vm_id(vm), "name",
			 json_text_at(vm, "name", ""), "type", "Microsoft.Compute/virtualMachines",
			 "location", json_text_at(vm, "location", ARM_LOCATION), "properties",
			 properties);
	if (json_object_get(vm, "identity"))
		json_object_set_new(body, "identity",
				    arm_identity_json(json_object_get(vm, "identity")));
	if (json_array_size(json_object_get(vm, "extensions")) > 0)
		json_object_set_new(body, "resources", arm_extensions_json(a, vm, false));
	return body;
}

bool arm_wants_view(const struct arm_request *r)
{
	return text_eq_nocase(arm_query(r, "$expand"), "instanceView");
}

static void serve_vm(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_need_vm(r, ret);

	if (vm)
		arm_say(ret, 200, arm_vm_json(r->arm, vm, arm_wants_view(r)));
}

static void serve_vm_view(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_need_vm(r, ret);

	if (vm)
		arm_say(ret, 200, arm_vm_view(r->arm, vm));
}

void arm_vms_add(const struct arm *a, json_t *list)
{
	AUTO_JSON json_t *vms = fabric_vms(a->fabric);
	json_t *vm;
	size_t i;

	json_array_foreach(vms, i, vm) if (arm_is_vm_of(vm, ARM_RESOURCE_GROUP))
		json_array_append_new(list, json_pack("{s:o, s:O, s:s, s:s}", "id", arm_vm_id(vm),
						      "name", json_object_get(vm, "name"), "type",
						      "Microsoft.Compute/virtualMachines",
						      "location", ARM_LOCATION));
}

static void serve_vms(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vms = fabric_vms(r->arm->fabric);
	json_t *list = json_array(), *vm;
	size_t i;

	json_array_foreach(vms, i, vm) if (arm_is_vm_of(vm, r->parts[PART_GROUP]))
		json_array_append_new(list, arm_vm_json(r->arm, vm, false));
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

static void serve_all_vms(struct arm_request *r, struct arm_answer *ret)
{
	(void)TEXT_COPY(r->parts[PART_GROUP], ARM_RESOURCE_GROUP);
	serve_vms(r, ret);
}

const struct arm_route arm_compute_routes[] = {
	{ "GET", ARM_VMS, false, serve_vms },
	{ "GET", "/subscriptions/{}/providers/Microsoft.Compute/virtualMachines", false,
	  serve_all_vms },
	{ "GET", ARM_VMS "/{}", false, serve_vm },
	{ "GET", ARM_VMS "/{}/instanceView", false, serve_vm_view },
	{ 0 },
};
