/* The fake /sys of a cell, written out as files: ids, ports, netdevs, DMI; what a probe reads and
 * nothing behind it. */
#include "sysfs.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "tree.h"
#include "vm.h"

#define VMBUS_ROOT "sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00"
/* linux, drivers/hv/hyperv-guids: HV_PCIE_GUID and HV_NIC_GUID */
#define CLASS_PCI "{44c4f61d-4444-4400-9d52-802e27ede19f}"
#define CLASS_NIC "{f8615163-df3e-46c5-913f-f2d2f965ed0e}"

/* ---- what each function is -------------------------------------------------------------- */

/* The names and places of one PCI function; everything else follows from them. */
struct function {
	const struct vm_pci *pci;
	unsigned number;    /* among all functions, from 0 */
	char address[16];   /* "0101:00:00.0" */
	char guid[48];      /* of its vmbus device */
	char path[256];     /* sys/devices/.../0101:00:00.0 */
	const char *driver; /* "mlx5_core", "mlx4_core", NULL where no driver of ours knows it */
	bool infiniband;
	char hca[16], netdev[16]; /* "mlx5_0", "ib0" */
};

static bool is_mlx4(const struct vm_pci *p)
{
	return p->device >= 0x1002 && p->device <= 0x1010;
}

static void function_init(struct function *f, const struct vm *vm, unsigned number)
{
	const struct vm_pci *p = &vm->spec.pci[number];
	unsigned hca = 0, ib = 0;

	*f = (struct function) { .pci = p, .number = number };
	f->infiniband = p->vendor == 0x15b3 && (p->class_code >> 8) == 0x0207;
	f->driver = p->vendor != 0x15b3 ? NULL : is_mlx4(p) ? "mlx4_core" : "mlx5_core";
	for (unsigned i = 0; i < number; i++) {
		hca += vm->spec.pci[i].vendor == 0x15b3;
		ib += vm->spec.pci[i].vendor == 0x15b3 &&
		      (vm->spec.pci[i].class_code >> 8) == 0x0207;
	}
	(void)TEXT_FORMAT(f->address, "%04x:00:00.0", 0x0101 + number);
	(void)TEXT_FORMAT(f->guid, "47505500-%04x-0001-3130-444531444234", number + 1);
	(void)TEXT_FORMAT(f->path, VMBUS_ROOT "/%s/pci%.4s:00/%s", f->guid, f->address, f->address);
	(void)TEXT_FORMAT(f->hca, "%s_%u", is_mlx4(p) ? "mlx4" : "mlx5", hca);
	(void)TEXT_FORMAT(f->netdev, "ib%u", ib);
}

static void put_vmbus_device(struct tree *t, const char *guid, const char *class_id,
			     const char *driver)
{
	char base[256], path[VM_PATH_MAX];

	(void)TEXT_FORMAT(base, VMBUS_ROOT "/%s", guid);
	tree_put(t, base, "class_id", "%s", class_id);
	tree_put(t, base, "device_id", "{%s}", guid);
	tree_put(t, base, "state", "3");
	(void)TEXT_FORMAT(path, "sys/bus/vmbus/devices/%s", guid);
	tree_link(t, path, base);
	(void)TEXT_FORMAT(path, "%s/driver", base);
	(void)TEXT_FORMAT(base, "sys/bus/vmbus/drivers/%s", driver);
	tree_dir(t, base);
	tree_link(t, path, base);
}

static void put_config_space(struct tree *t, const struct function *f)
{
	unsigned char c[256] = { 0 };
	char path[VM_PATH_MAX];

	c[0] = (unsigned char)f->pci->vendor, c[1] = (unsigned char)(f->pci->vendor >> 8);
	c[2] = (unsigned char)f->pci->device, c[3] = (unsigned char)(f->pci->device >> 8);
	c[4] = 0x06, c[6] = 0x10; /* memory and bus master on; capability list */
	c[9] = (unsigned char)f->pci->class_code, c[10] = (unsigned char)(f->pci->class_code >> 8);
	c[11] = (unsigned char)(f->pci->class_code >> 16);
	c[0x2c] = c[0], c[0x2d] = c[1], c[0x2e] = 0x08;
	(void)TEXT_FORMAT(path, "%s/config", f->path);
	tree_data(t, path, c, sizeof c);
}

