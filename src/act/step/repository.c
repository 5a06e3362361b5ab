/* Makes a vendor's packages known: installs the package that holds them, brings the lists up to
 * date. What is installed from a former version of it is kept first, since it vanishes with it. */
#include "act/step/repository.h"

#include <errno.h>
#include <string.h>

#include "act/build/dkms.h"
#include "act/fetch/download_place.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { PATH_SIZE = 400 };

/* The package that was downloaded, and what it changes. */
struct holder {
	char path[PATH_SIZE], dir[PATH_SIZE]; /* absolute */
	struct change change;
	struct package_context packages; /* with what lies beside it for kept */
};

static int holder_find(const struct step_context *c, const struct step *s, struct holder *ret,
		       struct error *err)
{
	char path[PATH_SIZE];

	if (!c->packages.manager)
		return error_set(err, FAULT_PROGRAM_MISSING, 0,
				 "there is no package manager that this program knows");
	if (download_find(c->host, s->items[0], path, sizeof(path)) < 0)
		return error_set(err, FAULT_DOWNLOAD, ENOENT, "%s is not there", s->items[0]);
	(void)TEXT_FORMAT(ret->path, "/%s", path);
	(void)TEXT_FORMAT(ret->dir, "/%.*s", (int)(strrchr(path, '/') - path), path);
	ret->packages = c->packages;
	ret->packages.kept = ret->dir;
	if (c->packages.manager->file_change(&c->packages, ret->path, &ret->change, err) < 0)
		return -1;
	if (text_eq(ret->change.name, STEP_REPOSITORY_HOLDER))
		return 0;
	return error_set(err, FAULT_PACKAGE_INSTALL, 0,
			 "%s is the package %s, not " STEP_REPOSITORY_HOLDER, s->items[0],
			 ret->change.name);
}

static bool is_there(const struct change *change)
{
	return text_eq(change->old_version, change->new_version);
}

static bool repository_check(const struct step_context *c, const struct step *s)
{
	struct holder h;

	return holder_find(c, s, &h, NULL) == 0 && is_there(&h.change);
}

static int keep_former(const struct step_context *c, const struct holder *h,
		       const struct transaction *t, const char *saved, struct error *err)
{
	char dir[PATH_SIZE];

	(void)TEXT_FORMAT(dir, "/" STEP_REPOSITORY_KEPT, c->run);
	if (h->change.kind == CHANGE_REPLACE &&
	    c->packages.manager->keep_held(&c->packages, h->change.name, dir, err) < 0)
		return -1;
	return c->packages.manager->save(&h->packages, t, saved, err);
}

static int repository_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			      struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	struct holder h;
	struct error why = { 0 };
	char saved[160];
	bool irreversible;

	/* What is begun without the lock could not be taken back without it either. */
	if (holder_find(c, s, &h, err) < 0 || c->packages.manager->wait(&c->packages, err) < 0)
		return -1;
	(void)TEXT_FORMAT(saved, "/var/lib/ib-vmext/saved/%s/%s", c->run, s->id);
	if (c->packages.manager->keys_note &&
	    c->packages.manager->keys_note(&c->packages, saved, err) < 0)
		return -1;
	if (transaction_add(&t, &h.change) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a repository");
	irreversible = keep_former(c, &h, &t, saved, &why) < 0;
	if (irreversible && (why.fault != FAULT_IRREVERSIBLE || !c->settings->force)) {
		*err = why;
		return -1;
	}
	*ret = json_pack("{s:o, s:s, s:b, s:o}", "transaction", transaction_to_json(&t), "saved",
			 saved, "irreversible", irreversible, "dkms", dkms_note(c->host));
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a repository");
}

static int repository_apply(const struct step_context *c, const struct step *s,
			    const json_t *before, struct error *err)
{
	const struct package_manager *m = c->packages.manager;
	struct holder h;

	if (holder_find(c, s, &h, err) < 0)
		return -1;
	/* Before the repair: half-done, it could not be had from anywhere else. */
	if (!is_there(&h.change) && m->install_file(&c->packages, h.path, err) < 0)
		return -1;
	if (m->repair(&c->packages, err) < 0)
		return -1;
	if (m->keys_take &&
	    m->keys_take(&c->packages, h.change.name, json_text_at(before, "saved", ""), err) < 0)
		return -1;
	return m->refresh(&c->packages, err);
}

static int repository_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	struct holder h;

	if (holder_find(c, s, &h, err) < 0)
		return -1;
	if (is_there(&h.change))
		return 0;
	return error_set(err, FAULT_PACKAGE_INSTALL, 0,
			 "%s was installed without an error, but is not there", h.change.name);
}

static int repository_undo(const struct step_context *c, const struct step *s, const json_t *before,
			   struct error *err)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	const char *saved = json_text_at(before, "saved", "/var/lib/ib-vmext/saved");
	struct error why = { 0 };

	(void)s;
	if (!c->packages.manager)
		return error_set(err, FAULT_PROGRAM_MISSING, 0,
				 "there is no package manager that this program knows");
	if (transaction_from_json(json_object_get(before, "transaction"), &t, err) < 0 ||
	    c->packages.manager->revert(&c->packages, &t, saved, err) < 0)
		return -1;
	if (c->packages.manager->keys_drop)
		c->packages.manager->keys_drop(&c->packages, saved);
	if (t.changes[0].kind == CHANGE_REPLACE &&
	    c->packages.manager->refresh(&c->packages, &why) < 0)
		LOG(c->host->log, WARNING, "repository.refresh", "%s, ignoring", why.what);
	dkms_sweep(c->host, json_object_get(before, "dkms"));
	return 0;
}

/* A file that two packages hold stops dpkg half-way (known issue 17): the vendor's openmpi has one
 * that the distribution's PMIx may have. */
int step_repository_possible(const struct step_context *c, const struct plan *p, struct error *err)
{
	static const char file[] = "etc/pmix-mca-params.conf";
	char owner[96];
	bool vendors = false;

	for (unsigned i = 0; i < p->nsteps; i++)
		vendors |= p->steps[i].kind == STEP_REPOSITORY;
	if (!vendors || !c->packages.manager || !host_exists(c->host, file) ||
	    !c->packages.manager->owner(&c->packages, file, owner, sizeof(owner)) ||
	    text_eq(owner, "openmpi"))
		return 0;
	return error_set(err, FAULT_FILE_CONFLICT, 0,
			 "/%s is of the package %s, and the vendor's openmpi brings it, too", file,
			 owner);
}

const struct step_ops step_repository = {
	.check = repository_check,
	.prepare = repository_prepare,
	.apply = repository_apply,
	.confirm = repository_confirm,
	.undo = repository_undo,
	.percent = 5,
};
