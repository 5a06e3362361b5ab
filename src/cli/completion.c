/* The completion for bash, from the tables. */
#include <ctype.h>
#include <string.h>

#include "cli/app.h"
#include "cli/help.h"
#include "cli/options.h"

/* "make DIR [--key FILE]|list [DIR]" -> "make list ": the words of small letters that a form begins
 * with, where there are several forms. */
static void put_second_words(FILE *out, const char *args)
{
	unsigned depth = 0;
	bool first = true;

	if (!strchr(args, '|') || args[0] == '[')
		return;
	for (const char *c = args; *c; c++) {
		depth += (*c == '[') - (*c == ']');
		if (first && islower((unsigned char)*c)) {
			size_t len = strspn(c, "abcdefghijklmnopqrstuvwxyz");

			fprintf(out, "%.*s ", (int)len, c);
			c += len - 1;
		}
		first = *c == '|' && depth == 0;
	}
}

static void put_verb(FILE *out, const struct verb *v)
{
	fprintf(out, "\t%s) words='", v->name);
	put_second_words(out, v->args);
	fprintf(out, "' options='");
	for (const struct verb_option *o = v->options; o && o->name; o++)
		fprintf(out, "%s ", o->name);
	fprintf(out, "' ;;\n");
}

/* The patterns of those options that are followed by a word of this kind. */
static void put_options_with(FILE *out, const char *value, const char *then)
{
	const char *between = "\t";

	for (const struct global_option *o = global_options; o->name; o++) {
		if (!o->value || strcmp(o->value, value) != 0)
			continue;
		fprintf(out, "%s%s", between, o->name);
		between = " | ";
	}
	if (between[0] != '\t')
		fprintf(out, ") %s; return ;;\n", then);
}

void completion_print(FILE *out)
{
	fputs("# bash completion for ib-vmext, made from its table of verbs.\n"
	      "_ib_vmext()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb= at=0 "
	      "i words= options=\n"
	      "\tCOMPREPLY=()\n\tcase $prev in\n",
	      out);
	put_options_with(out, "DIR", "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))");
	put_options_with(out, "FILE",
			 "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))");
	put_options_with(out, "LEVEL",
			 "COMPREPLY=($(compgen -W 'debug info warning error' -- \"$cur\"))");
	fputs("\tesac\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n",
	      out);
	for (const struct global_option *o = global_options; o->name; o++)
		if (o->value)
			fprintf(out, "\t\t%s) i=$((i + 1)) ;;\n", o->name);
	fputs("\t\t-*) ;;\n"
	      "\t\t*) if [[ ! $verb ]]; then verb=${COMP_WORDS[i]} at=$i; fi ;;\n"
	      "\t\tesac\n\tdone\n\tcase $verb in\n\t'') words='",
	      out);
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(out, "%s ", v->name);
	fputs("' ;;\n", out);
	for (const struct verb *v = verbs; v->name; v++)
		put_verb(out, v);
	fputs("\tesac\n\toptions+='", out);
	for (const struct global_option *o = global_options; o->name; o++)
		fprintf(out, "%s ", o->name);
	fputs("'\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\telif [[ $words && (! $verb || $COMP_CWORD -eq $((at + 1))) ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\telse\n"
	      "\t\tcompopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	      "\tfi\n}\ncomplete -F _ib_vmext ib-vmext\n",
	      out);
}
