/* tests/unit/plan/machine.c - facts of the machines that the tests start from. */
#include "machine.h"

#include "base/text.h"
#include "catalogue/catalogue.h"

struct nic_facts *nic_add(struct facts *f, const char *address, uint16_t device,
			  uint16_t class_code)
{
	struct nic_facts *nic = &f->nics[f->nnics++];

	*nic = (struct nic_facts) { .vendor = 0x15b3, .device = device, .class_code = class_code };
	(void)TEXT_COPY(nic->address, address);
	(void)TEXT_COPY(nic->driver, "mlx5_core");
	return nic;
}

struct port_facts *port_add(struct facts *f, const char *device, const char *pci,
			    uint32_t rate_gbps)
{
	struct port_facts *p = &f->ports[f->nports++];

	*p = (struct port_facts) {
		.number = 1,
		.state = PORT_ACTIVE,
		.phys_state = PORT_PHYS_LINK_UP,
		.rate_gbps = rate_gbps,
		.link_layer = LINK_LAYER_INFINIBAND,
		.lid = 0x2b9,
		.sm_lid = 1,
		.pkeys = { 0x800a, 0x7fff },
		.npkeys = 2,
	};
	(void)TEXT_COPY(p->device, device);
	(void)TEXT_COPY(p->pci, pci);
	(void)TEXT_FORMAT(p->netdev, "ib%u", f->nports - 1);
	(void)TEXT_FORMAT(p->guid, "0015:5dff:fe33:%04x", f->nports);
	return p;
}

void package_add(struct facts *f, const char *name, const char *version)
{
	struct package_facts *p = &f->packages[f->npackages++];

	*p = (struct package_facts) { 0 };
	(void)TEXT_COPY(p->name, name);
	(void)TEXT_COPY(p->version, version);
}

struct package_facts *package_of(struct facts *f, const char *name)
{
	for (unsigned i = 0; i < f->npackages; i++)
		if (text_eq(f->packages[i].name, name))
			return &f->packages[i];
	return NULL;
}

struct module_facts *module_of(struct facts *f, const char *name)
{
	for (unsigned i = 0; i < f->nmodules; i++)
		if (text_eq(f->modules[i].name, name))
			return &f->modules[i];
	return NULL;
}

void size_set(struct facts *f, const char *size)
{
	(void)TEXT_COPY(f->vm.size, size);
}

void functions_clear(struct facts *f)
{
	f->nnics = 0;
	f->nports = 0;
	nic_add(f, "86fc:00:02.0", 0x1016, 0x0200);
	catalogue_classify(&catalogue_built_in, f);
}

static void modules_add(struct facts *f)
{
	static const char *const names[] = { "mlx5_core", "mlx5_ib", "mlx4_core", "mlx4_ib",
					     "ib_uverbs", "ib_umad", "ib_ipoib",  "rdma_ucm" };

	f->modules_known = true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct module_facts *m = &f->modules[f->nmodules++];

		(void)TEXT_COPY(m->name, names[i]);
		(void)TEXT_FORMAT(m->path, "kernel/%s.ko", names[i]);
	}
	module_of(f, "mlx5_core")->loaded = true;
}

void machine_fresh(struct facts *ret)
{
	*ret = (struct facts) { .vm = { .azure = true, .metadata = METADATA_STATE_ANSWERED },
				.hyperv = { TRI_YES, TRI_YES },
				.packages_known = true,
				.systemd = true };
	size_set(ret, "Standard_HB120rs_v3");
	(void)TEXT_COPY(ret->vm.placement_group, "f67c14ab-e92c-408c-ae2d-da15866ec79a");
	(void)TEXT_COPY(ret->os.id, "debian");
	(void)TEXT_COPY(ret->os.version, "12");
	(void)TEXT_COPY(ret->kernel.release, "6.1.0-56-amd64");
	(void)TEXT_COPY(ret->kernel.machine, "x86_64");
	(void)TEXT_COPY(ret->package_manager, "apt");
	modules_add(ret);
	functions_clear(ret);
	nic_add(ret, "0101:00:00.0", 0x101c, 0x0207);
	catalogue_classify(&catalogue_built_in, ret);
}

static void stack_add(struct facts *f)
{
	static const char *const packages[] = { "rdma-core", "ibverbs-providers",
						"infiniband-diags" };

	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		package_add(f, packages[i], "44.0-2");
	package_add(f, "perftest", "4.5+0.17-1");
	for (unsigned i = 0; i < f->nmodules; i++)
		f->modules[i].loaded = !text_starts(f->modules[i].name, "mlx4");
	f->driver.kind = DRIVER_INBOX;
	(void)TEXT_COPY(f->driver.version, "44.0-2");
}

void machine_working(struct facts *ret)
{
	machine_fresh(ret);
	stack_add(ret);
	port_add(ret, "mlx5_1", "86fc:00:02.0", 40)->link_layer = LINK_LAYER_ETHERNET;
	port_add(ret, "mlx5_0", "0101:00:00.0", 200);
}

void machine_nd96(struct facts *ret, unsigned functions)
{
	machine_fresh(ret);
	stack_add(ret);
	size_set(ret, "Standard_ND96asr_v4");
	functions_clear(ret);
	for (unsigned i = 1; i <= functions; i++) {
		char address[16], device[16];

		(void)TEXT_FORMAT(address, "01%02x:00:00.0", i);
		(void)TEXT_FORMAT(device, "mlx5_%u", i);
		nic_add(ret, address, 0x101c, 0x0207);
		port_add(ret, device, address, 200);
	}
	catalogue_classify(&catalogue_built_in, ret);
}
