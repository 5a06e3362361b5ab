/* tools/gen-catalogue.h - what the makers of the catalogue's tables share. */
#pragma once

#include "gen-common.h"

/* Whether the row's evidence is "seen", as C: "true" or "false". Fails if it is neither that nor
 * "inferred". */
const char *row_seen(const struct row *row);

/* Fail if the member `key` of a row before row `i` of the array is the same, case ignored. */
void row_check_unique(const struct row *row, const json_t *doc, const char *array, size_t i,
		      const char *key);

/* Write a text and what divides it from the next. */
void write_text(FILE *out, const char *text);
