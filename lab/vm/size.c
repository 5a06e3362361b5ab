/* What hardware a VM size of Azure has, as the lab plugs it in: an oracle of its own, not the
 * product's catalogue. */
#include "vm.h"

#include <errno.h>
#include <fnmatch.h>

#include "base/text.h"

enum { VENDOR_MELLANOX = 0x15b3, CLASS_INFINIBAND = 0x020700, CLASS_ETHERNET = 0x020000 };

/* Source: MicrosoftDocs/azure-compute-docs, the pages of the HB, HC, HX, NC and ND series, and the
 * link rates in Azure/azurehpc-health-checks, conf/. The first match wins. */
static const struct {
	const char *pattern;
	unsigned adapters;
	uint16_t device;
	unsigned rate_gbps;
	bool ethernet; /* accelerated networking: an Ethernet function beside the InfiniBand ones */
} sizes[] = {
	{ "Standard_HB60*rs", 1, 0x1018, 100, false },
	{ "Standard_HC44*rs", 1, 0x1018, 100, false },
	{ "Standard_HB120*rs_v[23]", 1, 0x101c, 200, true },
	{ "Standard_HB176*rs_v4", 1, 0x101e, 400, true },
	{ "Standard_HX176*rs", 1, 0x101e, 400, true },
	{ "Standard_HB368*rs_v5", 4, 0x101e, 200, true },
	{ "Standard_NC24rs_v[23]", 1, 0x1004, 56, false },
	{ "Standard_ND24rs", 1, 0x1004, 56, false },
	{ "Standard_ND40rs_v2", 1, 0x1018, 100, false },
	{ "Standard_ND96a*sr_v4", 8, 0x101c, 200, true },
	{ "Standard_ND96a*sr_*_v4", 8, 0x101c, 200, true },
	{ "Standard_ND*isr*_v5", 8, 0x101e, 400, true },
	{ "Standard_[DEF]*_v[345]", 0, 0, 0, true },
};

static void add(struct vm_spec *spec, uint16_t device, uint32_t class_code)
{
	if (spec->npci < VM_PCI_MAX)
		spec->pci[spec->npci++] = (struct vm_pci) { .vendor = VENDOR_MELLANOX,
							    .device = device,
							    .class_code = class_code };
}

void vm_spec_defaults(struct vm_spec *spec)
{
	bool asked = spec->npci > 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (fnmatch(sizes[i].pattern, spec->size, FNM_CASEFOLD) != 0)
			continue;
		for (unsigned n = 0; !asked && n < sizes[i].adapters; n++)
			add(spec, sizes[i].device, CLASS_INFINIBAND);
		if (!asked && sizes[i].ethernet)
			add(spec, 0x1016, CLASS_ETHERNET);
		if (spec->rate_gbps == 0)
			spec->rate_gbps = sizes[i].rate_gbps;
		break;
	}
	if (spec->rate_gbps == 0)
		spec->rate_gbps = 100;
	if (spec->port == 0)
		spec->port = VM_PORT_ACTIVE;
}

/* A class of four digits is the base class and subclass, of six also the programming interface. */
static int parse_one(const char *text, struct vm_pci *ret)
{
	unsigned vendor, device, class_code;
	int end = 0, class_at = 0;

	if (sscanf(text, "%4x:%4x:%n%6x%n", &vendor, &device, &class_at, &class_code, &end) != 3 ||
	    text[end] != '\0' || (end - class_at != 4 && end - class_at != 6))
		return -EINVAL;
	*ret = (struct vm_pci) { .vendor = (uint16_t)vendor,
				 .device = (uint16_t)device,
				 .class_code = end - class_at == 4 ? class_code << 8 : class_code };
	return 0;
}

int vm_spec_pci(struct vm_spec *spec, const char *text)
{
	AUTO_FREE char *copy = strdup(text);
	struct vm_spec next = { 0 };
	char *rest = copy, *item;

	while (copy != NULL && (item = strsep(&rest, ",")) != NULL) {
		if (next.npci == VM_PCI_MAX || parse_one(item, &next.pci[next.npci]) < 0)
			return -EINVAL;
		next.npci++;
	}
	if (next.npci == 0)
		return -EINVAL;
	memcpy(spec->pci, next.pci, sizeof spec->pci);
	spec->npci = next.npci;
	return 0;
}
