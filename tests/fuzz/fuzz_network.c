/* tests/fuzz/fuzz_network.c - proc/net/route, mounts, and the configuration of cloud-init. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/cloud.h"
#include "probe/mounts.h"
#include "probe/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct space_facts space = { .path = "/usr" };
	struct route route = { .netdev = "" };

	if (route_parse(text, size, &route) == 0) {
		if (route.netdev[0] == '\0' ||
		    memchr(route.netdev, '\0', sizeof route.netdev) == NULL)
			abort();
		(void)route_overlaps_rdma(&route);
	}
	mounts_parse(text, size, &space);
	(void)cloud_parse_network_disabled(text, size);
	return 0;
}
