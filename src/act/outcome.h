/* act/outcome.h - how the end of a run is told: exit code, fault, and a message that holds cause
 * and next step. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/act.h"

/* Join sentences, each with one full stop at its end. What does not fit is cut out of the first, so
 * that the next step is never lost. Empty ones are left out. */
void sentences_join(char *ret, size_t size, const char *first, const char *second,
		    const char *third);

/* A refusal of the plan. */
void outcome_of_decision(struct outcome *out);

/* A failure before anything was begun: the fault's own exit code. */
void outcome_of_failure(struct outcome *out, const struct error *cause);

/* The fault of a verdict at the end of work that has begun: code 14 or none. That there is no
 * adapter is a judgement (11) only before it: one that has gone since is FAULT_ADAPTER_LOST. */
enum fault outcome_fault(enum verdict verdict);

/* What verification found of a stack that stays: ok, or 14. */
void outcome_of_verification(struct outcome *out, bool kept);

/* A stack that was baked into the image of this VM at that time, fits it and works. */
void outcome_of_baked(struct outcome *out, const char *at);

/* Add to the sentences of a success that the image had something else. */
void outcome_tell_baked(struct outcome *out, const char *why);

/* What verification found of a stack that was there, and what is to be told beside; with
 * out->reboot_pending, that what was installed before takes effect at the next restart. */
void outcome_of_kept(struct outcome *out, const char *told);

/* The stack was installed and takes effect at the next restart of the machine: what was verified is
 * the present one. `why` says why it was not restarted. Ok, or 14: then reboot-required where
 * nothing serves until then. */
void outcome_of_pending(struct outcome *out, const char *why);

/* The work began and ended otherwise: always 14. `state` says how the machine is now. */
void outcome_of_end(struct outcome *out, const struct error *cause, const char *state);

/* What a comparison found that a step had changed and that no undo has told of: *kept becomes
 * FAULT_KEPT_BACK and names it. */
void outcome_left(const struct outcome *out, struct error *kept);

/* How the machine is after an undo, with what differs that is not of the run. */
void outcome_others(const struct outcome *out, bool modules_stay, char *ret, size_t size);
