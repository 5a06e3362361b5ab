/* Virtual machines and their extensions, as the lab has them and as their agents report. */
#include "inner.h"

#include <errno.h>

#include "base/text.h"
#include "lab/daemon/extension.h"
#include "lab/fabric/fabric.h"

#define GROUP "/subscriptions/{}/resourceGroups/{}"
#define VMS   GROUP "/providers/Microsoft.Compute/virtualMachines"

enum { PART_GROUP = 1, PART_VM, PART_EXTENSION };

static bool is_of_group(const json_t *vm, const char *group)
{
	return text_eq_nocase(json_text_at(vm, "resourceGroup", ""), group);
}

/* The lab's VM of that name, whatever its case; a new reference, NULL with the answer set. */
static json_t *need_vm(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vms = fabric_vms(r->arm->fabric);
	json_t *vm;
	size_t i;

	json_array_foreach(vms, i,
			   vm) if (is_of_group(vm, r->parts[PART_GROUP]) &&
				   text_eq_nocase(json_text_at(vm, "name", ""),
						  r->parts[PART_VM])) return json_incref(vm);
	arm_refuse(
		ret, 404, "ResourceNotFound",
		"The Resource 'Microsoft.Compute/virtualMachines/%s' under resource group '%s' was "
		"not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
		r->parts[PART_VM], r->parts[PART_GROUP]);
	return NULL;
}

static const json_t *extension_of(const json_t *vm, const char *name)
{
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i,
			   ext) if (text_eq_nocase(json_text_at(ext, "name", ""), name)) return ext;
	return NULL;
}

static json_t *vm_id(const json_t *vm)
{
	return json_sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/"
			    "virtualMachines/%s",
			    ARM_SUBSCRIPTION, json_text_at(vm, "resourceGroup", ""),
			    json_text_at(vm, "name", ""));
}

/* ---- what the agent reported ------------------------------------------------------------------
 */

static json_t *status_make(const char *code, const char *level, const char *shown,
			   const char *message, const char *time)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "code", code, "level", level, "displayStatus",
			 shown, "message", json_text_or_null(message), "time",
			 json_text_or_null(time));
}

/* The status and each substatus of an extension, as `az vm extension show --instance-view` has
 * them. */
static json_t *extension_view(const json_t *row)
{
	const json_t *status = json_at(row, "report.status");
	const char *said = json_text_at(status, "status", "");
	bool error = text_eq(said, "error");
	json_t *substatuses = json_array(), *sub;
	AUTO_JSON json_t *code = json_sprintf("ProvisioningState/%s/%lld",
					      error     ? "failed"
					      : said[0] ? said
							: "creating",
					      json_int_at(status, "code", 0));
	size_t i;

	json_array_foreach(json_object_get(status, "substatus"), i, sub)
	{
		AUTO_JSON json_t *part = json_sprintf("ComponentStatus/%s/%s",
						      json_text_at(sub, "name", ""),
						      json_text_at(sub, "status", ""));

		json_array_append_new(
			substatuses,
			status_make(json_string_value(part),
				    text_eq(json_text_at(sub, "status", ""), "error") ? "Error"
										      : "Info",
				    json_text_at(sub, "status", ""),
				    json_text_at(sub, "formattedMessage.message", ""), ""));
	}
	return json_pack("{s:O, s:o, s:O, s:[o], s:o}", "name", json_object_get(row, "name"),
			 "type",
			 json_sprintf("%s.%s", json_text_at(row, "publisher", ""),
				      json_text_at(row, "type", "")),
			 "typeHandlerVersion", json_object_get(row, "version"), "statuses",
			 status_make(json_string_value(code), error ? "Error" : "Info",
				     error ? "Provisioning failed" : "Provisioning succeeded",
				     json_text_at(status, "formattedMessage.message", ""),
				     json_text_at(row, "report.time", "")),
			 "substatuses", substatuses);
}

