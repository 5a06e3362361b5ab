/* Installs packages as one transaction: resolved, judged, saved, installed; reverted from any
 * half-done state. */
#include "act/step/step.h"

#include <errno.h>

#include "act/bundle/offline.h"
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

static int need_manager(const struct step_context *c, struct error *err)
{
	if (c->packages.manager)
		return 0;
	return error_set(err, FAULT_PROGRAM_MISSING, 0,
			 "there is no package manager that this program knows");
}

static bool packages_check(const struct step_context *c, const struct step *s)
{
	struct names n = names_of(s);

	return c->packages.manager && c->packages.manager->installed(&c->packages, n.list);
}

static int refresh(const struct step_context *c, const struct error *why, struct error *err)
{
	if (offline_is_on(c->settings))
		return error_set(err, FAULT_OFFLINE_BUNDLE, 0,
				 "the offline bundle does not hold what is needed: %s", why->what);
	LOG(c->host->log, INFO, "package.refresh", "%s: bringing the package lists up to date",
	    why->what);
	return c->packages.manager->refresh(&c->packages, err);
}

/* Where a name is unknown the lists are stale; where the lists' signature cannot be told, its key
 * may only have to be taken, which a simulation does not do. A signature that is bad stays so. */
static bool may_refresh_help(enum fault fault)
{
	return fault == FAULT_PACKAGE_NOT_FOUND || fault == FAULT_PACKAGE_SIGNATURE;
}

/* Resolve; if it may help, refresh the lists once and resolve again. */
static int resolve_fresh(const struct step_context *c, const char *const *names,
			 struct transaction *ret, struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct error why = { 0 };

	if (m->resolve(&c->packages, names, ret, &why) == 0)
		return 0;
	if (!may_refresh_help(why.fault)) {
		*err = why;
		return -1;
	}
	if (refresh(c, &why, err) < 0)
		return -1;
	return m->resolve(&c->packages, names, ret, err);
}

int step_packages_resolve(const struct step_context *c, const struct step *s,
			  struct transaction *ret, struct error *err)
{
	struct names n = names_of(s);

	if (need_manager(c, err) < 0)
		return -1;
	if (packages_check(c, s))
		return 0;
	if (resolve_fresh(c, n.list, ret, err) < 0)
		return -1;
	return transaction_judge(ret, err);
}

int step_packages_reversible(const struct step_context *c, const struct transaction *t,
			     struct error *err)
{
	return t->count ? c->packages.manager->save(&c->packages, t, NULL, err) : 0;
}

/* With `force` what cannot be had does not stop us; *ret_irreversible says so. */
static int judge_save(const struct step_context *c, int rc, const struct error *why,
		      bool *ret_irreversible, struct error *err)
{
	*ret_irreversible = rc < 0;
	if (rc == 0)
		return 0;
	if (why->fault != FAULT_IRREVERSIBLE || !c->settings->force) {
		*err = *why;
		return -1;
	}
	LOG(c->host->log, WARNING, "package.save", "%s, going on because force is set", why->what);
	return 0;
}

static int resolve_reversible(const struct step_context *c, const struct step *s,
			      struct transaction *ret, struct error *err)
{
	struct error why = { 0 };
	bool irreversible;

	if (step_packages_resolve(c, s, ret, err) < 0)
		return -1;
	return judge_save(c, step_packages_reversible(c, ret, &why), &why, &irreversible, err);
}

int step_packages_ready(const struct step_context *c, const struct step *s, struct transaction *ret,
			struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct names n = names_of(s);
	struct error why = { 0 };

	if (need_manager(c, err) < 0)
		return -1;
	if (m->repair(&c->packages, err) < 0 || resolve_reversible(c, s, ret, err) < 0)
		return -1;
	if (ret->count == 0 || m->fetch(&c->packages, n.list, &why) == 0)
		return 0;
	if (why.fault != FAULT_DOWNLOAD) {
		*err = why;
		return -1;
	}
	/* The archive has moved on from what the lists say. */
	transaction_free(ret);
	if (refresh(c, &why, err) < 0 || resolve_reversible(c, s, ret, err) < 0)
		return -1;
	return m->fetch(&c->packages, n.list, err);
}

/* Straight after the plan was shown it need only be the same; after a crash all is made ready anew.
 */
