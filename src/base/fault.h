/* base/fault.h - the one table of faults: slug, exit code, cause, remedy, who must act, whether a
 * retry can help.
 *
 * The rows are data/faults.json; tools/gen-tables makes fault-ids.h and the table at build time.
 * `explain`, docs/exit-codes.md and the man page are printed from it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fault-ids.h" /* generated: enum fault { FAULT_NONE, FAULT_USAGE, ... FAULT_COUNT } */

struct fault_row {
	const char *slug; /* "package-lock" */
	int exit_code;    /* 0, 1, 10 to 14: the table of the Azure page */
	const char *who;  /* "user", "operator", "platform" or "nobody" */
	bool transient;   /* the same request may succeed later by itself */
	const char *cause;
	const char *remedy;
};

struct exit_row {
	int code;
	const char *meaning;
	const char *remedy;
};

const struct fault_row *fault_row(enum fault fault); /* never NULL */
enum fault fault_by_slug(const char *slug);          /* FAULT_NONE if there is none */

/* Of a file that could not be written, by -errno: FAULT_DISK_FULL where there was no room, else
 * `otherwise`. */
enum fault fault_of_write(int rc, enum fault otherwise);

const struct exit_row *exit_row(int code); /* NULL if the code is not in the table */
