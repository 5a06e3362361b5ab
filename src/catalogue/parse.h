/* catalogue/parse.h - a catalogue read at run time: the document that replaces the built-in tables.
 *
 *     {"schema":"ib-vmext/catalogue/1","version":"2026.11.2","expires":"2027-05-01T00:00:00Z",
 *      "sizes":[...],"adapters":[...],"drivers":[...]}
 *
 * The rows are those of data/sizes.json, data/adapters.json and data/drivers.json, with the same
 * checks. Pure: who may have signed it, and whether it is too old, is asked by whoever read it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "catalogue/catalogue.h"

#define CATALOGUE_SCHEMA "ib-vmext/catalogue/1"

enum { CATALOGUE_ROWS_MAX = 4096 /* of each table */ };

struct catalogue_owned {
	struct catalogue rows; /* all that it points to lies in `arena` */
	const char *expires;   /* as the document has it */
	int64_t expires_s;     /* the same, since 1970 */
	struct buf arena;
};

/* Read the document; the JSON may go afterwards. Returns 0, or -1 with `why` naming the place:
 * drivers[3] "doca-3.2.1": "packages" is not an array, or is empty. */
int catalogue_parse(const json_t *document, struct catalogue_owned *ret, char *why,
		    size_t why_size);
void catalogue_owned_free(struct catalogue_owned *c); /* takes NULL and what was never filled */
#define AUTO_CATALOGUE CLEANUP(catalogue_owned_free)