static int resolve_to_prepare(const struct step_context *c, const struct step *s,
			      struct transaction *ret, struct error *err)
{
	if (!c->shown || !text_eq(c->shown_step, s->id))
		return step_packages_ready(c, s, ret, err);
	if (step_packages_resolve(c, s, ret, err) < 0)
		return -1;
	if (transaction_equal(c->shown, ret))
		return 0;
	return error_set(err, FAULT_PACKAGE_CHANGED, 0,
			 "the package transaction changed between the plan (%zu changes) and now "
			 "(%zu changes)",
			 c->shown->count, ret->count);
}

static int packages_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			    struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	AUTO_JSON json_t *marks = NULL;
	struct names n = names_of(s);
	struct error why = { 0 };
	bool irreversible = false;
	char dir[160];
	int rc;

	if (resolve_to_prepare(c, s, &t, err) < 0)
		return -1;
	TEXT_FORMAT(dir, "/var/lib/ib-vmext/saved/%s/%s", c->run, s->id);
	rc = c->packages.manager->save(&c->packages, &t, dir, &why);
	if (judge_save(c, rc, &why, &irreversible, err) < 0)
		return -1;
	marks = c->packages.manager->marks(&c->packages, n.list, &t, err);
	if (!marks)
		return -1;
	*ret = json_pack("{s:o, s:O, s:s, s:b}", "transaction", transaction_to_json(&t), "marks",
			 marks, "saved", dir, "irreversible", irreversible);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, ENOMEM,
				"the package transaction cannot be written down");
}

/* What is left to be done must be part of what was written down, or it could not be undone. */
static int judge_rest(const struct step_context *c, const struct step *s, const json_t *before,
		      struct error *err)
{
	AUTO_TRANSACTION struct transaction whole = { 0 }, rest = { 0 };
	struct names n = names_of(s);

	if (transaction_from_json(json_object_get(before, "transaction"), &whole, err) < 0 ||
	    c->packages.manager->resolve(&c->packages, n.list, &rest, err) < 0)
		return -1;
	if (transaction_is_part(&rest, &whole))
		return 0;
	return error_set(err, FAULT_PACKAGE_CHANGED, 0,
			 "the package transaction is no longer the one that was begun");
}

static int packages_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct names n = names_of(s);

	if (need_manager(c, err) < 0 || m->repair(&c->packages, err) < 0 ||
	    judge_rest(c, s, before, err) < 0)
		return -1;
	return m->install(&c->packages, n.list, err);
}

static int packages_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	if (need_manager(c, err) < 0)
		return -1;
	if (packages_check(c, s))
		return 0;
	return error_set(err, FAULT_PACKAGE_INSTALL, 0,
			 "%s ended without an error, but not every package is installed",
			 c->packages.manager->name);
}

/* Marks are a comfort: what is installed is as it was without them. */
static void put_marks_back(const struct step_context *c, const json_t *before)
{
	const struct package_manager *m = c->packages.manager;
	struct error why = { 0 };

	if (m->set_marks(&c->packages, json_object_get(before, "marks"), &why) < 0)
		LOG(c->host->log, WARNING, "package.marks", "%s, ignoring", why.what);
}

static int packages_undo(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	const char *saved = json_text_at(before, "saved", "/var/lib/ib-vmext/saved");
	struct error why = { 0 };

	(void)s;
	if (need_manager(c, err) < 0 ||
	    transaction_from_json(json_object_get(before, "transaction"), &t, err) < 0)
		return -1;
	if (c->packages.manager->revert(&c->packages, &t, saved, &why) == 0) {
		put_marks_back(c, before);
		return 0;
	}
	if (why.fault == FAULT_KEPT_BACK)
		put_marks_back(c, before);
	*err = why;
	if (!json_bool_at(before, "irreversible", false) ||
	    (why.fault != FAULT_PACKAGE_NOT_FOUND && why.fault != FAULT_DOWNLOAD))
		return -1;
	err->fault = FAULT_KEPT_BACK;
	return error_wrap(err, "what force gave up cannot be put back");
}

const struct step_ops step_packages = {
	.check = packages_check,
	.prepare = packages_prepare,
	.apply = packages_apply,
	.confirm = packages_confirm,
	.undo = packages_undo,
	.percent = 60,
};
