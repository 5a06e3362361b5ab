/* report: an HTML page of one or many machines. */
#include "base/log.h"
#include "cli/app.h"
#include "cli/report.h"
#include "host/host.h"

static json_t *report_to_json(const struct report *r)
{
	json_t *verdicts = json_object();

	for (int v = VERDICT_ABSENT; v <= VERDICT_OK; v++) {
		json_int_t count = 0;

		for (size_t i = 0; i < r->count; i++)
			count += r->nodes[i].verdict == (enum verdict)v;
		(void)json_object_set_new(verdicts, verdict_name((enum verdict)v),
					  json_integer(count));
	}
	return json_pack("{s:s, s:I, s:i, s:o}", "schema", "ib-vmext/report/1", "machines",
			 (json_int_t)r->count, "unreadable", (int)r->unreadable, "verdicts",
			 verdicts);
}

int verb_report(struct app *app, int argc, char **argv)
{
	struct report r = { .nodes = NULL };
	struct error err = { 0 };
	char when[21];
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++)
		rc = report_add(&r, argv[i], &err);
	if (rc == 0 && r.count == 0)
		rc = error_set(&err, FAULT_READ_FAILED, 0,
			       "there is no verification and no support bundle in %s", argv[0]);
	if (rc < 0) {
		report_free(&r);
		return fail(app, &err);
	}
	report_finish(&r);
	time_text(clock_system.realtime_ms(&clock_system), when);
	if (app->json) {
		AUTO_JSON json_t *document = report_to_json(&r);

		rc = print_json(app, document);
	} else {
		report_write(&r, when, app->out);
	}
	report_free(&r);
	return rc;
}
