/* plan/reload.c - a live reload in the place of a restart. */
#include "plan/room.h"

#include "base/text.h"

int reload_refuse(const struct facts *f, struct error *err)
{
	if (f->hyperv.vmbus == TRI_YES || f->vm.azure)
		return error_set(err, FAULT_RELOAD_REFUSED, 0,
				 "on Hyper-V a loaded module of the adapter is never unloaded: its "
				 "function would be detached");
	if (f->hyperv.vmbus != TRI_NO)
		return error_set(
			err, FAULT_RELOAD_REFUSED, 0,
			"whether this is Hyper-V is not known, where a loaded module of the "
			"adapter is never unloaded");
	if (f->nusers > 0)
		return error_set(err, FAULT_RELOAD_REFUSED, 0,
				 "the module %s hangs on %s and would be torn", f->users[0].name,
				 f->users[0].holds);
	return 0;
}

int plan_reload(struct plan *p, const struct facts *f, struct error *err)
{
	struct step *s;

	if (reload_refuse(f, err) < 0)
		return -1;
	if (!p->reboot || p->nsteps == PLAN_STEPS_MAX)
		return 0;
	s = &p->steps[p->nsteps++];
	*s = (struct step) { .kind = STEP_RELOAD, .nitems = 1, .nchanges = 1 };
	(void)TEXT_COPY(s->id, "reload");
	(void)TEXT_COPY(s->items[0], stack_loaded_module(f));
	(void)TEXT_COPY(s->what,
			"put the new modules in the place of the loaded ones, while a unit "
			"watches the default gateway");
	(void)TEXT_COPY(s->changes[0], "modules reloaded; the network of the adapter is away for "
				       "some seconds");
	(void)TEXT_COPY(s->undo, "the former modules are loaded again");
	p->reboot = false;
	return 0;
}
