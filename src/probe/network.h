/* probe/network.h - how the node's own network is made, and whether it depends on the RDMA stack.
 *
 * Sources: proc/net/route (route.h); sys/class/net/<name>/type and device/driver
 * (Documentation/ABI/testing/sysfs-class-net); the links by which systemd enables units;
 * etc/netplan; net-tools' ifconfig. */
#pragma once

struct facts;
struct host;

/* Needs packages. */
void network_read(const struct host *h, struct facts *ret);
