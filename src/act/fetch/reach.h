/* act/fetch/reach.h - can everything that a plan downloads be had from here? Asked before anything
 * is changed, the way the download itself will go. */
#pragma once

#include "act/step/step.h"

/* Ask for each artefact and each online repository of the plan, 10 s each. What answers is said in
 * the log, in the stage "network", and among the step's changes. FAULT_UNREACHABLE names the host
 * that does not answer and the proxy; a missing file, a refusal, a bad certificate and a proxy have
 * faults of their own. */
int reach_all(const struct step_context *c, struct plan *p, struct error *err);
