/* cli/app.h - what a verb is given: the machine, the catalogue, the global options, and where to
 * print. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "act/catalogue/file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "facts/settings.h"
#include "host/host.h"

struct catalogue;

struct app {
	struct host host;
	struct log log;
	const struct catalogue *catalogue; /* in use: that of `choice`, where a verb needs one */
	struct catalogue_choice choice;
	struct settings settings;
	bool json;
	FILE *out;                  /* stdout */
	const char *world;          /* --world DIR */
	const char *settings_path;  /* --settings FILE */
	const char *catalogue_path; /* --catalogue FILE */
	enum level level;
};

enum verb_flags {
	VERB_NEEDS_ROOT = 1 << 0,
	VERB_NO_MACHINE = 1 << 1,
	VERB_NO_SETTINGS = 1 << 2,
	VERB_CATALOGUE = 1 << 3, /* the signed one, where there is one, is looked for */
	VERB_FETCHES = 1 << 4,   /* ... and fetched, where catalogueUri is a web address */
};

struct verb {
	const char *name, *args, *help;
	int min_args, max_args;
	unsigned flags;
	const struct verb_option *options; /* ended by a row without a name; NULL: none */
	int (*run)(struct app *app, int argc,
		   char **argv); /* returns the exit code of the process */
};

struct verb_option {
	const char *name; /* "--resolve" */
	const char *help;
};

/* The table, ended by a row without a name. */
extern const struct verb verbs[];

int verb_facts(struct app *app, int argc, char **argv);
int verb_plan(struct app *app, int argc, char **argv);
int verb_apply(struct app *app, int argc, char **argv);
int verb_bake(struct app *app, int argc, char **argv);
int verb_verify(struct app *app, int argc, char **argv);
int verb_metrics(struct app *app, int argc, char **argv);
int verb_status(struct app *app, int argc, char **argv);
int verb_undo(struct app *app, int argc, char **argv);
int verb_explain(struct app *app, int argc, char **argv);
int verb_catalogue(struct app *app, int argc, char **argv);
int verb_pack(struct app *app, int argc, char **argv);
int verb_offline(struct app *app, int argc, char **argv);
int verb_support(struct app *app, int argc, char **argv);
int verb_report(struct app *app, int argc, char **argv);
int verb_capture(struct app *app, int argc, char **argv);
int verb_handler(struct app *app, int argc, char **argv);

/* What follows a verb that has several: `pack make`. The words after it are counted. */
struct action {
	const char *name;
	int min_words, max_words;
	int (*run)(struct app *app, int argc, char **argv); /* the words; returns the exit code */
};

/* Run the one that argv[0] names; the table is ended by a row without a name. FAULT_USAGE names
 * those that there are. */
int action_run(struct app *app, const char *verb, const struct action *actions, int argc,
	       char **argv);

/* Was this option of the verb given? */
bool option_given(int argc, char **argv, const char *name);

/* The word behind this option; NULL if it was not given, or is the last word. */
const char *option_value(int argc, char **argv, const char *name);

/* How a run ended, as text or as ib-vmext/outcome/1. Returns the exit code. */
struct outcome;
int show_outcome(struct app *app, const struct outcome *o);

/* Print the document, indented, with a newline. Returns 0, or 14 if it could not be printed. */
int print_json(struct app *app, json_t *document);

/* As apply does before it plans: fetch a pack of a web address where one may serve, and plan again.
 */
int fetch_pack(struct app *app, struct facts *f, struct plan *p, struct error *err);

/* Say what failed, and the remedy, on stderr (as a plan document on stdout with --json). Returns
 * the exit code of the fault. */
int fail(struct app *app, const struct error *err);

/* FAULT_USAGE: what is wrong, and the word that it is wrong of. */
int usage_error(struct app *app, const char *what, const char *word);
