/* ib-lab - an Azure for one machine: verbs over the table, options, exit statuses. */
#include <errno.h>

#include "base/text.h"
#include "lab/daemon/cli.h"

static const struct cli_verb *const tables[] = { cli_lab_verbs, cli_vm_verbs, cli_extension_verbs,
						 cli_az_verbs, cli_demo_verbs };

bool cli_flag(const struct cli *c, const char *name)
{
	return json_is_true(json_object_get(c->options, name));
}

const char *cli_value(const struct cli *c, const char *name)
{
	return json_string_value(json_object_get(c->options, name));
}

void cli_pass(const struct cli *c, json_t *args, const char *option, const char *key)
{
	json_t *value = json_object_get(c->options, option);

	if (value != NULL)
		json_object_set(args, key, value);
}

void cli_print_json(json_t *answer)
{
	AUTO_BUF struct buf text = { 0 };

	if (json_write(answer, true, &text) == 0)
		puts(buf_text(&text));
	json_decref(answer);
}

void cli_log(void *ctx, const struct event *ev)
{
	(void)ctx;
	fprintf(stderr, "ib-lab: %s\n", ev->what);
}

static void print_help(FILE *to)
{
	fprintf(to, "usage: ib-lab VERB [OPTIONS]; every verb takes --json\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct cli_verb *v = tables[i]; v->name != NULL; v++)
			fprintf(to, "  %s %s\n      %s\n", v->name, v->args, v->help);
	fprintf(to,
		"\nexit status: 0 done, 1 used wrongly, 2 not running, 3 not found, 4 failed\n"
		"IB_LAB_STATE (default /var/lib/ib-lab) tells labs apart; IB_LAB_CACHE (default\n"
		"/var/cache/ib-lab) holds what took long to make. WALA_SOURCE names a checkout of\n"
		"an agent to run in place of the packaged one.\n");
}

/* How many words of argv the verb's name takes; 0 if it is another. */
static int match(const struct cli_verb *v, int argc, char **argv)
{
	const char *space = strchr(v->name, ' ');
	size_t first = space != NULL ? (size_t)(space - v->name) : strlen(v->name);

	if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], v->name, first) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return argc > 2 && text_eq(argv[2], space + 1) ? 2 : 0;
}

static const struct cli_verb *find_verb(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct cli_verb *v = tables[i]; v->name != NULL; v++)
			if ((*words = match(v, argc, argv)) > 0)
				return v;
	return NULL;
}

/* Does the verb know the option? 0 no, 1 a flag, 2 it takes a value. */
static int option_kind(const struct cli_verb *v, const char *name, size_t len)
{
	for (const char *p = v->options; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		bool value = n > 0 && p[n - 1] == '=';

		if (n - value == len && strncmp(p, name, len) == 0)
			return value ? 2 : 1;
		p += n;
	}
	return 0;
}

static int usage(const struct cli_verb *v, const char *why, const char *what)
{
	fprintf(stderr, "ib-lab: %s%s%s\nusage: ib-lab %s %s\n", why, *what != '\0' ? " " : "",
		what, v->name, v->args);
	return LAB_USAGE;
}

/* One argument that begins with "--" (or is -o). Returns how many words it took, -1 if it is wrong.
 */
static int take_option(struct cli *c, char **argv)
{
	const char *name = text_eq(argv[0], "-o") ? "output" : argv[0] + 2;
	size_t len = strcspn(name, "=");
	int kind = option_kind(c->verb, name, len);
	char key[32];

	if (kind == 0 || len >= sizeof key)
		return -1;
	(void)TEXT_FORMAT(key, "%.*s", (int)len, name);
	if (kind == 1) {
		json_object_set_new(c->options, key, json_true());
		return name[len] == '\0' ? 1 : -1;
	}
	if (name[len] == '=') {
		json_object_set_new(c->options, key, json_string(name + len + 1));
		return 1;
	}
	if (argv[1] == NULL)
		return -1;
	json_object_set_new(c->options, key, json_string(argv[1]));
	return 2;
}

static int parse(struct cli *c, char **argv)
{
	while (*argv != NULL) {
		int took = 1;

		if (c->verb->passes_on && c->nwords == c->verb->min_words)
			break;
		if (text_starts(*argv, "--") || text_eq(*argv, "-o"))
			took = take_option(c, argv);
		else if (c->nwords < ARRAY_SIZE(c->words))
			c->words[c->nwords++] = *argv;
		if (took < 0)
			return usage(c->verb, "cannot make sense of", *argv);
		argv += took;
	}
	if (*argv != NULL && text_eq(*argv, "--"))
		argv++;
	c->rest = argv;
	while (argv[c->nrest] != NULL)
		c->nrest++;
	if (c->nwords < c->verb->min_words || c->nwords > c->verb->max_words)
		return usage(c->verb, "too few or too many words", "");
	return LAB_OK;
}

int main(int argc, char **argv)
{
	struct lab *lab = calloc(1, sizeof *lab);
	struct cli c = { .lab = lab, .options = json_object() };
	struct error err = { 0 };
	int words = 0, rc;

	c.verb = find_verb(argc, argv, &words);
	if (c.verb == NULL) {
		bool asked = argc > 1 && (text_eq(argv[1], "--help") || text_eq(argv[1], "help"));

		print_help(asked ? stdout : stderr);
		return asked ? LAB_OK : LAB_USAGE;
	}
	rc = parse(&c, argv + 1 + words);
	if (rc != LAB_OK)
		return rc;
	if (geteuid() != 0) {
		fprintf(stderr, "ib-lab: run me as root: I make namespaces and mounts\n");
		return LAB_USAGE;
	}
	if (lab == NULL || lab_init(lab, &err) < 0) {
		fprintf(stderr, "ib-lab: %s\n", err.what);
		return LAB_USAGE;
	}
	(void)log_add_sink(&lab->log, cli_log, NULL,
			   getenv("IB_LAB_DEBUG") != NULL ? LEVEL_DEBUG : LEVEL_INFO);
	rc = c.verb->run(&c);
	json_decref(c.options);
	host_close(&lab->host);
	free(lab);
	return rc;
}
