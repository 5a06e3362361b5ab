/* Installs packages as one transaction: resolved, judged, saved, installed; reverted from any
 * half-done state. */
#include "act/step/step.h"

#include <errno.h>
#include <string.h>

#include "act/bundle/offline.h"
#include "act/command.h"
#include "act/step/repository.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

/* What is asked for. */
struct wanted {
	struct package_context packages; /* as this step calls the package manager */
	const char *names[PLAN_ITEMS_MAX + 1];
	char own[PLAN_ITEMS_MAX][224];           /* the names, or the words for a version of them */
	const char *checked[PLAN_ITEMS_MAX + 1]; /* those alone */
	char name[PLAN_ITEMS_MAX][128];
	json_t *following; /* what is of an older version of the same repository comes along */
	struct command words;
	char kept[192];
};

static void wanted_free(struct wanted *w)
{
	json_decref(w->following);
	command_free(&w->words);
}
#define AUTO_WANTED CLEANUP(wanted_free)

static int need_manager(const struct step_context *c, struct error *err)
{
	if (c->packages.manager)
		return 0;
	return error_set(err, FAULT_PROGRAM_MISSING, 0,
			 "there is no package manager that this program knows");
}

/* An item is "name", or "name=version" where it comes from the vendor's repository. */
static void own_fill(struct wanted *w, const struct step *s)
{
	for (unsigned i = 0; i < s->nitems; i++) {
		const char *equals = strchr(s->items[i], '=');

		w->names[i] = s->items[i];
		(void)TEXT_COPY(w->own[i], s->items[i]);
		w->checked[i] = w->own[i];
		if (!equals)
			continue;
		(void)TEXT_FORMAT(w->name[i], "%.*s", (int)(equals - s->items[i]), s->items[i]);
		w->names[i] = w->name[i];
		w->packages.manager->spec(&w->packages, w->name[i], equals + 1, w->own[i],
					  sizeof(w->own[i]));
		w->packages.vendor = true;
	}
}

static int following_fill(const struct step_context *c, struct wanted *w, struct error *err)
{
	size_t i;
	json_t *word;

	if (!w->packages.vendor || !c->run)
		return 0;
	(void)TEXT_FORMAT(w->kept, "/" STEP_REPOSITORY_KEPT, c->run);
	if (!fs_exists(c->host->root, w->kept + 1))
		return 0;
	w->packages.kept = w->kept;
	w->following = w->packages.manager->follow(&w->packages, STEP_REPOSITORY_HOLDER, w->kept,
						   err);
	if (!w->following)
		return -1;
	json_array_foreach(w->following, i, word)
	{
		command_add(&w->words, json_string_value(word));
	}
	return 0;
}

static int wanted_fill(const struct step_context *c, const struct step *s, struct wanted *ret,
		       struct error *err)
{
	*ret = (struct wanted) { .packages = c->packages };
	if (need_manager(c, err) < 0)
		return -1;
	own_fill(ret, s);
	command_add_all(&ret->words, ret->checked);
	if (following_fill(c, ret, err) < 0)
		return -1;
	return ret->words.failed
		       ? error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for names of packages")
		       : 0;
}

static bool is_installed(const struct wanted *w)
{
	return w->packages.manager->installed(&w->packages, w->checked);
}

/* Of an older version of the repository nothing must be left. */
static bool is_done(const struct wanted *w)
{
	AUTO_TRANSACTION struct transaction rest = { 0 };

	if (!is_installed(w))
		return false;
	if (json_array_size(w->following) == 0)
		return true;
	return w->packages.manager->resolve(&w->packages, w->words.argv, &rest, NULL) == 0 &&
	       rest.count == 0;
}

