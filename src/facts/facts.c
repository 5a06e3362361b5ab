/* facts/facts.c - questions that several rooms ask of the facts. */
#include "facts/facts.h"

#include "base/text.h"

enum {
	VENDOR_MELLANOX = 0x15b3,
	CLASS_ETHERNET = 0x0200,
	CLASS_INFINIBAND = 0x0207,
	CLASS_OTHER = 0x0280
};

/* A ConnectX-3 shows itself as "Network controller", not as InfiniBand or Ethernet. */
static bool is_connectx3_family(const struct nic_facts *nic)
{
	return (nic->device >= 0x1002 && nic->device <= 0x1004) || nic->device == 0x1007;
}

bool nic_is_infiniband(const struct nic_facts *nic)
{
	if (nic->vendor != VENDOR_MELLANOX)
		return false;
	switch (nic->class_code) {
	case CLASS_INFINIBAND:
		return true;
	case CLASS_OTHER:
		/* Its ports can tell better than its class, once there are any. */
		if (nic->link_layer != LINK_LAYER_UNKNOWN)
			return nic->link_layer == LINK_LAYER_INFINIBAND;
		return is_connectx3_family(nic);
	default:
		return false;
	}
}

unsigned facts_count_infiniband_nics(const struct facts *f)
{
	unsigned count = 0;

	for (unsigned i = 0; i < f->nnics; i++)
		count += nic_is_infiniband(&f->nics[i]);
	return count;
}

unsigned facts_count_infiniband_ports(const struct facts *f, enum port_state at_least)
{
	unsigned count = 0;

	for (unsigned i = 0; i < f->nports; i++)
		count += f->ports[i].link_layer == LINK_LAYER_INFINIBAND &&
			 f->ports[i].state >= at_least;
	return count;
}

const struct module_facts *facts_module(const struct facts *f, const char *name)
{
	for (unsigned i = 0; i < f->nmodules; i++) {
		if (text_eq(f->modules[i].name, name))
			return &f->modules[i];
	}
	return NULL;
}

const struct package_facts *facts_package(const struct facts *f, const char *name)
{
	for (unsigned i = 0; i < f->npackages; i++) {
		if (text_eq(f->packages[i].name, name))
			return &f->packages[i];
	}
	return NULL;
}

bool facts_has_own_file(const struct facts *f, const char *path)
{
	for (unsigned i = 0; i < f->nown_files; i++)
		if (text_eq(f->own_files[i].path, path))
			return true;
	return false;
}
