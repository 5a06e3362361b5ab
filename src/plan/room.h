/* plan/room.h - what the files of this room share. Nobody else includes it. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "plan/plan.h"

struct driver_row;

/* What a plan is made of. */
struct inputs {
	const struct facts *facts;
	const struct settings *settings;
	const struct catalogue *catalogue;
};

/* How a route came off. The order is the one in which a refusal is explained: nearer to being
 * chosen is later. */
enum route_end {
	ROUTE_NO_ROW,   /* nothing in the catalogue for this distribution; keep: nothing to keep */
	ROUTE_UNSERVED, /* rows for the distribution, none for this machine */
	ROUTE_BLOCKED,  /* there is a row, but something on this machine stands against it */
	ROUTE_OTHER_VERSION, /* it cannot give the version that the settings ask for */
	ROUTE_NOT_ASKED,     /* it could serve; the settings ask for another */
	ROUTE_FITS,
};

/* Beside plan.candidates[], entry by entry: what the decision needs and the document does not. */
struct routes {
	/* NULL where there is none; keep's is of the driver that is installed */
	const struct driver_row *rows[PLAN_CANDIDATES_MAX];
	enum route_end ends[PLAN_CANDIDATES_MAX];
};

/* Fill the decision of a refusal: its code and remedy are the fault's. The reason begins with a
 * capital or a name and ends without a full stop: who shows it goes on. */
void decision_refuse(struct decision *ret, enum fault fault, const char *fmt, ...) PRINTF(3, 4);

/* Exit codes 10, 13 and 11, in this order. False if the machine is refused: the decision is set. */
bool machine_judge(const struct inputs *in, struct plan *ret);

/* Add a candidate for every route that there is: keep first, then in the order of preference. */
void routes_consider(const struct inputs *in, struct plan *ret, struct routes *ret_routes);

/* Add the steps that bring the row's driver onto the machine, without those that change nothing. */
void steps_build(const struct inputs *in, const struct driver_row *row, struct plan *ret);

/* Add what the reader should know, although it stops nothing. The row is that of the route that was
 * chosen, NULL if it has none. */
void warnings_add(const struct inputs *in, const struct driver_row *row, struct plan *ret);

/* Is `prefix` all of the version, or its first parts? "5.5" begins 5.5-1.0.3.2, "4" not 44.0-2. */
bool version_begins(const char *version, const char *prefix);

/* Is the package there and whole? */
bool package_is_whole(const struct facts *f, const char *name);

/* Loaded, or part of the kernel image. */
bool module_is_in(const struct facts *f, const char *name);

/* Is it a fact that this kernel has no such module? */
bool module_is_missing(const struct facts *f, const char *name);
