/* fabric/version.h - versions of extensions: one to four dotted numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

enum { VERSION_PARTS = 4 };

struct ext_version {
	long part[VERSION_PARTS]; /* 0 where not given */
	int parts;                /* how many were given */
};

/* Returns 0, or -EINVAL and leaves *ret as it was. */
int ext_version_parse(const char *text, struct ext_version *ret);

/* Below, at or above 0, as 1.1.2 stands to 1.1.10. */
int ext_version_compare(const struct ext_version *a, const struct ext_version *b);

/* The highest of `versions` (an array of strings) that a request for `requested` may get: those
 * that begin with its numbers, and with `auto_upgrade` also the higher minor versions of its major.
 * A borrowed string, NULL if none fits.
 * Source: typeHandlerVersion and autoUpgradeMinorVersion in the reference of Resource Manager. */
const char *ext_version_resolve(const json_t *versions, const char *requested, bool auto_upgrade);
