/* probe/kvp.h - what the host tells the guest through Hyper-V's key-value pairs.
 *
 * Source: var/lib/hyperv/.kvp_pool_0 to _4, written by hv_kvp_daemon: records of 512 bytes of key
 * and 2048 of value, padded with NUL; what follows the first NUL is left over from other records
 * (tools/hv/hv_kvp_daemon.c; facts/real-outputs/kvp_pool_3-hostinfo-sample.bin). IPoIB_Data is
 * "NUMPAIRS:<n>|<MAC>:<IPv4>|...", the MAC as 12 hexadecimal digits; NdDriverVersion is there on
 * Network Direct sizes (facts/procedure.md, 5). */
#pragma once

#include <stddef.h>

#include "facts/facts.h"

struct host;

/* Add what one pool holds to *ret. A length that is no whole number of records makes it malformed;
 * the whole records of it count all the same. An empty pool is no error. */
void kvp_parse(const char *bytes, size_t len, struct kvp_facts *ret);

/* Set assigned and ipoib_pairs by the value of IPoIB_Data: those of its parts that are a MAC and an
 * IPv4 address. */
void kvp_parse_pairs(const char *text, size_t len, struct kvp_facts *ret);

/* Unknown where there is no pool at all. */
void kvp_read(const struct host *h, struct facts *ret);
