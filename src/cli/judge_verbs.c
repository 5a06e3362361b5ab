/* facts, plan, verify, explain: verbs that only look. */
#include "act/judge.h"
#include "act/prove.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "cli/render.h"
#include "probe/probe.h"
#include "verify/verify.h"

static int look(struct app *app, struct facts *f, struct error *err)
{
	struct probe_options options = { .metadata = true };

	if (probe_facts(&app->host, &options, f, err) < 0)
		return -1;
	catalogue_classify(app->catalogue, f);
	return 0;
}

static int no_memory(struct app *app)
{
	struct error err = { 0 };

	error_set(&err, FAULT_INTERNAL, 0, "no memory");
	return fail(app, &err);
}

int verb_facts(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };

	(void)argc;
	(void)argv;
	if (!f)
		return no_memory(app);
	if (look(app, f, &err) < 0)
		return fail(app, &err);
	if (!app->json) {
		render_facts(app->out, f);
		return 0;
	}
	document = facts_to_json(f);
	return print_json(app, document);
}

int verb_plan(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_FREE struct plan *p = calloc(1, sizeof(*p));
	AUTO_TRANSACTION struct transaction t = { 0 };
	AUTO_JSON json_t *document = NULL;
	struct error err = { 0 };

	if (!f || !p)
		return no_memory(app);
	if (act_judge(&app->host, app->catalogue, &app->settings, f, p, &err) < 0)
		return fail(app, &err);
	if (option_given(argc, argv, "--resolve") && p->decision.exit_code == 0 &&
	    act_resolve(&app->host, &app->settings, f, p, &t, &err) < 0)
		return fail(app, &err);
	if (app->json) {
		document = plan_to_json(p);
		if (print_json(app, document) != 0)
			return 14;
	} else {
		render_plan(app->out, p, f);
	}
	return p->decision.exit_code;
}

static int verdict_exit(enum verdict v)
{
	return v == VERDICT_OK ? 0 : v == VERDICT_ABSENT ? 11 : 14;
}

int verb_verify(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *document = NULL;
	struct verification v;
	struct error err = { 0 };

	(void)argc;
	(void)argv;
	if (!f)
		return no_memory(app);
	if (look(app, f, &err) < 0)
		return fail(app, &err);
	verify_facts(f, app->catalogue, &v);
	if (app->json) {
		document = verify_to_json(&v);
		if (print_json(app, document) != 0)
			return 14;
	} else {
		render_verification(app->out, &v, f);
	}
	return verdict_exit(v.verdict);
}

static void explain_fault(FILE *out, const struct fault_row *row)
{
	fprintf(out,
		"%s (exit code %d)\n  cause:   %s\n  remedy:  %s\n  who:     %s\n  a retry: %s\n",
		row->slug, row->exit_code, row->cause, row->remedy, row->who,
		row->transient ? "can help by itself" : "changes nothing");
}

static int explain_code(struct app *app, int code)
{
	const struct exit_row *row = exit_row(code);
	struct error err = { 0 };

	if (!row) {
		error_set(&err, FAULT_USAGE, 0,
			  "%d is not an exit code of this program; they are 0, 1, 10 to 14", code);
		return fail(app, &err);
	}
	fprintf(app->out, "%d: %s %s\n", row->code, row->meaning, row->remedy);
	for (int i = 1; i < FAULT_COUNT; i++)
		if (fault_row((enum fault)i)->exit_code == code)
			fprintf(app->out, "  %-28s %s\n", fault_row((enum fault)i)->slug,
				fault_row((enum fault)i)->cause);
	return 0;
}

static const char *nearest_fault(const char *word)
{
	const char *slugs[FAULT_COUNT] = { NULL };

	for (int i = 1; i < FAULT_COUNT; i++)
		slugs[i - 1] = fault_row((enum fault)i)->slug;
	return text_nearest(word, slugs);
}

int verb_explain(struct app *app, int argc, char **argv)
{
	struct error err = { 0 };
	enum fault fault;
	long code;

	if (argc == 0) {
		static const int codes[] = { 0, 1, 10, 11, 12, 13, 14 };

		for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
			fprintf(app->out, "%3d  %s\n", codes[i], exit_row(codes[i])->meaning);
		return 0;
	}
	if (text_to_long(argv[0], 10, &code) == 0)
		return explain_code(app, (int)code);
	fault = fault_by_slug(argv[0]);
	if (fault != FAULT_NONE) {
		explain_fault(app->out, fault_row(fault));
		return 0;
	}
	error_set(&err, FAULT_USAGE, 0, "there is no code or fault %s%s%s", argv[0],
		  nearest_fault(argv[0]) ? "; did you mean " : "",
		  nearest_fault(argv[0]) ? nearest_fault(argv[0]) : "");
	return fail(app, &err);
}
