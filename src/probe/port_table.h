/* probe/port_table.h - the tables of a port whose places a connection names: GIDs, partition keys.
 *
 * Source: sys/class/infiniband/<dev>/ports/<n>/{gids,gid_attrs/types,pkeys}/<index>
 * (Documentation/ABI/stable/sysfs-class-infiniband). */
#pragma once

#include "base/cleanup.h"

struct host;
struct port_facts;

/* What a GID is good for between two nodes of RoCE, from the worst to the best: an empty place,
 * RoCE v1 stays in its own network, v2 is routed, and by an IPv4 address both sides have one. */
enum gid_worth { GID_EMPTY = 0, GID_V1, GID_V2, GID_V2_IPV4 };

/* "0000:0000:0000:0000:0000:ffff:0a07:0002" and "RoCE v2", as the kernel shows them; the type may
 * be empty, and is v1 then. */
enum gid_worth gid_judge(const char *gid, const char *type);

/* The first index of the best there is. Returns 0; -ENOENT where all are empty. */
NODISCARD int gid_find(const struct host *h, const struct port_facts *p, unsigned *ret);

/* The first index of a key with 0x8000 set. Returns 0; -ENOENT where there is none. */
NODISCARD int pkey_find_full(const struct host *h, const struct port_facts *p, unsigned *ret);
