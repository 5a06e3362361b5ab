/* act/run.h - carries one journalled run from phase to phase, from wherever it stands, to its end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "act/act.h"
#include "act/journal/journal.h"
#include "act/progress.h"
#include "act/step/step.h"

struct run {
	struct act *act;
	const struct apply_options *options;
	struct journal journal;
	struct step_context steps;
	struct outcome *out;
	struct error cause; /* why it is undone */
	struct error stuck; /* why it could not be undone */
	struct error kept;  /* FAULT_KEPT_BACK: what stays although it was undone */
	json_t *before;     /* owned: the snapshot that an undone run is held against */
	bool verified;      /* out->verification is of this run */
	bool may_order;     /* a restart of the machine, in this process */
	char pending[320];  /* why the restart that is due was not made; "" if none is */
	int64_t start_ms;   /* for timeouts.total */
	int64_t prepared_s; /* how long all took that comes before the first step */
	struct estimate estimate;
};

/* What ends a phase. */
enum event_kind {
	EV_BEGIN,
	EV_ALL_DONE,
	EV_STEP_FAILED,
	EV_TURN_BACK, /* somebody wants it undone: a newer request, or a person */
	EV_VERIFIED,  /* proven, or the driver serves and only the fabric or the rate is not as it
			 should be */
	EV_VERIFY_FAILED, /* the new stack does not work */
	EV_UNDO_OK,
	EV_UNDO_FAILED,
	EV_TRY_AGAIN,
	EV_REBOOT,         /* the new stack takes effect at the next boot, and we may have it */
	EV_BOOTED,         /* and here it is */
	EV_NO_REBOOT,      /* it has not come: the run ends without */
	EV_JOURNAL_FAILED, /* not in the table: the run stays as it is */
	EV_REBOOTS,        /* not in the table: the next boot goes on */
	EV_COUNT
};

/* The table of moves. PHASE_COUNT: not in it. */
enum phase run_next_phase(enum phase from, enum event_kind on);

/* Fill what all runs share. The journal stays for the caller to begin or load. */
void run_init(struct run *r, struct act *a, const struct apply_options *o, struct outcome *out);
void run_free(struct run *r);

/* No call into a package manager, and no wait for its lock, outlives timeouts.total from here on.
 */
void run_bound_calls(struct run *r);

/* Time over, or a newer request: fills *err and returns true. */
bool run_must_stop(const struct run *r, struct error *err);

/* Drive the journalled run to its end and fill r->out. Returns 0, or -1 when the journal itself
 * cannot be written: then the run stays open and the next one goes on with it. */
int run_drive(struct run *r, struct error *err);

/* Why a loaded run is being undone, from its journal, into r->cause. */
void run_load_cause(struct run *r);

/* Turn a run in progress back: its next phase is to undo, for this cause. */
int run_turn_back(struct run *r, const struct error *cause, struct error *err);
