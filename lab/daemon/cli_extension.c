/* The verbs about extensions: what `az vm extension` does, without az. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/text.h"
#include "client.h"

static json_t *request(const struct cli *c)
{
	json_t *args = json_pack("{s:s}", "name", c->words[0]);

	cli_pass(c, args, "name", "extension");
	return args;
}

/* JSON text, or @FILE that holds it. Returns 0, or an exit status after saying why. */
static int pass_json(const struct cli *c, json_t *args, const char *option, const char *key)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;
	const char *value = cli_value(c, option);
	char why[160];

	if (value == NULL)
		return 0;
	if (value[0] != '@' ? buf_add_text(&text, value) < 0
			    : fs_read(AT_FDCWD, value + 1, 1 << 20, &text) < 0) {
		fprintf(stderr, "ib-lab: cannot read %s\n", value + 1);
		return LAB_USAGE;
	}
	j = json_parse(buf_text(&text), text.len, why, sizeof why);
	if (!json_is_object(j)) {
		fprintf(stderr, "ib-lab: --%s is no JSON object: %s\n", option,
			j == NULL ? why : "");
		return LAB_USAGE;
	}
	json_object_set_new(args, key, json_string(buf_text(&text)));
	return 0;
}

static int run_set(const struct cli *c)
{
	json_t *args = request(c), *answer = NULL;
	int rc = pass_json(c, args, "settings", "settings");

	if (rc == 0)
		rc = pass_json(c, args, "protected", "protected");
	if (rc != 0) {
		json_decref(args);
		return rc;
	}
	cli_pass(c, args, "publisher", "publisher");
	cli_pass(c, args, "type", "type");
	cli_pass(c, args, "version", "version");
	cli_pass(c, args, "force-update", "forceUpdate");
	if (cli_flag(c, "no-auto-upgrade"))
		json_object_set_new(args, "autoUpgrade", json_false());
	cli_pass(c, args, "state", "state");
	rc = client_ask(&c->lab->paths, "extension set", args, NULL, &answer);
	if (rc == LAB_OK && cli_flag(c, "json"))
		cli_print_json(answer);
	else
		json_decref(answer);
	return rc;
}

/* The columns of `az vm extension list -o table`, as wide as what stands in them, two blanks
 * between. */
static const struct {
	const char *title, *key;
} columns[] = {
	{ "Name", "name" },
	{ "ProvisioningState", "provisioningState" },
	{ "Publisher", "publisher" },
	{ "Version", "typeHandlerVersion" },
	{ "AutoUpgradeMinorVersion", "autoUpgradeMinorVersion" },
};

static const char *cell_text(const json_t *row, size_t column)
{
	const json_t *value = json_object_get(row, columns[column].key);

	if (json_is_boolean(value))
		return json_is_true(value) ? "True" : "False";
	return json_string_value(value) != NULL ? json_string_value(value) : "";
}

static void print_line(const json_t *row, const size_t *widths, bool title)
{
	AUTO_BUF struct buf line = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		(void)!buf_add_format(&line, "%-*s%s", (int)widths[i],
				      title ? columns[i].title : cell_text(row, i),
				      i + 1 < ARRAY_SIZE(columns) ? "  " : "");
	if (line.data != NULL)
		for (char *end = line.data + line.len; end > line.data && end[-1] == ' ';)
			*--end = '\0';
	puts(buf_text(&line));
}

static void print_table(const json_t *rows)
{
	size_t widths[ARRAY_SIZE(columns)], i;
	json_t *row;

	if (json_array_size(rows) == 0)
		return;
	for (size_t n = 0; n < ARRAY_SIZE(columns); n++) {
		widths[n] = strlen(columns[n].title);
		json_array_foreach(rows, i, row) if (strlen(cell_text(row, n)) > widths[n])
			widths[n] = strlen(cell_text(row, n));
	}
	print_line(NULL, widths, true);
	for (size_t n = 0; n < ARRAY_SIZE(columns); n++) {
		for (i = 0; i < widths[n]; i++)
			putchar('-');
		fputs(n + 1 < ARRAY_SIZE(columns) ? "  " : "\n", stdout);
	}
	json_array_foreach(rows, i, row) print_line(row, widths, false);
}

