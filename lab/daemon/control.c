/* The control socket's requests: one line of JSON in, one or more out, the last with "ok". */
#include "lab.h"

#include <errno.h>

#include "base/text.h"
#include "conn.h"
#include "extension.h"
#include "lab/arm/arm.h"
#include "lab/fabric/fabric.h"
#include "lab/mirror/mirror.h"

/* Returns 0 with *answer set, 1 when c->wait was filled in instead, -1 with *err set. */
typedef int handler_fn(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		       struct error *err);

/* ---- VMs ----------------------------------------------------------------------------------- */

static struct guest *need_guest(struct lab *lab, const json_t *args, struct error *err)
{
	const char *name = json_text_at(args, "name", "");
	struct guest *g = guest_find(lab, name);

	if (g == NULL)
		(void)error_set(err, FAULT_USAGE, ENOENT, "there is no VM named \"%s\"", name);
	return g;
}

static int wait_for(struct conn *c, enum wait_kind kind, const struct vm *vm, int timeout_s)
{
	c->wait = (struct wait) { .kind = kind, .boots = vm->boots };
	c->wait.deadline_ms = lab_now_ms() + (int64_t)timeout_s * 1000;
	(void)TEXT_COPY(c->wait.vm, vm->spec.name);
	return 1;
}

/* The boot timeouts: a cell takes seconds, a machine under emulation a minute or two. */
static int boot_timeout_s(const struct vm *vm)
{
	return vm->spec.machine ? 600 : 120;
}

static int on_vm_create(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			struct error *err)
{
	struct guest *g;

	if (guest_ask(lab, args, &g, err) < 0)
		return -1;
	if (json_bool_at(args, "wait", true))
		return wait_for(c, WAIT_RUNNING, &g->vm, boot_timeout_s(&g->vm));
	*answer = guest_json(lab, g);
	return 0;
}

static int on_vm_list(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		      struct error *err)
{
	(void)c;
	(void)args;
	(void)err;
	*answer = json_array();
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL)
			json_array_append_new(*answer, guest_json(lab, lab->guests[i]));
	return 0;
}

static int on_vm_show(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		      struct error *err)
{
	const struct guest *g = need_guest(lab, args, err);

	(void)c;
	if (g == NULL)
		return -1;
	*answer = guest_json(lab, g);
	return 0;
}

static int on_vm_start(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		       struct error *err)
{
	struct guest *g = need_guest(lab, args, err);

	(void)answer;
	if (g == NULL || guest_start(lab, g, err) < 0)
		return -1;
	return wait_for(c, WAIT_RUNNING, &g->vm, boot_timeout_s(&g->vm));
}

static int on_vm_reboot(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			struct error *err)
{
	struct guest *g = need_guest(lab, args, err);

	(void)answer;
	if (g == NULL || guest_stop(lab, g, THEN_START, err) < 0)
		return -1;
	(void)wait_for(c, WAIT_RUNNING, &g->vm, 60 + boot_timeout_s(&g->vm));
	c->wait.boots += g->vm.state == VM_STOPPING;
	return 1;
}

static int on_vm_cut(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		     struct error *err)
{
	struct guest *g = need_guest(lab, args, err);

	(void)answer;
	if (g == NULL)
		return -1;
	guest_cut(lab, g, THEN_NOTHING);
	return wait_for(c, WAIT_STOPPED, &g->vm, 30);
}

static int on_vm_stop(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		      struct error *err)
{
	struct guest *g = need_guest(lab, args, err);

	(void)answer;
	if (g == NULL || guest_stop(lab, g, THEN_NOTHING, err) < 0)
		return -1;
	return wait_for(c, WAIT_STOPPED, &g->vm, 90);
}

static int on_vm_delete(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			struct error *err)
{
	struct guest *g = need_guest(lab, args, err);

	(void)answer;
	if (g == NULL)
		return -1;
	if (json_bool_at(args, "wait", true))
		(void)wait_for(c, WAIT_GONE, &g->vm, 60);
	guest_cut(lab, g, THEN_FORGET);
	return c->wait.kind == WAIT_GONE;
}

