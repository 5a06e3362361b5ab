/* host/node.h - of a machine, what its files do not hold: who may open a device node, and the
 * addresses of interfaces. A world has them in world.json:
 *
 *  "nodes":{"dev/infiniband/uverbs0":{"mode":"0666","group":0}},"addresses":{"ib0":"172.16.1.14"}
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct host;

struct node {
	unsigned mode;  /* permission bits: 0666 */
	unsigned group; /* its group's number */
};

/* Returns 0; -ENOENT if it is not there; -ENODATA if a world does not say; else -errno. */
NODISCARD int host_node(const struct host *h, const char *path, struct node *ret);

/* The first IPv4 address of an interface, "172.16.1.14". Returns 0; -EADDRNOTAVAIL if it has none;
 * -ENODATA if that is not known: a world does not say, or there is no such interface where we run.
 */
NODISCARD int host_ipv4(const struct host *h, const char *netdev, char *ret, size_t size);
