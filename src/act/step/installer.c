/* Puts MLNX_OFED in the place of what is there by its own installer. What it takes away is
 * simulated and saved before; its own uninstaller, and then the package manager, bring that back.
 */
#include "act/step/installer.h"

#include <errno.h>
#include <string.h>

#include "act/act.h"
#include "act/boot/kernels.h"
#include "act/bundle/offline.h"
#include "act/build/dkms.h"
#include "act/ofed/contents.h"
#include "act/ofed/former.h"
#include "act/ofed/install.h"
#include "act/ofed/limits.h"
#include "act/ofed/unpack.h"
#include "act/saved.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/probe.h"

#define BROUGHT "brought.json" /* what is there when the installer is through */

enum { FIRST_OPTION = 2, UNPACK_S = 1800, PATH_SIZE = 400, FILE_BYTES_MAX = 1 << 20 };

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to install MLNX_OFED");
}

static bool has_option(const struct step *s, const char *option)
{
	for (unsigned i = FIRST_OPTION; i < s->nitems; i++)
		if (text_eq(s->items[i], option))
			return true;
	return false;
}

static struct facts *look(const struct step_context *c, struct error *err)
{
	AUTO_FREE struct facts *now = calloc(1, sizeof *now);
	struct probe_options options = { .metadata = false };

	if (!now) {
		(void)no_memory(err);
		return NULL;
	}
	return probe_facts(c->host, &options, now, err) < 0 ? NULL : TAKE(now);
}

/* Is it there, whole? */

/* Not the kernel's own, which lies in kernel/. */
static bool is_of_stack(const struct facts *f, const char *name)
{
	static const char *const dirs[] = { "updates/", "extra/", "weak-updates/" };
	const struct module_facts *m = facts_module(f, name);

	for (size_t i = 0; m && i < ARRAY_SIZE(dirs); i++)
		if (text_starts(m->path, dirs[i]))
			return true;
	return false;
}

static int is_there(const struct step_context *c, const struct step *s, struct error *err)
{
	AUTO_FREE struct facts *now = look(c, err);

	if (!now)
		return -1;
	if (now->driver.kind != DRIVER_MLNX_OFED || !text_eq(now->driver.version, s->items[1]))
		return error_set(err, FAULT_INSTALLER_FAILED, 0,
				 "mlnxofedinstall is through, but ofed_info -s says %s%s%s",
				 driver_kind_name(now->driver.kind),
				 now->driver.version[0] ? " " : "", now->driver.version);
	for (unsigned i = 0; i < now->npackages; i++)
		if (now->packages[i].half_installed)
			return error_set(err, FAULT_PACKAGE_BROKEN, 0,
					 "mlnxofedinstall left the package %s half done",
					 now->packages[i].name);
	if (has_option(s, "--user-space-only") || is_of_stack(now, "ib_core"))
		return 0;
	return error_set(err, FAULT_BUILD_FAILED, 0,
			 "mlnxofedinstall is through, but the kernel that runs has only its own "
			 "ib_core");
}

static bool installer_check(const struct step_context *c, const struct step *s)
{
	return is_there(c, s, NULL) == 0;
}

static void name_saved(const struct step_context *c, const struct step *s, const char *name,
		       char *ret, size_t size)
{
	(void)text_format(ret, size, "saved/%s/%s/%s", c->run, s->id, name);
}

/* ofed_info knows the version before the installer is through: one that was killed is not. */
static int installer_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	char path[PATH_SIZE];

	if (is_there(c, s, err) < 0)
		return -1;
	name_saved(c, s, BROUGHT, path, sizeof path);
	if (fs_exists(c->state_dir, path))
		return 0;
	return error_set(err, FAULT_INSTALLER_FAILED, 0, "mlnxofedinstall did not come to its end");
}

/* What goes. */

struct names {
	const char *list[PLAN_ITEMS_MAX * 8];
};

static void names_of(const json_t *list, struct names *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list) && n + 1 < ARRAY_SIZE(ret->list); i++)
		ret->list[n++] = json_string_value(json_array_get(list, i));
	ret->list[n] = NULL;
}

