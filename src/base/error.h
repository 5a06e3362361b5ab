/* base/error.h - one error object, by value: it owns no memory, so it is copied, wrapped and
 * dropped freely.
 *
 * base/ returns negative errno and never logs; every other room returns 0 or -1 with a struct error
 * filled in. */
#pragma once

#include "base/cleanup.h"
#include "base/fault.h"

struct error {
	enum fault fault; /* a row of the fault table: slug, exit code, who acts, cause, remedy */
	int sys;          /* errno at the point of failure, 0 if none */
	char what[480];   /* one sentence, most general clause first */
};

/* Fill *err (may be NULL). Always returns -1, so that the failing branch is one statement. */
int error_set(struct error *err, enum fault fault, int sys, const char *fmt, ...) PRINTF(4, 5);

/* Put "context: " in front of what is said already. Always returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) PRINTF(2, 3);
