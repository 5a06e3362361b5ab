/* catalogue/import.h - Azure's own list of drivers, resources.json, as a drivers document of ours.
 *
 *     Driver[] Name "OFED" -> Version[] Type "CX6" -> OS[] Name "Linux" -> Distro[] Name "Ubuntu"
 * or "RHEL/CentOS" -> Version[] {Num, FwLink, KernelDevelVer, KernelDevelRPM}
 *
 * Source: InfiniBand/resources.json of Azure/azhpc-extensions. */
#pragma once

#include <stddef.h>

#include "base/json.h"

struct import_report {
	/* A clause about the row of the document that is made, or about what was left out; `path`
	 * is the place in resources.json. */
	void (*finding)(void *ctx, const char *path, const char *what);
	void *ctx;
};

/* Returns 0 with a new reference; -1 with the path of what is malformed in `why`. */
int catalogue_import(const json_t *resources, const struct import_report *report, json_t **ret,
		     char *why, size_t why_size);
