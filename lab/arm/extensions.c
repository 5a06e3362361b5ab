/* Extensions of VMs: shown as their agents report them, asked for and taken away. */
#include "inner.h"

#include <errno.h>

#include "base/text.h"
#include "lab/daemon/extension.h"
#include "lab/fabric/fabric.h"

static const json_t *extension_of(const json_t *vm, const char *name)
{
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i,
			   ext) if (text_eq_nocase(json_text_at(ext, "name", ""), name)) return ext;
	return NULL;
}

static json_t *extension_json(const struct arm *a, const json_t *vm, const json_t *ext, bool view)
{
	AUTO_JSON json_t *row = extension_row(a->fabric, json_text_at(vm, "name", ""), ext);
	AUTO_JSON json_t *id = arm_vm_id(vm);
	json_t *properties = json_pack(
		"{s:O, s:O, s:O, s:O, s:O}", "publisher", json_object_get(row, "publisher"), "type",
		json_object_get(row, "type"), "typeHandlerVersion",
		json_object_get(row, "typeHandlerVersion"), "autoUpgradeMinorVersion",
		json_object_get(row, "autoUpgradeMinorVersion"), "provisioningState",
		json_object_get(row, "provisioningState"));

	if (json_is_object(json_object_get(row, "settings")))
		json_object_set(properties, "settings", json_object_get(row, "settings"));
	if (view)
		json_object_set_new(properties, "instanceView", arm_extension_view(row));
	return json_pack("{s:o, s:O, s:s, s:s, s:o}", "id",
			 json_sprintf("%s/extensions/%s", json_string_value(id),
				      json_text_at(ext, "name", "")),
			 "name", json_object_get(ext, "name"), "type",
			 "Microsoft.Compute/virtualMachines/extensions", "location", ARM_LOCATION,
			 "properties", properties);
}

json_t *arm_extensions_json(const struct arm *a, const json_t *vm, bool view)
{
	json_t *list = json_array(), *ext;
	size_t i;

	json_array_foreach(json_object_get(vm, "extensions"), i, ext)
		json_array_append_new(list, extension_json(a, vm, ext, view));
	return list;
}

static void refuse_extension(struct arm_request *r, struct arm_answer *ret)
{
	arm_refuse_absent(r, ret, "Microsoft.Compute/virtualMachines/%s/extensions/%s",
			  r->parts[PART_VM], r->parts[PART_EXTENSION]);
}

static void serve_extension(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_need_vm(r, ret);
	const json_t *ext = vm ? extension_of(vm, r->parts[PART_EXTENSION]) : NULL;

	if (ext)
		arm_say(ret, 200, extension_json(r->arm, vm, ext, arm_wants_view(r)));
	else if (vm)
		refuse_extension(r, ret);
}

