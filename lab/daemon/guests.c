/* The life of the VMs: created, started, stopped, cut, forgotten; what each wants to become when
 * its process ends. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"
#include "lab/arm/arm.h"
#include "lab/fabric/fabric.h"
#include "lab/mirror/mirror.h"
#include "lab/vm/distro.h"

enum { STOP_PATIENCE_MS = 60 * 1000 };

static const char *const state_names[] = {
	[VM_STOPPED] = "stopped",
	[VM_STARTING] = "starting",
	[VM_RUNNING] = "running",
	[VM_STOPPING] = "stopping",
};

static const struct {
	const char *name;
	enum vm_port_state state;
} port_names[] = { { "active", VM_PORT_ACTIVE },
		   { "init", VM_PORT_INIT },
		   { "down", VM_PORT_DOWN } };

struct guest *guest_find(struct lab *lab, const char *name)
{
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL && text_eq(lab->guests[i]->vm.spec.name, name))
			return lab->guests[i];
	return NULL;
}

json_t *guest_json(const struct lab *lab, const struct guest *g)
{
	const struct vm *vm = &g->vm;
	json_t *pci = json_array();
	const char *port = "active";
	char text[32];

	for (size_t i = 0; i < vm->spec.npci; i++) {
		(void)TEXT_FORMAT(text, "%04x:%04x:%06x", vm->spec.pci[i].vendor,
				  vm->spec.pci[i].device, (unsigned)vm->spec.pci[i].class_code);
		json_array_append_new(pci, json_string(text));
	}
	for (size_t i = 0; i < ARRAY_SIZE(port_names); i++)
		if (port_names[i].state == vm->spec.port)
			port = port_names[i].name;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:b, s:b, s:b, s:s, s:i, s:s, "
			 "s:o, s:o, s:o}",
			 "name", vm->spec.name, "kind", g->kind->name, "state",
			 state_names[vm->state], "size", vm->spec.size, "image", vm->spec.image,
			 "address", vm->address, "boots", (int)vm->boots, "upSeconds",
			 (json_int_t)((lab_now_ms() - g->started_ms) / 1000), "init", vm->spec.init,
			 "agent", vm->spec.agent, "adapter", vm->spec.adapter, "port", port, "rate",
			 (int)vm->spec.rate_gbps, "dir", vm->dir, "pci", pci, "trouble",
			 json_text_or_null(g->trouble), "access",
			 vm->state == VM_RUNNING ? g->kind->access(&lab->env, vm) : json_null());
}

/* ---- creating ----------------------------------------------------------------------------- */

static bool index_taken(const struct lab *lab, unsigned index)
{
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL && lab->guests[i]->vm.index == index)
			return true;
	return false;
}

/* `index`: the one it had; 0: the next. */
static void choose_address(const struct lab *lab, struct vm *vm, unsigned index)
{
	vm->index = index >= 2 ? index : 2;
	while (index_taken(lab, vm->index))
		vm->index++;
	(void)TEXT_FORMAT(vm->address, "10.7.%u.%u", vm->index / 256, vm->index % 256);
	(void)TEXT_FORMAT(vm->mac, "02:00:0a:07:%02x:%02x", vm->index / 256, vm->index % 256);
}

/* Tell Azure of it, with the addresses that IPoIB is to get. */
static int announce(struct lab *lab, const struct vm *vm, struct error *err)
{
	const struct distro *d = distro_find(vm->spec.image, err);
	char macs[VM_PCI_MAX][16], addresses[VM_PCI_MAX][16];
	struct fabric_ipoib ipoib[VM_PCI_MAX];
	struct fabric_vm say;

	if (d == NULL)
		return -1;
	say = (struct fabric_vm) { .name = vm->spec.name,
				   .address = vm->address,
				   .size = vm->spec.size,
				   .location = ARM_LOCATION,
				   .resource_group = ARM_RESOURCE_GROUP,
				   .subscription = ARM_SUBSCRIPTION,
				   .publisher = d->publisher,
				   .offer = d->offer,
				   .sku = d->sku,
				   .image_version = d->version,
				   .scale_set = vm->spec.scale_set,
				   .ipoib = ipoib };

	for (size_t i = 0; i < vm->spec.npci; i++) {
		if (vm->spec.pci[i].class_code >> 8 != 0x0207)
			continue;
		(void)TEXT_FORMAT(macs[i], "00155D33%02X%02X", vm->index & 0xff, (unsigned)i);
		(void)TEXT_FORMAT(addresses[i], "172.16.%u.%u", vm->index & 0xff, (unsigned)i + 1);
		ipoib[say.nipoib++] = (struct fabric_ipoib) { .mac = macs[i],
							      .address = addresses[i] };
	}
	return fabric_add_vm(lab->fabric, &say, err);
}