static json_t *extension_json(const struct arm *a, const json_t *vm, const json_t *ext, bool view)
{
	AUTO_JSON json_t *row = extension_row(a->fabric, json_text_at(vm, "name", ""), ext);
	AUTO_JSON json_t *id = vm_id(vm);
	json_t *properties = json_pack(
		"{s:O, s:O, s:O, s:O, s:O}", "publisher", json_object_get(row, "publisher"), "type",
		json_object_get(row, "type"), "typeHandlerVersion",
		json_object_get(row, "typeHandlerVersion"), "autoUpgradeMinorVersion",
		json_object_get(row, "autoUpgradeMinorVersion"), "provisioningState",
		json_object_get(row, "provisioningState"));

	if (json_is_object(json_object_get(row, "settings")))
		json_object_set(properties, "settings", json_object_get(row, "settings"));
	if (view)
		json_object_set_new(properties, "instanceView", extension_view(row));
	return json_pack("{s:o, s:O, s:s, s:s, s:o}", "id",
			 json_sprintf("%s/extensions/%s", json_string_value(id),
				      json_text_at(ext, "name", "")),
			 "name", json_object_get(ext, "name"), "type",
			 "Microsoft.Compute/virtualMachines/extensions", "location", ARM_LOCATION,
			 "properties", properties);
}

static json_t *extensions_json(const struct arm *a, const json_t *vm, bool view)
{
	json_t *list = json_array(), *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
		json_array_append_new(list, extension_json(a, vm, ext, view));
	return list;
}

static json_t *handlers_json(const json_t *report)
{
	json_t *list = json_array(), *handler;
	size_t i;

	json_array_foreach(json_at(report, "status.aggregateStatus.handlerAggregateStatus"), i,
			   handler)
	{
		const char *state = json_text_at(handler, "status", "NotReady");
		bool ready = text_eq(state, "Ready");

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:o}", "type",
				  json_text_at(handler, "handlerName", ""), "typeHandlerVersion",
				  json_text_at(handler, "handlerVersion", ""), "status",
				  status_make(ready ? "ProvisioningState/succeeded"
						    : "ProvisioningState/failed",
					      ready ? "Info" : "Error", state,
					      json_text_at(handler, "formattedMessage.message", ""),
					      json_text_at(report, "time", ""))));
	}
	return list;
}

static json_t *agent_json(const json_t *report)
{
	const json_t *agent = json_at(report, "status.aggregateStatus.guestAgentStatus");
	bool ready = text_eq(json_text_at(agent, "status", ""), "Ready");

	return json_pack(
		"{s:s, s:[o], s:o}", "vmAgentVersion", json_text_at(agent, "version", "Unknown"),
		"statuses",
		status_make(ready ? "ProvisioningState/succeeded" : "ProvisioningState/Unavailable",
			    ready ? "Info" : "Warning", ready ? "Ready" : "Not Ready",
			    ready ? json_text_at(agent, "formattedMessage.message", "")
				  : "VM status blob is found but not yet populated.",
			    json_text_at(report, "time", "")),
		"extensionHandlers", handlers_json(report));
}

static json_t *view_json(const struct arm *a, const json_t *vm)
{
	AUTO_JSON json_t *report = fabric_vm_report(a->fabric, json_text_at(vm, "name", ""));
	const json_t *agent = json_at(report, "status.aggregateStatus.guestAgentStatus");
	json_t *views = json_array(), *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
	{
		AUTO_JSON json_t *row = extension_row(a->fabric, json_text_at(vm, "name", ""), ext);

		json_array_append_new(views, extension_view(row));
	}
	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:[], s:o, s:[o, o]}", "computerName",
			 json_text_at(vm, "name", ""), "osName",
			 json_text_or_null(json_text_at(agent, "osName", "")), "osVersion",
			 json_text_or_null(json_text_at(agent, "osVersion", "")),
			 "hyperVGeneration", "V2", "vmAgent", agent_json(report), "disks",
			 "extensions", views, "statuses",
			 status_make("ProvisioningState/succeeded", "Info",
				     "Provisioning succeeded", "", ""),
			 status_make("PowerState/running", "Info", "VM running", "", ""));
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

