/* catalogue/check.c - looks through a catalogue for rows that somebody should look at. */
#include "catalogue/check.h"

#include <stddef.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

unsigned catalogue_check(const struct catalogue *c,
			 void (*report)(void *ctx, const struct catalogue_finding *f), void *ctx)
{
	unsigned count = 0;

	for (size_t i = 0; i < c->ndrivers; i++) {
		const struct driver_row *row = &c->drivers[i];
		struct catalogue_finding f = { .kind = FINDING_NO_DIGEST, .row_id = row->id };

		if (row->url[0] == '\0' || row->sha256[0] != '\0')
			continue;
		(void)TEXT_FORMAT(f.what, "Nobody has told the SHA-256 of %s", row->url);
		report(ctx, &f);
		count++;
	}
	return count;
}

const char *catalogue_finding_name(enum catalogue_finding_kind kind)
{
	static const char *const names[FINDING_KIND_COUNT] = { "unreachable", "shadowed",
							       "file-name", "no-digest",
							       "unknown-word" };

	return (unsigned)kind < FINDING_KIND_COUNT ? names[kind] : "?";
}
