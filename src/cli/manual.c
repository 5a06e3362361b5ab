/* The manual pages, in the language of man(7), from the tables. */
#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/help.h"
#include "cli/options.h"

static const int codes[] = { 0, 1, 10, 11, 12, 13, 14 };

static const struct {
	const char *path, *what;
} files[] = {
	{ "/var/log/azure/ib-vmext-status", "the log: one line a fact" },
	{ "/var/lib/ib-vmext", "what was done, and what is needed to undo it" },
	{ "/etc/ib-vmext/settings.json",
	  "the settings that ib-vmext.service takes, where the file is there" },
	{ "/usr/libexec/ib-vmext", "the copy of the program that goes on after a restart" },
};

/* Text is shown as it is, but for `code`, which is bold: hyphens and backslashes are the reader's
 * to copy, and no line may begin as a request does. */
static void put(FILE *out, const char *text)
{
	bool bold = false;

	if (text[0] == '.' || text[0] == '\'')
		fputs("\\&", out);
	for (const char *c = text; *c; c++) {
		if (*c == '`') {
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", out);
		} else if (*c == '-') {
			fputs("\\-", out);
		} else if (*c == '\\') {
			fputs("\\e", out);
		} else {
			fputc(*c == '\n' ? ' ' : *c, out);
		}
	}
	if (bold)
		fputs("\\fR", out);
}

static void put_line(FILE *out, const char *text)
{
	put(out, text);
	fputc('\n', out);
}

/* A tagged paragraph: the name in bold, what follows it as it is. */
static void put_tag(FILE *out, const char *name, const char *rest)
{
	fputs(".TP\n\\fB", out);
	put(out, name);
	fputs("\\fR", out);
	if (rest && rest[0]) {
		fputc(' ', out);
		put(out, rest);
	}
	fputc('\n', out);
}

static void put_title(FILE *out, const char *name, const char *section, const char *what)
{
	fprintf(out,
		".\\\" Made from the program's own tables; changes here are lost.\n"
		".TH %s %s \"\" \"ib\\-vmext %s\" \"ib\\-vmext\"\n.SH NAME\n",
		name, section, IB_VMEXT_VERSION);
	put_line(out, what);
}

static void put_verbs(FILE *out)
{
	fputs(".SH VERBS\n", out);
	for (const struct verb *v = verbs; v->name; v++) {
		put_tag(out, v->name, v->args);
		put(out, v->help);
		fputs(v->flags & VERB_NEEDS_ROOT ? ". Needs root.\n" : ".\n", out);
		if (!v->options)
			continue;
		fputs(".RS\n", out);
		for (const struct verb_option *o = v->options; o->name; o++) {
			put_tag(out, o->name, NULL);
			put_line(out, o->help);
		}
		fputs(".RE\n", out);
	}
}

static void put_options(FILE *out)
{
	fputs(".SH OPTIONS\nThey may stand before the verb and after it.\n", out);
	for (const struct global_option *o = global_options; o->name; o++) {
		put_tag(out, o->name, o->value);
		put_line(out, o->help);
	}
}

static void put_exit_status(FILE *out)
{
	fputs(".SH EXIT STATUS\nThe same codes stand in the status that Azure shows. "
	      "\\fBib\\-vmext explain\\fR tells cause and remedy of a fault.\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		const struct exit_row *row = exit_row(codes[i]);
		unsigned n = 0;
		char code[8];

		(void)TEXT_FORMAT(code, "%d", row->code);
		put_tag(out, code, NULL);
		put_line(out, row->meaning);
		put_line(out, row->remedy);
		for (int f = 1; f < FAULT_COUNT; f++) {
			if (fault_row((enum fault)f)->exit_code != row->code)
				continue;
			fputs(n++ == 0 ? "Faults: " : ",\n", out);
			put(out, fault_row((enum fault)f)->slug);
		}
		fputs(n > 0 ? ".\n" : "", out);
	}
}