/* dir: of the unpacked tarball, NULL if it is not there yet. */
static int resolve_removal(const struct step_context *c, const json_t *contents, const char *dir,
			   struct transaction *ret, struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct names names;

	if (!m)
		return error_set(err, FAULT_PROGRAM_MISSING, 0,
				 "there is no package manager that this program knows");
	names_of(contents, &names);
	if (m->stack(&c->packages, names.list, ret, err) < 0 ||
	    m->removal(&c->packages, dir, ret, err) < 0)
		return -1;
	return transaction_judge(ret, err);
}

/* With force, what cannot come back does not stop us. */
static int forgive(const struct step_context *c, const struct error *why, bool *ret_irreversible,
		   struct error *err)
{
	if (why->fault != FAULT_IRREVERSIBLE || !c->settings->force) {
		if (err)
			*err = *why;
		return -1;
	}
	LOG(c->host->log, WARNING, "package.save", "%s, going on because force is set", why->what);
	*ret_irreversible = true;
	return 0;
}

/* Lists that are not there yet know no package. */
static int save(const struct step_context *c, const struct transaction *t, const char *dir,
		struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct error why = { 0 };

	if (m->save(&c->packages, t, dir, &why) == 0)
		return 0;
	if (why.fault == FAULT_IRREVERSIBLE && !offline_is_on(c->settings) &&
	    m->refresh(&c->packages, NULL) == 0)
		return m->save(&c->packages, t, dir, err);
	if (err)
		*err = why;
	return -1;
}

/* Before the run. */

static bool will_have_former(const struct plan *p)
{
	for (unsigned i = 0; i < p->nsteps; i++)
		if (text_eq(p->steps[i].id, "former-download"))
			return true;
	return false;
}

static int possible(const struct step_context *c, const struct plan *p, struct step *s,
		    struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	AUTO_FREE struct facts *now = look(c, err);
	struct error why = { 0 };
	bool irreversible;
	char file[192];
	int rc;

	if (!now || resolve_removal(c, NULL, NULL, &t, err) < 0)
		return -1;
	if (now->driver.kind == DRIVER_MLNX_OFED)
		rc = will_have_former(p) ? 0 : former_find(c, s, now, file, sizeof file, &why);
	else
		rc = save(c, &t, NULL, &why);
	for (size_t i = 0; i < t.count && s->nchanges < PLAN_ITEMS_MAX; i++)
		change_text(&t.changes[i], s->changes[s->nchanges++], sizeof s->changes[0]);
	return rc < 0 ? forgive(c, &why, &irreversible, err) : 0;
}

int step_installer_possible(const struct step_context *c, struct plan *p, struct error *err)
{
	for (unsigned i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == STEP_INSTALLER && possible(c, p, &p->steps[i], err) < 0)
			return -1;
	return 0;
}

/* Prepare. */

/* What the journal keeps, and undo needs. */
struct before {
	struct transaction removal;
	json_t *contents, *former, *marks, *dkms;
	char limits[LIMITS_SAVED_SIZE], saved[PATH_SIZE];
	bool irreversible;
};

static void before_free(struct before *b)
{
	transaction_free(&b->removal);
	json_decref(b->contents);
	json_decref(b->former);
	json_decref(b->marks);
	json_decref(b->dkms);
}

/* The former MLNX_OFED's tarball, or the package files of what goes. */
static int keep_stack(const struct step_context *c, const struct step *s, struct before *b,
		      struct error *err)
{
	AUTO_FREE struct facts *now = look(c, err);
	struct error why = { 0 };

	if (!now)
		return -1;
	if (former_keep(c, s, now, &b->former, &why) < 0 &&
	    forgive(c, &why, &b->irreversible, err) < 0)
		return -1;
	(void)TEXT_FORMAT(b->saved, "/" ACT_STATE_DIR "/saved/%s/%s", c->run, s->id);
	if (now->driver.kind != DRIVER_MLNX_OFED && save(c, &b->removal, b->saved, &why) < 0)
		return forgive(c, &why, &b->irreversible, err);
	return 0;
}

