/* tests/unit/plan/machine.h - the machines that the tests of plan and verify start from and change.
 */
#pragma once

#include "facts/facts.h"
#include "facts/settings.h"

/* A Standard_HB120rs_v3 with Debian 12 as deployed: the adapter is there, no driver is. */
void machine_fresh(struct facts *ret);

/* The same after the inbox route: packages installed, modules loaded, one port ACTIVE at 200 Gb/s.
 */
void machine_working(struct facts *ret);

/* The parts that these are made of. */
struct nic_facts *nic_add(struct facts *f, const char *address, uint16_t device,
			  uint16_t class_code);
struct port_facts *port_add(struct facts *f, const char *device, const char *pci,
			    uint32_t rate_gbps);
void package_add(struct facts *f, const char *name, const char *version);
struct package_facts *package_of(struct facts *f, const char *name);
struct module_facts *module_of(struct facts *f, const char *name);
void size_set(struct facts *f, const char *size);
void functions_clear(struct facts *f);

/* Set vm.size to one with eight functions, and give it `functions` of them, with a port each. */
void machine_nd96(struct facts *ret, unsigned functions);
