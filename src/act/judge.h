/* act/judge.h - facts and plan of now, as `facts`, `plan` and act_apply have them. Needs no lock
 * and no state. */
#pragma once

#include "act/packages/transaction.h"
#include "base/error.h"
#include "facts/facts.h"
#include "facts/settings.h"
#include "plan/plan.h"

struct catalogue;
struct host;

/* Probe, classify, plan. Returns 0 with a plan, refusals included; -1 if this machine cannot be
 * read. */
int act_judge(const struct host *h, const struct catalogue *c, const struct settings *s,
	      struct facts *facts, struct plan *plan, struct error *err);

/* Probe all but instance metadata. */
int act_look(const struct host *h, const struct catalogue *c, struct facts *ret, struct error *err);

/* Probe again but for instance metadata, which is kept as it was. */
int act_look_again(const struct host *h, const struct catalogue *c, struct facts *f,
		   struct error *err);

/* Add the package manager's own simulation to the plan: the changes of plan_shown_step, a warning
 * for what could not be put back, and `resolved`, unless another step's cannot be known yet. The
 * transaction (sorted) goes to *ret. A refusal of the package manager is an error, and so is a plan
 * that cannot be carried out. Changes nothing but stale package lists, which it brings up to date.
 */
int act_resolve(const struct host *h, const struct settings *s, const struct facts *f,
		struct plan *plan, struct transaction *ret, struct error *err);

/* The step whose package transaction can be known before anything is changed: the first, unless its
 * packages come from a repository that the run makes known, or are the installer's own. NULL if
 * there is none. */
const struct step *plan_shown_step(const struct plan *plan);

struct step_context;

/* The same within a run, by one of the functions of act/step/step.h. */
typedef int resolve_fn(const struct step_context *c, const struct step *s, struct transaction *ret,
		       struct error *err);
int plan_resolve(const struct step_context *c, resolve_fn *resolve, struct plan *plan,
		 struct transaction *ret, struct error *err);
