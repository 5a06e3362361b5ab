/* probe/pci.h - the network functions on PCI that may carry RDMA: NVIDIA's (Mellanox) and
 * Microsoft's MANA.
 *
 * Source: sys/bus/pci/devices/<address>/{vendor,device,class,driver,current_link_speed,
 * current_link_width,numa_node}
 * (Documentation/ABI/testing/sysfs-bus-pci); classes: PCI Code and ID Assignment, 02 network: 00
 * Ethernet, 07 InfiniBand, 80 other. The domain of an Azure VF is not 0000. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/facts.h"

struct host;

/* Parse an attribute such as "0x15b3\n". Returns 0; -EINVAL or -ERANGE, and leaves *ret as it was,
 * for anything but a number of at most 24 bits in hexadecimal. */
int pci_parse_number(const char *text, size_t len, uint32_t *ret);

/* Is it the name of a function, "0101:00:00.0"? */
bool pci_is_address(const char *name);

/* Does a function of this vendor, device and class (24 bits) belong into the facts? */
bool pci_is_listed(uint32_t vendor, uint32_t device, uint32_t class_code);

/* "16.0 GT/s PCIe" -> 160, in tenths. Returns 0; -EINVAL, and leaves *ret as it was, for "Unknown"
 * and anything else. */
int pci_parse_speed(const char *text, size_t len, unsigned *ret);

/* What the class tells; a ConnectX-3 shows class 0280 for InfiniBand. */
enum link_layer pci_link_layer(const struct nic_facts *nic);

void pci_read(const struct host *h, struct facts *ret);
