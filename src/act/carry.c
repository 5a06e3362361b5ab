/* Holds a plan against what this program can do: plans know more routes than the engine does. */
#include "act/carry.h"

#include <string.h>

#include "act/step/step.h"

int carry_possible(const struct plan *p, const struct facts *f, struct error *err)
{
	for (unsigned i = 0; i < p->nsteps; i++) {
		const struct step *s = &p->steps[i];

		if (!step_ops(s->kind))
			return error_set(err, FAULT_ROUTE_NOT_CARRIED_OUT, 0,
					 "The driver for this machine is %s, but this version of "
					 "ib-vmext cannot carry out its step %s yet; nothing was "
					 "changed",
					 p->decision.route, s->id);
		if (s->kind == STEP_REPOSITORY && strstr(s->items[0], "://"))
			return error_set(err, FAULT_ROUTE_NOT_CARRIED_OUT, 0,
					 "The driver for this machine is %s, but this version of "
					 "ib-vmext cannot use an online repository of the vendor "
					 "yet; nothing was changed",
					 p->decision.route);
		/* Where it is not known which one there is, the step itself says so. */
		if (s->kind == STEP_PACKAGES && f->package_manager[0] != '\0' &&
		    !package_manager_find(f->package_manager))
			return error_set(err, FAULT_ROUTE_NOT_CARRIED_OUT, 0,
					 "The driver for this machine is %s, but this version of "
					 "ib-vmext cannot install packages with %s yet; nothing "
					 "was changed",
					 p->decision.route, f->package_manager);
	}
	return 0;
}

void carry_limit(const struct facts *f, struct plan *p)
{
	struct error err = { 0 };

	if (p->decision.exit_code == 0 && carry_possible(p, f, &err) < 0)
		plan_refuse(&err, p);
}
