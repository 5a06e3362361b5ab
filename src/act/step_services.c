/* Enables units for the next boot, without starting them now: a driver's service would put its
 * modules in the place of those that carry the node's network. */
#include "act/step.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { SYSTEMCTL_S = 120 };

/* `systemctl VERB [NAME]`. Returns its exit code, or -1 with *err set where it could not be asked.
 */
static int systemctl(const struct step_context *c, const char *verb, const char *name,
		     struct run_result *r, struct error *err)
{
	const char *const argv[] = { "systemctl", verb, name, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMCTL_S };
	char end[64];

	if (run(c->host, &spec, r, err) < 0)
		return -1;
	if (r->end == RUN_EXITED)
		return r->code;
	run_end_text(r, &spec, end, sizeof(end));
	return error_set(err,
			 r->end == RUN_NOT_FOUND ? FAULT_PROGRAM_MISSING : FAULT_PROGRAM_FAILED, 0,
			 "systemctl %s: %s", verb, end);
}

static bool is_enabled(const struct step_context *c, const char *name)
{
	AUTO_RUN struct run_result r = { 0 };

	return systemctl(c, "is-enabled", name, &r, NULL) == 0;
}

static bool services_check(const struct step_context *c, const struct step *s)
{
	for (unsigned i = 0; i < s->nitems; i++)
		if (!is_enabled(c, s->items[i]))
			return false;
	return true;
}

static int services_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			    struct error *err)
{
	AUTO_JSON json_t *list = json_array();

	for (unsigned i = 0; i < s->nitems; i++)
		if (!is_enabled(c, s->items[i]) &&
		    json_array_append_new(list, json_string(s->items[i])) < 0)
			return error_set(err, FAULT_INTERNAL, 0,
					 "no memory for a list of services");
	*ret = json_pack("{s:O}", "notEnabled", list);
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, 0, "no memory for a list of services");
}

/* `enable` or `disable` of one unit. */
static int change(const struct step_context *c, const char *verb, const char *name,
		  struct error *err)
{
	AUTO_RUN struct run_result r = { 0 };
	int code = systemctl(c, verb, name, &r, err);

	if (code <= 0)
		return code;
	return error_set(err, FAULT_SERVICE, 0, "systemctl %s %s: exit code %d: %.200s", verb, name,
			 code, r.err.len ? text_trim(r.err.data) : "no message");
}

/* The units have come with packages a moment ago: systemd has not read them. No systemd runs in an
 * image that is being made; then there is nothing to tell. */
static void reload(const struct step_context *c)
{
	AUTO_RUN struct run_result r = { 0 };
	struct error why = { 0 };

	if (fs_exists(c->host->root, "run/systemd/system") &&
	    systemctl(c, "daemon-reload", NULL, &r, &why) != 0)
		LOG(c->host->log, WARNING, "services.reload",
		    "systemctl daemon-reload did not end well, ignoring");
}

static int services_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	(void)before;
	reload(c);
	for (unsigned i = 0; i < s->nitems; i++)
		if (change(c, "enable", s->items[i], err) < 0)
			return -1;
	return 0;
}

static int services_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	for (unsigned i = 0; i < s->nitems; i++)
		if (!is_enabled(c, s->items[i]))
			return error_set(
				err, FAULT_SERVICE, 0,
				"systemctl enable %s ended without an error, but it is not "
				"enabled",
				s->items[i]);
	return 0;
}

/* What is enabled no more, or is gone, needs nothing. */
static int services_undo(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	const json_t *list = json_object_get(before, "notEnabled");

	(void)s;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (name && is_enabled(c, name) && change(c, "disable", name, err) < 0)
			return -1;
	}
	return 0;
}

const struct step_ops step_services = {
	.check = services_check,
	.prepare = services_prepare,
	.apply = services_apply,
	.confirm = services_confirm,
	.undo = services_undo,
	.percent = 5,
};
