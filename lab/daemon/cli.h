/* daemon/cli.h - the verbs of ib-lab, as the person at the shell has them. */
#pragma once

#include "lab.h"

/* A verb's options, parsed: option values by name. */
struct cli {
	struct lab *lab;
	const struct cli_verb *verb;
	const char *words[8]; /* what is not an option: the VM's name first */
	size_t nwords;
	json_t *options; /* {"size":"...","json":true} */
	size_t nrest;
	char *const *rest; /* of a verb that passes on: the command, NULL-terminated */
};

struct cli_verb {
	const char *name, *args, *help;
	const char *options; /* "size= cell json": '=' takes a value */
	size_t min_words, max_words;
	int (*run)(const struct cli *c);
	bool passes_on; /* what comes after min_words words is not ours: c->rest */
};

/* Tables that end with a NULL name. */
extern const struct cli_verb cli_lab_verbs[], cli_vm_verbs[], cli_extension_verbs[], cli_az_verbs[],
	cli_demo_verbs[];

bool cli_flag(const struct cli *c, const char *name);
const char *cli_value(const struct cli *c, const char *name); /* NULL if not given */
/* Copy options into a request under (perhaps) other names: "force-update" to "forceUpdate". */
void cli_pass(const struct cli *c, json_t *args, const char *option, const char *key);

/* Print the answer as JSON (takes the reference). */
void cli_print_json(json_t *answer);

/* The log sink of the client: what is being prepared, on stderr. */
void cli_log(void *ctx, const struct event *ev);

/* What programs on this machine need to speak to the Resource Manager: NAME and VALUE by turns to
 * `each`. `answer` is that of "env". */
void cli_arm_environment(const json_t *answer,
			 void (*each)(void *ctx, const char *name, const char *value), void *ctx);

/* Run a command in a VM with our stdio. Returns its exit status, or one of ib-lab's after saying
 * why. */
int cli_shell(const struct cli *c, const char *vm, char *const argv[]);
