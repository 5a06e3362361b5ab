/* cli/help.h - what a person is told of the verbs: the help text, the manual page, completions. All
 * of it comes from the tables of verbs, global options and faults. */
#pragma once

#include <stdio.h>

#include "base/json.h"

void help_print(FILE *out);

/* ib-vmext(8), in the language of man(7). */
void manual_print(FILE *out);

/* ib-vmext-settings(5), from data/settings.schema.json. Returns 0, or -EINVAL where it lacks what
 * a page needs. */
int manual_print_settings(const json_t *schema, FILE *out);

/* For bash: completes verbs, their second words, options and files. */
void completion_print(FILE *out);
