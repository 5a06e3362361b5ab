/* act/traffic/traffic.h - real data through the ports, for seconds, where somebody asks for it. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "facts/facts.h"

struct host;

enum { TRAFFIC_SECONDS_DEFAULT = 2 };

struct traffic_options {
	enum traffic_kind kind;
	const char *device;      /* NULL: InfiniBand ports; else this device's, whatever it is */
	const char *peer;        /* a name or an IPv4 address, for TRAFFIC_PEER */
	unsigned seconds;        /* 1 to TRAFFIC_SECONDS_MAX (act/traffic/test.h) */
	bool (*stop)(void *ctx); /* asked before each port; may be NULL */
	/* Called once the node listens for its peer, with where, and until when; may be NULL. */
	void (*waiting)(void *ctx, const char *what);
	void *ctx;
};

/* Test the ports that are ACTIVE, one after the other; with a peer only the first. What came out
 * replaces the traffic of *f, whose ports were just read. Returns 0 whatever came out; -1 with
 * FAULT_USAGE where there is no such device, FAULT_PROGRAM_FAILED where a program cannot be run. */
int traffic_test(const struct host *h, const struct traffic_options *o, struct facts *f,
		 struct error *err);
