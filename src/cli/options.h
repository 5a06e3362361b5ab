/* cli/options.h - the options that every verb takes. */
#pragma once

struct app;

struct global_option {
	const char *name;  /* "--world" */
	const char *value; /* "DIR"; NULL: it has none */
	const char *help;
	int (*take)(struct app *app, const char *value); /* OPTIONS_TAKEN, or the exit code */
};

/* The table, ended by a row without a name. */
extern const struct global_option global_options[];

enum { OPTIONS_TAKEN = -1 };

/* Take the global options, which may stand before the verb and after it, out of argv; all other
 * words stay, in order. Returns OPTIONS_TAKEN, or the exit code to end with. */
int options_take(struct app *app, int *argc, char **argv);
