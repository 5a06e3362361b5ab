/* handler/decide.h - the rules of repetition: is this request work, and may failed work be tried
 * again? Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

/* What `enable` knows when the agent calls it: on each goal state, each start of the agent, and
 * each boot. */
struct repetition {
	bool request; /* request.json is there */
	bool same;    /* ... of the same sequence number, settings and version of the handler */
	bool at_work; /* a worker holds the lock */
	bool ended;   /* result.json is that request's */
	bool success; /* ... and says success */
	bool boot_changed; /* this is not the boot in which it ended */
	enum fault fault;  /* with which it ended */
	unsigned attempts; /* how often it was tried */
};

enum action {
	ACTION_RUN,     /* judge it, and give it to a worker */
	ACTION_AT_WORK, /* the worker has it already: touch nothing */
	ACTION_REPORT,  /* it has failed for good: say the same again */
};

enum { ATTEMPTS_MAX = 4 }; /* the first one and three more */

enum action decide(const struct repetition *r);

/* May the worker try again at once, after how many seconds? -1: no, the fault lasts, or the run has
 * itself waited for what is missing. `attempts` counts those made. */
int retry_delay_s(enum fault fault, unsigned attempts);
