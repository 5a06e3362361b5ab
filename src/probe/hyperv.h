/* probe/hyperv.h - has this kernel what a VM of Azure needs: VMBus, and the pass-through of PCI
 * functions?
 *
 * Sources: sys/bus/vmbus and its drivers; the module pci-hyperv
 * (drivers/pci/controller/pci-hyperv.c, whose driver is named hv_pci). */
#pragma once

struct facts;
struct host;

/* Needs modules. NO only where it is certain: pci is UNKNOWN as long as modules.dep or
 * modules.builtin is. */
void hyperv_read(const struct host *h, struct facts *ret);
