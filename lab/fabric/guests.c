/* The VMs of the fabric: adding, removing, showing, and the troubles they meet. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

#include "certificates.h"
#include "goalstate.h"
#include "inner.h"
#include "kvp.h"

struct guest *guest_by_name(const struct fabric *f, const char *name)
{
	for (size_t i = 0; i < f->nvms; i++) {
		if (text_eq(f->vms[i]->name, name))
			return f->vms[i];
	}
	return NULL;
}

struct guest *guest_by_address(const struct fabric *f, const char *address)
{
	for (size_t i = 0; i < f->nvms; i++) {
		if (text_eq(f->vms[i]->address, address))
			return f->vms[i];
	}
	return NULL;
}

void guest_free(struct guest *vm)
{
	if (!vm)
		return;
	json_decref(vm->doc);
	json_decref(vm->held);
	json_decref(vm->report);
	json_decref(vm->counts);
	buf_free(&vm->blob);
	free(vm);
}

const json_t *guest_wire_goal(const struct guest *vm)
{
	return vm->held ? vm->held : json_object_get(vm->doc, "goal");
}

void guest_hold(struct guest *vm, bool hold)
{
	if (hold == (vm->held != NULL))
		return;
	json_decref(vm->held);
	vm->held = hold ? json_deep_copy(json_object_get(vm->doc, "goal")) : NULL;
}

/* ---- adding and removing ------------------------------------------------------------------- */

/* The name is a part of paths and URLs. */
static bool name_ok(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len == 0 || len >= VM_NAME_SIZE || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	}
	return true;
}

/* "0A07:0002" of 10.7.0.2, behind Microsoft's prefix. */
static void mac_make(const char *address, char ret[static 18])
{
	struct in_addr in = { 0 };
	const unsigned char *b = (const unsigned char *)&in.s_addr;

	(void)inet_pton(AF_INET, address, &in);
	(void)text_format(ret, 18, "00:15:5D:%02X:%02X:%02X", b[1], b[2], b[3]);
}

/* As the metadata service and KVP write it: digits alone, upper case. */
static json_t *mac_json(const char *mac)
{
	char digits[16] = "";
	size_t n = 0;

	for (; mac && *mac && n + 1 < sizeof digits; mac++) {
		if (isxdigit((unsigned char)*mac))
			digits[n++] = (char)toupper((unsigned char)*mac);
	}
	return json_string(digits);
}

static json_t *ipoib_json(const struct fabric_vm *vm)
{
	json_t *ret = json_array();

	for (size_t i = 0; i < vm->nipoib; i++)
		(void)json_array_append_new(ret, json_pack("{s:o,s:s}", "mac",
							   mac_json(vm->ipoib[i].mac), "address",
							   vm->ipoib[i].address));
	return ret;
}

/* What was given, as it is kept. `before` (may be NULL) is what was kept under the name. */
static json_t *guest_json(const struct fabric_vm *vm, const json_t *before)
{
	const struct {
		const char *key, *value, *otherwise;
	} fields[] = {
		{ "name", vm->name, "" },
		{ "address", vm->address, "" },
		{ "size", vm->size, "" },
		{ "location", vm->location, "" },
		{ "resourceGroup", vm->resource_group, "lab" },
		{ "subscription", vm->subscription, "00000000-0000-0000-0000-000000000000" },
		{ "publisher", vm->publisher, "" },
		{ "offer", vm->offer, "" },
		{ "sku", vm->sku, "" },
		{ "imageVersion", vm->image_version, "" },
		{ "hostname", vm->hostname, vm->name },
		{ "scaleSet", vm->scale_set, "" },
	};
	json_t *ret = json_object();
	char uuid[37], mac[18];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		(void)json_object_set_new(
			ret, fields[i].key,
			json_string(fields[i].value ? fields[i].value : fields[i].otherwise));
	fabric_uuid(uuid);
	mac_make(vm->address, mac);
	(void)json_object_set_new(
		ret, "vmId",
		json_string(vm->vm_id ? vm->vm_id : json_text_at(before, "vmId", uuid)));
	(void)json_object_set_new(ret, "mac", mac_json(vm->mac ? vm->mac : mac));
	(void)json_object_set_new(ret, "pageBlob", json_boolean(vm->page_blob));
	(void)json_object_set_new(ret, "ipoib", ipoib_json(vm));
	return ret;
}

