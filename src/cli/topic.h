/* cli/topic.h - what `explain` explains: an exit code, a fault, a warning, a known issue. Pure. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct exit_row;
struct fault_row;
struct issue_row;
struct page;
struct warning_row;

/* Those that were found, the others NULL: one word may be a fault and a warning. */
struct topic {
	const struct exit_row *code;
	const struct fault_row *fault;
	const struct warning_row *warning;
	const struct issue_row *issue;
};

/* "12", "package-lock", "headers-missing", or "issue" and "6". FAULT_USAGE names the nearest word
 * that there is. */
int topic_find(const char *word, const char *number, struct topic *ret, struct error *err);

void topic_render(const struct page *p, const struct topic *t);
json_t *topic_to_json(const struct topic *t); /* ib-vmext/explain/1 */

/* All exit codes, one a line or one a member. */
void topics_render(const struct page *p);
json_t *topics_to_json(void);
