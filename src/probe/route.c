/* probe/route.c - parses the lines of proc/net/route. */
#include "probe/route.h"

#include <errno.h>

#include "base/text.h"
#include "probe/slice.h"

enum { FIELDS = 8, FLAG_UP = 0x1, FLAG_REJECT = 0x200 };
enum { NETDEV, DESTINATION, GATEWAY, FLAGS, REFERENCES, USE, METRIC, MASK };

static uint32_t swap(uint32_t v)
{
	return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

int route_parse(const char *line, size_t len, struct route *ret)
{
	struct slice rest = { line, len }, field[FIELDS];
	uint32_t destination, mask, flags, metric;

	for (int i = 0; i < FIELDS; i++) {
		if (!slice_word(&rest, &field[i]))
			return -EINVAL;
	}
	if (field[NETDEV].len >= sizeof ret->netdev ||
	    slice_number(field[DESTINATION], 16, &destination) < 0 ||
	    slice_number(field[FLAGS], 16, &flags) < 0 ||
	    slice_number(field[METRIC], 10, &metric) < 0 ||
	    slice_number(field[MASK], 16, &mask) < 0)
		return -EINVAL;
	if (!(flags & FLAG_UP) || (flags & FLAG_REJECT))
		return -EINVAL;
	SLICE_COPY(field[NETDEV], ret->netdev);
	ret->destination = swap(destination);
	ret->mask = swap(mask);
	ret->metric = metric;
	return 0;
}

bool route_overlaps_rdma(const struct route *r)
{
	const uint32_t rdma = 0xac100000, rdma_mask = 0xffff0000;
	uint32_t common = r->mask & rdma_mask;

	return r->mask != 0 && (r->destination & common) == (rdma & common);
}
