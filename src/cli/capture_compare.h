/* cli/capture_compare.h - is a captured world the machine that it was captured from? */
#pragma once

#include "base/json.h"
#include "cli/alias.h"

/* NULL if the facts are the same, but for the aliases of what is hidden; else the key of the first
 * that is not (borrowed from `live`). */
const char *capture_difference(struct aliases *a, const json_t *live, const json_t *world);
