/* Loads the modules that are not loaded; never unloads one (design.md, section 7: on Hyper-V the VF
 * would detach). */
#include "act/step/step.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/probe.h"

enum { MODPROBE_S = 120, SETTLE_S = 35 };

/* The modules of the step that are neither loaded nor part of the kernel image, in order. Returns
 * their number. */
static unsigned missing_of(const struct step_context *c, const struct step *s, const char **ret)
{
	AUTO_FREE struct facts *now = calloc(1, sizeof(*now));
	/* The release tells where the list of what is built in lies. */
	bool known = now &&
		     host_kernel_release(c->host, now->kernel.release,
					 sizeof(now->kernel.release)) == 0 &&
		     probe_rdma(c->host, now, NULL) == 0;
	unsigned n = 0;

	for (unsigned i = 0; i < s->nitems; i++) {
		const struct module_facts *m = known ? facts_module(now, s->items[i]) : NULL;

		if (!m || (!m->loaded && !m->built_in))
			ret[n++] = s->items[i];
	}
	return n;
}

static bool modules_check(const struct step_context *c, const struct step *s)
{
	const char *missing[PLAN_ITEMS_MAX];

	return missing_of(c, s, missing) == 0;
}

static int modules_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			   struct error *err)
{
	const char *missing[PLAN_ITEMS_MAX];
	unsigned n = missing_of(c, s, missing);
	AUTO_JSON json_t *list = json_array();

	for (unsigned i = 0; list && i < n; i++)
		json_array_append_new(list, json_string(missing[i]));
	*ret = json_pack("{s:O}", "notLoaded", list);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, 0,
				"no memory to write down which modules were loaded");
}

static int modprobe(const struct step_context *c, const char *release, const char *name,
		    struct error *err)
{
	const char *const argv[] = { "modprobe", "-S", release, name, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = MODPROBE_S };
	char doing[200];

	TEXT_FORMAT(doing, "modprobe %s for kernel %s", name, release);
	return run_or_fail(c->host, &spec, FAULT_MODULE_LOAD, doing, err);
}

/* Names of devices come from udev rules, after the module is there. No udev: nothing to wait for.
 */
static void settle(const struct step_context *c)
{
	static const char *const argv[] = { "udevadm", "settle", "--timeout=30", NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SETTLE_S };
	AUTO_RUN struct run_result r = { 0 };
	struct error err = { 0 };

	if (run(c->host, &spec, &r, &err) < 0 || (!run_ok(&r) && r.end != RUN_NOT_FOUND))
		LOG(c->host->log, WARNING, "modules.settle",
		    "udevadm settle did not end well, ignoring");
}

static int modules_apply(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	const char *missing[PLAN_ITEMS_MAX];
	char release[96];
	unsigned n;

	(void)before;
	if (host_kernel_release(c->host, release, sizeof(release)) < 0)
		return error_set(err, FAULT_READ_FAILED, 0,
				 "/proc/sys/kernel/osrelease cannot be read");
	n = missing_of(c, s, missing);
	for (unsigned i = 0; i < n; i++)
		if (modprobe(c, release, missing[i], err) < 0)
			return -1;
	settle(c);
	return 0;
}

static int modules_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	const char *missing[PLAN_ITEMS_MAX];

	if (missing_of(c, s, missing) > 0)
		return error_set(err, FAULT_MODULE_LOAD, 0,
				 "modprobe %s ended without an error, but the module is not loaded",
				 missing[0]);
	return 0;
}

static int modules_undo(const struct step_context *c, const struct step *s, const json_t *before,
			struct error *err)
{
	(void)s;
	(void)err;
	if (json_array_size(json_object_get(before, "notLoaded")) > 0)
		LOG(c->host->log, INFO, "modules.kept",
		    "modules that were loaded stay until the next boot: unloading them would "
		    "detach the adapter");
	return 0;
}

const struct step_ops step_modules = {
	.check = modules_check,
	.prepare = modules_prepare,
	.apply = modules_apply,
	.confirm = modules_confirm,
	.undo = modules_undo,
	.percent = 15,
};
