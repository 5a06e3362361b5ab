/* plan/advice.h - the tables of warnings and known issues, made from data/warnings.json and
 * data/known-issues.json at build time. docs/warnings.md, docs/known-issues.md and `explain` say
 * the same. */
#pragma once

#include <stddef.h>

struct warning_row {
	const char *id;     /* "headers-missing" */
	const char *who;    /* "user", "operator", "platform" or "nobody" */
	const char *issues; /* numbers of known issues: "10,11"; "" for none */
	const char *what;   /* the general case, a sentence */
	const char *remedy;
};

struct issue_row {
	unsigned number;
	const char *title, *source;
	const char *caught;   /* "warning", "blocked", "fault", "verify", "catalogue", "design",
				 "act", "no" */
	const char *sentence; /* the same in words: "a warning of the plan" */
	const char *by;       /* ids of warnings, faults or checks: "a,b"; "" for none */
	const char *why;      /* "" where `by` says it all */
};

const struct warning_row *warning_row(const char *id);        /* NULL if there is none */
const struct warning_row *warning_row_at(size_t i);           /* NULL behind the last */
const struct issue_row *issue_row(unsigned long long number); /* NULL if there is none */
