/* probe/space.c - asks for the room on the root file system. */
#include "probe/space.h"

#include "facts/facts.h"
#include "host/host.h"

void space_read(const struct host *h, struct facts *ret)
{
	ret->root_space.known = host_space(h, "/", &ret->root_space.free_bytes,
					   &ret->root_space.total_bytes) == 0;
}
