/* act/tidy.h - past the end of a run nothing of ours is left behind but the receipt, the last
 * journals and what undo needs. */
#pragma once

#include "base/json.h"

struct act;
struct journal;

/* While the journal is still open, so that a crash in here is made good by the next run. May be
 * called again. What cannot be removed is said in the log, and does no harm. */
void tidy_run(const struct act *a, const struct journal *j);

/* With no run open: what a crash between the end of a run and its tidying may have left. */
void tidy_idle(const struct act *a);

/* The versions of this program that go when an undo of `receipt` (NULL: of a run that is about to
 * begin) leaves nothing behind: a new reference. */
json_t *tidy_programs(const struct act *a, const json_t *receipt);
