/* handler/outcome.h - from the end of the work to what Azure is told. Pure. */
#pragma once

#include "handler/status.h"

struct decision;
struct outcome;
struct settings;

/* The final status of a run. `s` keeps the substatus of each stage. With onUnsupported `skip`,
 * codes 11 to 13 are a success with the substatus `skipped`; a reboot that is pending is a success
 * with the substatus `reboot-pending`. */
void status_from_outcome(const struct outcome *o, const struct settings *settings,
			 struct status *s);

/* The final status of a plan that is a refusal. */
void status_from_refusal(const struct decision *d, const struct settings *settings,
			 struct status *s);
