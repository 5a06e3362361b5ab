/* facts/rdma_names.h - names of RDMA devices that stay: mlx5_ib0 for the first InfiniBand function
 * by its PCI address, mlx5_an0 for the first Ethernet one (accelerated networking). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct port_facts;

/* "mlx5_ib0" and the like, whatever the number? */
bool rdma_name_stays(const char *name);

/* The name that the device of this port is to have: that of its function's place among those of its
 * kind, or the next one that no device has. False where it has such a name already, and where the
 * function is not known or not Mellanox's. */
bool rdma_name_wanted(const struct facts *f, const struct port_facts *p, char *ret, size_t size);
