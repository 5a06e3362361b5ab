/* act/rpm/undoing.h - a transaction that is being taken back, change by change. For revert.c and
 * keep.c. */
#pragma once

#include "act/rpm/call.h"

struct undo_item {
	const struct change *change;
	const struct rpm_package
		*now;                /* what the transaction brought and is still there, or NULL */
	const struct rpm_file *file; /* the former package's, or NULL */
	char nevra[RPM_SPEC_SIZE];   /* of `now` */
	bool erase;                  /* it goes */
	bool restore;                /* its former version comes back */
	bool stays;                  /* others need it by now */
};

struct undoing {
	struct undo_item *at; /* owned; an item for each change */
	size_t count;
	struct rpm_packages now;
	struct rpm_files files;
};

/* "rpm -U" of the files of all that is to be restored, with `option` (may be NULL); returns how
 * many. */
size_t undoing_add_files(const struct undoing *u, const char *option, struct command *cmd);

/* Where a package that is not of the transaction needs the newer version of one that is, all newer
 * versions stay: they hang together. */
int undoing_judge_former(const struct package_context *c, struct undoing *u, struct error *err);

/* What is new and needed by others stays, and what it needs itself. */
int undoing_judge_new(const struct package_context *c, struct undoing *u, struct error *err);
