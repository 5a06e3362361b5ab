/* tests/unit/handler/fake_act.h - act as the handler sees it: says what the test tells it to,
 * changes nothing. */
#pragma once

#include "act/act.h"
#include "base/fault.h"

struct machine;

struct fake_act {
	struct machine *machine;
	bool holds;         /* receipt_holds */
	bool fits;          /* act_adopt */
	bool not_carried;   /* there is a route, but not one that can be carried out */
	enum fault judged;  /* the decision of act_judge; FAULT_NONE: there is a route */
	bool may_change;    /* plan_may_change */
	enum fault ends[8]; /* of each act_apply in turn */
	unsigned applies, undos, recoveries, judgements, mends, fetches, adoptions;
	unsigned restarts; /* how many act_apply to come end in one */
	enum fault undo_ends;
	bool stopped; /* what the last act_apply's stop said, after `during` */
	bool was_stopped;
	void (*during)(struct fake_act *f); /* in the middle of act_apply; may be NULL */
	const struct catalogue *chosen;     /* what catalogue_choose gives */
	const struct catalogue *judged_by, *applied_by;
	char catalogue_uri[64]; /* of the settings that it was asked with; "-": none */
	char digest[65];
	int total_s;
};

extern struct fake_act fake_act;

void fake_act_reset(struct machine *m);