static int keep_all(const struct step_context *c, const struct step *s, struct before *b,
		    struct error *err)
{
	static const char *const none[] = { NULL };
	const struct package_manager *m = c->packages.manager;
	struct unpacked u;
	char dir[UNPACKED_SIZE + 1];

	if (!m || m->repair(&c->packages, err) < 0 || ofed_wait(c, err) < 0 ||
	    unpack_tarball(c->host, s->items[0], UNPACK_S, &u, err) < 0)
		return -1;
	b->contents = contents_list(c->host, u.dir);
	if (!b->contents)
		return no_memory(err);
	(void)TEXT_FORMAT(dir, "/%s", u.dir);
	if (resolve_removal(c, b->contents, dir, &b->removal, err) < 0 ||
	    keep_stack(c, s, b, err) < 0 || limits_keep(c, s, b->limits, err) < 0)
		return -1;
	/* Asked for none, it would tell those of all. */
	b->marks = b->removal.count ? m->marks(&c->packages, none, &b->removal, err)
				    : json_object();
	b->dkms = dkms_note(c->host);
	return b->marks ? 0 : -1;
}

static int installer_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			     struct error *err)
{
	CLEANUP(before_free) struct before b = { .irreversible = false };

	if (!c->packages.manager)
		return error_set(err, FAULT_PROGRAM_MISSING, 0,
				 "there is no package manager that this program knows");
	if (keep_all(c, s, &b, err) < 0)
		return -1;
	*ret = json_pack("{s:o, s:O, s:O, s:O, s:O, s:s, s:o, s:b}", "transaction",
			 transaction_to_json(&b.removal), "contents", b.contents, "former",
			 b.former ? b.former : json_null(), "marks", b.marks, "dkms", b.dkms,
			 "saved", b.saved, "limits", json_text_or_null(b.limits), "irreversible",
			 b.irreversible);
	return *ret ? 0 : no_memory(err);
}

/* Apply. */

/* Which packages there are of the stack by now: what is installed later is somebody else's. */
static int note_brought(const struct step_context *c, const struct step *s, const json_t *before,
			struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	AUTO_JSON json_t *j = NULL;
	AUTO_BUF struct buf text = { 0 };
	struct names names;
	char path[PATH_SIZE], parent[PATH_SIZE];

	int rc;

	names_of(json_object_get(before, "contents"), &names);
	name_saved(c, s, "", parent, sizeof parent);
	name_saved(c, s, BROUGHT, path, sizeof path);
	if (c->packages.manager->stack(&c->packages, names.list, &t, err) < 0)
		return -1;
	j = transaction_to_json(&t);
	rc = j ? json_write(j, false, &text) : -ENOMEM;
	if (rc == 0)
		rc = fs_make_dirs(c->state_dir, parent, 0700);
	if (rc == 0)
		rc = fs_replace(c->state_dir, path, text.data, text.len, 0600);
	return rc < 0 ? file_failed("written", path, rc, err) : 0;
}

static int installer_apply(const struct step_context *c, const struct step *s, const json_t *before,
			   struct error *err)
{
	AUTO_JSON json_t *options = json_array();
	struct ofed o = { s->items[0], s->items[1], options, s->id };
	struct error why = { 0 };

	for (unsigned i = FIRST_OPTION; options && i < s->nitems; i++)
		(void)json_array_append_new(options, json_string(s->items[i]));
	if (!options || !c->packages.manager)
		return no_memory(err);
	/* The installer refuses a package system that is half done. */
	if (ofed_wait(c, err) < 0)
		return -1;
	if (c->packages.manager->repair(&c->packages, &why) < 0)
		LOG(c->host->log, WARNING, "installer.repair", "%s, going on", why.what);
	if (ofed_install(c, &o, err) < 0)
		return -1;
	return note_brought(c, s, before, err);
}

/* Undo. */

static const struct change *change_of(const struct transaction *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (text_eq(t->changes[i].name, name))
			return &t->changes[i];
	return NULL;
}

