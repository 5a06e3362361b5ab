/* Enables units for the next boot, without starting them now: a driver's service would put its
 * modules in the place of those that carry the node's network. */
#include "act/step/step.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { SYSTEMCTL_S = 120 };

/* `systemctl VERB [NAME]`. */
static int systemctl(const struct step_context *c, const char *verb, const char *name,
		     struct error *err)
{
	const char *const argv[] = { "systemctl", verb, name, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = SYSTEMCTL_S };
	char doing[120];

	TEXT_FORMAT(doing, "systemctl %s%s%s", verb, name ? " " : "", name ? name : "");
	return run_or_fail(c->host, &spec, FAULT_SERVICE, doing, err);
}

static bool is_enabled(const struct step_context *c, const char *name)
{
	return systemctl(c, "is-enabled", name, NULL) == 0;
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

/* The units have come with packages a moment ago: systemd has not read them. No systemd runs in an
 * image that is being made; then there is nothing to tell. */
static void reload(const struct step_context *c)
{
	struct error why = { 0 };

	if (fs_exists(c->host->root, "run/systemd/system") &&
	    systemctl(c, "daemon-reload", NULL, &why) < 0)
		LOG(c->host->log, WARNING, "services.reload", "%s, ignoring", why.what);
}

static int services_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	(void)before;
	reload(c);
	for (unsigned i = 0; i < s->nitems; i++)
		if (systemctl(c, "enable", s->items[i], err) < 0)
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

		if (name && is_enabled(c, name) && systemctl(c, "disable", name, err) < 0)
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
