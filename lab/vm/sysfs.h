/* lab/vm/sysfs.h - the /sys and /proc/modules that a cell sees: a plain tree of files in the VM's
 * directory.
 *
 * A cell proves protocol and transaction, never that RDMA works: nothing here is a device. Layout
 * below the directory given (bound at /run/ib-lab in the cell, and its sys/ over the cell's /sys,
 * read-only): sys/        what is there now        modules     bound over /proc/modules hca/NAME/
 * the infiniband class directory of a function, until mlx5_ib or mlx4_ib is "loaded" in the cell
 *   net/NAME/   the network interface of it, until ib_ipoib is
 *   hcas        lines "NAME DRIVER DEVICEPATH NETDEV", read by libexec/load
 *   unplugged/  the PCI functions while `adapter=off`
 *
 * Source of the shape: Documentation/ABI/stable/sysfs-class-infiniband, testing/sysfs-bus-pci and
 * stable/sysfs-bus-vmbus in the kernel tree; ids and paths as on an HB120rs_v3. */
#pragma once

#include "base/error.h"

struct vm;

/* Make the tree as it is right after power-on: adapter driver mlx5_core bound, no HCA yet. `dir`
 * must not exist. Returns 0, or -1 with *err set. */
int sysfs_make(const char *dir, const struct vm *vm, struct error *err);

/* Bring an existing tree to vm->spec.adapter, .port and .rate_gbps. Returns 0, or -1 with *err set.
 */
int sysfs_change(const char *dir, const struct vm *vm, const char *key, struct error *err);