void manual_print(FILE *out)
{
	put_title(
		out, "IB\\-VMEXT", "8",
		"ib-vmext - InfiniBand drivers for Azure VMs: planned, proven, undone on request");
	fputs(".SH SYNOPSIS\n.B ib\\-vmext\n.RI [ options ]\n.I VERB\n.RI [ ... ]\n"
	      ".SH DESCRIPTION\n",
	      out);
	put_line(out, "On a VM of the H or N series `ib-vmext` finds the ConnectX adapter, chooses "
		      "the driver that fits the adapter, the distribution and the kernel, installs "
		      "it, and proves that InfiniBand works. Nothing is changed but by `apply`, "
		      "`undo` and the agent's `handler`. The answer goes to the standard output, "
		      "the log to the standard error.");
	put_verbs(out);
	put_options(out);
	put_exit_status(out);
	fputs(".SH FILES\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		put_tag(out, files[i].path, NULL);
		put(out, files[i].what);
		fputs(".\n", out);
	}
	fputs(".SH ENVIRONMENT\n", out);
	put_tag(out, "COLUMNS", NULL);
	put_line(out, "The width of what is shown, instead of the terminal's.");
	put_tag(out, "NO_COLOR", NULL);
	put_line(out, "Where it is set, nothing is coloured.");
	fputs(".SH SEE ALSO\n.BR ib\\-vmext\\-settings (5),\n.BR ibstat (8)\n", out);
}

static void put_setting(FILE *out, const char *key, const json_t *row)
{
	const json_t *words = json_object_get(row, "enum");
	const json_t *standard = json_object_get(row, "default");
	const char *type = json_string_value(json_object_get(row, "type"));

	put_tag(out, key, type);
	put_line(out, json_string_value(json_object_get(row, "description")));
	for (size_t i = 0; i < json_array_size(words); i++) {
		fputs(i == 0 ? "One of " : ",\n", out);
		put(out, json_string_value(json_array_get(words, i)));
	}
	fputs(json_array_size(words) > 0 ? ".\n" : "", out);
	if (json_is_string(standard) && json_string_length(standard) > 0) {
		fputs("Default: ", out);
		put(out, json_string_value(standard));
		fputs(".\n", out);
	} else if (json_is_integer(standard)) {
		fprintf(out, "Default: %lld.\n", (long long)json_integer_value(standard));
	} else if (json_is_boolean(standard)) {
		fprintf(out, "Default: %s.\n", json_is_true(standard) ? "true" : "false");
	}
}

/* Members of members are named by their path. */
static int put_settings(FILE *out, const char *before, const json_t *properties)
{
	const char *key;
	json_t *row;

	if (!json_is_object(properties))
		return -EINVAL;
	json_object_foreach((json_t *)properties, key, row)
	{
		const json_t *members = json_object_get(row, "properties");
		char path[80];

		(void)TEXT_FORMAT(path, "%s%s%s", before, before[0] ? "." : "", key);
		if (members) {
			if (put_settings(out, path, members) < 0)
				return -EINVAL;
			continue;
		}
		if (!json_is_string(json_object_get(row, "description")))
			return -EINVAL;
		put_setting(out, path, row);
	}
	return 0;
}

int manual_print_settings(const json_t *schema, FILE *out)
{
	const json_t *hidden = json_object_get(json_object_get(schema, "$defs"),
					       "protectedSettings");

	put_title(out, "IB\\-VMEXT\\-SETTINGS", "5",
		  "ib-vmext-settings - settings of the InfiniBand driver extension");
	fputs(".SH DESCRIPTION\n", out);
	put_line(out, "A JSON object: the `settings` of the extension, or the file that `ib-vmext "
		      "--settings FILE` reads. All members are optional; the empty object does "
		      "what the extension promises. A member that is unknown, given twice, of "
		      "another type or out of range is refused with exit code 1, by its path.");
	fputs(".SH SETTINGS\n", out);
	if (put_settings(out, "", json_object_get(schema, "properties")) < 0)
		return -EINVAL;
	fputs(".SH PROTECTED SETTINGS\n", out);
	put_line(out, "Members of the extension's `protectedSettings`, which Azure encrypts. They "
		      "are in no log, no status and no command line.");
	if (put_settings(out, "", json_object_get(hidden, "properties")) < 0)
		return -EINVAL;
	fputs(".SH SEE ALSO\n.BR ib\\-vmext (8)\n", out);
	return 0;
}
