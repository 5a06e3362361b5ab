/* act/packages/held.h - package files that one installed package brings with it, as a vendor's
 * repository in a package does: they go when another version of it comes. */
#pragma once

#include <stdbool.h>

#include "act/packages/manager.h"

/* Those of the paths in `list` (a line each, absolute) that are package files. */
struct held {
	const struct package_context *context;
	const char *list;
	const char *end; /* of their names: ".deb" */
	/* Is this the file of a package that is installed now? */
	bool (*is_installed)(void *ctx, const char *name);
	void *ctx;
};

/* Keep those that are installed in `dir` (absolute), which is made. */
int held_keep(const struct held *h, const char *dir, struct error *err);

/* Put the file `from` at `to` (both below the root) too, without a copy where that can be. */
int held_link(const struct package_context *c, const char *from, const char *to, struct error *err);
