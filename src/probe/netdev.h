/* probe/netdev.h - the network interface that belongs to an RDMA port.
 *
 * Sources: sys/class/infiniband/<dev>/device/net/<name>/{dev_port,type}; where a function names
 * none, the hardware address of IPoIB interfaces, whose last 8 bytes are the port's GUID (RFC
 * 4391 9.1.1). On Azure that GUID has fd where the node's has fe (facts/real-outputs/netdevs.txt).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct host;
struct port_facts;

/* Does the IPoIB hardware address ("00:00:01:49:fe:80:...", 20 bytes) end in this node GUID
 * ("0015:5dff:fe33:ff0c")? */
bool netdev_address_has_guid(const char *address, const char *guid);

/* The name, or "" if there is none. Needs device, number, link_layer and guid. */
void netdev_find(const struct host *h, const struct port_facts *port, char *ret, size_t size);
