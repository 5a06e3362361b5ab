/* Virtual machines made and taken away: each is a cell of the lab. */
#include "inner.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "lab/fabric/fabric.h"
#include "lab/vm/distro.h"

enum { PROVISIONING_S = 300 };

/* "latest", or a version of which the image's own is one. */
static bool is_version_of(const char *asked, const struct distro *d)
{
	return !*asked || text_eq_nocase(asked, "latest") || text_starts(d->version, asked);
}

const struct distro *arm_image(const json_t *reference, struct arm_answer *ret)
{
	const char *publisher = json_text_at(reference, "publisher", "");
	const char *offer = json_text_at(reference, "offer", "");
	const char *sku = json_text_at(reference, "sku", "");
	const char *version = json_text_at(reference, "version", "latest");

	if (!json_is_object(reference))
		return &distros[0];
	for (const struct distro *d = distros; d->name; d++)
		if (text_eq_nocase(d->publisher, publisher) && text_eq_nocase(d->offer, offer) &&
		    text_eq_nocase(d->sku, sku) && is_version_of(version, d))
			return d;
	arm_refuse(ret, 404, "PlatformImageNotFound",
		   "The platform image '%s:%s:%s:%s' is not available. Verify that all fields in "
		   "the storage profile are correct. (The lab's images: ib-lab vm images)",
		   publisher, offer, sku, version);
	return NULL;
}

int arm_machine_make(struct arm *a, const struct machine_wish *w, struct arm_answer *ret)
{
	struct error err = { 0 };
	json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", w->name, "size", w->size,
				 "image", w->image->name, "scaleSet", w->scale_set, "wait", 0);

	if (a->ask(a->ask_ctx, "vm create", args, NULL, &err) == 0)
		return 0;
	if (err.sys == ENOTCONN)
		arm_refuse(ret, 503, "ServiceUnavailable", "%s", err.what);
	else
		arm_refuse(ret, err.sys == EEXIST ? 409 : 400,
			   err.sys == EEXIST ? "Conflict" : "InvalidParameter", "%s", err.what);
	return -1;
}

static bool is_changed(const char *there, const char *asked)
{
	return asked && !text_eq_nocase(there, asked);
}

/* A VM that is there takes a PUT only of what it is already. */
static bool may_stay(const json_t *vm, const json_t *properties, struct arm_answer *ret)
{
	const char *size = json_text_at(properties, "hardwareProfile.vmSize", NULL);
	const char *sku = json_text_at(properties, "storageProfile.imageReference.sku", NULL);

	if (is_changed(json_text_at(vm, "sku", ""), sku)) {
		arm_refuse(ret, 409, "PropertyChangeNotAllowed",
			   "Changing property 'imageReference' is not allowed.");
		return false;
	}
	if (!is_changed(json_text_at(vm, "size", ""), size))
		return true;
	arm_refuse(ret, 409, "OperationNotAllowed",
		   "Unable to resize the VM '%s' to '%s': a VM of the lab keeps its size.",
		   json_text_at(vm, "name", ""), size);
	return false;
}

static int make(struct arm_request *r, const json_t *properties, struct arm_answer *ret)
{
	struct machine_wish w = {
		.name = r->parts[PART_VM],
		.scale_set = "",
		.size = json_text_at(properties, "hardwareProfile.vmSize", NULL),
		.image = arm_image(json_at(properties, "storageProfile.imageReference"), ret)
	};

	if (!w.image)
		return -1;
	if (!w.size) {
		arm_refuse(ret, 400, "InvalidParameter",
			   "Required parameter 'hardwareProfile' is missing (null).");
		return -1;
	}
	return arm_machine_make(r->arm, &w, ret);
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *there = body ? arm_find_vm(r) : NULL, *now = NULL;
	const json_t *properties = json_object_get(body, "properties");

	if (!body || (there && !may_stay(there, properties, ret)) ||
	    (!there && make(r, properties, ret) < 0))
		return;
	now = arm_find_vm(r);
	arm_operation_begin(
		r, json_pack("{s:s, s:s}", "kind", "vm-put", "vm", json_text_at(now, "name", "")),
		ret);
	arm_say(ret, there ? 200 : 201, arm_vm_json(r->arm, now, false));
}

static void serve_delete(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *vm = arm_find_vm(r);
	struct error err = { 0 };

	ret->status = 204;
	if (!vm)
		return;
	if (r->arm->ask(r->arm->ask_ctx, "vm delete",
			json_pack("{s:O, s:b}", "name", json_object_get(vm, "name"), "wait", 0),
			NULL, &err) < 0) {
		arm_refuse(ret, 409, "Conflict", "%s", err.what);
		return;
	}
	ret->status = 202;
	arm_operation_begin(
		r, json_pack("{s:s, s:O}", "kind", "vm-delete", "vm", json_object_get(vm, "name")),
		ret);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

/* It is there once its agent has said so; a VM that stopped while booting never will. */
enum arm_end arm_machine_end(struct arm *a, const char *vm, json_t **ret_error)
{
	AUTO_JSON json_t *report = fabric_vm_report(a->fabric, vm), *shown = NULL;
	struct error err = { 0 };

	if (json_text_at(report, "status.aggregateStatus.guestAgentStatus.status", NULL))
		return ARM_SUCCEEDED;
	if (a->ask(a->ask_ctx, "vm show", json_pack("{s:s}", "name", vm), &shown, &err) == 0 &&
	    !text_eq(json_text_at(shown, "state", ""), "stopped") &&
	    json_int_at(shown, "upSeconds", 0) < PROVISIONING_S)
		return ARM_RUNNING;
	if (text_eq(json_text_at(shown, "state", "stopped"), "stopped"))
		*ret_error = json_pack("{s:s, s:o}", "code", "OSProvisioningInternalError",
				       "message",
				       json_sprintf("OS Provisioning failed for VM '%s': %s", vm,
						    json_text_at(shown, "trouble", err.what)));
	else
		*ret_error = json_pack("{s:s, s:o}", "code", "OSProvisioningTimedOut", "message",
				       json_sprintf("OS Provisioning for VM '%s' did not finish in "
						    "the allotted time: no word of its agent in %d "
						    "seconds.",
						    vm, PROVISIONING_S));
	return ARM_FAILED;
}

enum arm_end arm_judge_vm_put(struct arm *a, const json_t *operation, json_t **ret_error)
{
	return arm_machine_end(a, json_text_at(operation, "vm", ""), ret_error);
}

enum arm_end arm_judge_vm_delete(struct arm *a, const json_t *operation, json_t **ret_error)
{
	AUTO_JSON json_t *vm = fabric_vm_show(a->fabric, json_text_at(operation, "vm", ""));

	(void)ret_error;
	return vm ? ARM_RUNNING : ARM_SUCCEEDED;
}

const struct arm_route arm_machine_routes[] = {
	{ "PUT", ARM_VMS "/{}", false, serve_put },
	{ "DELETE", ARM_VMS "/{}", false, serve_delete },
	{ 0 },
};
