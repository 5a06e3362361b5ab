/* act/bundle/offline_make.c - gathers what a plan downloads, and signs it as one file. */
#include "act/bundle/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "act/fetch/download.h"
#include "act/judge.h"
#include "act/fetch/pin.h"
#include "act/bundle/signing_key.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"

enum { NAME_SIZE = 160, MODE = 0644 };

/* A bundle that is being made. */
struct making {
	const struct step_context *c;
	const struct offline_order *order;
	char work[PATH_MAX];     /* absolute: beside the file that is made */
	int dir;                 /* the same, open */
	json_t *files, *missing; /* owned */
};

static void making_free(struct making *m)
{
	cleanup_fd(&m->dir);
	if (m->work[0] != '\0')
		(void)!fs_remove(AT_FDCWD, m->work);
	json_decref(m->files);
	json_decref(m->missing);
}

static int failed(const char *path, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_WRITE_FAILED), -rc,
			 "%.300s cannot be written: %s", path, strerror(-rc));
}

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to make a bundle");
}

/* Beside the file, since there must be room for it anyway. */
static int making_begin(struct making *m, struct error *err)
{
	const char *slash = strrchr(m->order->out, '/');
	char parent[PATH_MAX];
	AUTO_FREE char *real = NULL;

	(void)TEXT_FORMAT(parent, "%.*s", slash != NULL ? (int)(slash + 1 - m->order->out) : 1,
			  slash != NULL ? m->order->out : ".");
	real = realpath(parent, NULL);
	if (real == NULL)
		return failed(parent, -errno, err);
	(void)TEXT_FORMAT(m->work, "%s/.ib-vmext-offline-XXXXXX", real);
	if (mkdtemp(m->work) == NULL) {
		m->work[0] = '\0';
		return failed(real, -errno, err);
	}
	m->dir = open(m->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->files = json_array();
	m->missing = json_array();
	if (m->dir < 0 || mkdirat(m->dir, "artefacts", 0700) < 0 ||
	    mkdirat(m->dir, "packages", 0700) < 0)
		return failed(m->work, -errno, err);
	return m->files != NULL && m->missing != NULL ? 0 : no_memory(err);
}

static int list_file(struct making *m, const char *path, const char *url, const char *step)
{
	return json_array_append_new(m->files, json_pack("{s:s, s:o, s:o}", "path", path, "url",
							 json_text_or_null(url), "step",
							 json_text_or_null(step)));
}

/* An artefact, held against its digest as a run would. */
static int add_artefact(struct making *m, const struct step *s, struct error *err)
{
	const struct step_context *c = m->c;
	struct download_context dc = { .host = c->host,
				       .settings = c->settings,
				       .stage = s->id,
				       .deadline_s = c->packages.deadline_s };
	char name[NAME_SIZE], path[NAME_SIZE + 16], full[PATH_MAX + NAME_SIZE], url[URL_SIZE];
	char sha256[DIGEST_TEXT_SIZE];
	struct pin expected;
	struct download d = { .url = url, .path = full + 1 };

	if (pin_name(s, name, sizeof name) < 0 ||
	    url_mirror(c->settings->mirror, pin_url(s), url, sizeof url) < 0)
		return error_set(err, FAULT_DOWNLOAD, EINVAL, "%.200s names no file", pin_url(s));
	(void)TEXT_FORMAT(path, "artefacts/%s", name);
	(void)TEXT_FORMAT(full, "%s/%s", m->work, path);
	pin_expected(c->host, s, &expected);
	d.sha256 = expected.sha256;
	d.whose = expected.whose;
	if (download_get(&dc, &d, sha256, err) < 0)
		return -1;
	return list_file(m, path, pin_url(s), s->id) < 0 ? no_memory(err) : 0;
}

static int say_missing(struct making *m, const struct step *s, const char *why, struct error *err)
{
	LOG(m->c->host->log, WARNING, "offline.missing", "%s: %s", s->what, why);
	return json_array_append_new(m->missing, json_pack("{s:s, s:s, s:s}", "step", s->id, "what",
							   s->what, "why", why)) < 0
		       ? no_memory(err)
		       : 0;
}

/* What it would install, and what it would have to put back. */
static int add_packages(struct making *m, const struct step *s, struct error *err)
{
	const struct package_context *pc = &m->c->packages;
	AUTO_TRANSACTION struct transaction t = { 0 };
	const char *names[PLAN_ITEMS_MAX + 1] = { NULL };
	char dir[PATH_MAX + 16];
	struct error why = { 0 };

	if (pc->manager == NULL || pc->manager->collect == NULL)
		return say_missing(m, s, "packages are gathered on a machine of the kind alone",
				   err);
	for (unsigned i = 0; i < s->nitems; i++)
		names[i] = s->items[i];
	(void)TEXT_FORMAT(dir, "%s/packages", m->work);
	if (step_packages_resolve(m->c, s, &t, err) < 0 ||
	    (t.count > 0 && pc->manager->collect(pc, dir, names, err) < 0))
		return -1;
	if (t.count > 0 && pc->manager->save(pc, &t, dir, &why) < 0)
		return say_missing(m, s, why.what, err);
	return 0;
}

static int add_package_file(void *ctx, const char *name)
{
	struct making *m = ctx;
	char path[NAME_MAX + 16];

	if (!text_ends(name, ".deb") && !text_ends(name, ".rpm"))
		return 0;
	(void)TEXT_FORMAT(path, "packages/%s", name);
	return list_file(m, path, NULL, NULL);
}

/* Packages of a repository that the run makes known are not known before. */
static int add_steps(struct making *m, const struct plan *p, struct error *err)
{
	bool late = false;

	for (unsigned i = 0; i < p->nsteps; i++) {
		const struct step *s = &p->steps[i];
		int rc = 0;

		if (s->kind == STEP_DOWNLOAD)
			rc = add_artefact(m, s, err);
		else if (s->kind == STEP_PACKAGES && !late)
			rc = add_packages(m, s, err);
		else if (s->kind == STEP_PACKAGES)
			rc = say_missing(m, s,
					 "what they need beside their own repository is not "
					 "known before it is there",
					 err);
		if (rc < 0)
			return -1;
		late |= s->kind == STEP_REPOSITORY || s->kind == STEP_INSTALLER;
	}
	return fs_list(m->dir, "packages", add_package_file, m) < 0 ? no_memory(err) : 0;
}

static json_t *describe(const struct making *m, const struct facts *f, const struct plan *p)
{
	const struct clock *clock = m->c->host->clock;
	char now[21];

	time_text(clock->realtime_ms(clock), now);
	return json_pack(
		"{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:o}, s:{s:s, s:o}, s:s, s:O, s:O}",
		"schema", BUNDLE_SCHEMA, "made", now, "by", IB_VMEXT_VERSION, "target", "os",
		f->os.id, "version", f->os.version, "arch", f->kernel.machine, "kernel",
		f->kernel.release, "packageManager", f->package_manager, "size",
		json_text_or_null(f->vm.size), "plan", "route", p->decision.route, "version",
		json_text_or_null(p->decision.version), "catalogue", m->order->catalogue, "missing",
		m->missing, "files", m->files);
}

/* Under its name when it is complete. */
static int write_bundle(const struct making *m, json_t *manifest, const struct minisig_secret *key,
			struct error *err)
{
	AUTO_FD int fd = openat(m->dir, "bundle", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : bundle_write(fd, manifest, m->dir, key);

	if (rc == 0 &&
	    (fchmod(fd, MODE) < 0 || renameat(m->dir, "bundle", AT_FDCWD, m->order->out) < 0))
		rc = -errno;
	if (rc == 0)
		rc = fs_sync_parent(AT_FDCWD, m->order->out);
	return rc < 0 ? failed(m->order->out, rc, err) : 0;
}

static int make(struct making *m, const struct facts *f, const struct plan *p,
		const struct minisig_secret *key, json_t **ret, struct error *err)
{
	AUTO_JSON json_t *manifest = NULL;

	if (making_begin(m, err) < 0 || add_steps(m, p, err) < 0)
		return -1;
	if (json_array_size(m->files) == 0)
		return error_set(err, FAULT_OFFLINE_BUNDLE, 0,
				 "this plan downloads nothing that could be put into a bundle");
	manifest = describe(m, f, p);
	if (manifest == NULL)
		return no_memory(err);
	if (write_bundle(m, manifest, key, err) < 0)
		return -1;
	*ret = TAKE(manifest);
	return 0;
}

int offline_make(const struct step_context *c, const struct facts *f, const struct plan *p,
		 const struct offline_order *order, json_t **ret_manifest, struct error *err)
{
	CLEANUP(making_free) struct making m = { .c = c, .order = order, .dir = -1 };
	struct minisig_secret key;
	int rc;

	if (signing_key_read(order->key, &key, err) < 0)
		return -1;
	rc = make(&m, f, p, &key, ret_manifest, err);
	minisig_secret_wipe(&key);
	return rc;
}
