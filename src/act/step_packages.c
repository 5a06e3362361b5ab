/* Installs packages as one transaction: resolved, judged, saved, installed; reverted from any
 * half-done state. */
#include "act/step.h"

#include <stdio.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

struct names {
	const char *list[PLAN_ITEMS_MAX + 1];
};

static struct names names_of(const struct step *s)
{
	struct names n = { { NULL } };

	for (unsigned i = 0; i < s->nitems; i++)
		n.list[i] = s->items[i];
	return n;
}

static int saved_dir(const struct step_context *c, const struct step *s, char *ret, size_t size)
{
	return text_format(ret, size, "/var/lib/ib-vmext/saved/%s/%s", c->run, s->id);
}

static bool packages_check(const struct step_context *c, const struct step *s)
{
	struct names n = names_of(s);

	return c->packages.manager && c->packages.manager->installed(&c->packages, n.list);
}

/* Resolve; where a name is unknown, or files have moved on, the lists are stale: refresh them once
 * and resolve again. */
static int resolve_fresh(const struct step_context *c, const char *const *names,
			 struct transaction *ret, struct error *err)
{
	const struct package_manager *m = c->packages.manager;

	if (m->resolve(&c->packages, names, ret, err) == 0)
		return 0;
	if (err->fault != FAULT_PACKAGE_NOT_FOUND)
		return -1;
	LOG(c->host->log, INFO, "package.refresh", "%s: bringing the package lists up to date",
	    err->what);
	if (m->refresh(&c->packages, err) < 0)
		return -1;
	return m->resolve(&c->packages, names, ret, err);
}

int step_packages_resolve(const struct step_context *c, const struct step *s,
			  struct transaction *ret, struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct names n = names_of(s);

	if (!m)
		return error_set(err, FAULT_PROGRAM_MISSING, 0,
				 "there is no package manager that this program knows");
	if (m->installed(&c->packages, n.list))
		return 0;
	if (m->repair(&c->packages, err) < 0 || resolve_fresh(c, n.list, ret, err) < 0)
		return -1;
	return transaction_judge(ret, err);
}

/* Save what the transaction replaces or removes; with `force` what cannot be had does not stop it.
 * *ret_irreversible says so. */
static int save_old(const struct step_context *c, const struct transaction *t, const char *dir,
		    bool *ret_irreversible, struct error *err)
{
	struct error why = { 0 };

	if (c->packages.manager->save(&c->packages, t, dir, &why) == 0)
		return 0;
	if (why.fault != FAULT_IRREVERSIBLE || !c->settings->force) {
		*err = why;
		return -1;
	}
	LOG(c->host->log, WARNING, "package.save", "%s, going on because force is set", why.what);
	*ret_irreversible = true;
	return 0;
}

static int packages_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			    struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	struct names n = names_of(s);
	bool irreversible = false;
	char dir[160];

	if (step_packages_resolve(c, s, &t, err) < 0)
		return -1;
	if (c->shown && !transaction_equal(c->shown, &t))
		return error_set(err, FAULT_PACKAGE_CHANGED, 0,
				 "the package transaction changed between the plan (%zu changes) "
				 "and now (%zu changes)",
				 c->shown->count, t.count);
	(void)saved_dir(c, s, dir, sizeof(dir));
	if (save_old(c, &t, dir, &irreversible, err) < 0)
		return -1;
	*ret = json_pack("{s:o, s:o, s:s, s:b}", "transaction", transaction_to_json(&t), "marks",
			 c->packages.manager->marks(&c->packages, n.list), "saved", dir,
			 "irreversible", irreversible);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, 0,
				"the package transaction cannot be written down");
}

static int packages_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct names n = names_of(s);

	(void)before;
	if (m->repair(&c->packages, err) < 0)
		return -1;
	if (m->install(&c->packages, n.list, err) == 0)
		return 0;
	if (err->fault != FAULT_DOWNLOAD)
		return -1;
	LOG(c->host->log, WARNING, "package.refresh",
	    "%s: bringing the package lists up to date and trying again", err->what);
	if (m->refresh(&c->packages, err) < 0)
		return -1;
	return m->install(&c->packages, n.list, err);
}

static int packages_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	if (packages_check(c, s))
		return 0;
	return error_set(err, FAULT_PACKAGE_INSTALL, 0,
			 "%s ended without an error, but not every package is installed",
			 c->packages.manager->name);
}

static int packages_undo(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	AUTO_TRANSACTION struct transaction t = { 0 };

	(void)s;
	if (!m)
		return error_set(err, FAULT_PROGRAM_MISSING, 0,
				 "there is no package manager that this program knows");
	if (transaction_from_json(json_object_get(before, "transaction"), &t, err) < 0)
		return -1;
	if (m->revert(&c->packages, &t, json_text_at(before, "saved", "/var/lib/ib-vmext/saved"),
		      err) < 0)
		return -1;
	return m->set_marks(&c->packages, json_object_get(before, "marks"), err);
}

const struct step_ops step_packages = {
	.check = packages_check,
	.prepare = packages_prepare,
	.apply = packages_apply,
	.confirm = packages_confirm,
	.undo = packages_undo,
	.percent = 60,
};
