/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fakeib - RDMA devices without hardware.
 *
 * main.c is the PCI driver, model.c knows what each adapter is, port.c is the state of the ports
 * and the parameters that change it, verbs.c is what the RDMA core asks of a device.
 */
#ifndef FAKEIB_H
#define FAKEIB_H

#include <linux/pci.h>
#include <linux/types.h>
#include <rdma/ib_verbs.h>

#define HCA_MAX   16
#define PORTS_MAX 2

struct model {
	u16 device;
	const char *name; /* of the RDMA device, with %d */
	u16 rate_gbps;    /* of an InfiniBand port as Azure wires it */
};

struct hca {
	struct ib_device ib;
	struct pci_dev *pdev;
	const struct model *model;
	bool ethernet;      /* an accelerated-networking VF: link layer Ethernet */
	u64 guid;
	unsigned int index; /* 0-based, in the order of probing */
};

static inline struct hca *to_hca(struct ib_device *ib)
{
	return container_of(ib, struct hca, ib);
}

/* main.c */
u64 hca_guid(const struct hca *hca);
u64 hca_port_guid(const struct hca *hca, u32 port);
struct hca *hca_at(unsigned int index); /* NULL if there is none */

/* model.c */
const struct model *model_of(const struct pci_dev *pdev); /* never NULL */

/* port.c */
unsigned int port_count(const struct hca *hca);
void port_fill(const struct hca *hca, u32 port, struct ib_port_attr *ret);

/* verbs.c */
extern const struct ib_device_ops hca_ops;

#endif
