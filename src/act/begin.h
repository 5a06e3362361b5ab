/* act/begin.h - the first line of a run: all that must be known to go on after a crash. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct run;

/* Open a run that carries out r->out->plan. */
int run_begin_apply(struct run *r, struct error *err);

/* Open a run that takes the entry `of` of the receipt's "installed" back. */
int run_begin_undo(struct run *r, const json_t *receipt, const json_t *of, struct error *err);
