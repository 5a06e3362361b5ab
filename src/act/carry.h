/* act/carry.h - can this program carry out what a plan says? */
#pragma once

#include "base/error.h"
#include "facts/facts.h"
#include "plan/plan.h"

/* Is there a row of act/step/step.h for each kind of step, and a package manager for those that
 * need one? FAULT_ROUTE_NOT_CARRIED_OUT names what is not. Changes nothing. */
int carry_possible(const struct plan *p, const struct facts *f, struct error *err);

/* Make a refusal of a plan that cannot be carried out, and leave any other as it is. */
void carry_limit(const struct facts *f, struct plan *p);