static int run_list(const struct cli *c)
{
	AUTO_JSON json_t *answer = NULL;
	const char *output = cli_value(c, "output");
	int rc = client_ask(&c->lab->paths, "extension list", request(c), NULL, &answer);

	if (rc != LAB_OK)
		return rc;
	if (cli_flag(c, "json") || text_eq(output, "json"))
		cli_print_json(json_incref(answer));
	else
		print_table(answer);
	return LAB_OK;
}

static int run_show(const struct cli *c)
{
	AUTO_JSON json_t *answer = NULL;
	int rc = client_ask(&c->lab->paths, "extension show", request(c), NULL, &answer);

	if (rc != LAB_OK)
		return rc;
	if (cli_flag(c, "json")) {
		cli_print_json(json_incref(answer));
		return LAB_OK;
	}
	printf("%s %s: %s\n", json_text_at(answer, "name", ""), json_text_at(answer, "version", ""),
	       json_text_at(answer, "provisioningState", ""));
	printf("handler: %s, %s\n", json_text_at(answer, "report.handler.status", "no report yet"),
	       json_text_at(answer, "report.handler.formattedMessage.message", ""));
	printf("status:  %s, code %lld, %s\n",
	       json_text_at(answer, "report.status.status", "no report yet"),
	       json_int_at(answer, "report.status.code", 0),
	       json_text_at(answer, "report.status.formattedMessage.message", ""));
	return LAB_OK;
}

static int run_delete(const struct cli *c)
{
	return client_ask(&c->lab->paths, "extension delete", request(c), NULL, NULL);
}

static void print_progress(const char *text)
{
	puts(text);
	(void)fflush(stdout);
}

static int run_wait(const struct cli *c)
{
	AUTO_JSON json_t *answer = NULL;
	const char *timeout = cli_value(c, "timeout");
	json_t *args = request(c);
	long seconds = 600;
	int rc;

	if (timeout != NULL && (text_to_long(timeout, 10, &seconds) < 0 || seconds < 0)) {
		fprintf(stderr, "ib-lab: --timeout takes seconds\n");
		json_decref(args);
		return LAB_USAGE;
	}
	json_object_set_new(args, "timeout", json_integer(seconds));
	cli_pass(c, args, "until", "until");
	cli_pass(c, args, "progress", "progress");
	rc = client_ask(&c->lab->paths, "extension wait", args, print_progress, &answer);
	if (rc != LAB_OK)
		return rc;
	if (cli_flag(c, "json"))
		cli_print_json(json_incref(answer));
	else if (!cli_flag(c, "progress"))
		printf("%s: %s\n", json_text_at(answer, "end", ""),
		       json_text_at(answer, "message", ""));
	return LAB_OK;
}

const struct cli_verb cli_extension_verbs[] = {
	{ "extension set",
	  "VM [--name N] [--publisher P] [--type T] [--version 1.1] [--settings JSON|@FILE] "
	  "[--protected JSON|@FILE] [--force-update TAG] [--no-auto-upgrade] [--state "
	  "enabled|disabled]",
	  "ask for an extension",
	  "name= publisher= type= version= settings= protected= force-update= no-auto-upgrade "
	  "state= json",
	  1, 1, run_set },
	{ "extension list", "VM [-o table|json]", "what the agent reported, as az prints it",
	  "output= json", 1, 1, run_list },
	{ "extension show", "VM [--name N]", "one extension", "name= json", 1, 1, run_show },
	{ "extension delete", "VM [--name N]", "ask for its removal", "name= json", 1, 1,
	  run_delete },
	{ "extension wait",
	  "VM [--name N] [--timeout S] [--until final|success|error|gone] [--progress]",
	  "until the agent reports an end; 4 if that is an error",
	  "name= timeout= until= progress json", 1, 1, run_wait },
	{ 0 },
};
