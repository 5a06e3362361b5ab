/* Has DKMS build other people's modules that hang on the stack anew, against the stack that came.
 *
 * Two steps of one kind. The first stands before all else and keeps each build as it is; its undo,
 * the last of all, puts that back. The second stands behind the driver and builds. */
#include "act/step/step.h"

#include <errno.h>
#include <string.h>

#include "act/build/dkms.h"
#include "act/saved.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/dkms.h"

#define TREE "var/lib/dkms"

enum { DEPMOD_S = 300, PATH_SIZE = 512, ITEM_DOES = 0, ITEM_NAMES };

static bool is_asked(const struct step *s, const struct dkms_facts *m)
{
	for (unsigned i = ITEM_NAMES; i < s->nitems; i++)
		if (text_eq(s->items[i], m->name))
			return true;
	return false;
}

/* Keeping. */

struct keeping {
	const struct step_context *context;
	const struct step *step;
	const struct dkms_facts *module;
	char dir[PATH_SIZE]; /* whose files are kept */
	json_t *kept;
	struct error *err;
};

static int keep_file(const struct keeping *k, const char *path)
{
	char saved[PATH_SIZE];

	TEXT_FORMAT(saved, "saved/%s/%s/%zu", k->context->run, k->step->id,
		    json_array_size(k->kept));
	if (saved_keep(k->context, path, saved, k->err) < 0)
		return -1;
	return json_array_append_new(k->kept, json_pack("{s:s, s:s, s:s}", "path", path, "saved",
							saved, "kernel", k->module->kernel)) < 0
		       ? error_set(k->err, FAULT_INTERNAL, ENOMEM, "no memory for a list of files")
		       : 0;
}

/* A file of the build, and the same where DKMS put it for the kernel. 1 with the error set. */
static int keep_built(void *ctx, const char *name)
{
	static const char *const places[] = { "updates/dkms", "updates", "extra", "weak-updates" };
	const struct keeping *k = ctx;
	const struct host *h = k->context->host;
	char path[PATH_SIZE + 256];

	TEXT_FORMAT(path, "%s/%s", k->dir, name);
	if (keep_file(k, path) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		TEXT_FORMAT(path, "lib/modules/%s/%s/%s", k->module->kernel, places[i], name);
		if (host_exists(h, path) && keep_file(k, path) < 0)
			return 1;
	}
	return 0;
}

static int keep_module(struct keeping *k, const char *machine)
{
	static const char *const parts[] = { "module", "log" };
	const struct dkms_facts *m = k->module;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		TEXT_FORMAT(k->dir, TREE "/%s/%s/%s/%s/%s", m->name, m->version, m->kernel, machine,
			    parts[i]);
		if (host_list(k->context->host, k->dir, keep_built, k) > 0)
			return -1;
	}
	return 0;
}

/* {"kept": [{"path", "saved", "kernel"}], "modules": [{"name", "version", "kernel"}]}: all that is
 * installed. */
static int foreign_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			   struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *kept = json_array(), *modules = json_array();
	struct keeping k = { .context = c, .step = s, .kept = kept, .err = err };
	char machine[32];

	if (!f || host_machine(c->host, machine, sizeof(machine)) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to look at DKMS");
	dkms_read(c->host, f);
	for (unsigned i = 0; i < f->ndkms; i++) {
		const struct dkms_facts *m = k.module = &f->dkms[i];

		if (m->state != DKMS_INSTALLED || !is_asked(s, m))
			continue;
		if (text_eq(s->items[ITEM_DOES], "keep") && keep_module(&k, machine) < 0)
			return -1;
		if (json_array_append_new(modules,
					  json_pack("{s:s, s:s, s:s}", "name", m->name, "version",
						    m->version, "kernel", m->kernel)) < 0)
			return error_set(err, FAULT_INTERNAL, ENOMEM,
					 "no memory for a list of modules");
	}
	*ret = json_pack("{s:O, s:O}", "kept", kept, "modules", modules);
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to look at DKMS");
}

/* Building. */

static void module_take(const json_t *j, struct dkms_facts *ret)
{
	*ret = (struct dkms_facts) { .state = DKMS_INSTALLED };
	TEXT_COPY(ret->name, json_text_at(j, "name", ""));
	TEXT_COPY(ret->version, json_text_at(j, "version", ""));
	TEXT_COPY(ret->kernel, json_text_at(j, "kernel", ""));
}

/* What does not compile would not load at the next boot either. */
static int foreign_apply(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	const json_t *list = json_object_get(before, "modules"), *one;
	size_t i;

	if (text_eq(s->items[ITEM_DOES], "keep"))
		return 0;
	json_array_foreach(list, i, one)
	{
		struct dkms_facts m;
		struct error why = { 0 };

		module_take(one, &m);
		log_stage(c->host->log, s->id, STAGE_RUNNING, -1, "foreign.module",
			  "compiling %s %s for kernel %s against the new stack", m.name, m.version,
			  m.kernel);
		if (dkms_rebuild(c->host, &m, m.kernel, c->packages.deadline_s, &why) == 0)
			continue;
		if (!c->settings->force)
			return error_set(err, why.fault, why.sys,
					 "%s (it hangs on the modules that the driver replaces)",
					 why.what);
		LOG(c->host->log, WARNING, "foreign.module", "%s; force is set, going on",
		    why.what);
	}
	return 0;
}

/* The former state. */

static void index_modules(const struct step_context *c, const char *release)
{
	const char *const argv[] = { "depmod", "-a", release, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = DEPMOD_S };
	struct error why = { 0 };

	if (run_or_fail(c->host, &spec, FAULT_PROGRAM_FAILED, "depmod -a", &why) < 0)
		LOG(c->host->log, WARNING, "foreign.undo", "%s, going on", why.what);
}

/* Of a kernel that is gone meanwhile, nothing. */
static int foreign_undo(const struct step_context *c, const struct step *s, const json_t *before,
			struct error *err)
{
	const json_t *list = json_object_get(before, "kept"), *one;
	const char *indexed = "";
	char path[PATH_SIZE];
	size_t i;

	if (!text_eq(s->items[ITEM_DOES], "keep"))
		return 0;
	json_array_foreach(list, i, one)
	{
		const char *release = json_text_at(one, "kernel", "");

		TEXT_FORMAT(path, "lib/modules/%s/modules.order", release);
		if (host_exists(c->host, path) &&
		    saved_put_back(c, json_text_at(one, "saved", ""), json_text_at(one, "path", ""),
				   err) < 0)
			return -1;
	}
	json_array_foreach(list, i, one)
	{
		const char *release = json_text_at(one, "kernel", "");

		if (!text_eq(release, indexed))
			index_modules(c, release);
		indexed = release;
	}
	return 0;
}

const struct step_ops step_foreign = {
	.prepare = foreign_prepare,
	.apply = foreign_apply,
	.undo = foreign_undo,
	.percent = 10,
};