/* A VM that is new: certificate, containers, goal state 1 without extensions. */
static json_t *doc_make(struct error *err)
{
	json_t *certificate = certificate_make(err);
	char container[37], deployment[37], activity[37], correlation[37];

	if (!certificate)
		return NULL;
	fabric_uuid(container);
	fabric_uuid(deployment);
	fabric_uuid(activity);
	fabric_uuid(correlation);
	return json_pack("{s:s,s:s,s:s,s:o,s:{s:i,s:I,s:s,s:s,s:[]}}", "schema",
			 "ib-lab/fabric-vm/1", "containerId", container, "deploymentId", deployment,
			 "certificate", certificate, "goal", "incarnation", 1, "created",
			 (json_int_t)goalstate_ticks(fabric_now_ms()), "activityId", activity,
			 "correlationId", correlation, "extensions");
}

static int guest_insert(struct fabric *f, struct guest *vm, struct error *err)
{
	struct guest **vms = reallocarray(f->vms, f->nvms + 1, sizeof(struct guest *));

	if (!vms)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	f->vms = vms;
	f->vms[f->nvms++] = vm;
	return 0;
}

static int guest_new(struct fabric *f, const char *name, struct guest **ret, struct error *err)
{
	struct guest *vm = calloc(1, sizeof *vm);

	if (!vm)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	(void)TEXT_COPY(vm->name, name);
	vm->counts = json_object();
	vm->blob.max = STATUS_BLOB_MAX;
	vm->doc = doc_make(err);
	if (!vm->doc || guest_insert(f, vm, err) < 0) {
		guest_free(vm);
		return -1;
	}
	*ret = vm;
	return 0;
}

static int guest_add(struct fabric *f, const struct fabric_vm *given, struct error *err)
{
	struct guest *vm = guest_by_name(f, given->name);
	const struct guest *other = guest_by_address(f, given->address);

	if (other && other != vm)
		return error_set(err, FAULT_USAGE, EEXIST, "VM %s has the address %s already",
				 other->name, given->address);
	if (!vm && guest_new(f, given->name, &vm, err) < 0)
		return -1;
	(void)TEXT_COPY(vm->address, given->address);
	(void)json_object_set_new(vm->doc, "vm", guest_json(given, json_object_get(vm->doc, "vm")));
	guest_hold(vm, f->fast_track);
	return guest_save(f, vm, err);
}

int fabric_add_vm(struct fabric *f, const struct fabric_vm *vm, struct error *err)
{
	struct in_addr in;
	int rc;

	if (!name_ok(vm->name))
		return error_set(err, FAULT_USAGE, EINVAL, "a VM's name is 1 to %d of A-Za-z0-9_.-",
				 VM_NAME_SIZE - 1);
	if (!vm->address || inet_pton(AF_INET, vm->address, &in) != 1)
		return error_set(err, FAULT_USAGE, EINVAL, "VM %s needs an IPv4 address", vm->name);
	fabric_lock(f);
	rc = guest_add(f, vm, err);
	fabric_unlock(f);
	return rc;
}

int fabric_remove_vm(struct fabric *f, const char *name, struct error *err)
{
	int rc = -1;

	fabric_lock(f);
	for (size_t i = 0; i < f->nvms; i++) {
		struct guest *vm = f->vms[i];

		if (!text_eq(vm->name, name))
			continue;
		rc = guest_forget(f, vm, err);
		if (rc == 0) {
			f->vms[i] = f->vms[--f->nvms];
			guest_free(vm);
			(void)pthread_cond_broadcast(&f->uploaded);
		}
		fabric_unlock(f);
		return rc;
	}
	fabric_unlock(f);
	return error_set(err, FAULT_USAGE, ENOENT, "there is no VM %s", name);
}

