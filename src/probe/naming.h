/* probe/naming.h - can RDMA devices be given names here, and does somebody do it already?
 *
 * Sources: the programs rdma of iproute2 (rdma-dev(8): `rdma dev set DEV name NAME`) and
 * rdma_rename of rdma-core, which say in themselves whether they can; the unit of Azure's HPC
 * images; rules of etc/udev/rules.d that call one of the two. What rdma-core itself does by its own
 * rule is no choice of anybody's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct host;

/* Does this rules file name RDMA devices, or keep them from being named? */
bool naming_parse_rules(const char *text, size_t len);

/* naming. */
void naming_read(const struct host *h, struct facts *ret);
