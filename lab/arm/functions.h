/* arm/functions.h - what the files of functions share: the arguments of a call, and their tables.
 */
#pragma once

#include "expression.h"

enum { ARGUMENTS_MAX = 256 };

json_t *call_argument(const struct call *c, size_t i); /* borrowed; NULL if there is none */

/* "the template function 'x' takes ...": returns NULL with *err set. */
json_t *call_wrong(const struct call *c, const char *what, struct error *err);

/* The argument as text; NULL with *err set where it is none. */
const char *call_text(const struct call *c, size_t i, struct error *err);

/* The member of that name, whatever its case; borrowed, NULL if there is none. */
json_t *call_member(const json_t *object, const char *name);

/* Ended by a row without a name. */
extern const struct function functions_of_values[];
