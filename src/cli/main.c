/* Opens the machine, calls the verb. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/catalogue/fetch.h"
#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "cli/help.h"
#include "cli/options.h"

enum { SETTINGS_BYTES_MAX = 1 << 20 };

static const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (text_eq(v->name, name))
			return v;
	return NULL;
}

static int no_such_verb(struct app *app, const char *name)
{
	const char *names[32] = { NULL };
	const char *nearest;
	struct error err = { 0 };
	size_t n = 0;

	for (const struct verb *v = verbs; v->name; v++)
		names[n++] = v->name;
	nearest = text_nearest(name, names);
	if (nearest)
		error_set(&err, FAULT_USAGE, 0, "there is no verb %s; did you mean %s?", name,
			  nearest);
	else
		error_set(&err, FAULT_USAGE, 0, "there is no verb %s", name);
	return fail(app, &err);
}

static int read_settings(struct app *app, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *settings = NULL;
	char why[200];
	int rc;

	settings_defaults(&app->settings);
	if (!app->settings_path)
		return 0;
	rc = fs_read(AT_FDCWD, app->settings_path, SETTINGS_BYTES_MAX, &text);
	if (rc < 0)
		return error_set(err, FAULT_SETTINGS, -rc, "%s cannot be read: %s",
				 app->settings_path, strerror(-rc));
	settings = json_parse(buf_text(&text), text.len, why, sizeof(why));
	if (!settings)
		return error_set(err, FAULT_SETTINGS, EINVAL, "%s: %s", app->settings_path, why);
	return settings_read_public(settings, &app->settings, err);
}

static int open_machine(struct app *app, struct error *err)
{
	if (app->world)
		return host_open_world(&app->host, app->world, &app->log, err);
	return host_open_live(&app->host, &app->log, err);
}

/* A catalogue that somebody names is used or refused; any other is used where it is good. */
static int open_catalogue(struct app *app, const struct verb *v, struct error *err)
{
	struct catalogue_judge by = { &app->host, &app->settings, &catalogue_built_in };

	if (!app->catalogue_path) {
		if ((v->flags & VERB_FETCHES) && app->host.live && geteuid() == 0)
			catalogue_fetch(&by);
		catalogue_choose(&by, &app->choice);
	} else {
		if (catalogue_file_read(&by, app->catalogue_path, &app->choice.owned, err) < 0)
			return -1;
		app->choice.use = &app->choice.owned.rows;
		TEXT_COPY(app->choice.from, app->catalogue_path);
	}
	app->catalogue = app->choice.use;
	return 0;
}

/* Who may have signed a catalogue stands in the settings. */
static bool needs_settings(const struct app *app, const struct verb *v)
{
	return !(v->flags & VERB_NO_SETTINGS) ||
	       ((v->flags & VERB_CATALOGUE) && app->catalogue_path);
}

static int open_all(struct app *app, const struct verb *v, struct error *err)
{
	if (needs_settings(app, v) && read_settings(app, err) < 0)
		return -1;
	if (!(v->flags & VERB_NO_MACHINE) && open_machine(app, err) < 0)
		return -1;
	if (!(v->flags & VERB_CATALOGUE) || open_catalogue(app, v, err) == 0)
		return 0;
	host_close(&app->host);
	return -1;
}

static int check_args(struct app *app, const struct verb *v, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const struct verb_option *o = v->options;

		if (argv[i][0] != '-')
			continue;
		while (o && o->name && !text_eq(o->name, argv[i]))
			o++;
		if (!o || !o->name)
			return usage_error(app, "this verb has no such option", argv[i]);
	}
	if (argc < v->min_args || argc > v->max_args)
		return usage_error(app, "wrong number of arguments; the form is",
				   v->args[0] ? v->args : v->name);
	return 0;
}

static int run_verb(struct app *app, const struct verb *v, int argc, char **argv)
{
	struct error err = { 0 };
	int rc = check_args(app, v, argc, argv);

	if (rc != 0)
		return rc;
	if ((v->flags & VERB_NEEDS_ROOT) && geteuid() != 0 && !app->world) {
		error_set(&err, FAULT_PERMISSION, EPERM, "%s needs root", v->name);
		return fail(app, &err);
	}
	if (open_all(app, v, &err) < 0)
		return fail(app, &err);
	rc = v->run(app, argc, argv);
	catalogue_choice_free(&app->choice);
	if (!(v->flags & VERB_NO_MACHINE))
		host_close(&app->host);
	return rc;
}

int main(int argc, char **argv)
{
	struct app app = { .out = stdout,
			   .catalogue = &catalogue_built_in,
			   .level = LEVEL_WARNING };
	const struct verb *v;
	int rc = options_take(&app, &argc, argv);

	if (rc != OPTIONS_TAKEN)
		return rc;
	if (argc < 2) {
		help_print(stderr);
		return fault_row(FAULT_USAGE)->exit_code;
	}
	v = verb_find(argv[1]);
	if (!v)
		return no_such_verb(&app, argv[1]);
	(void)log_add_sink(&app.log, log_sink_text, (void *)(intptr_t)STDERR_FILENO, app.level);
	rc = run_verb(&app, v, argc - 2, argv + 2);
	if (fflush(app.out) != 0)
		return fault_row(FAULT_WRITE_FAILED)->exit_code;
	return rc;
}
