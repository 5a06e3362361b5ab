/* Puts the new modules in the place of the loaded ones, under a dead-man switch. Never on Hyper-V
 * (design.md, section 7). */
#include "act/step/step.h"

#include <string.h>

#include "act/boot/deadman.h"
#include "act/program.h"
#include "act/step/reload_order.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/probe.h"

enum { CALL_S = 60, OUT_MOST = 100, MODULES_MAX = 1 << 20 };

static int modules_read(const struct step_context *c, struct buf *ret, struct error *err)
{
	int rc = host_read(c->host, "proc/modules", MODULES_MAX, ret);

	return rc < 0 ? error_set(err, FAULT_READ_FAILED, -rc, "/proc/modules cannot be read") : 0;
}

static json_t *loaded(const struct step_context *c)
{
	AUTO_BUF struct buf modules = { 0 };
	json_t *list = json_array();

	if (modules_read(c, &modules, NULL) < 0)
		return list;
	for (size_t i = 0; reload_modules[i]; i++)
		if (reload_order_has(buf_text(&modules), reload_modules[i]))
			json_array_append_new(list, json_string(reload_modules[i]));
	return list;
}

/* What hangs on them without being of the stack would be torn. */
static int reload_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			  struct error *err)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	struct probe_options options = { .metadata = false };
	AUTO_BUF struct buf modules = { 0 };
	char boot[40] = "";

	(void)s;
	if (!f)
		return error_set(err, FAULT_INTERNAL, 0, "no memory to reload modules");
	if (probe_facts(c->host, &options, f, err) < 0)
		return -1;
	if (reload_refuse(f, err) < 0 || modules_read(c, &modules, err) < 0 ||
	    reload_order_possible(buf_text(&modules), err) < 0)
		return -1;
	(void)!HOST_READ_LINE(c->host, "proc/sys/kernel/random/boot_id", boot);
	*ret = json_pack("{s:o, s:s}", "loaded", loaded(c), "boot", boot);
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, 0, "no memory to reload modules");
}

static int call(const struct step_context *c, const char *const *argv, struct error *err)
{
	struct run_spec spec = { .argv = argv, .deadline_s = CALL_S };
	char doing[96];

	TEXT_FORMAT(doing, "%s %s", argv[0], argv[1]);
	return run_or_fail(c->host, &spec, FAULT_RELOAD_FAILED, doing, err);
}

/* Each as soon as nothing refers to it any more. */
static int take_out(const struct step_context *c, struct error *err)
{
	char name[56];

	for (int i = 0; i < OUT_MOST; i++) {
		AUTO_BUF struct buf modules = { 0 };
		const char *const out[] = { "rmmod", name, NULL };

		if (modules_read(c, &modules, err) < 0 ||
		    reload_order_possible(buf_text(&modules), err) < 0)
			return -1;
		if (!reload_order_next(buf_text(&modules), name, sizeof(name)))
			return 0;
		if (call(c, out, err) < 0)
			return -1;
	}
	return error_set(err, FAULT_RELOAD_FAILED, 0, "%s is loaded again and again", name);
}

static bool is_core(const char *name)
{
	for (size_t i = 0; i < RELOAD_CORE; i++)
		if (text_eq(reload_modules[i], name))
			return true;
	return false;
}

/* A protocol that the new stack has not is no reason to go back. */
static int take_in(const struct step_context *c, const json_t *former, struct error *err)
{
	char release[96];

	if (host_kernel_release(c->host, release, sizeof(release)) < 0)
		return error_set(err, FAULT_READ_FAILED, 0,
				 "/proc/sys/kernel/osrelease cannot be read");
	for (size_t i = 0; i < json_array_size(former); i++) {
		const char *name = json_string_value(json_array_get(former, i));
		const char *const in[] = { "modprobe", "-S", release, name, NULL };
		struct error why = { 0 };

		if (call(c, in, &why) == 0)
			continue;
		if (is_core(name)) {
			*err = why;
			return -1;
		}
		LOG(c->host->log, WARNING, "reload.protocol", "%s, ignoring", why.what);
	}
	return 0;
}

/* The switch is disarmed only when the new modules are in; where they are not, it does its work at
 * once, and we wait for nobody. */
static int reload_apply(const struct step_context *c, const struct step *s, const json_t *before,
			struct error *err)
{
	char program[PROGRAM_PATH_SIZE];

	(void)s;
	program_path(IB_VMEXT_VERSION, program);
	if (deadman_arm(c->host, program, json_object_get(before, "loaded"), err) < 0)
		return -1;
	if (take_out(c, err) < 0 || take_in(c, json_object_get(before, "loaded"), err) < 0)
		return -1;
	return deadman_settle(c->host, err);
}

static int reload_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	AUTO_JSON json_t *now = loaded(c);

	(void)s;
	if (json_array_size(now) > 0)
		return 0;
	return error_set(err, FAULT_RELOAD_FAILED, 0,
			 "none of the modules of the adapter is loaded");
}

/* As they were, if it is the same boot: the next one takes what is on the disk. */
static int reload_undo(const struct step_context *c, const struct step *s, const json_t *before,
		       struct error *err)
{
	char boot[40] = "", program[PROGRAM_PATH_SIZE];

	(void)s;
	if (HOST_READ_LINE(c->host, "proc/sys/kernel/random/boot_id", boot) < 0 ||
	    !text_eq(boot, json_text_at(before, "boot", ""))) {
		deadman_forget(c->host);
		return 0;
	}
	program_path(IB_VMEXT_VERSION, program);
	return deadman_undo(c->host, program, err);
}

const struct step_ops step_reload = {
	.prepare = reload_prepare,
	.apply = reload_apply,
	.confirm = reload_confirm,
	.undo = reload_undo,
	.percent = 10,
};
