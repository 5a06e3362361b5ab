/* Verification that waits, saying so. */
#include "act/prove.h"

#include <inttypes.h>

#include "act/traffic/traffic.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "probe/probe.h"

enum { POLL_MS = 500, SAY_MS = 10000 };

/* How long this verdict may still become a better one by itself, in seconds. */
static int patience_s(const struct prove_options *o, enum verdict v)
{
	switch (v) {
	case VERDICT_DRIVER_BROKEN:
		return o->driver_s;
	case VERDICT_FABRIC_NOT_READY:
	case VERDICT_DEGRADED:
		return o->fabric_s;
	default:
		return 0;
	}
}

static int look(const struct host *h, const struct catalogue *c, struct facts *f, struct error *err)
{
	struct error why = { 0 };

	if (probe_rdma(h, f, &why) < 0) {
		if (err)
			*err = why;
		return -1;
	}
	catalogue_classify(c, f);
	return 0;
}

/* An interface that was taken up a moment ago follows its port. */
static bool waits_for_ipoib(const struct verification *v)
{
	for (unsigned i = 0; i < v->nchecks; i++)
		if (!v->checks[i].ok && !text_starts(v->checks[i].id, "ipoib-"))
			return false;
	return true;
}

/* Degraded because a port trains is worth waiting for; degraded by rate is not. */
static bool may_improve(const struct facts *f, const struct verification *v)
{
	return v->verdict != VERDICT_DEGRADED || waits_for_ipoib(v) ||
	       facts_count_infiniband_ports(f, PORT_ACTIVE) <
		       facts_count_infiniband_ports(f, PORT_STATE_UNKNOWN);
}

static void say_waiting(const struct host *h, const struct facts *f, const struct verification *v,
			int64_t waited_ms, int limit_s)
{
	char summary[300], until[21];

	verify_summary(v, f, summary, sizeof(summary));
	time_text(h->clock->realtime_ms(h->clock) + limit_s * 1000LL - waited_ms, until);
	log_stage(h->log, "verify", STAGE_WAITING, -1, "verify.wait",
		  "%s; waiting for %" PRId64 " s so far, until %s", summary, waited_ms / 1000,
		  until);
}

/* What has no port that is ACTIVE is red already. */
static int send_traffic(const struct host *h, const struct catalogue *c,
			const struct prove_options *o, struct facts *f, struct verification *ret,
			struct error *err)
{
	const struct traffic_options t = { .kind = TRAFFIC_LOOPBACK,
					   .seconds = TRAFFIC_SECONDS_DEFAULT,
					   .stop = o->stop,
					   .ctx = o->ctx };

	if (!o->traffic || facts_count_infiniband_ports(f, PORT_ACTIVE) == 0)
		return 0;
	log_stage(h->log, "verify", STAGE_RUNNING, -1, "verify.traffic",
		  "sending data from each InfiniBand port to itself, for %d s each",
		  TRAFFIC_SECONDS_DEFAULT);
	if (traffic_test(h, &t, f, err) < 0)
		return -1;
	verify_facts(f, c, o->scope, ret);
	return 0;
}

/* Until it is well, or waiting cannot help, or the time is over. */
static int look_until(const struct host *h, const struct catalogue *c,
		      const struct prove_options *o, struct facts *f, struct verification *ret,
		      struct error *err)
{
	int64_t start = h->clock->monotonic_ms(h->clock), said = start - SAY_MS + 2 * POLL_MS;

	for (;;) {
		int64_t now = h->clock->monotonic_ms(h->clock);
		int limit_s;

		if (look(h, c, f, err) < 0)
			return -1;
		verify_facts(f, c, o->scope, ret);
		limit_s = patience_s(o, ret->verdict);
		if (limit_s == 0 || now - start >= limit_s * 1000LL || !may_improve(f, ret) ||
		    (o->stop && o->stop(o->ctx)))
			return 0;
		if (now - said >= SAY_MS) {
			say_waiting(h, f, ret, now - start, limit_s);
			said = now;
		}
		h->clock->sleep_ms(h->clock, POLL_MS);
	}
}

int prove(const struct host *h, const struct catalogue *c, const struct prove_options *o,
	  struct facts *f, struct verification *ret, struct error *err)
{
	if (look_until(h, c, o, f, ret, err) < 0)
		return -1;
	return send_traffic(h, c, o, f, ret, err);
}
