/* facts, plan, explain: verbs that only look. */
#include "act/judge.h"
#include "act/prove.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "cli/app.h"
#include "cli/page.h"
#include "cli/render.h"
#include "cli/topic.h"
#include "probe/probe.h"

static int look(struct app *app, struct facts *f, struct error *err)
{
	struct probe_options options = { .metadata = true, .settings = &app->settings };

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

int verb_explain(struct app *app, int argc, char **argv)
{
	AUTO_JSON json_t *document = NULL;
	struct page page = page_of(app->out);
	struct topic topic = { 0 };
	struct error err = { 0 };

	if (argc > 0 && topic_find(argv[0], argc > 1 ? argv[1] : NULL, &topic, &err) < 0)
		return fail(app, &err);
	if (app->json) {
		document = argc == 0 ? topics_to_json() : topic_to_json(&topic);
		return print_json(app, document);
	}
	if (argc == 0)
		topics_render(&page);
	else
		topic_render(&page, &topic);
	return 0;
}
