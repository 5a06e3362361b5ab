/* plan/plan.c - puts judgement, candidates and steps together into one decision. */
#include "plan/room.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

static unsigned candidate_of(const struct plan *p, const char *route)
{
	for (unsigned i = 0; i < p->ncandidates; i++)
		if (text_eq(p->candidates[i].route, route))
			return i;
	return 0;
}

/* The candidate nearest to being chosen; keep only where no other is as near, unless it fits. A
 * stack that lacks a part is completed rather than replaced. */
static unsigned route_best(const struct inputs *in, const struct plan *p,
			   const struct routes *routes)
{
	bool incomplete = routes->ends[0] == ROUTE_UNSERVED;
	unsigned best = 1, own = candidate_of(p, driver_kind_name(in->facts->driver.kind));

	if (routes->ends[0] == ROUTE_FITS)
		return 0;
	if (incomplete && own > 0 && routes->ends[own] == ROUTE_FITS)
		return own;
	for (unsigned i = incomplete ? 1 : 0; i < p->ncandidates; i++)
		if (routes->ends[i] > routes->ends[best])
			best = i;
	return best;
}

/* "inbox, distro": what could be asked for instead; also what is installed and would be kept. */
static void eligible_names(const struct inputs *in, const struct routes *routes,
			   const struct plan *p, char *ret, size_t size)
{
	bool keep = routes->ends[0] == ROUTE_NOT_ASKED;
	char former[80];

	(void)text_copy(ret, size, keep ? driver_kind_name(in->facts->driver.kind) : "");
	for (unsigned i = 1; i < p->ncandidates; i++) {
		if (!p->candidates[i].eligible || text_eq(p->candidates[i].route, ret))
			continue;
		(void)TEXT_COPY(former, ret);
		(void)text_format(ret, size, "%s%s%s", former, former[0] != '\0' ? ", " : "",
				  p->candidates[i].route);
	}
}

static void refuse_choice(const struct inputs *in, const struct routes *routes, struct plan *ret)
{
	const char *choice = driver_choice_name(in->settings->driver);
	char names[80];

	eligible_names(in, routes, ret, names, sizeof names);
	decision_refuse(&ret->decision, FAULT_UNSUPPORTED_DRIVER_CHOICE,
			"The driver %s does not serve this machine: %s; eligible here: %s", choice,
			ret->candidates[candidate_of(ret, choice)].why, names);
}

static void refuse_version(const struct inputs *in, const struct candidate *c, struct plan *ret)
{
	if (text_eq(c->route, "keep"))
		decision_refuse(&ret->decision, FAULT_UNSUPPORTED_DRIVER_VERSION,
				"Version %s is not to be had for this machine: %s %s is installed",
				in->settings->driver_version,
				driver_kind_name(in->facts->driver.kind), c->version);
	else
		decision_refuse(&ret->decision, FAULT_UNSUPPORTED_DRIVER_VERSION,
				"Version %s is not to be had for this machine: %s gives %s",
				in->settings->driver_version, c->route,
				c->version[0] != '\0' ? c->version : "the distribution's version");
}

/* Where the catalogue knows nothing of the distribution, the reason is said with that. */
static void refuse_image(const struct inputs *in, const char *why, struct plan *ret)
{
	const struct facts *f = in->facts;

	decision_refuse(&ret->decision, FAULT_UNSUPPORTED_IMAGE,
			"No driver of the catalogue serves %s %s on %s with kernel %s%s%s",
			f->os.id[0] != '\0' ? f->os.id : "this distribution", f->os.version,
			f->kernel.machine, f->kernel.release, why[0] != '\0' ? ": " : "", why);
}

/* A rule that somebody can do something about says what. */
static void refuse_blocked(const struct inputs *in, const struct candidate *c,
			   const struct rule *rule, struct plan *ret)
{
	decision_refuse(&ret->decision,
			rule->fault != FAULT_NONE ? rule->fault : FAULT_UNSUPPORTED_IMAGE,
			"The driver %s cannot be used on %s %s: %s", c->route, in->facts->os.id,
			in->facts->os.version, c->why);
	(void)TEXT_COPY(ret->decision.remedy, rule_remedy(rule));
}

