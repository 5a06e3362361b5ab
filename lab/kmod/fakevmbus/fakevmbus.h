/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fakevmbus - a VMBus without a hypervisor.
 *
 * main.c reads the parameters, bus.c is the bus and its channels, passthrough.c is the driver that
 * hangs a PCI domain below a channel, config.c is the configuration space of the one function in
 * it.
 */
#ifndef FAKEVMBUS_H
#define FAKEVMBUS_H

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/types.h>
#include <asm/pci.h>

#define CONFIG_SIZE PCI_CFG_SPACE_SIZE

enum channel_kind {
	CHANNEL_PCI,            /* PCI pass-through: Hyper-V's class 44c4f61d-... */
	CHANNEL_NETWORK_DIRECT, /* class 8c2eaf3d-...: RDMA without a PCI function (A8, A9, H16r) */
};

struct function_id {
	u16 vendor, device;
	u32 class; /* 24 bits: base class, subclass, interface */
};

/* One channel of the bus, and what hangs below it. */
struct channel {
	struct device dev;
	enum channel_kind kind;
	unsigned int index; /* 0-based, in the order of the parameter */

	struct pci_sysdata sysdata; /* what arch code knows of the PCI domain; leads back to us */
	struct pci_bus *pci;        /* NULL while no driver is bound */
	struct resource busn;
	u8 config[CONFIG_SIZE];
};

static inline struct channel *to_channel(struct device *dev)
{
	return container_of(dev, struct channel, dev);
}

static inline struct channel *bus_channel(struct pci_bus *bus)
{
	return container_of((struct pci_sysdata *)bus->sysdata, struct channel, sysdata);
}

/* bus.c */
extern struct bus_type vmbus;
extern bool vmbus_plugged;
int vmbus_start(void);
void vmbus_stop(void);
int vmbus_plug(bool plugged); /* give or take the PCI functions */
int channel_add(enum channel_kind kind, const struct function_id *id, int domain);

/* config.c */
extern struct pci_ops config_ops;
void config_fill(u8 config[CONFIG_SIZE], const struct function_id *id);

/* passthrough.c */
extern struct device_driver hv_pci;

#endif