static void serve_extensions(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_need_vm(r, ret);

	if (vm)
		arm_say(ret, 200,
			json_pack("{s:o}", "value",
				  arm_extensions_json(r->arm, vm, arm_wants_view(r))));
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

/* "settings", "protectedSettings", ...: where they are no object, a refusal. */
int arm_extension_ask(struct arm *a, const char *vm, const char *name, const json_t *properties,
		      struct arm_answer *ret)
{
	AUTO_BUF struct buf settings = { 0 }, secrets = { 0 };
	struct error err = { 0 };
	struct fabric_extension ext = {
		.name = name,
		.publisher = json_text_at(properties, "publisher", ""),
		.type = json_text_at(properties, "type", ""),
		.version = json_text_at(properties, "typeHandlerVersion", ""),
		.auto_upgrade = json_bool_at(properties, "autoUpgradeMinorVersion", false),
		.force_update = json_text_at(properties, "forceUpdateTag", NULL),
		.after = json_object_get(properties, "provisionAfterExtensions"),
	};

	if (settings_text(properties, "settings", &settings, ret) < 0 ||
	    settings_text(properties, "protectedSettings", &secrets, ret) < 0)
		return -1;
	ext.settings = settings.len ? buf_text(&settings) : NULL;
	ext.protected_settings = secrets.len ? buf_text(&secrets) : NULL;
	if (!ext.publisher[0] || !ext.type[0] || !ext.version[0]) {
		arm_refuse(
			ret, 400, "InvalidParameter",
			"Required parameter 'publisher', 'type' or 'typeHandlerVersion' is missing "
			"(null).");
		return -1;
	}
	/* Packages may have come since. */
	(void)a->ask(a->ask_ctx, "dist scan", NULL, NULL, &err);
	if (fabric_set_extension(a->fabric, vm, &ext, NULL, &err) < 0) {
		refuse_put(&ext, &err, ret);
		return -1;
	}
	return 0;
}

static void put_extension(struct arm_request *r, const json_t *vm, const json_t *body,
			  struct arm_answer *ret)
{
	const json_t *there = extension_of(vm, r->parts[PART_EXTENSION]);
	const char *vm_name = json_text_at(vm, "name", "");
	AUTO_JSON json_t *now = NULL;

	if (arm_extension_ask(r->arm, vm_name, r->parts[PART_EXTENSION],
			      json_object_get(body, "properties"), ret) < 0)
		return;
	now = fabric_vm_show(r->arm->fabric, vm_name);
	arm_operation_begin(r,
			    json_pack("{s:s, s:s, s:s}", "kind", "extension-put", "vm", vm_name,
				      "extension", r->parts[PART_EXTENSION]),
			    ret);
	arm_say(ret, there ? 200 : 201,
		extension_json(r->arm, vm, extension_of(now, r->parts[PART_EXTENSION]), false));
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_need_vm(r, ret);
	AUTO_JSON json_t *body = vm ? arm_body(r, ret) : NULL;

	if (body)
		put_extension(r, vm, body, ret);
}

static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_need_vm(r, ret);
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
	arm_operation_begin(r,
			    json_pack("{s:s, s:O, s:O}", "kind", "extension-delete", "vm",
				      json_object_get(vm, "name"), "extension",
				      json_object_get(ext, "name")),
			    ret);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

static json_t *error_of(struct arm *a, const char *vm, const char *extension, const char *said)
{
	AUTO_JSON json_t *shown = fabric_vm_show(a->fabric, vm);
	const json_t *ext = extension_of(shown, extension);

	return json_pack("{s:s, s:o}", "code", "VMExtensionProvisioningError", "message",
			 json_sprintf("VM has reported a failure when processing extension '%s' "
				      "(publisher '%s' and type '%s'). Error message: '%s'. More "
				      "information on troubleshooting is available at "
				      "https://aka.ms/vmextensionlinuxtroubleshoot. ",
				      extension, json_text_at(ext, "publisher", ""),
				      json_text_at(ext, "type", ""), said));
}

enum arm_end arm_extension_end(struct arm *a, const char *vm, const char *extension,
			       json_t **ret_error)
{
	char said[1200] = "";
	enum extension_end end = extension_judge(a->fabric, vm, extension, said, sizeof said);

	if (end == EXTENSION_ERROR)
		*ret_error = error_of(a, vm, extension, said);
	return end == EXTENSION_PENDING ? ARM_RUNNING
	       : end == EXTENSION_ERROR ? ARM_FAILED
					: ARM_SUCCEEDED;
}

enum arm_end arm_judge_extension_put(struct arm *a, const json_t *operation, json_t **ret_error)
{
	return arm_extension_end(a, json_text_at(operation, "vm", ""),
				 json_text_at(operation, "extension", ""), ret_error);
}

enum arm_end arm_judge_extension_delete(struct arm *a, const json_t *operation, json_t **ret_error)
{
	(void)ret_error;
	return extension_judge(a->fabric, json_text_at(operation, "vm", ""),
			       json_text_at(operation, "extension", ""), NULL, 0) == EXTENSION_GONE
		       ? ARM_SUCCEEDED
		       : ARM_RUNNING;
}

const struct arm_route arm_extension_routes[] = {
	{ "GET", ARM_VMS "/{}/extensions", false, serve_extensions },
	{ "GET", ARM_VMS "/{}/extensions/{}", false, serve_extension },
	{ "PUT", ARM_VMS "/{}/extensions/{}", false, serve_put },
	{ "DELETE", ARM_VMS "/{}/extensions/{}", false, serve_delete },
	{ 0 },
};
