/* probe/ipoib.h - the interface of each InfiniBand port: is it up, what address has it, and which
 * does the host mean it to have.
 *
 * Sources: sys/class/net/<name>/operstate; the kernel for addresses (host/node.h); IPoIB_Data for
 * those that are meant, whose MAC is the port's GUID without its middle two bytes
 * (facts/procedure.md, 5): ...:00:15:5d:ff:fd:33:ff:17 is 00155D33FF17. */
#pragma once

#include <stdbool.h>

struct facts;
struct host;

/* Is the MAC "00155D33FF17" the one of this node GUID, "0015:5dff:fe33:ff17"? */
bool ipoib_mac_is_of_guid(const char *mac, const char *guid);

/* Needs ports and kvp. */
void ipoib_read(const struct host *h, struct facts *ret);
