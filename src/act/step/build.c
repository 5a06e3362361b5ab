/* Sees that DKMS has made each module of the driver for each kernel that can run next, since a
 * package hides that a build failed; builds what is missing. */
#include "act/step/step.h"

#include <errno.h>
#include <string.h>

#include "act/boot/kernels.h"
#include "act/build/dkms.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/dkms.h"

enum { MODINFO_S = 60, DEPMOD_S = 300 };

/* The kernels that can run next: the one that runs, and the one that boots. */
static int targets_find(const struct host *h, struct kernels *ret, struct error *err)
{
	struct kernels all;
	unsigned next;

	if (kernels_find(h, &all, err) < 0)
		return -1;
	next = kernels_next(&all);
	*ret = (struct kernels) { .host = h };
	(void)TEXT_COPY(ret->running, all.running);
	(void)TEXT_COPY(ret->releases[ret->n++], all.running);
	if (!text_eq(all.releases[next], all.running))
		(void)TEXT_COPY(ret->releases[ret->n++], all.releases[next]);
	return 0;
}

static bool is_installed(const struct facts *f, const struct dkms_facts *m, const char *release)
{
	for (unsigned i = 0; i < f->ndkms; i++) {
		const struct dkms_facts *d = &f->dkms[i];

		if (text_eq(d->name, m->name) && text_eq(d->version, m->version) &&
		    text_eq(d->kernel, release) && d->state == DKMS_INSTALLED)
			return true;
	}
	return false;
}

/* The next module of the driver that some kernel lacks; those on which others depend come first
 * (known issue 12). `at` is from 0 on; -1 at the end. */
struct walk {
	const struct facts *facts;
	const struct kernels *kernels;
	unsigned at;
};

static bool is_core(const char *name)
{
	return text_starts(name, "mlnx-of");
}

static bool is_first(const struct facts *f, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (text_eq(f->dkms[i].name, f->dkms[at].name) &&
		    text_eq(f->dkms[i].version, f->dkms[at].version))
			return false;
	return true;
}

static const struct dkms_facts *missing_next(struct walk *w, const char **ret_release)
{
	const struct facts *f = w->facts;
	unsigned per_round = f->ndkms * w->kernels->n;

	for (; w->at < 2 * per_round; w->at++) {
		unsigned i = w->at % per_round / w->kernels->n;
		const struct dkms_facts *m = &f->dkms[i];

		*ret_release = w->kernels->releases[w->at % w->kernels->n];
		if (!dkms_is_of_driver(m->name) || is_core(m->name) != (w->at < per_round) ||
		    !is_first(f, i) || is_installed(f, m, *ret_release))
			continue;
		w->at++;
		return m;
	}
	return NULL;
}

/* What there is of the driver in DKMS. -1: not one module. */
static int look(const struct step_context *c, struct facts *f, struct kernels *k, struct error *err)
{
	if (!f)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to look at DKMS");
	if (targets_find(c->host, k, err) < 0)
		return -1;
	dkms_read(c->host, f);
	for (unsigned i = 0; i < f->ndkms; i++)
		if (is_core(f->dkms[i].name))
			return 0;
	return error_set(err, FAULT_BUILD_FAILED, 0,
			 "the driver's packages are installed, but none has given its modules to "
			 "DKMS");
}

/* The value of a module's file, as modprobe would find it. */
static void modinfo(const struct step_context *c, const char *release, const char *field,
		    const char *name, char *ret, size_t size)
{
	const char *const argv[] = { "modinfo", "-k", release, "-F", field, name, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = MODINFO_S, .quiet = true };
	AUTO_RUN struct run_result r = { 0 };

	(void)text_copy(ret, size, "");
	if (run(c->host, &spec, &r, NULL) == 0 && run_ok(&r))
		(void)text_format(ret, size, "%.*s", (int)strcspn(buf_text(&r.out), " \n"),
				  buf_text(&r.out));
}

/* The module that modprobe would load is the driver's, and was made for this kernel. */
static int module_judge(const struct step_context *c, const char *release, const char *name,
			struct error *err)
{
	char file[400], own[160], vermagic[128];

	modinfo(c, release, "filename", name, file, sizeof(file));
	(void)TEXT_FORMAT(own, "/lib/modules/%s/kernel/", release);
	if (!file[0] || strstr(file, own))
		return error_set(err, FAULT_BUILD_FAILED, 0,
				 "DKMS ended without an error, but kernel %s %s %s", release,
				 file[0] ? "would still load its own" : "has no module", name);
	modinfo(c, release, "vermagic", name, vermagic, sizeof(vermagic));
	if (text_eq(vermagic, release))
		return 0;
	return error_set(err, FAULT_BUILD_FAILED, 0, "%s was built for kernel %s, not for %s", file,
			 vermagic, release);
}

