/* tests/unit/expectation.h - what the expect.json of a world says, for the two tests that walk
 * tests/worlds:
 *
 *   {"facts": {"dotted.path": value}, "plan": {…}, "verify": {…},
 *    "settings": {…public settings, with which the plan is made…},
 *    "warnings": {"has": ["id"], "lacks": ["id"]},
 *    "candidates": {"route": {"eligible": bool, "why": "substring"}}} */
#pragma once

#include <stdbool.h>

#include "base/json.h"

/* Is the name in tests/worlds a world, or a README? */
bool expectation_is_world(const char *worlds, const char *name);

/* Its expect.json; fails the test where that cannot be read, is not JSON, or has a key that is not
 * one of the above. */
json_t *expectation_load(const char *worlds, const char *name);

/* Each function below returns how many expectations differ, each printed. */

/* `part` names `document` in what is printed. null stands for "null, or behind the end of a list":
 * a key that is nowhere is a misspelt one. */
unsigned expectation_compare(const char *world, const char *part, const json_t *expected,
			     const json_t *document);
unsigned expectation_warnings(const char *world, const json_t *expected, const json_t *plan);

/* Not eligible: the route is a candidate, and none of its candidates is eligible; `why`, without
 * regard to case, is in one of those that are as expected. */
unsigned expectation_candidates(const char *world, const json_t *expected, const json_t *plan);

/* A world that ends in -red has its twin that ends in -green, and the reverse. */
unsigned expectation_twin(const char *worlds, const char *name);
