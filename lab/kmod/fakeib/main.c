// SPDX-License-Identifier: GPL-2.0-only
/*
 * fakeib - the PCI driver: an RDMA device for each Mellanox function that fakevmbus shows.
 *
 * Deliberately without MODULE_DEVICE_TABLE: udev must not load it. A softdep of mlx5_ib does, so
 * that the device appears only after something has loaded the driver it stands in for.
 */
#include <linux/module.h>

#include "fakeib.h"

static unsigned long long guid = 0x00155dfffe33ff0eULL;
module_param(guid, ullong, 0644);
MODULE_PARM_DESC(guid, "node GUID of the first device; those probed next count on");

static struct hca *hcas[HCA_MAX]; /* written under the device lock of one probe at a time */
static DEFINE_MUTEX(hcas_lock);

u64 hca_guid(const struct hca *hca)
{
	return hca->guid;
}

/* Azure's ports have the GUID of their node with fd in the place of fe; the last three bytes are
 * those of the MAC by which Hyper-V's key-value pairs name the interface. */
u64 hca_port_guid(const struct hca *hca, u32 port)
{
	return hca_guid(hca) - (1 << 24) + (port - 1) * HCA_MAX;
}

struct hca *hca_at(unsigned int index)
{
	return index < HCA_MAX ? hcas[index] : NULL;
}

/* Give the device the lowest free number. Returns 0 or -ENOSPC. */
static int hca_number(struct hca *hca)
{
	int ret = -ENOSPC;
	unsigned int i;

	mutex_lock(&hcas_lock);
	for (i = 0; i < HCA_MAX && ret; i++) {
		if (hcas[i])
			continue;
		hcas[i] = hca;
		hca->index = i;
		ret = 0;
	}
	mutex_unlock(&hcas_lock);
	return ret;
}

static void hca_unnumber(struct hca *hca)
{
	mutex_lock(&hcas_lock);
	hcas[hca->index] = NULL;
	mutex_unlock(&hcas_lock);
}

static void hca_describe(struct hca *hca, struct pci_dev *pdev)
{
	struct ib_device *ib = &hca->ib;

	hca->pdev = pdev;
	hca->model = model_of(pdev);
	hca->ethernet = pdev->class >> 8 == PCI_CLASS_NETWORK_ETHERNET;
	ib->node_type = RDMA_NODE_IB_CA;
	ib->phys_port_cnt = port_count(hca);
	ib->num_comp_vectors = 1;
	ib->dev.parent = &pdev->dev;
	ib_set_device_ops(ib, &hca_ops);
}

static int fakeib_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct hca *hca = ib_alloc_device(hca, ib);
	int ret;

	if (!hca)
		return -ENOMEM;
	hca_describe(hca, pdev);
	ret = hca_number(hca);
	if (ret)
		goto no_number;
	hca->guid = guid + hca->index;
	hca->ib.node_guid = cpu_to_be64(hca_guid(hca));
	snprintf(hca->ib.node_desc, sizeof(hca->ib.node_desc), "HCA-%u", hca->index + 1);
	ret = ib_register_device(&hca->ib, hca->model->name, NULL);
	if (ret)
		goto not_registered;
	pci_set_drvdata(pdev, hca);
	return 0;

not_registered:
	hca_unnumber(hca);
no_number:
	ib_dealloc_device(&hca->ib);
	return ret;
}

static void fakeib_remove(struct pci_dev *pdev)
{
	struct hca *hca = pci_get_drvdata(pdev);

	hca_unnumber(hca);
	ib_unregister_device(&hca->ib);
	ib_dealloc_device(&hca->ib);
}

/* Class 0207 is InfiniBand; the VF of a ConnectX-3 Pro is 0280, that of accelerated networking
 * 0200. */
#define MELLANOX_CLASS(subclass)                                                                   \
	{                                                                                          \
		PCI_DEVICE(PCI_VENDOR_ID_MELLANOX, PCI_ANY_ID), .class = (subclass) << 8,          \
								.class_mask = 0xffff00,            \
	}

static const struct pci_device_id fakeib_ids[] = {
	MELLANOX_CLASS(0x0207),
	MELLANOX_CLASS(0x0280),
	MELLANOX_CLASS(0x0200),
	{},
};

static struct pci_driver fakeib_driver = {
	.name = "fakeib",
	.id_table = fakeib_ids,
	.probe = fakeib_probe,
	.remove = fakeib_remove,
};

module_pci_driver(fakeib_driver);
MODULE_DESCRIPTION("InfiniBand devices without hardware, for the ib-vmext lab");
MODULE_LICENSE("GPL");