static int kernel_judge(const struct step_context *c, const struct step *s, const char *release,
			struct error *err)
{
	for (unsigned i = 0; i < s->nitems; i++)
		if (module_judge(c, release, s->items[i], err) < 0)
			return -1;
	return 0;
}

static int build_judge(const struct step_context *c, const struct step *s, struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	const struct dkms_facts *m;
	const char *release;
	struct kernels k;
	struct walk w = { f, &k, 0 };

	if (look(c, f, &k, err) < 0)
		return -1;
	while ((m = missing_next(&w, &release)) != NULL)
		if (dkms_is_needed(m->name))
			return error_set(err, FAULT_BUILD_FAILED, 0,
					 "DKMS has not %s %s for kernel %s", m->name, m->version,
					 release);
	for (unsigned i = 0; i < k.n; i++)
		if (kernel_judge(c, s, k.releases[i], err) < 0)
			return -1;
	return 0;
}

/* What was cut off after it had put modules in place takes them for installed: only the index of
 * the kernel's modules is not made. */
static int index_modules(const struct step_context *c, const struct step *s,
			 const struct kernels *k, struct error *err)
{
	for (unsigned i = 0; i < k->n; i++) {
		const char *const argv[] = { "depmod", "-a", k->releases[i], NULL };
		struct run_spec spec = { .argv = argv, .deadline_s = DEPMOD_S };

		if (kernel_judge(c, s, k->releases[i], NULL) < 0 &&
		    run_or_fail(c->host, &spec, FAULT_PROGRAM_FAILED, "depmod -a", err) < 0)
			return -1;
	}
	return 0;
}

static bool build_check(const struct step_context *c, const struct step *s)
{
	return build_judge(c, s, NULL) == 0;
}

/* What is missing now is what there is to take back. */
static int build_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			 struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *list = json_array();
	const struct dkms_facts *m;
	const char *release;
	struct kernels k;
	struct walk w = { f, &k, 0 };

	(void)s;
	if (look(c, f, &k, err) < 0)
		return -1;
	while ((m = missing_next(&w, &release)) != NULL)
		if (json_array_append_new(list,
					  json_pack("{s:s, s:s, s:s}", "name", m->name, "version",
						    m->version, "kernel", release)) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to build modules");
	*ret = json_pack("{s:O}", "missing", list);
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to build modules");
}

static int build_apply(const struct step_context *c, const struct step *s, const json_t *before,
		       struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	const struct dkms_facts *m;
	const char *release;
	struct kernels k;
	struct walk w = { f, &k, 0 };

	(void)before;
	if (look(c, f, &k, err) < 0)
		return -1;
	while ((m = missing_next(&w, &release)) != NULL) {
		struct error why = { 0 };

		log_stage(c->host->log, s->id, STAGE_RUNNING, -1, "build.module",
			  "compiling %s %s for kernel %s", m->name, m->version, release);
		if (dkms_install(c->host, m, release, c->packages.deadline_s, &why) == 0)
			continue;
		if (dkms_is_needed(m->name)) {
			*err = why;
			return -1;
		}
		LOG(c->host->log, WARNING, "build.module",
		    "%s; InfiniBand does without it, going on", why.what);
	}
	return index_modules(c, s, &k, err);
}

static int build_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	return build_judge(c, s, err);
}

/* Packages take the rest away with them. What cannot be taken out is swept up behind them. */
static int build_undo(const struct step_context *c, const struct step *s, const json_t *before,
		      struct error *err)
{
	const json_t *list = json_object_get(before, "missing");
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));

	(void)s;
	if (!f)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to look at DKMS");
	dkms_read(c->host, f);
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *j = json_array_get(list, i);
		const char *release = json_text_at(j, "kernel", "");
		struct dkms_facts m = { .name = "" };
		struct error why = { 0 };

		(void)TEXT_COPY(m.name, json_text_at(j, "name", ""));
		(void)TEXT_COPY(m.version, json_text_at(j, "version", ""));
		if (is_installed(f, &m, release) &&
		    dkms_uninstall(c->host, &m, release, c->packages.deadline_s, &why) < 0)
			LOG(c->host->log, WARNING, "build.undo", "%s, going on", why.what);
	}
	return 0;
}

const struct step_ops step_build = {
	.check = build_check,
	.prepare = build_prepare,
	.apply = build_apply,
	.confirm = build_confirm,
	.undo = build_undo,
	.percent = 30,
};
