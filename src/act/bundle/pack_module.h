/* act/bundle/pack_module.h - which modules of this machine are of a vendor's driver, and what each
 * is.
 *
 * DKMS leaves what it builds below lib/modules/<release>/updates or extra, and its list in
 * var/lib/dkms; what came without it lies in directories of the driver's own (facts: the
 * catalogue's sections on DOCA-OFED and mlnxofedinstall). */
#pragma once

#include "base/error.h"
#include "facts/pack.h"

struct host;

/* Fill in files, sorted, and target.vermagic: every module is for the kernel target.release, built
 * alike. *ret_newest_ms is when the newest was written. FAULT_PACK_MAKE where there is none, or one
 * is not so. */
int pack_modules_find(const struct host *h, const struct facts *f, struct pack *into,
		      int64_t *ret_newest_ms, struct error *err);
