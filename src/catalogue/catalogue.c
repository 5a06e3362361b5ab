/* catalogue/catalogue.c - looks rows up, and says of which generation an adapter is. */
#include "catalogue/catalogue.h"

#include <string.h>

#include "base/text.h"

enum { RATE_NDR_GBPS = 400, RATE_XDR_GBPS = 800 };

const struct size_row *catalogue_size(const struct catalogue *c, const char *name)
{
	for (size_t i = 0; i < c->nsizes; i++)
		if (text_eq_nocase(c->sizes[i].name, name))
			return &c->sizes[i];
	return NULL;
}

const struct adapter_row *catalogue_adapter(const struct catalogue *c, unsigned vendor,
					    unsigned device)
{
	for (size_t i = 0; i < c->nadapters; i++)
		if (c->adapters[i].vendor == vendor && c->adapters[i].device == device)
			return &c->adapters[i];
	return NULL;
}

bool list_next(const char **rest, char *ret, size_t size)
{
	size_t len = strcspn(*rest, ",");

	if (len == 0)
		return false;
	(void)text_format(ret, size, "%.*s", (int)len, *rest);
	*rest += len;
	if (**rest == ',')
		(*rest)++;
	return true;
}

bool list_has(const char *list, const char *word)
{
	char item[64];

	while (list_next(&list, item, sizeof item))
		if (text_eq(item, word))
			return true;
	return false;
}

/* The fastest InfiniBand port of this function in Gb/s, 0 if none tells. */
static uint32_t function_rate(const struct facts *f, const struct nic_facts *nic)
{
	uint32_t rate = 0;

	for (unsigned i = 0; i < f->nports; i++)
		if (f->ports[i].link_layer == LINK_LAYER_INFINIBAND &&
		    text_eq(f->ports[i].pci, nic->address) && f->ports[i].rate_gbps > rate)
			rate = f->ports[i].rate_gbps;
	return rate;
}

/* 15b3:101e is every virtual function from ConnectX-6 Dx on: the size tells which, or else a rate
 * that only one generation is used at (facts: NDR is ConnectX-7, XDR is ConnectX-8). */
static const char *generation_of_mlx5gen(const struct catalogue *c, const struct facts *f,
					 const struct nic_facts *nic)
{
	const struct size_row *size = catalogue_size(c, f->vm.size);
	uint32_t rate;

	if (!nic_is_infiniband(nic))
		return "mlx5Gen";
	if (size != NULL && size->kind == SIZE_SRIOV)
		return size->generation;
	rate = function_rate(f, nic);
	if (rate >= RATE_XDR_GBPS)
		return "CX8";
	return rate >= RATE_NDR_GBPS ? "CX7" : "mlx5Gen";
}

/* What the class says where the ports have not said it (facts: rule 1 of the adapter table). */
static enum link_layer link_layer_by_class(const struct nic_facts *nic)
{
	if (nic->class_code == 0x0200)
		return LINK_LAYER_ETHERNET;
	return nic_is_infiniband(nic) ? LINK_LAYER_INFINIBAND : LINK_LAYER_UNKNOWN;
}

void catalogue_classify(const struct catalogue *c, struct facts *f)
{
	for (unsigned i = 0; i < f->nnics; i++) {
		struct nic_facts *nic = &f->nics[i];
		const struct adapter_row *row = catalogue_adapter(c, nic->vendor, nic->device);
		const char *generation = row != NULL ? row->generation : "";

		if (text_eq(generation, "mlx5Gen"))
			generation = generation_of_mlx5gen(c, f, nic);
		(void)TEXT_COPY(nic->generation, generation);
		if (nic->link_layer == LINK_LAYER_UNKNOWN)
			nic->link_layer = link_layer_by_class(nic);
	}
}
