/* cli/report.h - one HTML page of one or many machines, from what `verify --json` printed and from
 * support bundles. The page holds all that it shows: no script, nothing to fetch. */
#pragma once

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "verify/verify.h"

enum {
	REPORT_NODES_MAX = 100000,
	REPORT_WHOLE_MAX = 20,   /* of so many machines all is shown, of more only what is wrong */
	REPORT_DETAILS_MAX = 500 /* of so many machines that are not ok the page says why */
};

struct report_node {
	char name[80]; /* of its file */
	enum verdict verdict;
	json_t *document; /* owned: ib-vmext/verify/1, of an ok one among many NULL */
	json_t *journal;  /* owned: array of lines of the last run; NULL: not in a bundle */
	json_t *receipt;  /* owned; NULL: none */
};

struct report {
	struct report_node *nodes; /* in byte order of their names */
	size_t count, space;
	unsigned unreadable; /* files that are neither */
	char first_unreadable[300];
};

/* Read a file, or each .json and .tar of a directory, into *ret. A single file that cannot be read
 * is FAULT_READ_FAILED; of a directory it is counted. */
int report_add(struct report *ret, const char *path, struct error *err);

/* Sort the nodes, and let go what will not be shown. */
void report_finish(struct report *r);
void report_free(struct report *r);

/* The page. `when` is a text. */
void report_write(const struct report *r, const char *when, FILE *out);
