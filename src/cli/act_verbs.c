/* apply, undo, handler: verbs that change the machine. */
#include <errno.h>
#include <fcntl.h>

#include "act/act.h"
#include "act/carry.h"
#include "act/journal/ended.h"
#include "act/boot/hand_over.h"
#include "act/judge.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/page.h"
#include "cli/render.h"
#include "cli/standing.h"
#include "handler/handler.h"

/* The log that the Azure page names gets what a verb at the shell does, too. */
static int open_status_log(struct app *app)
{
	int fd;

	if (fs_make_dirs(app->host.root, STATUS_LOG_DIR, 0755) < 0)
		return -1;
	fd = openat(app->host.root, STATUS_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd >= 0)
		(void)log_add_sink(&app->log, log_sink_text, (void *)(intptr_t)fd, LEVEL_INFO);
	return fd;
}

static json_t *differences_to_json(const struct outcome *o)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < o->ndifferences && i < DIFFERENCES_MAX; i++) {
		const struct difference *d = &o->differences[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:s, s:s}", "kind",
						      d->kind, "name", json_text_or_null(d->name),
						      "before", json_text_or_null(d->before),
						      "after", json_text_or_null(d->after), "why",
						      difference_why(d), "explanation",
						      difference_explained(d)));
	}
	return list;
}

static json_t *outcome_to_json(const struct outcome *o)
{
	return json_pack("{s:s, s:i, s:o, s:s, s:o, s:b, s:b, s:o, s:o, s:b, s:i, s:o}", "schema",
			 "ib-vmext/outcome/1", "exitCode", o->exit_code, "fault",
			 json_text_or_null(o->fault == FAULT_NONE ? "" : fault_row(o->fault)->slug),
			 "message", o->message, "run", json_text_or_null(o->run), "changed",
			 o->changed, "rebootPending", o->reboot_pending, "plan",
			 plan_to_json(&o->plan), "verify", verify_to_json(&o->verification),
			 "compared", o->compared, "differenceCount", (int)o->ndifferences,
			 "differences", differences_to_json(o));
}

/* Of a run that was undone: what it was held against, and what differs. */
static void show_differences(struct app *app, const struct outcome *o)
{
	struct page page = page_of(app->out);

	if (o->ndifferences > 0)
		page_heading(&page, "Held against how it was before:");
	for (unsigned i = 0; i < o->ndifferences && i < DIFFERENCES_MAX; i++) {
		const struct difference *d = &o->differences[i];
		struct page_label label = { .indent = 2,
					    .field = 10,
					    .style = d->why == DIFFERS_LEFT ? PAGE_BAD : PAGE_PLAIN,
					    .text = d->kind };

		page_item(&page, &label, "%s%s: %s before, %s now; %s",
			  text_eq(d->kind, "file") ? "/" : "", d->name, d->before, d->after,
			  difference_explained(d));
	}
	if (o->ndifferences > DIFFERENCES_MAX)
		page_text(&page, 2, "and %u more, which the log names",
			  o->ndifferences - DIFFERENCES_MAX);
}

int show_outcome(struct app *app, const struct outcome *o)
{
	if (app->json) {
		AUTO_JSON json_t *document = outcome_to_json(o);

		if (print_json(app, document) != 0)
			return 14;
		return o->exit_code;
	}
	fprintf(app->out, "%s\n", o->message);
	show_differences(app, o);
	if (o->facts.nports) {
		fputc('\n', app->out);
		render_ports(app->out, &o->facts);
	}
	return o->exit_code;
}

