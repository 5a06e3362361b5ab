/* The one table of global options, and what each does. */
#include "cli/options.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "cli/help.h"
#include "commit.h"

static int take_json(struct app *app, const char *value)
{
	(void)value;
	app->json = true;
	return OPTIONS_TAKEN;
}

static int take_world(struct app *app, const char *value)
{
	app->world = value;
	return OPTIONS_TAKEN;
}

static int take_settings(struct app *app, const char *value)
{
	app->settings_path = value;
	return OPTIONS_TAKEN;
}

static int take_catalogue(struct app *app, const char *value)
{
	app->catalogue_path = value;
	return OPTIONS_TAKEN;
}

static int take_level(struct app *app, const char *value)
{
	if (level_by_name(value, &app->level) == 0)
		return OPTIONS_TAKEN;
	return usage_error(app, "no such log level", value);
}

static int show_version(struct app *app, const char *value)
{
	(void)value;
	fprintf(app->out, "ib-vmext %s, commit %s, catalogue %s\n", IB_VMEXT_VERSION,
		IB_VMEXT_COMMIT, app->catalogue->version);
	return 0;
}

static int show_help(struct app *app, const char *value)
{
	(void)value;
	help_print(app->out);
	return 0;
}

const struct global_option global_options[] = {
	{ "--json", NULL, "the answer as JSON", take_json },
	{ "--world", "DIR", "a captured machine instead of this one", take_world },
	{ "--settings", "FILE", "public settings, a JSON object", take_settings },
	{ "--catalogue", "FILE",
	  "a signed catalogue (FILE.minisig beside it) instead of the built-in one",
	  take_catalogue },
	{ "--log-level", "LEVEL", "debug, info, warning or error (on stderr)", take_level },
	{ "--version", NULL, "version, commit and catalogue", show_version },
	{ "--help", NULL, "this text", show_help },
	{ 0 },
};

/* If argv[*at] is a global option, take it and move *at past it and its value. *ret_taken says
 * whether it was one. */
static int take_option(struct app *app, int argc, char **argv, int *at, bool *ret_taken)
{
	size_t len = strcspn(argv[*at], "=");

	*ret_taken = false;
	for (const struct global_option *o = global_options; o->name; o++) {
		const char *value = argv[*at][len] == '=' ? argv[*at] + len + 1 : NULL;

		if (strlen(o->name) != len || strncmp(o->name, argv[*at], len) != 0)
			continue;
		*ret_taken = true;
		if (o->value && !value && ++*at < argc)
			value = argv[*at];
		++*at;
		if ((o->value != NULL) != (value != NULL))
			return usage_error(app, "needs a value, or takes none", o->name);
		return o->take(app, value);
	}
	return OPTIONS_TAKEN;
}

/* Global options may stand before the verb and after it; all other words stay in argv, in order. */
int options_take(struct app *app, int *argc, char **argv)
{
	int kept = 1;

	for (int at = 1; at < *argc;) {
		bool taken;
		int rc = take_option(app, *argc, argv, &at, &taken);

		if (rc != OPTIONS_TAKEN)
			return rc;
		if (taken)
			continue;
		if (kept == 1 && argv[at][0] == '-')
			return usage_error(app, "there is no such option", argv[at]);
		argv[kept++] = argv[at++];
	}
	*argc = kept;
	return OPTIONS_TAKEN;
}
