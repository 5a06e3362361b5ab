/* probe/route.h - the routes of IPv4: the default one, and those into the network that Azure keeps
 * for RDMA.
 *
 * Source: proc/net/route (proc(5)): addresses in hexadecimal, in the byte order of the machine,
 * which is little endian on all that Azure has. 172.16.0.0/16 is reserved for IPoIB
 * (facts/procedure.md, 1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct route {
	char netdev[16];
	uint32_t destination, mask; /* in host order: 172.16.0.0 is 0xac100000 */
	uint32_t metric;
};

/* Parse one line. Returns 0; -EINVAL, and leaves *ret as it was, for the head line, a route that is
 * down or rejects, and anything else. */
int route_parse(const char *line, size_t len, struct route *ret);

/* Does it lead into 172.16.0.0/16, or to a network around it? The default route does not count. */
bool route_overlaps_rdma(const struct route *r);
