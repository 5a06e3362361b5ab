/* act/bundle/offline.h - makes offline bundles, and has a run take all that it downloads from one.
 *
 * A bundle is verified whole and unpacked below OFFLINE_DIR before anything is changed, and stays
 * there until the run has ended, for what goes on after a crash. */
#pragma once

#include "act/bundle/bundle.h"
#include "act/step/step.h"

struct catalogue;
struct facts;

#define OFFLINE_DIR      "var/lib/ib-vmext/offline" /* below the root */
#define OFFLINE_PACKAGES OFFLINE_DIR "/files/packages"

struct offline_order {
	const char *out; /* the file, as open(2) takes it; replaced when the new one is complete */
	const char *key; /* a secret key file of minisign */
	const char *catalogue; /* its version */
};

/* Make one with all that this plan downloads: artefacts, the packages that this machine lacks and
 * those that they replace. `c` is of the machine that downloads; where the plan is of a world,
 * `c->packages.manager` is NULL and there are no packages. *ret_manifest is a new reference. What
 * could not be known yet stands in its "missing". FAULT_OFFLINE_BUNDLE where there is nothing to
 * put into it. */
int offline_make(const struct step_context *c, const struct facts *f, const struct plan *p,
		 const struct offline_order *order, json_t **ret_manifest, struct error *err);

/* Is it for this machine? FAULT_OFFLINE_BUNDLE names what differs. */
int offline_fits(const struct bundle *b, const struct facts *f, struct error *err);

/* Where the setting offlineBundle is set: get it, verify it, unpack it. */
int offline_ready(const struct step_context *c, const struct facts *f, struct error *err);

/* Are things taken from a bundle? Then nothing else is asked. */
bool offline_is_on(const struct settings *s);

/* The file of the bundle for an address, an absolute path below the root. FAULT_OFFLINE_BUNDLE if
 * it is not in it. */
int offline_find(const struct host *h, const char *url, char *ret, size_t size, struct error *err);

/* Remove what was unpacked. */
void offline_tidy(const struct host *h);
