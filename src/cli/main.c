/* Reads the command line, opens the machine, calls the verb. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "act/catalogue/fetch.h"
#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "plan/plan.h"

enum { SETTINGS_BYTES_MAX = 1 << 20 };

bool option_given(int argc, char **argv, const char *name)
{
	for (int i = 0; i < argc; i++)
		if (text_eq(argv[i], name))
			return true;
	return false;
}

int print_json(struct app *app, json_t *document)
{
	AUTO_BUF struct buf text = { 0 };

	if (!document || json_write(document, true, &text) < 0)
		return fault_row(FAULT_INTERNAL)->exit_code;
	fprintf(app->out, "%s\n", buf_text(&text));
	return 0;
}

int fail(struct app *app, const struct error *err)
{
	const struct fault_row *row = fault_row(err->fault);

	if (app->json) {
		AUTO_FREE struct plan *plan = calloc(1, sizeof(*plan));
		AUTO_JSON json_t *document = NULL;

		if (plan) {
			plan_refuse(err, plan);
			document = plan_to_json(plan);
			(void)print_json(app, document);
		}
	}
	fprintf(stderr, "ib-vmext: %s (%s)\n%s\n", err->what, row->slug, row->remedy);
	return row->exit_code;
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: ib-vmext [options] VERB [...]\n\n"
		     "Install, verify and undo the InfiniBand driver of an Azure VM.\n\nVerbs:\n");
	for (const struct verb *v = verbs; v->name; v++) {
		bool is_long = strlen(v->args) > 14;

		fprintf(out, "  %-10s %-14s %s%s\n", v->name, v->args,
			is_long ? "\n                            " : "", v->help);
		for (const struct verb_option *o = v->options; o && o->name; o++)
			fprintf(out, "             %-12s   %s\n", o->name, o->help);
	}
	fprintf(out, "\nOptions:\n"
		     "  --json             the answer as JSON\n"
		     "  --world DIR        a captured machine instead of this one\n"
		     "  --settings FILE    public settings, a JSON object\n"
		     "  --catalogue FILE   a signed catalogue (FILE.minisig beside it) instead of "
		     "the built-in one\n"
		     "  --log-level LEVEL  debug, info, warning or error (on stderr)\n"
		     "  --version, --help\n\n"
		     "Exit codes: 0 done, 1 used wrongly, 10 no Hyper-V support, 11 no InfiniBand "
		     "here, 12 image not\n"
		     "supported, 13 VM size not supported, 14 failed. `ib-vmext explain CODE` says "
		     "more.\n");
}

static const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (text_eq(v->name, name))
			return v;
	return NULL;
}

static int usage_error(struct app *app, const char *fmt, const char *word)
{
	struct error err = { 0 };
	char what[200];

	(void)text_format(what, sizeof(what), "%s: %s", fmt, word);
	error_set(&err, FAULT_USAGE, 0, "%s", what);
	return fail(app, &err);
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

enum { GO_ON = -1 };

static int take_json(struct app *app, const char *value)
{
	(void)value;
	app->json = true;
	return GO_ON;
}

static int take_world(struct app *app, const char *value)
{
	app->world = value;
	return GO_ON;
}

static int take_settings(struct app *app, const char *value)
{
	app->settings_path = value;
	return GO_ON;
}

static int take_catalogue(struct app *app, const char *value)
{
	app->catalogue_path = value;
	return GO_ON;
}

static int take_level(struct app *app, const char *value)
{
	if (level_by_name(value, &app->level) == 0)
		return GO_ON;
	return usage_error(app, "no such log level", value);
}

static int show_version(struct app *app, const char *value)
{
	(void)value;
	fprintf(app->out, "ib-vmext %s, catalogue %s\n", IB_VMEXT_VERSION, app->catalogue->version);
	return 0;
}

static int show_help(struct app *app, const char *value)
{
	(void)value;
	print_help(app->out);
	return 0;
}

static const struct {
	const char *name;
	bool has_value;
	int (*take)(struct app *app, const char *value);
} global_options[] = {
	{ "--json", false, take_json },        { "--world", true, take_world },
	{ "--settings", true, take_settings }, { "--catalogue", true, take_catalogue },
	{ "--log-level", true, take_level },   { "--version", false, show_version },
	{ "--help", false, show_help },
};

/* If argv[*at] is a global option, take it and move *at past it and its value. *ret_taken says
 * whether it was one. */
static int take_option(struct app *app, int argc, char **argv, int *at, bool *ret_taken)
{
	size_t len = strcspn(argv[*at], "=");

	*ret_taken = false;
	for (size_t i = 0; i < ARRAY_SIZE(global_options); i++) {
		const char *value = argv[*at][len] == '=' ? argv[*at] + len + 1 : NULL;

		if (strlen(global_options[i].name) != len ||
		    strncmp(global_options[i].name, argv[*at], len) != 0)
			continue;
		*ret_taken = true;
		if (global_options[i].has_value && !value && ++*at < argc)
			value = argv[*at];
		++*at;
		if (global_options[i].has_value != (value != NULL))
			return usage_error(app, "needs a value, or takes none",
					   global_options[i].name);
		return global_options[i].take(app, value);
	}
	return GO_ON;
}

/* Global options may stand before the verb and after it; all other words stay in argv, in order. */
static int take_options(struct app *app, int *argc, char **argv)
{
	int kept = 1;

	for (int at = 1; at < *argc;) {
		bool taken;
		int rc = take_option(app, *argc, argv, &at, &taken);

		if (rc != GO_ON)
			return rc;
		if (taken)
			continue;
		if (kept == 1 && argv[at][0] == '-')
			return usage_error(app, "there is no such option", argv[at]);
		argv[kept++] = argv[at++];
	}
	*argc = kept;
	return GO_ON;
}

int main(int argc, char **argv)
{
	struct app app = { .out = stdout,
			   .catalogue = &catalogue_built_in,
			   .level = LEVEL_WARNING };
	const struct verb *v;
	int rc = take_options(&app, &argc, argv);

	if (rc != GO_ON)
		return rc;
	if (argc < 2) {
		print_help(stderr);
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