static int furnish(struct lab *lab, struct guest *g, struct error *err)
{
	AUTO_FD int upper = -1;
	char path[VM_PATH_MAX];
	int rc = fs_make_dirs(AT_FDCWD, g->vm.dir, 0711);

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make %s: %s", g->vm.dir,
				 strerror(-rc));
	if (g->kind->create(&lab->env, &g->vm, err) < 0)
		return -1;
	(void)TEXT_FORMAT(path, "%s/upper", g->vm.dir);
	upper = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return upper < 0 ? 0 : fabric_write_kvp(lab->fabric, g->vm.spec.name, upper, err);
}

static void guest_forget(struct lab *lab, struct guest *g)
{
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] == g)
			lab->guests[i] = NULL;
	g->kind->forget(&lab->env, &g->vm);
	if (!lab->keep)
		(void)!fabric_remove_vm(lab->fabric, g->vm.spec.name, NULL);
	guest_unkeep(lab, g->vm.spec.name);
	mirror_set_reach(lab->mirror, g->vm.address, true); /* the next that has the address */
	if (fs_remove(AT_FDCWD, g->vm.dir) < 0)
		LOG(&lab->log, WARNING, "lab.vm", "cannot remove all of %s, ignoring", g->vm.dir);
	free(g);
}

int guest_create(struct lab *lab, const struct vm_spec *spec, unsigned index, struct error *err)
{
	struct guest *g = calloc(1, sizeof *g);
	size_t slot = 0;

	while (slot < LAB_GUESTS_MAX && lab->guests[slot] != NULL)
		slot++;
	if (g == NULL || slot == LAB_GUESTS_MAX) {
		free(g);
		return error_set(err, FAULT_INTERNAL, ENOSPC, "no room for another VM");
	}
	g->kind = vm_kind_of(spec->machine);
	g->vm.spec = *spec;
	g->vm.ready_fd = -1;
	choose_address(lab, &g->vm, index);
	(void)TEXT_FORMAT(g->vm.dir, "%s/vm/%s", lab->paths.state, spec->name);
	lab->guests[slot] = g;
	if (announce(lab, &g->vm, err) < 0 || furnish(lab, g, err) < 0 ||
	    guest_start(lab, g, err) < 0) {
		guest_forget(lab, g);
		return -1;
	}
	return 0;
}

/* ---- running ------------------------------------------------------------------------------ */

int guest_start(struct lab *lab, struct guest *g, struct error *err)
{
	if (g->vm.state != VM_STOPPED)
		return error_set(err, FAULT_INTERNAL, EBUSY, "%s is %s", g->vm.spec.name,
				 state_names[g->vm.state]);
	g->vm.boots++;
	g->vm.reboot = false;
	g->then = THEN_NOTHING;
	g->trouble[0] = '\0';
	if (g->kind->start(&lab->env, &g->vm, err) < 0)
		return -1;
	g->vm.state = VM_STARTING;
	g->started_ms = lab_now_ms();
	LOG(&lab->log, INFO, "lab.vm", "%s starts, boot %u", g->vm.spec.name, g->vm.boots);
	return 0;
}

/* Nothing runs: do at once what was to follow the end. */
static int go_on(struct lab *lab, struct guest *g, enum guest_then then, struct error *err)
{
	if (then == THEN_START)
		return guest_start(lab, g, err);
	if (then == THEN_FORGET)
		guest_forget(lab, g);
	return 0;
}

int guest_stop(struct lab *lab, struct guest *g, enum guest_then then, struct error *err)
{
	if (g->vm.state == VM_STOPPED)
		return go_on(lab, g, then, err);
	g->then = then;
	if (g->vm.state == VM_STOPPING)
		return 0;
	if (g->kind->stop(&lab->env, &g->vm, err) < 0)
		return -1;
	g->vm.state = VM_STOPPING;
	g->cut_at_ms = lab_now_ms() + STOP_PATIENCE_MS;
	return 0;
}

void guest_cut(struct lab *lab, struct guest *g, enum guest_then then)
{
	if (g->vm.state == VM_STOPPED) {
		(void)go_on(lab, g, then, NULL);
		return;
	}
	g->then = then;
	g->vm.state = VM_STOPPING;
	g->cut_at_ms = lab_now_ms() + STOP_PATIENCE_MS;
	g->kind->cut(&lab->env, &g->vm);
}

void guest_on_ready(struct lab *lab, struct guest *g)
{
	struct error err = { 0 };
	int rc = g->kind->ready(&lab->env, &g->vm, &err);

	if (rc > 0 && g->vm.state == VM_STARTING) {
		g->vm.state = VM_RUNNING;
		LOG(&lab->log, INFO, "lab.vm", "%s is up", g->vm.spec.name);
	} else if (rc < 0) {
		(void)TEXT_COPY(g->trouble, err.what);
		LOG(&lab->log, ERROR, "lab.vm", "%s: %s", g->vm.spec.name, err.what);
		guest_cut(lab, g, THEN_NOTHING);
	}
}

/* The end of what its console said, and where the rest is. */
void guest_console_end(const struct guest *g, char *out, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	char path[VM_PATH_MAX + 16];
	const char *tail;

	*out = '\0';
	(void)TEXT_FORMAT(path, "%s/console.log", g->vm.dir);
	if (fs_read(AT_FDCWD, path, 16 << 20, &text) < 0)
		return;
	tail = text.len > 200 ? text.data + text.len - 200 : buf_text(&text);
	(void)text_format(out, size, "%s ends with: %s", path, tail);
}

