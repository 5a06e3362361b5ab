/* Looks at the machine and plans; asks the package manager what it would do. */
#include "act/judge.h"

#include "act/package_manager.h"
#include "act/step.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"
#include "probe/probe.h"

enum { RESOLVE_CALL_S = 600 };

int act_judge(const struct host *h, const struct catalogue *c, const struct settings *s,
	      struct facts *facts, struct plan *plan, struct error *err)
{
	struct probe_options options = { .metadata = true };

	if (probe_facts(h, &options, facts, err) < 0)
		return -1;
	catalogue_classify(c, facts);
	plan_build(facts, s, c, plan);
	return 0;
}

int act_look_again(const struct host *h, const struct catalogue *c, struct facts *f,
		   struct error *err)
{
	struct probe_options options = { .metadata = false };
	struct vm_facts vm = f->vm;

	if (probe_facts(h, &options, f, err) < 0)
		return -1;
	f->vm = vm;
	catalogue_classify(c, f);
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

int act_resolve(const struct host *h, const struct settings *s, const struct facts *f,
		struct plan *plan, struct transaction *ret, struct error *err)
{
	struct step_context c = {
		.host = h,
		.settings = s,
		.state_dir = -1,
		.packages = { .host = h,
			      .manager = package_manager_find(f->package_manager),
			      .lock_s = s->timeouts.lock_s,
			      .deadline_s = RESOLVE_CALL_S,
			      .stage = "plan" },
	};

	for (unsigned i = 0; i < plan->nsteps; i++) {
		struct step *step = &plan->steps[i];

		if (step->kind != STEP_PACKAGES)
			continue;
		if (step_packages_resolve(&c, step, ret, err) < 0)
			return -1;
		list_changes(ret, step);
	}
	plan->resolved = true;
	return 0;
}