/* Was it brought by us? Where that was not written down, the run was killed, and all is. */
static bool is_brought(const struct transaction *brought, const struct change *now)
{
	const struct change *c;

	if (brought->count == 0)
		return true;
	c = change_of(brought, now->name);
	return c && text_eq(c->old_version, now->old_version);
}

static void brought_read(const struct step_context *c, const char *saved, struct transaction *ret)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	char path[PATH_SIZE], why[160];

	(void)TEXT_FORMAT(path, "%s/" BROUGHT, saved + (saved[0] == '/'));
	if (fs_read(c->host->root, path, FILE_BYTES_MAX, &text) < 0)
		return;
	j = json_parse(buf_text(&text), text.len, why, sizeof why);
	if (j)
		(void)transaction_from_json(j, ret, NULL);
}

/* From what was there and what is there now: the change that is to be taken back. */
static int difference(const struct step_context *c, const json_t *before, struct transaction *ret,
		      struct error *err)
{
	AUTO_TRANSACTION struct transaction now = { 0 }, brought = { 0 };
	struct names names;

	names_of(json_object_get(before, "contents"), &names);
	brought_read(c, json_text_at(before, "saved", ""), &brought);
	if (transaction_from_json(json_object_get(before, "transaction"), ret, err) < 0 ||
	    c->packages.manager->stack(&c->packages, names.list, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < now.count; i++) {
		const struct change *n = &now.changes[i];
		struct change *was = (struct change *)change_of(ret, n->name);
		struct change fresh = *n;

		if (!is_brought(&brought, n))
			continue;
		if (was && !text_eq(was->old_version, n->old_version)) {
			was->kind = CHANGE_REPLACE;
			(void)TEXT_COPY(was->new_version, n->old_version);
		}
		if (was)
			continue;
		fresh.kind = CHANGE_INSTALL;
		(void)TEXT_COPY(fresh.new_version, n->old_version);
		fresh.old_version[0] = '\0';
		if (transaction_add(ret, &fresh) < 0)
			return no_memory(err);
	}
	transaction_sort(ret);
	return 0;
}

static int packages_back(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	AUTO_TRANSACTION struct transaction half = { 0 }, t = { 0 };
	const struct package_manager *manager = c->packages.manager;
	struct unpacked u;

	if (manager->complete && unpack_find(c->host, s->items[0], &u) == 0) {
		if (difference(c, before, &half, err) < 0)
			return -1;
		manager->complete(&c->packages, &half, u.dir);
	}
	ofed_uninstall(c, s->items[0]);
	if (difference(c, before, &t, err) < 0)
		return -1;
	return manager->revert(&c->packages, &t, json_text_at(before, "saved", ""), err);
}

static int installer_undo(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	const json_t *former = json_object_get(before, "former");
	struct error why = { 0 }, marks = { 0 };
	int rc;

	if (!c->packages.manager)
		return no_memory(err);
	if (ofed_wait(c, err) < 0)
		return -1;
	/* Nothing is repaired first: that would bring the archive's version of what is to go. */
	rc = json_is_object(former) ? former_put_back(c, s, former, &why)
				    : packages_back(c, s, before, &why);
	if (rc < 0 && why.fault != FAULT_KEPT_BACK) {
		if (err)
			*err = why;
		if (err && json_bool_at(before, "irreversible", false) &&
		    (why.fault == FAULT_PACKAGE_NOT_FOUND || why.fault == FAULT_DOWNLOAD))
			err->fault = FAULT_KEPT_BACK;
		return -1;
	}
	if (c->packages.manager->set_marks(&c->packages, json_object_get(before, "marks"), &marks) <
	    0)
		LOG(c->host->log, WARNING, "package.marks", "%s, ignoring", marks.what);
	if (limits_back(c, json_text_at(before, "limits", ""), err) < 0)
		return -1;
	dkms_sweep(c->host, json_object_get(before, "dkms"));
	unpack_tidy(c->host);
	if (rc < 0 && err)
		*err = why;
	return rc;
}

const struct step_ops step_installer = {
	.check = installer_check,
	.prepare = installer_prepare,
	.apply = installer_apply,
	.confirm = installer_confirm,
	.undo = installer_undo,
	.percent = 120,
};
