/* cli/verified.h - a machine that was looked at and verified: what `verify`, `metrics` and
 * `support` begin with. */
#pragma once

#include <stdlib.h>

#include "base/error.h"
#include "facts/facts.h"
#include "verify/verify.h"

struct app;
struct traffic_options;

struct verified {
	struct facts facts;
	struct verification verification;
};

/* Look at the machine; the caller frees *ret. Limits and addresses are looked at as the settings
 * ask for them. Returns 0, or -1 with *err set. */
int verified_look(struct app *app, struct verified **ret, struct error *err);

/* Send traffic as `o` says, and judge once more with what came out. Returns 0, or -1 with *err
 * set. */
int verified_test(struct app *app, const struct traffic_options *o, struct verified *v,
		  struct error *err);

static inline void cleanup_verified(struct verified **v)
{
	free(*v);
}
#define AUTO_VERIFIED CLEANUP(cleanup_verified)

/* 0 for ok, 11 for absent, 14 for any other verdict. */
int verified_exit(const struct verified *v);