static int on_vm_set(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		     struct error *err)
{
	struct guest *g = need_guest(lab, args, err);
	const char *key;
	json_t *value;

	(void)c;
	if (g == NULL)
		return -1;
	json_object_foreach(json_object_get(args, "set"), key,
			    value) if (guest_set(lab, g, key, json_string_value(value), err) <
				       0) return -1;
	*answer = guest_json(lab, g);
	return 0;
}

/* ---- extensions ---------------------------------------------------------------------------- */

static int on_extension_set(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			    struct error *err)
{
	const struct guest *g = need_guest(lab, args, err);
	const char *state = json_text_at(args, "state", "enabled");
	struct fabric_extension ext = {
		.name = json_text_at(args, "extension", IB_LAB_TYPE),
		.publisher = json_text_at(args, "publisher", IB_LAB_PUBLISHER),
		.type = json_text_at(args, "type", IB_LAB_TYPE),
		.version = json_text_at(args, "version", "1.1"),
		.auto_upgrade = json_bool_at(args, "autoUpgrade", true),
		.settings = json_text_at(args, "settings", NULL),
		.protected_settings = json_text_at(args, "protected", NULL),
		.force_update = json_text_at(args, "forceUpdate", NULL),
	};
	int64_t incarnation = 0;

	(void)c;
	if (g == NULL || dist_scan(lab, err) < 0)
		return -1;
	if (text_eq(state, "disabled"))
		ext.state = FABRIC_EXT_DISABLED;
	else if (!text_eq(state, "enabled"))
		return error_set(err, FAULT_USAGE, EINVAL, "--state is enabled or disabled");
	if (fabric_set_extension(lab->fabric, g->vm.spec.name, &ext, &incarnation, err) < 0)
		return -1;
	*answer = json_pack("{s:s, s:I}", "extension", ext.name, "incarnation",
			    (json_int_t)incarnation);
	return 0;
}

static json_t *find_extension(json_t *shown, const char *name)
{
	json_t *ext;
	size_t i;

	json_array_foreach(json_object_get(shown, "extensions"), i,
			   ext) if (text_eq_nocase(json_text_at(ext, "name", ""), name)) return ext;
	return NULL;
}

static int on_extension_list(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			     struct error *err)
{
	const struct guest *g = need_guest(lab, args, err);
	AUTO_JSON json_t *shown = NULL;
	json_t *ext;
	size_t i;

	(void)c;
	if (g == NULL)
		return -1;
	shown = fabric_vm_show(lab->fabric, g->vm.spec.name);
	*answer = json_array();
	json_array_foreach(json_object_get(shown, "extensions"), i, ext)
		json_array_append_new(*answer, extension_row(lab->fabric, g->vm.spec.name, ext));
	return 0;
}

static int need_extension(struct lab *lab, const json_t *args, json_t **ret_shown, json_t **ret,
			  struct error *err)
{
	const struct guest *g = need_guest(lab, args, err);
	const char *name = json_text_at(args, "extension", IB_LAB_TYPE);

	if (g == NULL)
		return -1;
	*ret_shown = fabric_vm_show(lab->fabric, g->vm.spec.name);
	*ret = find_extension(*ret_shown, name);
	if (*ret == NULL)
		return error_set(err, FAULT_USAGE, ENOENT, "%s has no extension named %s",
				 g->vm.spec.name, name);
	return 0;
}

static int on_extension_show(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			     struct error *err)
{
	AUTO_JSON json_t *shown = NULL;
	json_t *ext;

	(void)c;
	if (need_extension(lab, args, &shown, &ext, err) < 0)
		return -1;
	*answer = extension_row(lab->fabric, json_text_at(args, "name", ""), ext);
	return 0;
}

static int on_extension_delete(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			       struct error *err)
{
	AUTO_JSON json_t *shown = NULL;
	int64_t incarnation = 0;
	json_t *ext;

	(void)c;
	if (need_extension(lab, args, &shown, &ext, err) < 0 ||
	    fabric_remove_extension(lab->fabric, json_text_at(args, "name", ""),
				    json_text_at(ext, "name", ""), &incarnation, err) < 0)
		return -1;
	*answer = json_pack("{s:I}", "incarnation", (json_int_t)incarnation);
	return 0;
}