static void put_function_links(struct tree *t, const struct function *f)
{
	char path[VM_PATH_MAX], target[VM_PATH_MAX];

	(void)TEXT_FORMAT(path, "sys/bus/pci/devices/%s", f->address);
	tree_link(t, path, f->path);
	if (f->driver == NULL)
		return;
	(void)TEXT_FORMAT(path, "sys/bus/pci/drivers/%s/%s", f->driver, f->address);
	tree_link(t, path, f->path);
	(void)TEXT_FORMAT(path, "%s/driver", f->path);
	(void)TEXT_FORMAT(target, "sys/bus/pci/drivers/%s", f->driver);
	tree_link(t, path, target);
}

static void put_function(struct tree *t, const struct function *f)
{
	const struct vm_pci *p = f->pci;
	char path[VM_PATH_MAX];

	tree_put(t, f->path, "vendor", "0x%04x", p->vendor);
	tree_put(t, f->path, "device", "0x%04x", p->device);
	tree_put(t, f->path, "class", "0x%06x", (unsigned)p->class_code);
	tree_put(t, f->path, "subsystem_vendor", "0x%04x", p->vendor);
	tree_put(t, f->path, "subsystem_device", "0x0008");
	tree_put(t, f->path, "revision", "0x00");
	tree_put(t, f->path, "numa_node", "0");
	tree_put(t, f->path, "irq", "0");
	tree_put(t, f->path, "enable", "1");
	tree_put(t, f->path, "local_cpulist", "0");
	tree_put(t, f->path, "modalias",
		 "pci:v0000%04Xd0000%04Xsv0000%04Xsd00000008bc%02Xsc%02Xi%02X", p->vendor,
		 p->device, p->vendor, (unsigned)p->class_code >> 16,
		 (unsigned)(p->class_code >> 8) & 0xff, (unsigned)p->class_code & 0xff);
	tree_put(t, f->path, "resource",
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000");
	put_config_space(t, f);
	(void)TEXT_FORMAT(path, "%s/subsystem", f->path);
	tree_link(t, path, "sys/bus/pci");
	put_function_links(t, f);
}

/* ---- InfiniBand -------------------------------------------------------------------------- */

static const struct {
	enum vm_port_state state;
	const char *name, *phys;
} port_states[] = {
	{ VM_PORT_DOWN, "1: DOWN", "3: Disabled" },
	{ VM_PORT_INIT, "2: INIT", "5: LinkUp" },
	{ VM_PORT_ACTIVE, "4: ACTIVE", "5: LinkUp" },
};

static const struct {
	unsigned gbps;
	const char *text;
} rates[] = {
	{ 56, "56 Gb/sec (4X FDR)" },   { 100, "100 Gb/sec (4X EDR)" },
	{ 200, "200 Gb/sec (4X HDR)" }, { 400, "400 Gb/sec (4X NDR)" },
	{ 800, "800 Gb/sec (4X XDR)" }, { 40, "40 Gb/sec (4X QDR)" },
};

static void put_port(struct tree *t, const char *port, const struct vm *vm, bool infiniband)
{
	const char *rate = infiniband ? "" : "40 Gb/sec (4X QDR)";

	for (size_t i = 0; i < ARRAY_SIZE(port_states); i++)
		if (port_states[i].state == (infiniband ? vm->spec.port : VM_PORT_ACTIVE)) {
			tree_put(t, port, "state", "%s", port_states[i].name);
			tree_put(t, port, "phys_state", "%s", port_states[i].phys);
		}
	for (size_t i = 0; infiniband && i < ARRAY_SIZE(rates); i++)
		if (rates[i].gbps == vm->spec.rate_gbps)
			rate = rates[i].text;
	if (*rate != '\0')
		tree_put(t, port, "rate", "%s", rate);
	else
		tree_put(t, port, "rate", "%u Gb/sec (4X)", vm->spec.rate_gbps);
	tree_put(t, port, "lid", infiniband && vm->spec.port == VM_PORT_ACTIVE ? "0x%x" : "0x0",
		 0x100 + vm->index);
	tree_put(t, port, "sm_lid", infiniband && vm->spec.port == VM_PORT_ACTIVE ? "0x1" : "0x0");
}

/* In DEVICE/infiniband/NAME or DEVICE/net/NAME, where the directory goes when its driver is loaded.
 */
static void put_device_link(struct tree *t, const char *path, const struct function *f)
{
	char target[32];

	(void)TEXT_FORMAT(target, "../../../%s", f->address);
	if (symlinkat(target, t->dir, path) < 0)
		tree_fail(t, path, -errno);
}

static void put_hca(struct tree *t, const struct function *f, const struct vm *vm)
{
	char base[256], port[256], path[VM_PATH_MAX];

	(void)TEXT_FORMAT(base, "hca/%s", f->hca);
	(void)TEXT_FORMAT(port, "%s/ports/1", base);
	tree_put(t, base, "fw_ver", is_mlx4(f->pci) ? "2.42.5000" : "20.35.2000");
	tree_put(t, base, "hca_type", "MT%u", f->pci->device);
	tree_put(t, base, "hw_rev", "0");
	tree_put(t, base, "board_id", "MSF0000000010");
	tree_put(t, base, "node_type", "1: CA");
	tree_put(t, base, "node_desc", "%s", vm->spec.name);
	tree_put(t, base, "node_guid", "0015:5dff:fe33:%02x%02x", vm->index & 0xff, f->number);
	tree_put(t, base, "sys_image_guid", "0015:5dff:fe33:%02x%02x", vm->index & 0xff, f->number);
	put_port(t, port, vm, f->infiniband);
	tree_put(t, port, "link_layer", f->infiniband ? "InfiniBand" : "Ethernet");
	tree_put(t, port, "sm_sl", "0");
	tree_put(t, port, "lid_mask_count", "0");
	tree_put(t, port, "cap_mask", "0x2659ec48");
	tree_put(t, port, "gids/0", "fe80:0000:0000:0000:0015:5dff:fe33:%02x%02x", vm->index & 0xff,
		 f->number);
	tree_put(t, port, "pkeys/0", f->infiniband ? "0x8001" : "0xffff");
	if (f->infiniband)
		tree_put(t, port, "pkeys/1", "0x7fff");
	tree_put(t, port, "counters/port_rcv_data", "0");
	tree_put(t, port, "counters/port_xmit_data", "0");
	tree_put(t, port, "counters/link_downed", "0");
	(void)TEXT_FORMAT(path, "hca/%s/device", f->hca);
	put_device_link(t, path, f);
}

static void put_ipoib(struct tree *t, const struct function *f, const struct vm *vm)
{
	char base[64], path[VM_PATH_MAX];

	(void)TEXT_FORMAT(base, "net/%s", f->netdev);
	tree_put(t, base, "type", "32");
	tree_put(t, base, "addr_len", "20");
	tree_put(t, base, "address",
		 "00:00:00:a4:fe:80:00:00:00:00:00:00:00:15:5d:ff:fe:33:%02x:%02x",
		 vm->index & 0xff, f->number);
	tree_put(t, base, "dev_port", "0");
	tree_put(t, base, "dev_id", "0x0");
	tree_put(t, base, "mtu", "2044");
	tree_put(t, base, "operstate", "up");
	tree_put(t, base, "carrier", "1");
	tree_put(t, base, "flags", "0x1003");
	tree_put(t, base, "mode", "datagram");
	tree_put(t, base, "pkey", "0x8001");
	(void)TEXT_FORMAT(path, "net/%s/device", f->netdev);
	put_device_link(t, path, f);
}

/* ---- the rest of a Hyper-V guest ---------------------------------------------------------- */

static void put_dmi(struct tree *t, const struct vm *vm)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
		{ "sys_vendor", "Microsoft Corporation" },
		{ "product_name", "Virtual Machine" },
		{ "product_version", "Hyper-V UEFI Release v4.1" },
		{ "board_vendor", "Microsoft Corporation" },
		{ "board_name", "Virtual Machine" },
		{ "bios_vendor", "Microsoft Corporation" },
		{ "bios_version", "Hyper-V UEFI Release v4.1" },
		{ "chassis_vendor", "Microsoft Corporation" },
		{ "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77" }, /* Azure's */
	};
	size_t n = ARRAY_SIZE(rows) - !vm->spec.azure;

	for (size_t i = 0; i < n; i++)
		tree_put(t, "sys/devices/virtual/dmi/id", rows[i].name, "%s", rows[i].text);
	tree_put(t, "sys/devices/virtual/dmi/id", "product_uuid", "7ab0cc88-0000-4000-8000-%012x",
		 vm->index);
	tree_link(t, "sys/class/dmi/id", "sys/devices/virtual/dmi/id");
}

