/* facts/rdma_names.c - counts functions of one kind, in the order of their PCI addresses. */
#include "facts/rdma_names.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"

enum { VENDOR_MELLANOX = 0x15b3 };

static const char *const kinds[] = { "mlx5_ib", "mlx5_an", "mlx4_ib", "mlx4_an" };

bool rdma_name_stays(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *number = name + strlen(kinds[i]);

		if (text_starts(name, kinds[i]) && number[0] != '\0' &&
		    number[strspn(number, "0123456789")] == '\0')
			return true;
	}
	return false;
}

/* Functions that have no device yet count, too: theirs may come later. */
static unsigned place_of(const struct facts *f, const struct nic_facts *nic)
{
	unsigned before = 0;

	for (unsigned i = 0; i < f->nnics; i++)
		before += f->nics[i].vendor == VENDOR_MELLANOX &&
			  nic_is_infiniband(&f->nics[i]) == nic_is_infiniband(nic) &&
			  strcmp(f->nics[i].address, nic->address) < 0;
	return before;
}

static const struct nic_facts *nic_of(const struct facts *f, const struct port_facts *p)
{
	for (unsigned i = 0; i < f->nnics; i++)
		if (f->nics[i].vendor == VENDOR_MELLANOX && p->pci[0] != '\0' &&
		    text_eq(f->nics[i].address, p->pci))
			return &f->nics[i];
	return NULL;
}

static bool is_taken(const struct facts *f, const char *name)
{
	for (unsigned i = 0; i < f->nports; i++)
		if (text_eq(f->ports[i].device, name))
			return true;
	return false;
}

bool rdma_name_wanted(const struct facts *f, const struct port_facts *p, char *ret, size_t size)
{
	const struct nic_facts *nic = nic_of(f, p);
	bool mlx4;

	if (nic == NULL || p->link_layer == LINK_LAYER_UNKNOWN || rdma_name_stays(p->device))
		return false;
	mlx4 = text_starts(p->device, "mlx4_") || text_starts(nic->driver, "mlx4_");
	for (unsigned n = place_of(f, nic); n < 2 * FACTS_NICS_MAX; n++) {
		(void)text_format(ret, size, "%s_%s%u", mlx4 ? "mlx4" : "mlx5",
				  p->link_layer == LINK_LAYER_INFINIBAND ? "ib" : "an", n);
		if (!is_taken(f, ret))
			return true;
	}
	return false;
}