static int on_extension_wait(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			     struct error *err)
{
	static const char *const untils[] = { "final", "success", "error", "gone" };
	const struct guest *g = need_guest(lab, args, err);
	const char *until = json_text_at(args, "until", "final");

	(void)answer;
	if (g == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(untils); i++) {
		if (!text_eq(until, untils[i]))
			continue;
		(void)wait_for(c, WAIT_EXTENSION, &g->vm, (int)json_int_at(args, "timeout", 600));
		(void)TEXT_COPY(c->wait.until, until);
		(void)TEXT_COPY(c->wait.extension, json_text_at(args, "extension", IB_LAB_TYPE));
		c->wait.progress = json_bool_at(args, "progress", false);
		return 1;
	}
	return error_set(err, FAULT_USAGE, EINVAL, "--until is final, success, error or gone");
}

/* ---- the lab -------------------------------------------------------------------------------- */

static int on_down(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		   struct error *err)
{
	(void)c;
	(void)answer;
	(void)err;
	lab->keep = json_bool_at(args, "keep", false);
	lab->stopping = true;
	return 0;
}

static int on_env(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		  struct error *err)
{
	(void)c;
	(void)args;
	(void)err;
	*answer = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "state", lab->paths.state, "cache",
			    lab->paths.cache, "dist", lab->dist, "pid", (int)getpid(), "netns",
			    lab->env.netns, "armPort", lab->arm ? arm_port(lab->arm) : 0);
	return 0;
}

/* The packages that are there now. */
static int on_dist_scan(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			struct error *err)
{
	(void)c;
	(void)args;
	(void)answer;
	return dist_scan(lab, err) < 0 ? -1 : 0;
}

static int on_mirror_set(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			 struct error *err)
{
	(void)c;
	(void)answer;
	return mirror_set_fault(lab->mirror, json_text_at(args, "fault", ""), err);
}

static int on_mirror_add(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			 struct error *err)
{
	(void)c;
	(void)answer;
	return mirror_add(lab->mirror, json_text_at(args, "dir", ""), err);
}

static int on_mirror_proxy(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
			   struct error *err)
{
	(void)c;
	(void)answer;
	(void)err;
	mirror_set_proxy(lab->mirror, json_text_at(args, "user", NULL),
			 json_text_at(args, "password", NULL));
	return 0;
}

static int on_counts(struct lab *lab, struct conn *c, const json_t *args, json_t **answer,
		     struct error *err)
{
	const struct guest *g = need_guest(lab, args, err);

	(void)c;
	if (g == NULL)
		return -1;
	*answer = fabric_counts(lab->fabric, g->vm.spec.name);
	return 0;
}

static const struct {
	const char *verb;
	handler_fn *fn;
} handlers[] = {
	{ "down", on_down },
	{ "env", on_env },
	{ "dist scan", on_dist_scan },
	{ "mirror set", on_mirror_set },
	{ "mirror add", on_mirror_add },
	{ "mirror proxy", on_mirror_proxy },
	{ "vm create", on_vm_create },
	{ "vm list", on_vm_list },
	{ "vm show", on_vm_show },
	{ "vm start", on_vm_start },
	{ "vm stop", on_vm_stop },
	{ "vm reboot", on_vm_reboot },
	{ "vm kill", on_vm_cut },
	{ "vm cut", on_vm_cut },
	{ "vm delete", on_vm_delete },
	{ "vm set", on_vm_set },
	{ "vm counts", on_counts },
	{ "extension set", on_extension_set },
	{ "extension list", on_extension_list },
	{ "extension show", on_extension_show },
	{ "extension delete", on_extension_delete },
	{ "extension wait", on_extension_wait },
};

void control_request(struct lab *lab, struct conn *c, const char *line, size_t len)
{
	char why[160] = "";
	AUTO_JSON json_t *request = json_parse(line, len, why, sizeof why);
	const char *verb = json_text_at(request, "verb", "");
	struct error err = { 0 };
	json_t *answer = NULL;
	int rc = error_set(&err, FAULT_USAGE, EINVAL, "no request: %s", *why != '\0' ? why : verb);

	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
		if (text_eq(handlers[i].verb, verb))
			rc = handlers[i].fn(lab, c, json_object_get(request, "args"), &answer,
					    &err);
	if (rc == 0)
		conn_answer(c, answer);
	else
		json_decref(answer);
	if (rc < 0)
		conn_refuse(c, &err);
}
