/* The help text, from the tables. */
#include "cli/help.h"

#include <string.h>

#include "cli/app.h"
#include "cli/options.h"

void help_print(FILE *out)
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
	fprintf(out, "\nOptions:\n");
	for (const struct global_option *o = global_options; o->name; o++) {
		int at = fprintf(out, "  %s%s%s", o->name, o->value ? " " : "",
				 o->value ? o->value : "");

		fprintf(out, "%*s%s\n", at < 21 ? 21 - at : 1, "", o->help);
	}
	fprintf(out,
		"\nExit codes: 0 done, 1 used wrongly, 10 no Hyper-V support, 11 no InfiniBand "
		"here, 12 image not\n"
		"supported, 13 VM size not supported, 14 failed. `ib-vmext explain CODE` says "
		"more.\n");
}