static json_t *vm_json(const struct arm *a, const json_t *vm, bool view)
{
	json_t *properties = vm_properties(vm);
	json_t *body;

	if (view)
		json_object_set_new(properties, "instanceView", view_json(a, vm));
	body = json_pack("{s:o, s:s, s:s, s:s, s:o}", "id", vm_id(vm), "name",
			 json_text_at(vm, "name", ""), "type", "Microsoft.Compute/virtualMachines",
			 "location", json_text_at(vm, "location", ARM_LOCATION), "properties",
			 properties);
	if (json_array_size(json_object_get(vm, "extensions")) > 0)
		json_object_set_new(body, "resources", extensions_json(a, vm, false));
	return body;
}

static bool wants_view(const struct arm_request *r)
{
	return text_eq_nocase(arm_query(r, "$expand"), "instanceView");
}

static void serve_vm(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = need_vm(r, ret);

	if (vm)
		arm_say(ret, 200, vm_json(r->arm, vm, wants_view(r)));
}

static void serve_vm_view(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = need_vm(r, ret);

	if (vm)
		arm_say(ret, 200, view_json(r->arm, vm));
}

static void serve_vms(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vms = fabric_vms(r->arm->fabric);
	json_t *list = json_array(), *vm;
	size_t i;

	json_array_foreach(vms, i, vm) if (is_of_group(vm, r->parts[PART_GROUP]))
		json_array_append_new(list, vm_json(r->arm, vm, false));
	arm_say(ret, 200, json_pack("{s:o}", "value", list));
}

static void serve_group(struct arm_request *r, struct arm_answer *ret)
{
	if (!text_eq_nocase(r->parts[PART_GROUP], ARM_RESOURCE_GROUP)) {
		arm_refuse(ret, 404, "ResourceGroupNotFound",
			   "Resource group '%s' could not be found.", r->parts[PART_GROUP]);
		return;
	}
	arm_say(ret, 200,
		json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "id",
			  "/subscriptions/" ARM_SUBSCRIPTION "/resourceGroups/" ARM_RESOURCE_GROUP,
			  "name", ARM_RESOURCE_GROUP, "type", "Microsoft.Resources/resourceGroups",
			  "location", ARM_LOCATION, "properties", "provisioningState",
			  "Succeeded"));
}

/* ---- extensions --------------------------------------------------------------------------------
 */

static void refuse_extension(struct arm_request *r, struct arm_answer *ret)
{
	arm_refuse(
		ret, 404, "ResourceNotFound",
		"The Resource 'Microsoft.Compute/virtualMachines/%s/extensions/%s' under resource "
		"group '%s' was not found. For more details please go to "
		"https://aka.ms/ARMResourceNotFoundFix",
		r->parts[PART_VM], r->parts[PART_EXTENSION], r->parts[PART_GROUP]);
}

static void serve_extension(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = need_vm(r, ret);
	const json_t *ext = vm ? extension_of(vm, r->parts[PART_EXTENSION]) : NULL;

	if (ext)
		arm_say(ret, 200, extension_json(r->arm, vm, ext, wants_view(r)));
	else if (vm)
		refuse_extension(r, ret);
}

static void serve_extensions(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = need_vm(r, ret);

	if (vm)
		arm_say(ret, 200,
			json_pack("{s:o}", "value", extensions_json(r->arm, vm, wants_view(r))));
}

/* An object as text, "" where there is none. Returns 0, or -1 with the answer set. */
static int settings_text(const json_t *properties, const char *key, struct buf *ret,
			 struct arm_answer *answer)
{
	const json_t *settings = json_object_get(properties, key);

	if (!settings || json_is_null(settings))
		return 0;
	if (json_is_object(settings) && json_write(settings, false, ret) == 0)
		return 0;
	arm_refuse(answer, 400, "InvalidParameter", "The value of parameter %s is invalid.", key);
	return -1;
}

static void refuse_put(const struct fabric_extension *ext, const struct error *err,
		       struct arm_answer *ret)
{
	if (err->sys == ENOENT)
		arm_refuse(ret, 400, "ExtensionVersionNotFound",
			   "The requested version '%s' of '%s.%s' was not found.", ext->version,
			   ext->publisher, ext->type);
	else if (err->sys == EEXIST)
		arm_refuse(ret, 409, "Conflict",
			   "Multiple VMExtensions per handler not supported for OS type 'Linux'. "
			   "VMExtension '%s' with handler '%s.%s' already added or specified in "
			   "input.",
			   ext->name, ext->publisher, ext->type);
	else
		arm_refuse(ret, 400, "InvalidParameter", "%s", err->what);
}

