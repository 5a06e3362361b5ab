/* act/ofed/former.h - the MLNX_OFED that is there before another comes: no archive has its
 * packages, so it comes back by its own installer. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct facts;
struct step;
struct step_context;

/* The name of the tarball of the MLNX_OFED that is installed; FAULT_IRREVERSIBLE if it is not to
 * hand. */
int former_find(const struct step_context *c, const struct step *s, const struct facts *now,
		char *ret, size_t size, struct error *err);

/* Keep that tarball in saved/, beside where it lies. *ret: {"file", "saved", "version", "options"},
 * or null where no MLNX_OFED is installed. A new reference. */
int former_keep(const struct step_context *c, const struct step *s, const struct facts *now,
		json_t **ret, struct error *err);

/* Install it again, unless it is there. */
int former_put_back(const struct step_context *c, const struct step *s, const json_t *former,
		    struct error *err);
