/* act/prove.h - does InfiniBand work now? Looks until it does, or until waiting cannot help, or
 * until the deadline. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "facts/facts.h"
#include "verify/verify.h"

struct catalogue;
struct host;

struct prove_options {
	int driver_s;            /* how long ports may take to appear once the driver is loaded */
	unsigned scope;          /* of verify: the driver, and what the plan set beside it */
	int fabric_s;            /* how long they may take to become ACTIVE: timeouts.fabric */
	bool traffic;            /* setting verify: loopback: then send data through them */
	bool (*stop)(void *ctx); /* may be NULL */
	void *ctx;
};

/* *f holds the facts, freshly read for what concerns RDMA. Returns 0 whatever the verdict; -1 if
 * the machine cannot be read, or the programs of the traffic test cannot be run. */
int prove(const struct host *h, const struct catalogue *c, const struct prove_options *o,
	  struct facts *f, struct verification *ret, struct error *err);