static void put_eth0(struct tree *t, const struct vm *vm)
{
	static const char guid[] = "000d3a7c-0000-000d-3a7c-0000000d3a7c";
	char base[256], path[VM_PATH_MAX];

	(void)TEXT_FORMAT(base, VMBUS_ROOT "/%s", guid);
	if (vm->spec.vmbus)
		put_vmbus_device(t, guid, CLASS_NIC, "hv_netvsc");
	(void)TEXT_FORMAT(path, "%s/net/eth0", base);
	tree_put(t, path, "address", "%s", vm->mac);
	tree_put(t, path, "type", "1");
	tree_put(t, path, "addr_len", "6");
	tree_put(t, path, "mtu", "1500");
	tree_put(t, path, "operstate", "up");
	tree_put(t, path, "carrier", "1");
	tree_put(t, path, "flags", "0x1003");
	tree_link(t, "sys/class/net/eth0", path);
	tree_put(t, "sys/devices/virtual/net/lo", "type", "772");
	tree_put(t, "sys/devices/virtual/net/lo", "address", "00:00:00:00:00:00");
	tree_put(t, "sys/devices/virtual/net/lo", "operstate", "unknown");
	tree_link(t, "sys/class/net/lo", "sys/devices/virtual/net/lo");
}

static void put_hcas(struct tree *t, const struct vm *vm)
{
	AUTO_BUF struct buf lines = { 0 };
	struct function f;

	for (unsigned i = 0; i < vm->spec.npci; i++) {
		function_init(&f, vm, i);
		if (vm->spec.vmbus)
			put_vmbus_device(t, f.guid, CLASS_PCI, "hv_pci");
		put_function(t, &f);
		if (f.driver == NULL)
			continue;
		put_hca(t, &f, vm);
		if (f.infiniband)
			put_ipoib(t, &f, vm);
		tree_fail(t, "hcas",
			  buf_add_format(&lines, "%s %s %s %s\n", f.hca, f.driver, f.path + 4,
					 f.infiniband ? f.netdev : "-"));
	}
	tree_data(t, "hcas", buf_text(&lines), lines.len);
}