static void guest_ended(struct lab *lab, struct guest *g)
{
	bool expected = g->vm.state == VM_STOPPING, starting = g->vm.state == VM_STARTING;
	struct error err = { 0 };
	enum guest_then then;
	char console[400];

	g->vm.child = 0;
	g->vm.state = VM_STOPPED;
	g->kind->ended(&lab->env, &g->vm);
	if (starting && g->trouble[0] == '\0') {
		guest_console_end(g, console, sizeof console);
		(void)TEXT_FORMAT(g->trouble, "%s ended while booting; %s", g->vm.spec.name,
				  console);
	}
	LOG(&lab->log, INFO, "lab.vm", "%s has stopped%s", g->vm.spec.name,
	    expected       ? ""
	    : g->vm.reboot ? ", to boot again"
			   : " by itself");
	then = !expected && g->vm.reboot ? THEN_START : g->then;
	g->then = THEN_NOTHING;
	if (go_on(lab, g, then, &err) < 0) {
		(void)TEXT_COPY(g->trouble, err.what);
		LOG(&lab->log, ERROR, "lab.vm", "%s: %s", g->vm.spec.name, err.what);
	}
}

void guest_on_exit(struct lab *lab, pid_t pid)
{
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL && lab->guests[i]->vm.child == pid) {
			guest_ended(lab, lab->guests[i]);
			return;
		}
}

void guest_on_time(struct lab *lab)
{
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++) {
		struct guest *g = lab->guests[i];

		if (g == NULL || g->vm.state != VM_STOPPING || lab_now_ms() < g->cut_at_ms)
			continue;
		LOG(&lab->log, WARNING, "lab.vm", "%s does not stop: cutting it", g->vm.spec.name);
		guest_cut(lab, g, g->then);
	}
}

/* ---- settings ------------------------------------------------------------------------------ */

static int set_port(struct vm *vm, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(port_names); i++)
		if (text_eq(port_names[i].name, value)) {
			vm->spec.port = port_names[i].state;
			return 0;
		}
	return -EINVAL;
}

static int set_flag(bool *ret, const char *value)
{
	if (!text_eq(value, "on") && !text_eq(value, "off"))
		return -EINVAL;
	*ret = text_eq(value, "on");
	return 0;
}

static int set_rate(struct vm *vm, const char *value)
{
	long rate;

	if (text_to_long(value, 10, &rate) < 0 || rate < 1 || rate > 10000)
		return -EINVAL;
	vm->spec.rate_gbps = (unsigned)rate;
	return 0;
}

/* Cells: loading that module fails with that text; "ok" lets it load again. Read by vm/files/load.
 */
static int set_refusal(const struct guest *g, const char *module, const char *value,
		       struct error *err)
{
	char path[VM_PATH_MAX + 128];
	int rc;

	if (g->vm.spec.machine || *module == '\0' || strchr(module, '/') != NULL)
		return error_set(err, FAULT_USAGE, EINVAL, "module.NAME=TEXT is for cells");
	(void)TEXT_FORMAT(path, "%s/fake/refuse/%s", g->vm.dir, module);
	rc = text_eq(value, "ok") ? fs_remove(AT_FDCWD, path)
				  : fs_replace(AT_FDCWD, path, value, strlen(value), 0644);
	return rc < 0 ? error_set(err, FAULT_INTERNAL, -rc, "cannot write %s", path) : 0;
}

int guest_set(struct lab *lab, struct guest *g, const char *key, const char *value,
	      struct error *err)
{
	const char *name = g->vm.spec.name;
	int rc = -EINVAL;

	if (text_eq(key, "imds"))
		return fabric_set_imds(lab->fabric, name, value, err);
	if (text_starts(key, "fault."))
		return fabric_set_fault(lab->fabric, name, key + strlen("fault."), value, err);
	if (text_eq(key, "mirror")) {
		bool reach;

		if (set_flag(&reach, value) < 0)
			return error_set(err, FAULT_USAGE, EINVAL, "mirror is on or off");
		mirror_set_reach(lab->mirror, g->vm.address, reach);
		return 0;
	}
	if (text_starts(key, "module."))
		return set_refusal(g, key + strlen("module."), value, err);
	if (text_eq(key, "adapter"))
		rc = set_flag(&g->vm.spec.adapter, value);
	else if (text_eq(key, "port"))
		rc = set_port(&g->vm, value);
	else if (text_eq(key, "rate"))
		rc = set_rate(&g->vm, value);
	else
		return error_set(
			err, FAULT_USAGE, EINVAL,
			"no setting %s of a VM; there are imds, mirror, adapter, port, rate, "
			"module.NAME and fault.SERVICE",
			key);
	if (rc < 0)
		return error_set(err, FAULT_USAGE, EINVAL, "%s=%s cannot be", key, value);
	return g->kind->changed(&lab->env, &g->vm, key, err);
}
