/* What verbs answer with: a document, a refusal. */
#include <string.h>

#include "base/text.h"
#include "cli/app.h"
#include "plan/plan.h"

bool option_given(int argc, char **argv, const char *name)
{
	for (int i = 0; i < argc; i++)
		if (text_eq(argv[i], name))
			return true;
	return false;
}

const char *option_value(int argc, char **argv, const char *name)
{
	for (int i = 0; i + 1 < argc; i++)
		if (text_eq(argv[i], name))
			return argv[i + 1];
	return NULL;
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

int usage_error(struct app *app, const char *what, const char *word)
{
	struct error err = { 0 };

	error_set(&err, FAULT_USAGE, 0, "%.100s: %.100s", what, word);
	return fail(app, &err);
}
