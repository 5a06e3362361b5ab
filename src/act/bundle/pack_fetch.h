/* act/bundle/pack_fetch.h - packs of a web address: the list of them, and the one that a plan would
 * use.
 *
 * This is before planning, which is offline: what comes lies below PACKS_DIR, and what did not come
 * stands there, too, with the reason (probe/pack.h). Whatever goes wrong, the plan is made without
 * a pack. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "facts/facts.h"
#include "facts/settings.h"
#include "plan/plan.h"

struct catalogue;
struct host;

struct pack_fetching {
	const struct host *host;
	const struct settings *settings;
	const struct catalogue *catalogue;
	int deadline_s;          /* of all of it */
	bool (*stop)(void *ctx); /* true gives up (FAULT_TAKEN_OVER); may be NULL */
	void *ctx;
};

/* Could a pack of the address that `prebuilt` names change this plan? */
bool pack_may_serve(const struct settings *s, const struct plan *p);

/* Fetch the list and, where the planner would use a pack of it, that pack; then bring facts->packs
 * and the plan up to date. -1 with FAULT_TAKEN_OVER or FAULT_STATE_DIR alone. */
int pack_fetch(const struct pack_fetching *o, struct facts *facts, struct plan *plan,
	       struct error *err);
