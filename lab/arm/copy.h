/* arm/copy.h - loops inside of values: "copy" in properties, variables and outputs. Pure.
 *
 * Source: the pages "Property iteration", "Variable iteration" and "Output iteration" in ARM
 * templates. */
#pragma once

#include "expression.h"

enum { COPY_COUNT_MAX = 800, COPY_WEIGHT_MAX = 10000 };

/* Is this member of an object a list of loops? */
bool copy_is_list(const char *key, const json_t *value);

/* Add what each loop of the list makes to `into`, under its name. Returns 0, or -1 with *err set.
 */
int copy_expand(const struct scope *s, const json_t *list, json_t *into, struct error *err);

/* The loop of that name in a list; NULL if there is none. Borrowed. */
const json_t *copy_find(const json_t *list, const char *name);

/* The array that one loop makes of its input: {"name","count","input"}, or without a name, as
 * outputs have it; NULL with *err set. */
json_t *copy_values(const struct scope *s, const json_t *loop, struct error *err);
