/* Builds the modules for a kernel that came later, or falls back to the kernel's own. */
#include "act/boot/kernel_change.h"

#include <string.h>

#include "act/act.h"
#include "act/boot/next_boot.h"
#include "act/build/dkms.h"
#include "act/record/receipt.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/modinfo.h"
#include "probe/module.h"
#include "probe/probe.h"

enum { BUILD_S = 3600, MODPROBE_S = 120, WANTED_MAX = PLAN_ITEMS_MAX };

static const char *const end_names[] = { "same", "served", "rebuilt", "inbox", "none" };

struct change {
	const struct act *act;
	const struct host *host;
	char release[96];
	char boot[40];
	char former[96]; /* the kernel of the receipt */
	char driver[80]; /* "doca-ofed 3.2.1" */
	char wanted[WANTED_MAX][192];
	unsigned nwanted;
	char why[400];   /* why the kernel has not the driver's modules */
	char build[280]; /* what came of building them */
};

/* The newest run that replaced modules says which ones there must be. */
static void wanted_read(struct change *c, const json_t *receipt)
{
	const json_t *installed = json_object_get(receipt, "installed");
	json_t *steps = NULL, *step, *items = NULL, *item;
	size_t i;

	for (size_t n = json_array_size(installed); n-- > 0 && !items;) {
		steps = json_at(json_array_get(installed, n), "plan.steps");
		json_array_foreach(steps, i, step)
		{
			if (text_eq(json_text_at(step, "kind", ""), step_kind_name(STEP_NEXT_BOOT)))
				items = json_object_get(step, "items");
		}
	}
	json_array_foreach(items, i, item)
	{
		if (c->nwanted < WANTED_MAX && json_is_string(item))
			TEXT_COPY(c->wanted[c->nwanted++], json_string_value(item));
	}
}

static bool is_new(struct change *c, const json_t *receipt)
{
	TEXT_COPY(c->former, json_text_at(receipt, "right.fingerprint.kernel", ""));
	TEXT_FORMAT(c->driver, "%s %s", json_text_at(receipt, "driver.kind", "the driver"),
		    json_text_at(receipt, "driver.version", ""));
	wanted_read(c, receipt);
	if (host_kernel_release(c->host, c->release, sizeof(c->release)) < 0 ||
	    HOST_READ_LINE(c->host, "proc/sys/kernel/random/boot_id", c->boot) < 0)
		return false;
	return c->nwanted > 0 && c->former[0] && !text_eq(c->former, c->release) &&
	       !text_eq(json_text_at(receipt, "kernelChange.boot", ""), c->boot);
}

/* The whole stack, and not the kernel's own. */
static bool is_served(struct change *c)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	struct next_boot_kernel k = { .facts = f,
				      .wanted = (const char(*)[192])c->wanted,
				      .nwanted = c->nwanted };
	struct probe_options options = { .metadata = false };
	const struct module_facts *m;

	if (!f || probe_facts(c->host, &options, f, NULL) < 0)
		return false;
	k.signed_only = f->kernel.signed_only == TRI_YES;
	if (!next_boot_modules(&k, c->why, sizeof(c->why)))
		return false;
	m = facts_module(f, c->wanted[0]);
	if (m && !m->built_in && !text_starts(m->path, "kernel/"))
		return true;
	TEXT_FORMAT(c->why, "kernel %s has only its own %s", c->release, c->wanted[0]);
	return false;
}

/* `ret` says why it did not end well, "" if it did. */
static void program_run(const struct change *c, const char *const *argv, int deadline_s, char *ret,
			size_t size)
{
	struct run_spec spec = { .argv = argv, .deadline_s = deadline_s };
	struct error err = { 0 };

	(void)run_or_fail(c->host, &spec, FAULT_PROGRAM_FAILED, argv[0], &err);
	text_copy(ret, size, err.what);
}

