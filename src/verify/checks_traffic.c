/* verify/checks_traffic.c - checks of a test of traffic that was made. */
#include "verify/check.h"

#include <inttypes.h>

#include "base/text.h"

enum { MBPS_OF_GBPS = 1000, MBPS_OF_HUNDREDTH = 10 };

static const char *remedy_of(const struct traffic_facts *t)
{
	switch (t->end) {
	case TRAFFIC_NO_PORT:
		return "See what the checks of the ports say; name another device with --device.";
	case TRAFFIC_NO_PROGRAM:
		return "Install perftest (or, of Debian and Ubuntu, ibverbs-utils; elsewhere "
		       "libibverbs-utils), and test again.";
	case TRAFFIC_UNREACHABLE:
		return "Check the name or address of the other node, and that the network between "
		       "them lets TCP through.";
	case TRAFFIC_NOBODY:
		return "Run `ib-vmext verify --listen` on one node, then `ib-vmext verify --peer "
		       "HOST` on the other, both with the same of perftest and ibverbs-utils.";
	default:
		break;
	}
	if (t->kind == TRAFFIC_LOOPBACK)
		return "The port shows itself as ready, but carries no data: look at dmesg; run "
		       "`ib-vmext apply`; redeploy the VM if it stays so.";
	return "Test each node by itself with `ib-vmext verify --loopback`; where both are well, "
	       "see "
	       "that they are in one placement (scale set or availability set) and share a "
	       "partition key.";
}

/* How fast is fast enough nobody has measured: what came counts. */
bool check_traffic(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct traffic_facts *t = &r->facts->traffic[at];
	char duration[24] = "";

	ret->remedy = remedy_of(t);
	if (t->end != TRAFFIC_PASSED)
		return judge(ret, false, "%.90s", t->why);
	if (!text_eq(t->program, "ib_write_bw"))
		return judge(ret, true, "%" PRIu64 " messages there and back%s", t->messages,
			     t->checked ? ", checked" : "");
	if (t->seconds > 0)
		(void)TEXT_FORMAT(duration, " for %u s", t->seconds);
	return judge(ret, true, "RDMA write %u.%02u Gb/s%s", t->rate_mbps / MBPS_OF_GBPS,
		     t->rate_mbps % MBPS_OF_GBPS / MBPS_OF_HUNDREDTH, duration);
}
