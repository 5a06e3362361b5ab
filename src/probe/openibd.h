/* probe/openibd.h - is the vendor's service openibd there, and does it wait for udev?
 *
 * Sources: its unit (DOCA-OFED's and MLNX_OFED's: Type=oneshot, TimeoutSec=180, no order to udev),
 * the drop-ins of openibd.service.d (systemd.unit(5)), the links that enable it. Azure's HPC images
 * have a drop-in, override.conf, of their own (facts/procedure.md, 2.1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct host;

struct openibd_order {
	bool after, wanted; /* systemd-udev-settle.service is: both are needed */
};

/* Take over what a unit's file or drop-in says of systemd-udev-settle.service. */
void openibd_parse_order(const char *text, size_t len, struct openibd_order *ret);

/* openibd. */
void openibd_read(const struct host *h, struct facts *ret);