static bool packages_check(const struct step_context *c, const struct step *s)
{
	AUTO_WANTED struct wanted w = { 0 };

	return wanted_fill(c, s, &w, NULL) == 0 && is_done(&w);
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
static int resolve_fresh(const struct step_context *c, const struct wanted *w,
			 struct transaction *ret, struct error *err)
{
	const struct package_manager *m = w->packages.manager;
	struct error why = { 0 };

	if (m->resolve(&w->packages, w->words.argv, ret, &why) == 0)
		return 0;
	if (!may_refresh_help(why.fault)) {
		*err = why;
		return -1;
	}
	if (refresh(c, &why, err) < 0)
		return -1;
	return m->resolve(&w->packages, w->words.argv, ret, err);
}

static int resolve(const struct step_context *c, const struct wanted *w, struct transaction *ret,
		   struct error *err)
{
	if (is_done(w))
		return 0;
	return resolve_fresh(c, w, ret, err) < 0 ? -1 : transaction_judge(ret, err);
}

int step_packages_resolve(const struct step_context *c, const struct step *s,
			  struct transaction *ret, struct error *err)
{
	AUTO_WANTED struct wanted w = { 0 };

	return wanted_fill(c, s, &w, err) < 0 ? -1 : resolve(c, &w, ret, err);
}

static int reversible(const struct package_context *p, const struct transaction *t,
		      struct error *err)
{
	return t->count ? p->manager->save(p, t, NULL, err) : 0;
}

int step_packages_reversible(const struct step_context *c, const struct transaction *t,
			     struct error *err)
{
	return reversible(&c->packages, t, err);
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

static int resolve_reversible(const struct step_context *c, const struct wanted *w,
			      struct transaction *ret, struct error *err)
{
	struct error why = { 0 };
	bool irreversible;

	if (resolve(c, w, ret, err) < 0)
		return -1;
	return judge_save(c, reversible(&w->packages, ret, &why), &why, &irreversible, err);
}

int step_packages_ready(const struct step_context *c, const struct step *s, struct transaction *ret,
			struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	AUTO_WANTED struct wanted w = { 0 };
	struct error why = { 0 };

	if (wanted_fill(c, s, &w, err) < 0 || m->repair(&w.packages, err) < 0 ||
	    resolve_reversible(c, &w, ret, err) < 0)
		return -1;
	if (ret->count == 0 || m->fetch(&w.packages, w.words.argv, &why) == 0)
		return 0;
	if (why.fault != FAULT_DOWNLOAD) {
		*err = why;
		return -1;
	}
	/* The archive has moved on from what the lists say. */
	transaction_free(ret);
	if (refresh(c, &why, err) < 0 || resolve_reversible(c, &w, ret, err) < 0)
		return -1;
	return m->fetch(&w.packages, w.words.argv, err);
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
	AUTO_WANTED struct wanted w = { 0 };
	json_t *marks;
	struct error why = { 0 };
	bool irreversible = false;
	char dir[160];
	int rc;

	if (wanted_fill(c, s, &w, err) < 0 || resolve_to_prepare(c, s, &t, err) < 0)
		return -1;
	TEXT_FORMAT(dir, "/var/lib/ib-vmext/saved/%s/%s", c->run, s->id);
	rc = w.packages.manager->save(&w.packages, &t, dir, &why);
	if (judge_save(c, rc, &why, &irreversible, err) < 0)
		return -1;
	marks = w.packages.manager->marks(&w.packages, w.names, &t, err);
	if (!marks)
		return -1;
	*ret = json_pack("{s:o, s:o, s:s, s:b}", "transaction", transaction_to_json(&t), "marks",
			 marks, "saved", dir, "irreversible", irreversible);
	return *ret ? 0
		    : error_set(err, FAULT_INTERNAL, ENOMEM,
				"the package transaction cannot be written down");
}

/* What is left to be done must be part of what was written down, or it could not be undone. */
static int judge_rest(const struct wanted *w, const json_t *before, struct error *err)
{
	AUTO_TRANSACTION struct transaction whole = { 0 }, rest = { 0 };

	if (transaction_from_json(json_object_get(before, "transaction"), &whole, err) < 0 ||
	    w->packages.manager->resolve(&w->packages, w->words.argv, &rest, err) < 0)
		return -1;
	if (transaction_is_part(&rest, &whole))
		return 0;
	return error_set(err, FAULT_PACKAGE_CHANGED, 0,
			 "the package transaction is no longer the one that was begun");
}

/* Marks are a comfort: what is installed is as it was without them. */
static void put_marks(const struct package_context *p, const json_t *marks)
{
	struct error why = { 0 };

	if (p->manager->set_marks(p, marks, &why) < 0)
		LOG(p->host->log, WARNING, "package.marks", "%s, ignoring", why.what);
}

static bool is_named(const struct wanted *w, const char *name)
{
	for (size_t i = 0; w->names[i]; i++)
		if (text_eq(w->names[i], name))
			return true;
	return false;
}

/* What only came along was named, which the package manager takes for a wish. */
static void unmark_following(const struct wanted *w, const json_t *before)
{
	const json_t *automatic = json_object_get(json_object_get(before, "marks"), "auto");
	AUTO_JSON json_t *marks = NULL, *list = json_array();

	if (json_array_size(w->following) == 0)
		return;
	for (size_t i = 0; i < json_array_size(automatic); i++) {
		json_t *name = json_array_get(automatic, i);

		if (!is_named(w, json_string_value(name)))
			(void)json_array_append(list, name);
	}
	marks = json_pack("{s:O}", "auto", list);
	put_marks(&w->packages, marks);
}

static int packages_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	AUTO_WANTED struct wanted w = { 0 };

	if (wanted_fill(c, s, &w, err) < 0 || w.packages.manager->repair(&w.packages, err) < 0 ||
	    judge_rest(&w, before, err) < 0)
		return -1;
	if (w.packages.manager->install(&w.packages, w.words.argv, err) < 0)
		return -1;
	unmark_following(&w, before);
	return 0;
}

static int packages_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	AUTO_WANTED struct wanted w = { 0 };

	if (wanted_fill(c, s, &w, err) < 0)
		return -1;
	if (is_done(&w))
		return 0;
	return error_set(err, FAULT_PACKAGE_INSTALL, 0,
			 "%s ended without an error, but not every package is installed",
			 w.packages.manager->name);
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
		put_marks(&c->packages, json_object_get(before, "marks"));
		return 0;
	}
	if (why.fault == FAULT_KEPT_BACK)
		put_marks(&c->packages, json_object_get(before, "marks"));
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