static bool agreed(struct app *app)
{
	char answer[8] = "";

	if (!isatty(STDIN_FILENO))
		return false;
	fprintf(app->out, "\nGo on? [y/N] ");
	(void)fflush(app->out);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Show the plan and ask, unless --yes. Returns 0 to go on, or the exit code to end with. */
static int show_and_ask(struct app *app, bool yes, bool reload, struct outcome *o)
{
	AUTO_TRANSACTION struct transaction t = { 0 };
	struct error err = { 0 };

	if (yes)
		return 0;
	if (act_judge(&app->host, app->catalogue, &app->settings, &o->facts, &o->plan, &err) < 0)
		return fail(app, &err);
	if (fetch_pack(app, &o->facts, &o->plan, &err) < 0)
		return fail(app, &err);
	if (o->plan.decision.exit_code == 0 && o->plan.nsteps == 0)
		return 0;
	if (o->plan.decision.exit_code == 0 && reload && plan_reload(&o->plan, &o->facts, &err) < 0)
		return fail(app, &err);
	if (o->plan.decision.exit_code == 0 && carry_possible(&o->plan, &o->facts, &err) < 0) {
		render_plan(app->out, &o->plan, &o->facts);
		fputc('\n', app->out);
		return fail(app, &err);
	}
	if (o->plan.decision.exit_code == 0 &&
	    act_resolve(&app->host, &app->settings, &o->facts, &o->plan, &t, &err) < 0)
		return fail(app, &err);
	render_plan(app->out, &o->plan, &o->facts);
	if (o->plan.decision.exit_code != 0)
		return o->plan.decision.exit_code;
	if (agreed(app))
		return 0;
	error_set(&err, FAULT_USAGE, 0,
		  "nothing was changed: not agreed to; use --yes where nobody can answer");
	return fail(app, &err);
}

static void digest_settings(const struct settings *s, char ret[static DIGEST_TEXT_SIZE])
{
	AUTO_JSON json_t *j = settings_to_json(s);
	AUTO_BUF struct buf text = { 0 };

	(void)json_write(j, false, &text);
	digest_of(buf_text(&text), text.len, ret);
}

/* Under a program that waits for us: -1 to go on here, or the exit code to end with. Only what was
 * agreed to beforehand is handed on, and neither a catalogue of somebody's own nor a reload: then
 * the work is done here. */
static int give_to_a_unit(struct app *app, bool yes, bool reload)
{
	struct error err = { 0 };
	char told[400];
	bool given;

	if (!yes || reload || app->catalogue_path)
		return -1;
	if (hand_over(&app->host, "/proc/self/exe", &app->settings, &given, told, sizeof(told),
		      &err) < 0)
		return fail(app, &err);
	if (given)
		fprintf(stderr, "ib-vmext: %s\n", told);
	return given ? 0 : -1;
}

/* While the lock is held. A run that goes on at the next boot has not ended. */
static void note_end(struct app *app, const char *kind, const struct outcome *o,
		     const struct error *err)
{
	struct ended e;

	if (err)
		ended_of_error(err, &e);
	else
		ended_of(o, &e);
	TEXT_COPY(e.kind, kind);
	if (err || !o->rebooting)
		ended_write(&app->host, &e);
}

int verb_apply(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct outcome *o = calloc(1, sizeof(*o));
	AUTO_FD int log_fd = -1;
	char digest[DIGEST_TEXT_SIZE];
	struct apply_options options = { .settings = &app->settings,
					 .settings_digest = digest,
					 .version = IB_VMEXT_VERSION,
					 .seq = -1,
					 .reload = option_given(argc, argv, "--reload"),
					 .wait = true };
	struct error err = { 0 };
	struct act act;
	bool yes;
	int rc;

	if (!o)
		return fault_row(FAULT_INTERNAL)->exit_code;
	if (app->world) {
		error_set(&err, FAULT_WORLD_READ_ONLY, EROFS,
			  "a world is read-only: nothing can be applied to it");
		return fail(app, &err);
	}
	yes = app->json || option_given(argc, argv, "--yes");
	rc = give_to_a_unit(app, yes, options.reload);
	if (rc >= 0)
		return rc;
	rc = show_and_ask(app, yes, options.reload, o);
	if (rc != 0)
		return rc;
	log_fd = open_status_log(app);
	digest_settings(&app->settings, digest);
	if (act_open(&act, &app->host, app->catalogue, true, &err) < 0)
		return fail(app, &err);
	rc = act_apply(&act, &options, o, &err);
	note_end(app, "apply", o, rc < 0 ? &err : NULL);
	act_close(&act);
	return rc < 0 ? fail(app, &err) : show_outcome(app, o);
}

int verb_undo(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct outcome *o = calloc(1, sizeof(*o));
	AUTO_FD int log_fd = -1;
	struct error err = { 0 };
	struct act act;
	int rc;

	if (!o)
		return fault_row(FAULT_INTERNAL)->exit_code;
	if (act_open(&act, &app->host, app->catalogue, true, &err) < 0)
		return fail(app, &err);
	log_fd = open_status_log(app);
	rc = act_undo(&act, option_given(argc, argv, "--force"), o, &err);
	note_end(app, "undo", o, rc < 0 ? &err : NULL);
	act_close(&act);
	return rc < 0 ? fail(app, &err) : show_outcome(app, o);
}

int verb_handler(struct app *app, int argc, char **argv)
{
	struct handler_app handler;
	int rc;

	(void)argc;
	handler_app_init(&handler, &app->host, app->catalogue);
	rc = handler_main(&handler, argv[0]);
	if (handler.out.len)
		fprintf(app->out, "%s", buf_text(&handler.out));
	if (handler.complaint.len)
		fprintf(stderr, "%s", buf_text(&handler.complaint));
	handler_app_free(&handler);
	return rc;
}
