/* probe/uverbs.h - the device nodes by which programs reach a port, and the kernel's side of their
 * interface.
 *
 * Sources: sys/class/infiniband_verbs/{abi_version,uverbsN/{ibdev,abi_version}},
 * sys/class/infiniband_mad/umadN/{ibdev,port}
 * (Documentation/ABI/stable/sysfs-class-infiniband), and the nodes of these names in
 * dev/infiniband. */
#pragma once

struct facts;
struct host;

/* Needs ports. */
void uverbs_read(const struct host *h, struct facts *ret);
