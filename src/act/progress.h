/* act/progress.h - how far a run is, and how long the rest of it takes: from what former runs on
 * this machine took, else from the plan's own estimate. */
#pragma once

#include <stdint.h>

#include "plan/plan.h"

struct host;
struct outcome;

/* Seconds, -1 where they are not known. */
struct estimate {
	int64_t prepare_s; /* resolving and downloading, before the first step */
	int64_t step_s[PLAN_STEPS_MAX];
	int64_t verify_s;
	char basis[12]; /* "measured" on this machine, "catalogue", "unknown" */
};

/* Where a run stands: `step` is plan.nsteps while the ports are looked at, and -1 while it is
 * being prepared. */
struct position {
	int step;
	int64_t spent_s; /* in it */
};

/* From the journals in `state_dir`, of runs by the same route; -1 for it: there are none. */
void estimate_of(const struct host *h, int state_dir, const struct plan *p, struct estimate *ret);

/* All of it; -1 if not known. */
int64_t estimate_total(const struct estimate *e, const struct plan *p);

/* Of the whole run. */
int estimate_percent(const struct estimate *e, const struct plan *p, struct position at);

/* At least 1; 0 if not known, or if it takes longer than it ever took. */
int64_t estimate_left(const struct estimate *e, const struct plan *p, struct position at);

/* Where this machine has measured what the plan's route takes, say so among its candidates. */
void estimate_tell(const struct host *h, struct plan *p);