/* The modules that a VM of Azure has loaded when it is up, before anybody asked for InfiniBand. */
static void put_modules(struct tree *t, const struct vm *vm)
{
	static const char *const hyperv[] = { "hv_vmbus", "hv_netvsc", "hv_utils", "pci_hyperv",
					      "pci_hyperv_intf" };
	AUTO_BUF struct buf text = { 0 };
	const char *core = NULL;
	char base[64];

	for (unsigned i = 0; i < vm->spec.npci; i++)
		if (vm->spec.pci[i].vendor == 0x15b3)
			core = is_mlx4(&vm->spec.pci[i]) ? "mlx4_core" : "mlx5_core";
	for (size_t i = 0; i <= ARRAY_SIZE(hyperv); i++) {
		const char *name = i < ARRAY_SIZE(hyperv) ? hyperv[i] : core;

		if (name == NULL || (i < ARRAY_SIZE(hyperv) && !vm->spec.vmbus))
			continue;
		tree_fail(t, "modules",
			  buf_add_format(&text, "%s 16384 0 - Live 0x0000000000000000\n", name));
		(void)TEXT_FORMAT(base, "sys/module/%s", name);
		tree_put(t, base, "initstate", "live");
		tree_put(t, base, "refcnt", "0");
	}
	tree_data(t, "modules", buf_text(&text), text.len);
}

