/* catalogue/check.c - finds driver rows that can never be chosen, or that say two things at once.
 */
#include "catalogue/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/artefact.h"
#include "catalogue/catalogue.h"
#include "catalogue/sample.h"

/* What the walk carries along. */
struct walk {
	const struct catalogue *catalogue;
	void (*report)(void *ctx, const struct catalogue_finding *f);
	void *ctx;
	unsigned count;
};

static PRINTF(4, 5) void finding_add(struct walk *w, enum catalogue_finding_kind kind,
				     const struct driver_row *row, const char *fmt, ...)
{
	struct catalogue_finding f = { .kind = kind, .row_id = row->id };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f.what, sizeof f.what, fmt, ap);
	va_end(ap);
	w->count++;
	if (w->report != NULL)
		w->report(w->ctx, &f);
}

static const struct driver_row *first_served(const struct catalogue *c, const char *route,
					     const struct facts *f)
{
	for (size_t i = 0; i < c->ndrivers; i++)
		if (text_eq(c->drivers[i].route, route) &&
		    driver_row_matches(&c->drivers[i], f, NULL, 0))
			return &c->drivers[i];
	return NULL;
}

static void check_reach(struct walk *w, const struct driver_row *row)
{
	const struct driver_row *first = NULL;
	struct samples samples;
	struct facts f;

	samples_begin(w->catalogue, row, &samples);
	while (samples_next(&samples, &f)) {
		first = first_served(w->catalogue, row->route, &f);
		if (first == row)
			return;
	}
	if (first == NULL)
		finding_add(w, FINDING_UNREACHABLE, row, "no machine can be as this row wants it");
	else
		finding_add(w, FINDING_SHADOWED, row,
			    "earlier rows of the route %s serve all its machines, such as %s",
			    row->route, first->id);
}

static void check_file_name(struct walk *w, const struct driver_row *row)
{
	char why[200];

	if (row->url[0] != '\0' && !artefact_name_fits(row, why, sizeof why))
		finding_add(w, FINDING_FILE_NAME, row, "%s", why);
}

static void check_digest(struct walk *w, const struct driver_row *row)
{
	if (row->url[0] != '\0' && row->sha256[0] == '\0')
		finding_add(w, FINDING_NO_DIGEST, row, "nobody has told the digest of %s",
			    artefact_name(row));
}

/* A generation is known that some adapter or size is of. */
static bool generation_is_known(const struct catalogue *c, const char *generation)
{
	for (size_t i = 0; i < c->nadapters; i++)
		if (text_eq(c->adapters[i].generation, generation))
			return true;
	for (size_t i = 0; i < c->nsizes; i++)
		if (text_eq(c->sizes[i].generation, generation))
			return true;
	return false;
}

static void check_words(struct walk *w, const struct driver_row *row)
{
	const char *generations = row->generations, *sizes = row->sizes;
	char word[64];

	while (list_next(&generations, word, sizeof word))
		if (!generation_is_known(w->catalogue, word))
			finding_add(w, FINDING_UNKNOWN_WORD, row,
				    "no adapter and no size is of the generation %s", word);
	while (list_next(&sizes, word, sizeof word))
		if (catalogue_size(w->catalogue, word) == NULL)
			finding_add(w, FINDING_UNKNOWN_WORD, row, "no size is named %s", word);
}

static void (*const checks[])(struct walk *w, const struct driver_row *row) = {
	check_reach,
	check_file_name,
	check_digest,
	check_words,
};

unsigned catalogue_check(const struct catalogue *c,
			 void (*report)(void *ctx, const struct catalogue_finding *f), void *ctx)
{
	struct walk w = { .catalogue = c, .report = report, .ctx = ctx };

	for (size_t i = 0; i < c->ndrivers; i++)
		for (size_t k = 0; k < ARRAY_SIZE(checks); k++)
			checks[k](&w, &c->drivers[i]);
	return w.count;
}

const char *catalogue_finding_name(enum catalogue_finding_kind kind)
{
	static const char *const names[FINDING_KIND_COUNT] = {
		[FINDING_UNREACHABLE] = "unreachable",   [FINDING_SHADOWED] = "shadowed",
		[FINDING_FILE_NAME] = "file-name",       [FINDING_NO_DIGEST] = "no-digest",
		[FINDING_UNKNOWN_WORD] = "unknown-word",
	};

	return kind < FINDING_KIND_COUNT ? names[kind] : "unknown";
}
