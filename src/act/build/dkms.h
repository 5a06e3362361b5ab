/* act/build/dkms.h - DKMS: which modules are a vendor's driver's, building them, and what a package
 * left of them.
 *
 * Builds have no network where that can be had, the environment of act/build/compile.h, and as many
 * processes as there are processors and memory. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

struct dkms_facts;
struct host;

/* A part of the driver, by the name that DKMS or its directory has. */
bool dkms_is_of_driver(const char *name);

/* Is it one without which there is no success? Others (knem, xpmem, mft) InfiniBand does without.
 */
bool dkms_is_needed(const char *name);

/* `dkms WORD... [-j N]`. FAULT_BUILD_MEMORY where a build would have less than its least;
 * FAULT_BUILD_FAILED with what dkms says. */
int dkms_run(const struct host *h, const char *const *words, int deadline_s, struct error *err);

/* Build one module for one kernel and put it in place. FAULT_KERNEL_HEADERS where the kernel has
 * none; FAULT_BUILD_FAILED with the lines of the log that matter. */
int dkms_install(const struct host *h, const struct dkms_facts *module, const char *release,
		 int deadline_s, struct error *err);
/* The same where it is there already: build it anew, and put that in place. */
int dkms_rebuild(const struct host *h, const struct dkms_facts *module, const char *release,
		 int deadline_s, struct error *err);
/* Take it out for that kernel alone. */
int dkms_uninstall(const struct host *h, const struct dkms_facts *module, const char *release,
		   int deadline_s, struct error *err);

/* What the log says of the first needed module that this kernel has not: "mlnx-ofed-kernel 25.10:
 * main.c:17:10: error: ...". False if it says nothing. */
bool dkms_log_tells(const struct host *h, const char *release, char *ret, size_t size);

/* The lines of a build's log that say why it failed, ended by "; ". */
void dkms_log_cut(const char *log, char *ret, size_t size);

/* What DKMS has of the driver now: {"modules": ["name/version", ...], "key": it has a key to sign
 * with}. A new reference. */
json_t *dkms_note(const struct host *h);

/* Remove what of the driver is in DKMS's tree, has no source any more and is not in that note: what
 * packages that are gone have left. Modules that lie in place go with it, and so does the key that
 * DKMS has made for them, unless it has others. */
void dkms_sweep(const struct host *h, const json_t *note);
