/* plan/candidates.c - every route to a working driver, eligible or not, and why. */
#include "plan/room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

/* The order in which eligible routes are preferred; keep stands before all. */
static const char *const routes_by_preference[][5] = {
	[PREFER_VENDOR] = { "prebuilt", "doca-ofed", "mlnx-ofed", "distro", "inbox" },
	[PREFER_CHEAPEST] = { "inbox", "distro", "prebuilt", "doca-ofed", "mlnx-ofed" },
};

void candidate_refuse(struct candidate *c, const char *fmt, ...)
{
	va_list ap;

	c->eligible = false;
	va_start(ap, fmt);
	(void)vsnprintf(c->why, sizeof c->why, fmt, ap);
	va_end(ap);
}

static struct candidate *candidate_add(struct plan *p, const char *route)
{
	struct candidate *c = &p->candidates[p->ncandidates++];

	*c = (struct candidate) { .estimate = { -1, -1, -1, "unknown" } };
	(void)TEXT_COPY(c->route, route);
	(void)TEXT_COPY(c->peer_memory, "unknown");
	return c;
}

/* The version that the row would leave; "" if only the package manager can know. */
static const char *row_version(const struct facts *f, const struct driver_row *row)
{
	if (row->version[0] != '\0')
		return row->version;
	return text_eq(row->route, driver_kind_name(f->driver.kind)) ? f->driver.version : "";
}

/* What a row comes to on this machine. */
struct trial {
	const struct driver_row *row;
	enum route_end end;
	const struct rule *block;
	bool eligible;
	char why[240];
};

static void trial_judge(const struct inputs *in, struct trial *t)
{
	const struct driver_row *row = t->row;
	const struct settings *s = in->settings;
	const char *version = row_version(in->facts, row);

	t->end = ROUTE_BLOCKED;
	t->block = rules_find_block(in, row, t->why, sizeof t->why);
	if (t->block != NULL)
		return;
	t->eligible = true;
	t->end = ROUTE_NOT_ASKED;
	if (!settings_ask_for(s, row->route)) {
		(void)TEXT_FORMAT(t->why, "it serves this machine, but the settings ask for %s",
				  driver_choice_name(s->driver));
		return;
	}
	t->end = ROUTE_FITS;
	(void)TEXT_COPY(t->why, row->why);
	if (version_begins(version, s->driver_version))
		return;
	t->eligible = false;
	t->end = ROUTE_OTHER_VERSION;
	(void)TEXT_FORMAT(t->why, "it gives %s, but the settings ask for version %s",
			  version[0] != '\0' ? version : "the distribution's version",
			  s->driver_version);
}

/* Of rows that come off alike: one that is maintained before one that is not, one whose file can be
 * held against a digest before one whose cannot. */
static unsigned row_quality(const struct driver_row *row)
{
	bool checked = row->url[0] == '\0' || row->sha256[0] != '\0';

	return (row->deprecated ? 0 : 2) + (checked ? 1 : 0);
}

static bool trial_is_better(const struct trial *a, const struct trial *b)
{
	if (a->end != b->end)
		return a->end > b->end;
	return a->row != NULL && b->row != NULL && row_quality(a->row) > row_quality(b->row);
}

/* Try every row of the route; the best one is left in *best, with the reason where none fits. */
static void route_try(const struct inputs *in, const char *route, struct trial *best)
{
	const struct os_facts *os = &in->facts->os;

	*best = (struct trial) { .end = ROUTE_NO_ROW };
	for (size_t i = 0; i < in->catalogue->ndrivers; i++) {
		struct trial t = { .row = &in->catalogue->drivers[i], .end = ROUTE_UNSERVED };

		if (!text_eq(t.row->route, route) || !driver_row_is_for_os(t.row, os))
			continue;
		if (driver_row_matches(t.row, in->facts, t.why, sizeof t.why))
			trial_judge(in, &t);
		else
			t.row = NULL;
		if (trial_is_better(&t, best))
			*best = t;
	}
	if (best->end == ROUTE_NO_ROW)
		(void)TEXT_FORMAT(best->why, "no row of the catalogue for %s %s",
				  os->id[0] != '\0' ? os->id : "an unknown distribution",
				  os->version);
}

const struct driver_row *row_of_route(const struct inputs *in, const char *route)
{
	const struct driver_row *best = NULL;

	for (size_t i = 0; i < in->catalogue->ndrivers; i++) {
		const struct driver_row *row = &in->catalogue->drivers[i];
		bool same;

		if (!text_eq(row->route, route) || !driver_row_matches(row, in->facts, NULL, 0))
			continue;
		same = row->version[0] != '\0' && text_eq(row->version, in->facts->driver.version);
		if (same)
			return row;
		best = best == NULL ? row : best;
	}
	return best;
}

/* A copy has its own texts. */
static void prebuilt_keep(const struct prebuilt *from, struct prebuilt *ret)
{
	*ret = *from;
	ret->row.options = ret->options;
	ret->row.why = ret->why;
}

/* Try every row with every pack that there is for it. */
static void prebuilt_try(const struct inputs *in, struct prebuilt *ret, struct trial *best)
{
	struct prebuilt one, settled;
	unsigned at = 0;

	while (prebuilt_next(in, &at, &one)) {
		struct trial t = { .row = &settled.row };

		prebuilt_keep(&one, &settled);
		trial_judge(in, &t);
		if (best->row != NULL && !trial_is_better(&t, best))
			continue;
		prebuilt_keep(&one, ret);
		*best = t;
		best->row = &ret->row;
	}
}

static void estimate_fill(const struct driver_row *row, struct candidate *c)
{
	c->estimate.seconds = row->seconds;
	c->estimate.download_bytes = row->download_bytes;
	c->estimate.disk_bytes = row->disk_bytes;
	if (row->seconds >= 0 || row->download_bytes >= 0 || row->disk_bytes >= 0)
		(void)TEXT_COPY(c->estimate.basis, "catalogue");
}

static void route_consider(const struct inputs *in, struct candidate *c, unsigned n,
			   struct routes *ret)
{
	struct trial best;

	route_try(in, c->route, &best);
	if (text_eq(c->route, "prebuilt"))
		prebuilt_try(in, &ret->prebuilt, &best);
	ret->rows[n] = best.row;
	ret->ends[n] = best.end;
	ret->blocks[n] = best.block;
	c->eligible = best.eligible;
	(void)TEXT_COPY(c->why, best.why);
	if (text_eq(c->route, "prebuilt") && best.row == NULL)
		prebuilt_explain(in, c);
	if (best.row == NULL)
		return;
	(void)TEXT_COPY(c->version, row_version(in->facts, best.row));
	(void)TEXT_COPY(c->peer_memory, best.row->peer_memory);
	estimate_fill(best.row, c);
}

void routes_consider(const struct inputs *in, struct plan *ret, struct routes *ret_routes)
{
	const char *const *order = routes_by_preference[in->settings->prefer];

	*ret_routes = (struct routes) { 0 };
	ret_routes->ends[0] = keep_consider(in, candidate_add(ret, "keep"), &ret_routes->rows[0]);
	for (size_t i = 0; i < ARRAY_SIZE(routes_by_preference[0]); i++) {
		unsigned n = ret->ncandidates;

		route_consider(in, candidate_add(ret, order[i]), n, ret_routes);
	}
}