static bool rebuild(struct change *c)
{
	const char *const words[] = { "autoinstall", "-k", c->release, NULL };
	struct error why = { 0 };

	log_stage(c->host->log, "kernel", STAGE_RUNNING, -1, "kernel.build",
		  "%s: building the modules of %s for it", c->why, c->driver);
	if (dkms_run(c->host, words, BUILD_S, &why) < 0 &&
	    !dkms_log_tells(c->host, c->release, c->build, sizeof(c->build)))
		TEXT_COPY(c->build, why.what);
	if (is_served(c))
		return true;
	if (!c->build[0])
		TEXT_COPY(c->build, c->why);
	return false;
}

/* Load what is not loaded, from whatever the kernel has. True: all of it is in. */
static bool load(const struct change *c)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	bool all = f != NULL;

	if (!f || probe_rdma(c->host, f, NULL) < 0)
		return false;
	for (unsigned i = 0; i < c->nwanted; i++) {
		const struct module_facts *m = facts_module(f, c->wanted[i]);
		const char *const argv[] = { "modprobe", "-S", c->release, c->wanted[i], NULL };
		char why[280] = "";

		if (m && (m->loaded || m->built_in))
			continue;
		program_run(c, argv, MODPROBE_S, why, sizeof(why));
		if (!why[0])
			continue;
		all = false;
		LOG(c->host->log, WARNING, "kernel.load", "%s", why);
	}
	return all;
}

/* While another stack's core is in, the new one waits. */
static bool stack_is_in(const struct change *c)
{
	return host_exists(c->host, "sys/module/ib_core") ||
	       host_exists(c->host, "sys/module/mlx5_core");
}

static enum kernel_end mend(struct change *c, char *ret, size_t size)
{
	bool was_in = stack_is_in(c);

	if (is_served(c)) {
		(void)load(c);
		return KERNEL_SERVED;
	}
	if (rebuild(c)) {
		(void)load(c);
		text_format(ret, size,
			    "The kernel was updated from %s to %s, and the modules of %s were "
			    "built for it%s",
			    c->former, c->release, c->driver,
			    was_in ? "; they take effect at the next restart" : "");
		return KERNEL_REBUILT;
	}
	if (load(c)) {
		text_format(ret, size,
			    "The kernel was updated from %s to %s, for which the modules of %s "
			    "cannot be built (%s); the kernel's own serve instead",
			    c->former, c->release, c->driver, c->build);
		return KERNEL_INBOX;
	}
	text_format(
		ret, size,
		"The kernel was updated from %s to %s, which has no modules for InfiniBand: %s; "
		"boot the former kernel, or install the driver again",
		c->former, c->release, c->build);
	return KERNEL_NONE;
}

int kernel_change_mend(const struct act *a, enum kernel_end *ret, struct error *err)
{
	AUTO_JSON json_t *receipt = NULL, *note = NULL;
	AUTO_FREE struct change *c = calloc(1, sizeof(*c));
	char message[700] = "";

	*ret = KERNEL_SAME;
	if (receipt_load(a->host, &receipt, err) < 0)
		return -1;
	if (!c)
		return 0;
	*c = (struct change) { .act = a, .host = a->host };
	if (!receipt || !is_new(c, receipt))
		return 0;
	*ret = mend(c, message, sizeof(message));
	if (message[0])
		log_stage(a->host->log, "kernel", *ret == KERNEL_NONE ? STAGE_FAILED : STAGE_DONE,
			  -1, "kernel.changed", "%s", message);
	note = json_pack("{s:s, s:s, s:s, s:o}", "boot", c->boot, "kernel", c->release, "end",
			 end_names[*ret], "message", json_text_or_null(message));
	return receipt_note(a->host, "kernelChange", note, err);
}

bool kernel_change_tells(const struct host *h, const json_t *receipt, char *ret, size_t size)
{
	const char *message = json_text_at(receipt, "kernelChange.message", "");
	char release[96];

	if (!message[0] || host_kernel_release(h, release, sizeof(release)) < 0 ||
	    !text_eq(release, json_text_at(receipt, "kernelChange.kernel", "")))
		return false;
	text_copy(ret, size, message);
	return true;
}
