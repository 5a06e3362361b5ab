/* act/fetch/pin.h - what a downloaded file must be: by the catalogue, or by what came the first
 * time.
 *
 * Nobody tells the digest of some artefacts. The SHA-256 of the first file that came over TLS is
 * pinned: in /var/lib/ib-vmext/downloads/NAME.pin while the run lasts, and in the receipt's
 * "artefacts" from then on, where each later download of the same address is held against it until
 * the run that pinned it is undone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

struct host;
struct journal;
struct step;

struct pin {
	char sha256[DIGEST_TEXT_SIZE]; /* "" if nobody knows */
	char whose[80];                /* who says so, for a sentence */
	bool pinned;                   /* known from an earlier download alone */
};

/* The address of a STEP_DOWNLOAD as the catalogue has it: by this it is known, whatever mirror the
 * file comes from. */
const char *pin_url(const struct step *s);
/* The file's name. Returns 0 or -errno. */
int pin_name(const struct step *s, char *ret, size_t size);

/* What the next download must be. */
void pin_expected(const struct host *h, const struct step *s, struct pin *ret);
/* What the file that is there must be: this run's own pin counts, too. */
void pin_expected_now(const struct host *h, const struct step *s, struct pin *ret);

/* Pin what came; and take that back. */
int pin_take(const struct host *h, const struct step *s, const char *run, const char *sha256,
	     struct error *err);
int pin_drop(const struct host *h, const struct step *s, struct error *err);

/* The receipt's "artefacts", [{"url", "sha256", "pinned", "at", "run"}]: those of the journal (may
 * be NULL) and of the older receipt (may be NULL). A new reference, NULL without memory. */
json_t *pins_to_json(const struct host *h, const struct journal *j, const json_t *older);

/* Without those of this run. A new reference. */
json_t *pins_without(const json_t *receipt, const char *run);
