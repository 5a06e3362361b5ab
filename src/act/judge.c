/* Looks at the machine and plans; asks the package manager what it would do. */
#include "act/judge.h"

#include "act/carry.h"
#include "act/bundle/offline.h"
#include "act/packages/manager.h"
#include "act/progress.h"
#include "act/fetch/reach.h"
#include "act/step/installer.h"
#include "act/step/repository.h"
#include "act/step/step.h"
#include "act/wrong_clock.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "probe/probe.h"

enum { RESOLVE_CALL_S = 600 };

int act_judge(const struct host *h, const struct catalogue *c, const struct settings *s,
	      struct facts *facts, struct plan *plan, struct error *err)
{
	struct probe_options options = { .metadata = true, .settings = s };

	if (probe_facts(h, &options, facts, err) < 0)
		return -1;
	catalogue_classify(c, facts);
	plan_build(facts, s, c, plan);
	estimate_tell(h, plan);
	return 0;
}

int act_look(const struct host *h, const struct catalogue *c, struct facts *ret, struct error *err)
{
	struct probe_options options = { .metadata = false };

	if (probe_facts(h, &options, ret, err) < 0)
		return -1;
	catalogue_classify(c, ret);
	return 0;
}

int act_look_again(const struct host *h, const struct catalogue *c, struct facts *f,
		   struct error *err)
{
	struct vm_facts vm = f->vm;

	if (act_look(h, c, f, err) < 0)
		return -1;
	f->vm = vm;
	return 0;
}

static void list_changes(const struct transaction *t, struct step *s)
{
	s->nchanges = 0;
	for (size_t i = 0; i < t->count && s->nchanges < ARRAY_SIZE(s->changes); i++)
		change_text(&t->changes[i], s->changes[s->nchanges++], sizeof(s->changes[0]));
	if (t->count > ARRAY_SIZE(s->changes))
		(void)TEXT_FORMAT(s->changes[ARRAY_SIZE(s->changes) - 1], "and %zu more packages",
				  t->count - ARRAY_SIZE(s->changes) + 1);
}

static void warn_irreversible(const struct error *why, struct plan *plan)
{
	const struct fault_row *row = fault_row(FAULT_IRREVERSIBLE);
	struct warning *w;

	if (plan->nwarnings == ARRAY_SIZE(plan->warnings))
		return;
	w = &plan->warnings[plan->nwarnings++];
	TEXT_COPY(w->id, row->slug);
	TEXT_COPY(w->what, why->what);
	TEXT_COPY(w->remedy, row->remedy);
}

const struct step *plan_shown_step(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->nsteps; i++) {
		enum step_kind kind = plan->steps[i].kind;

		if (kind == STEP_PACKAGES)
			return &plan->steps[i];
		/* A repository that the run itself makes known: before, nobody can resolve. */
		if (kind == STEP_REPOSITORY || kind == STEP_INSTALLER ||
		    (kind == STEP_FILE && text_starts(plan->steps[i].items[0], "etc/yum.repos.d/")))
			return NULL;
	}
	return NULL;
}

/* Is there a transaction that nobody can know before the run is on its way? */
static bool has_late_packages(const struct plan *plan, const struct step *shown)
{
	for (unsigned i = 0; i < plan->nsteps; i++) {
		const struct step *s = &plan->steps[i];

		if ((s->kind == STEP_PACKAGES && s != shown) || s->kind == STEP_INSTALLER)
			return true;
	}
	return false;
}

int plan_resolve(const struct step_context *c, resolve_fn *resolve, struct plan *plan,
		 struct transaction *ret, struct error *err)
{
	struct step *shown = (struct step *)plan_shown_step(plan);
	struct error why = { 0 };

	if (shown) {
		if (resolve(c, shown, ret, err) < 0)
			return -1;
		list_changes(ret, shown);
		if (step_packages_reversible(c, ret, &why) < 0) {
			if (why.fault != FAULT_IRREVERSIBLE) {
				*err = why;
				return -1;
			}
			warn_irreversible(&why, plan);
		}
	}
	plan->resolved = !has_late_packages(plan, shown);
	return 0;
}

static int resolve(const struct host *h, const struct settings *s, const struct facts *f,
		   struct plan *plan, struct transaction *ret, struct error *err)
{
	struct step_context c = {
		.host = h,
		.settings = s,
		.state_dir = -1,
		.packages = { .host = h,
			      .settings = s,
			      .manager = package_manager_find(f->package_manager),
			      .lock_s = s->timeouts.lock_s,
			      .deadline_s = RESOLVE_CALL_S,
			      .stage = "plan" },
	};

	if (carry_possible(plan, f, err) < 0)
		return -1;
	plan->resolved = plan_keeps(plan);
	if (plan->resolved)
		return 0;
	if (h->live && (offline_ready(&c, f, err) < 0 || reach_all(&c, plan, err) < 0))
		return -1;
	if (step_repository_possible(&c, plan, err) < 0)
		return -1;
	if (plan_resolve(&c, step_packages_resolve, plan, ret, err) < 0)
		return -1;
	return h->live ? step_installer_possible(&c, plan, err) : 0;
}

int act_resolve(const struct host *h, const struct settings *s, const struct facts *f,
		struct plan *plan, struct transaction *ret, struct error *err)
{
	int rc = resolve(h, s, f, plan, ret, err);

	if (rc < 0)
		wrong_clock_explain(h, err);
	return rc;
}