int sysfs_make(const char *dir, const struct vm *vm, struct error *err)
{
	static const char *const dirs[] = {
		"sys/fs/cgroup",       "sys/devices/system", "sys/class/net", "sys/bus/pci/devices",
		"sys/bus/pci/drivers", "sys/module",         "unplugged"
	};
	struct tree t;

	if (mkdir(dir, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s: %s", dir,
				 strerror(errno));
	if (tree_open(&t, dir, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		tree_dir(&t, dirs[i]);
	tree_put(&t, "sys/kernel/security", "lockdown", "[none] integrity confidentiality");
	put_dmi(&t, vm);
	put_eth0(&t, vm);
	put_hcas(&t, vm);
	put_modules(&t, vm);
	if (tree_close(&t, dir, err) < 0)
		return -1;
	return vm->spec.adapter ? 0 : sysfs_change(dir, vm, "adapter", err);
}

/* ---- changes while it runs ----------------------------------------------------------------- */

/* A function comes or goes with all that hangs on it, as when Hyper-V services the host. */
static void plug(struct tree *t, const struct function *f, bool in)
{
	static const char *const links[] = { "sys/bus/pci/devices", "sys/bus/pci/drivers/mlx5_core",
					     "sys/bus/pci/drivers/mlx4_core",
					     "sys/class/infiniband", "sys/class/net" };
	char away[VM_PATH_MAX], name[VM_PATH_MAX], path[VM_PATH_MAX];

	(void)TEXT_FORMAT(away, "unplugged/%s", f->address);
	if (!in) {
		for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
			const char *what = i < 3 ? f->address : i == 3 ? f->hca : f->netdev;

			(void)TEXT_FORMAT(path, "%s/%s", links[i], what);
			(void)unlinkat(t->dir, path, 0);
		}
		tree_move(t, f->path, away);
		return;
	}
	tree_move(t, away, f->path);
	put_function_links(t, f);
	(void)TEXT_FORMAT(name, "%s/infiniband/%s", f->path, f->hca);
	(void)TEXT_FORMAT(path, "sys/class/infiniband/%s", f->hca);
	if (fs_exists(t->dir, name))
		tree_link(t, path, name);
	(void)TEXT_FORMAT(name, "%s/net/%s", f->path, f->netdev);
	(void)TEXT_FORMAT(path, "sys/class/net/%s", f->netdev);
	if (fs_exists(t->dir, name))
		tree_link(t, path, name);
}

static void change_port(struct tree *t, const struct function *f, const struct vm *vm)
{
	char roots[3][VM_PATH_MAX];

	(void)TEXT_FORMAT(roots[0], "hca/%s/ports/1", f->hca);
	(void)TEXT_FORMAT(roots[1], "%s/infiniband/%s/ports/1", f->path, f->hca);
	(void)TEXT_FORMAT(roots[2], "unplugged/%s/infiniband/%s/ports/1", f->address, f->hca);
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (fs_exists(t->dir, roots[i]))
			put_port(t, roots[i], vm, true);
}

int sysfs_change(const char *dir, const struct vm *vm, const char *key, struct error *err)
{
	struct function f;
	struct tree t;

	if (tree_open(&t, dir, err) < 0)
		return -1;
	for (unsigned i = 0; i < vm->spec.npci; i++) {
		function_init(&f, vm, i);
		if (text_eq(key, "adapter"))
			plug(&t, &f, vm->spec.adapter);
		else if (f.infiniband)
			change_port(&t, &f, vm);
	}
	return tree_close(&t, dir, err);
}