int fabric_write_kvp(struct fabric *f, const char *name, int root, struct error *err)
{
	struct buf value AUTO_BUF = { 0 }, records AUTO_BUF = { 0 };
	struct guest *vm;
	int rc = -ENOENT;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	if (vm) {
		const json_t *pairs = json_at(vm->doc, "vm.ipoib");

		rc = json_array_size(pairs) > 0 ? kvp_ipoib_value(pairs, &value) : 0;
		if (rc == 0 && value.len > 0)
			rc = kvp_add(&records, "IPoIB_Data", buf_text(&value));
	}
	fabric_unlock(f);
	if (rc == 0)
		rc = kvp_write_pool(root, 0, &records);
	if (rc < 0)
		return error_set(err, vm ? FAULT_WRITE_FAILED : FAULT_USAGE, -rc,
				 "cannot write the key-value pool of VM %s: %s", name,
				 strerror(-rc));
	return 0;
}

/* ---- showing ------------------------------------------------------------------------------- */

static json_t *extension_show(const json_t *ext)
{
	json_t *ret = json_deep_copy(ext);

	(void)json_object_set_new(ret, "protected",
				  json_boolean(json_object_get(ext, "protectedSettings")));
	(void)json_object_del(ret, "protectedSettings");
	(void)json_object_del(ret, "removing");
	(void)json_object_del(ret, "after");
	if (!json_object_get(ret, "settings"))
		(void)json_object_set_new(ret, "settings", json_null());
	if (!json_object_get(ret, "forceUpdate"))
		(void)json_object_set_new(ret, "forceUpdate", json_null());
	return ret;
}

static json_t *guest_show(const struct guest *vm)
{
	json_t *ret = json_deep_copy(json_object_get(vm->doc, "vm"));
	json_t *extensions = json_array(), *ext;
	size_t i;

	json_array_foreach(json_at(vm->doc, "goal.extensions"), i, ext)(void)
		json_array_append_new(extensions, extension_show(ext));
	(void)json_object_set(ret, "incarnation", json_at(vm->doc, "goal.incarnation"));
	(void)json_object_set(ret, "thumbprint", json_at(vm->doc, "certificate.thumbprint"));
	(void)json_object_set_new(ret, "extensions", extensions);
	if (json_object_get(vm->doc, "identity"))
		(void)json_object_set(ret, "identity", json_object_get(vm->doc, "identity"));
	return ret;
}

json_t *fabric_vms(struct fabric *f)
{
	json_t *ret = json_array();

	fabric_lock(f);
	for (size_t i = 0; i < f->nvms; i++)
		(void)json_array_append_new(ret, guest_show(f->vms[i]));
	fabric_unlock(f);
	return ret;
}

json_t *fabric_vm_show(struct fabric *f, const char *name)
{
	const struct guest *vm;
	json_t *ret;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	ret = vm ? guest_show(vm) : NULL;
	fabric_unlock(f);
	return ret;
}

json_t *fabric_counts(struct fabric *f, const char *name)
{
	const struct guest *vm;
	json_t *ret;

	fabric_lock(f);
	vm = guest_by_name(f, name);
	ret = vm ? json_deep_copy(vm->counts) : NULL;
	fabric_unlock(f);
	return ret;
}

/* ---- troubles ------------------------------------------------------------------------------ */

int fabric_set_fault(struct fabric *f, const char *name, const char *what, const char *mode,
		     struct error *err)
{
	struct trouble trouble;
	enum trouble_place place;
	struct guest *vm;

	if (trouble_place_by_name(what, &place) < 0)
		return error_set(err, FAULT_USAGE, EINVAL, "there is no fault at %s", what);
	if (trouble_parse(mode, &trouble) < 0 ||
	    (trouble.kind == TROUBLE_HOLD && place != PLACE_GOALSTATE))
		return error_set(err, FAULT_USAGE, EINVAL, "%s cannot be made to be %s", what,
				 mode);
	fabric_lock(f);
	vm = guest_by_name(f, name);
	if (vm) {
		vm->troubles[place] = trouble;
		if (place == PLACE_GOALSTATE)
			guest_hold(vm, f->fast_track || trouble.kind == TROUBLE_HOLD);
	}
	fabric_unlock(f);
	return vm ? 0 : error_set(err, FAULT_USAGE, ENOENT, "there is no VM %s", name);
}

int fabric_set_imds(struct fabric *f, const char *vm, const char *mode, struct error *err)
{
	return fabric_set_fault(f, vm, "imds", mode, err);
}