/* The route that the settings name explains best why it is not taken, unless only that it lacks
 * matters and others are eligible. */
static void route_refuse(const struct inputs *in, const struct routes *routes, unsigned best,
			 struct plan *ret)
{
	bool others = routes->ends[best] == ROUTE_NOT_ASKED;
	unsigned i = others ? candidate_of(ret, driver_choice_name(in->settings->driver)) : best;
	const struct rule *block = routes->blocks[i];

	if (routes->ends[i] == ROUTE_OTHER_VERSION)
		refuse_version(in, &ret->candidates[i], ret);
	else if (block != NULL && (!others || block->fault != FAULT_NONE))
		refuse_blocked(in, &ret->candidates[i], block, ret);
	else if (others)
		refuse_choice(in, routes, ret);
	else
		refuse_image(in, routes->ends[i] == ROUTE_NO_ROW ? "" : ret->candidates[i].why,
			     ret);
}

/* What is left to do about a stack that is kept. */
static const char *what_is_left(const struct inputs *in, const struct plan *p)
{
	if (in->intent != INTENT_KEEP)
		return "";
	return p->nsteps == 0 ? ", nothing to do" : ", only its configuration is completed";
}

static void accept(const struct inputs *in, const struct candidate *c, struct plan *ret)
{
	struct decision *d = &ret->decision;
	unsigned functions = facts_count_infiniband_nics(in->facts);

	(void)TEXT_COPY(d->route, c->route);
	(void)TEXT_COPY(d->version, c->version);
	if (in->facts->image)
		(void)TEXT_COPY(d->reason, c->why);
	else
		(void)TEXT_FORMAT(d->reason, "%u InfiniBand function%s: %s%s", functions,
				  functions == 1 ? "" : "s", c->why, what_is_left(in, ret));
}

/* Exit code 12, or a route with its steps. */
static void route_decide(struct inputs *in, const struct routes *routes, struct plan *ret)
{
	unsigned best = route_best(in, ret, routes);
	const struct driver_row *row = routes->rows[best];

	if (routes->ends[best] != ROUTE_FITS) {
		in->intent = INTENT_REFUSE;
		route_refuse(in, routes, best, ret);
		warnings_add(in, NULL, ret);
		return;
	}
	in->intent = best == 0 ? INTENT_KEEP : INTENT_INSTALL;
	if (row == &routes->prebuilt.row)
		in->pack = routes->prebuilt.pack;
	steps_build(in, row, ret);
	accept(in, &ret->candidates[best], ret);
	warnings_add(in, row, ret);
}

void plan_build(const struct facts *f, const struct settings *s, const struct catalogue *c,
		struct plan *ret)
{
	struct inputs in = { .facts = f, .settings = s, .catalogue = c };
	struct routes routes;

	*ret = (struct plan) { 0 };
	if (!machine_judge(&in, ret))
		return;
	routes_consider(&in, ret, &routes);
	route_decide(&in, &routes, ret);
}

/* What comes from elsewhere may begin with the name of a setting or of a program: only a plain word
 * gets a capital. */
static void reason_shape(char *reason)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	size_t len = strlen(reason), word = strspn(reason, letters);

	while (len > 0 && reason[len - 1] == '.')
		reason[--len] = '\0';
	if (word > 0 && (reason[word] == ' ' || reason[word] == '\0'))
		reason[0] = (char)(reason[0] - 'a' + 'A');
}

void plan_refuse(const struct error *err, struct plan *ret)
{
	*ret = (struct plan) { 0 };
	decision_refuse(&ret->decision, err->fault, "%s", err->what);
	reason_shape(ret->decision.reason);
}

bool plan_keeps(const struct plan *p)
{
	return p->decision.exit_code == 0 && text_eq(p->decision.route, "keep");
}

bool plan_may_change(const struct plan *p, const struct facts *f)
{
	(void)f;
	return p->decision.fault == FAULT_ADAPTER_ABSENT ||
	       p->decision.fault == FAULT_SIZE_UNKNOWN_NO_ADAPTER;
}