static int fill_extension(const json_t *properties, const char *name, const char *vm_name,
			  const struct buf *settings, const struct buf *secrets,
			  struct fabric_extension *ret)
{
	(void)vm_name;
	*ret = (struct fabric_extension) {
		.name = name,
		.publisher = json_text_at(properties, "publisher", ""),
		.type = json_text_at(properties, "type", ""),
		.version = json_text_at(properties, "typeHandlerVersion", ""),
		.auto_upgrade = json_bool_at(properties, "autoUpgradeMinorVersion", false),
		.settings = settings->len ? buf_text(settings) : NULL,
		.protected_settings = secrets->len ? buf_text(secrets) : NULL,
		.force_update = json_text_at(properties, "forceUpdateTag", NULL),
	};
	return ret->publisher[0] && ret->type[0] && ret->version[0] ? 0 : -EINVAL;
}

static void put_extension(struct arm_request *r, const json_t *vm, const json_t *body,
			  struct arm_answer *ret)
{
	const json_t *properties = json_object_get(body, "properties");
	const json_t *there = extension_of(vm, r->parts[PART_EXTENSION]);
	const char *vm_name = json_text_at(vm, "name", "");
	AUTO_BUF struct buf settings = { 0 }, secrets = { 0 };
	struct fabric_extension ext;
	struct error err = { 0 };
	AUTO_JSON json_t *now = NULL;

	if (settings_text(properties, "settings", &settings, ret) < 0 ||
	    settings_text(properties, "protectedSettings", &secrets, ret) < 0)
		return;
	if (fill_extension(properties, r->parts[PART_EXTENSION], vm_name, &settings, &secrets,
			   &ext) < 0) {
		arm_refuse(
			ret, 400, "InvalidParameter",
			"Required parameter 'publisher', 'type' or 'typeHandlerVersion' is missing "
			"(null).");
		return;
	}
	if (fabric_set_extension(r->arm->fabric, vm_name, &ext, NULL, &err) < 0) {
		refuse_put(&ext, &err, ret);
		return;
	}
	now = fabric_vm_show(r->arm->fabric, vm_name);
	arm_operation_begin(r, OPERATION_PUT, vm_name, ext.name, ret);
	arm_say(ret, there ? 200 : 201,
		extension_json(r->arm, vm, extension_of(now, r->parts[PART_EXTENSION]), false));
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = need_vm(r, ret);
	AUTO_JSON json_t *body = vm ? arm_body(r, ret) : NULL;

	if (body)
		put_extension(r, vm, body, ret);
}

static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = need_vm(r, ret);
	const json_t *ext = vm ? extension_of(vm, r->parts[PART_EXTENSION]) : NULL;
	struct error err = { 0 };

	if (!vm)
		return;
	ret->status = 204;
	if (!ext)
		return;
	if (fabric_remove_extension(r->arm->fabric, json_text_at(vm, "name", ""),
				    json_text_at(ext, "name", ""), NULL, &err) < 0) {
		arm_refuse(ret, 409, "Conflict", "%s", err.what);
		return;
	}
	ret->status = 202;
	arm_operation_begin(r, OPERATION_DELETE, json_text_at(vm, "name", ""),
			    json_text_at(ext, "name", ""), ret);
}

const struct arm_route arm_compute_routes[] = {
	{ "GET", GROUP, false, serve_group },
	{ "GET", VMS, false, serve_vms },
	{ "GET", VMS "/{}", false, serve_vm },
	{ "GET", VMS "/{}/instanceView", false, serve_vm_view },
	{ "GET", VMS "/{}/extensions", false, serve_extensions },
	{ "GET", VMS "/{}/extensions/{}", false, serve_extension },
	{ "PUT", VMS "/{}/extensions/{}", false, serve_put },
	{ "DELETE", VMS "/{}/extensions/{}", false, serve_delete },
	{ 0 },
};
