// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space of a function, kept in memory. It has no BAR, so the real driver's probe
 * ends with "Missing registers BAR" and leaves the function to fakeib; and no interrupt.
 */
#include <asm/unaligned.h>

#include "fakevmbus.h"

#define CAP_EXPRESS  0x40 /* where the one capability stands */
#define SUBSYSTEM_ID 0x0190

/* A PCI Express endpoint with a link of 8 GT/s, 16 lanes. */
void config_fill(u8 config[CONFIG_SIZE], const struct function_id *id)
{
	const u16 link = PCI_EXP_LNKSTA_CLS_8_0GB | PCI_EXP_LNKSTA_NLW_X1 * 16;
	u8 *cap = config + CAP_EXPRESS;

	put_unaligned_le16(id->vendor, config + PCI_VENDOR_ID);
	put_unaligned_le16(id->device, config + PCI_DEVICE_ID);
	put_unaligned_le24(id->class, config + PCI_CLASS_PROG);
	put_unaligned_le16(PCI_STATUS_CAP_LIST, config + PCI_STATUS);
	put_unaligned_le16(id->vendor, config + PCI_SUBSYSTEM_VENDOR_ID);
	put_unaligned_le16(SUBSYSTEM_ID, config + PCI_SUBSYSTEM_ID);
	config[PCI_CAPABILITY_LIST] = CAP_EXPRESS;

	cap[0] = PCI_CAP_ID_EXP;
	put_unaligned_le16(2, cap + PCI_EXP_FLAGS); /* version 2, endpoint */
	put_unaligned_le32(link, cap + PCI_EXP_LNKCAP);
	put_unaligned_le16(link, cap + PCI_EXP_LNKSTA);
}

/* There is one function, 00.0 of bus 0 of the domain. */
static bool has(struct pci_bus *bus, unsigned int devfn, int where, int size)
{
	return bus->number == 0 && devfn == 0 && where + size <= CONFIG_SIZE;
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *ret)
{
	const u8 *at;

	if (!has(bus, devfn, where, size)) {
		*ret = ~0u;
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	at = bus_channel(bus)->config + where;
	*ret = size == 1 ? *at : size == 2 ? get_unaligned_le16(at) : get_unaligned_le32(at);
	return PCIBIOS_SUCCESSFUL;
}

/* What software may write; all else, the BARs above all, stays as it was filled in. */
static bool writable(int where)
{
	switch (where) {
	case PCI_COMMAND:
	case PCI_CACHE_LINE_SIZE:
	case PCI_LATENCY_TIMER:
	case PCI_INTERRUPT_LINE:
	case CAP_EXPRESS + PCI_EXP_DEVCTL:
		return true;
	default:
		return false;
	}
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	u8 *at;

	if (!has(bus, devfn, where, size))
		return PCIBIOS_DEVICE_NOT_FOUND;
	at = bus_channel(bus)->config + where;
	if (!writable(where))
		return PCIBIOS_SUCCESSFUL;
	if (size == 1)
		*at = value;
	else
		put_unaligned_le16(value, at); /* the upper half is status: read-only */
	return PCIBIOS_SUCCESSFUL;
}

struct pci_ops config_ops = {
	.read = config_read,
	.write = config_write,
};
