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

	if (a->ask(a->ask_ctx, "vm create", args, NULL, &err) == 0 &&
	    (!w->identity || fabric_set_identity(a->fabric, w->name, w->identity, &err) == 0))
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

static int make(struct arm_request *r, const json_t *properties, const json_t *identity,
		struct arm_answer *ret)
{
	struct machine_wish w = {
		.name = r->parts[PART_VM],
		.identity = identity,
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

/* What the request does not say stays. Returns 0 with a new reference or NULL in *identity (NULL:
 * none), or -1 with the answer set. */
static int identity_of(struct arm_request *r, const json_t *body, const json_t *there,
		       json_t **identity, struct arm_answer *ret)
{
	const json_t *asked = json_object_get(body, "identity"),
		     *before = json_object_get(there, "identity");

	*identity = json_is_object(asked) ? arm_identity_make(r->arm, asked, before, ret)
					  : json_incref((json_t *)before);
	if (json_is_object(asked) && !*identity)
		return -1;
	if (json_is_null(*identity))
		*identity = NULL;
	return 0;
}

static int identity_change(struct arm_request *r, const json_t *there, const json_t *identity,
			   struct arm_answer *ret)
{
	struct error err = { 0 };

	if (fabric_set_identity(r->arm->fabric, json_text_at(there, "name", ""), identity, &err) ==
	    0)
		return 0;
	arm_refuse(ret, 500, "InternalServerError", "%s", err.what);
	return -1;
}

static void serve_put(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *body = arm_need_group(r, ret) ? arm_body(r, ret) : NULL;
	AUTO_JSON json_t *there = body ? arm_find_vm(r) : NULL, *now = NULL, *identity = NULL;
	const json_t *properties = json_object_get(body, "properties");

	if (!body || (there && !may_stay(there, properties, ret)) ||
	    identity_of(r, body, there, &identity, ret) < 0 ||
	    (there ? identity_change(r, there, identity, ret)
		   : make(r, properties, identity, ret)) < 0)
		return;
	now = arm_find_vm(r);
	arm_operation_begin(
		r, json_pack("{s:s, s:s}", "kind", "vm-put", "vm", json_text_at(now, "name", "")),
		ret);
	arm_say(ret, there ? 200 : 201, arm_vm_json(r->arm, now, false));
}

/* An identity as a PATCH has it: of the users' what it does not name stays. */
static json_t *merged(const json_t *asked, const json_t *before)
{
	json_t *ret = json_deep_copy(asked);
	const json_t *kept = json_object_get(before, "userAssignedIdentities");
	json_t *users = json_object_get(ret, "userAssignedIdentities"), *value;
	const char *id;

	if (strcasestr(json_text_at(asked, "type", ""), "UserAssigned") == NULL) {
		(void)json_object_del(ret, "userAssignedIdentities");
		return ret;
	}
	if (!json_is_object(users)) {
		users = json_object();
		json_object_set_new(ret, "userAssignedIdentities", users);
	}
	json_object_foreach((json_t *)kept, id, value)
	{
		if (!json_object_get(users, id))
			json_object_set_new(users, id, json_object());
	}
	return ret;
}

static void serve_patch(struct arm_request *r, struct arm_answer *ret)
{
	AUTO_JSON json_t *there = arm_need_vm(r, ret);
	AUTO_JSON json_t *body = there ? arm_body(r, ret) : NULL, *identity = NULL, *now = NULL;

	if (!body || !may_stay(there, json_object_get(body, "properties"), ret))
		return;
	if (json_is_object(json_object_get(body, "identity")))
		json_object_set_new(body, "identity",
				    merged(json_object_get(body, "identity"),
					   json_object_get(there, "identity")));
	if (identity_of(r, body, there, &identity, ret) < 0 ||
	    identity_change(r, there, identity, ret) < 0)
		return;
	now = arm_find_vm(r);
	arm_say(ret, 200, arm_vm_json(r->arm, now ? now : there, false));
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
	{ "PATCH", ARM_VMS "/{}", false, serve_patch },
	{ "DELETE", ARM_VMS "/{}", false, serve_delete },
	{ 0 },
};
