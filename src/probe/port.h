/* probe/port.h - the RDMA ports of this machine, as the kernel shows them.
 *
 * Source: sys/class/infiniband/<dev>/{node_guid,device} and
 * ports/<n>/{state,phys_state,rate,link_layer,lid,sm_lid,pkeys}
 * (Documentation/ABI/stable/sysfs-class-infiniband). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "facts/facts.h"

struct host;

/* Each parses the text of one attribute. Returns 0, or -EINVAL and leaves *ret as it was. */
int port_parse_state(const char *text, size_t len, enum port_state *ret); /* "4: ACTIVE" */
int port_parse_phys_state(const char *text, size_t len,
			  enum port_phys_state *ret);                          /* "5: LinkUp" */
int port_parse_link_layer(const char *text, size_t len, enum link_layer *ret); /* "InfiniBand" */
int port_parse_lid(const char *text, size_t len, uint32_t *ret);               /* "0x1a5" */
int port_parse_pkey(const char *text, size_t len, uint16_t *ret);              /* "0x800a" */

/* "200 Gb/sec (4X HDR)" -> 200. Half gigabits ("2.5 Gb/sec (1X SDR)") are dropped. */
int port_parse_rate(const char *text, size_t len, uint32_t *ret);

/* Needs nics, whose link_layer it corrects by what their ports say. */
void port_read(const struct host *h, struct facts *ret);
