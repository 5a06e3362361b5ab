/* act/run.h - carries one journalled run from phase to phase, from wherever it stands, to its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "act/act.h"
#include "act/journal.h"
#include "act/step.h"

struct run {
	struct act *act;
	const struct apply_options *options;
	struct journal journal;
	struct step_context steps;
	struct outcome *out;
	struct error cause; /* why it is undone, or why it is stuck */
	int64_t start_ms;   /* for timeouts.total */
};

/* Fill what all runs share. The journal stays for the caller to begin or load. */
void run_init(struct run *r, struct act *a, const struct apply_options *o, struct outcome *out);
void run_free(struct run *r);

/* Drive the journalled run to its end and fill r->out. Returns 0, or -1 when the journal itself
 * cannot be written: then the run stays open and the next one goes on with it. */
int run_drive(struct run *r, struct error *err);

/* Why a loaded run is being undone, from its journal, into r->cause. */
void run_load_cause(struct run *r);

/* Turn a run in progress back: its next phase is to undo, for this cause. */
int run_turn_back(struct run *r, const struct error *cause, struct error *err);

/* Time over, or a newer request: fills *err and returns true. */
bool run_must_stop(const struct run *r, struct error *err);
