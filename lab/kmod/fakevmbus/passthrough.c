// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver hv_pci: a bound channel has a PCI domain of its own below it, as under Hyper-V.
 *
 * Unbinding it through sysfs takes the function away and binding brings it back, which is how
 * Azure's host servicing looks from inside a VM.
 */
#include <linux/module.h>

#include "fakevmbus.h"

static int hv_pci_probe(struct device *dev)
{
	struct channel *ch = to_channel(dev);
	LIST_HEAD(resources);

	pci_add_resource(&resources, &ch->busn);
	pci_add_resource(&resources, &iomem_resource);
	pci_lock_rescan_remove();
	ch->pci = pci_scan_root_bus(dev, 0, &config_ops, &ch->sysdata, &resources);
	if (ch->pci) {
		pci_bus_assign_resources(ch->pci);
		pci_bus_add_devices(ch->pci);
	}
	pci_unlock_rescan_remove();
	if (!ch->pci) {
		pci_free_resource_list(&resources);
		return -ENODEV;
	}
	return 0;
}

static int hv_pci_remove(struct device *dev)
{
	struct channel *ch = to_channel(dev);

	pci_lock_rescan_remove();
	pci_stop_root_bus(ch->pci);
	pci_remove_root_bus(ch->pci);
	pci_unlock_rescan_remove();
	ch->pci = NULL;
	return 0;
}

struct device_driver hv_pci = {
	.name = "hv_pci",
	.owner = THIS_MODULE,
	.bus = &vmbus,
	.probe = hv_pci_probe,
	.remove = hv_pci_remove,
};
