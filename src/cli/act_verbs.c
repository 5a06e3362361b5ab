/* apply, undo, status, handler: verbs that change the machine, or tell of what was changed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "act/act.h"
#include "act/carry.h"
#include "act/boot/hand_over.h"
#include "act/journal.h"
#include "act/judge.h"
#include "act/boot/kernel_change.h"
#include "act/receipt.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/render.h"
#include "handler/handler.h"
#include "handler/result.h"
#include "host/lock.h"
#include "probe/probe.h"

#define STATUS_LOG_DIR "var/log/azure"
#define STATUS_LOG     STATUS_LOG_DIR "/ib-vmext-status"

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

static json_t *outcome_to_json(const struct outcome *o)
{
	return json_pack("{s:s, s:i, s:o, s:s, s:o, s:b, s:b, s:o, s:o}", "schema",
			 "ib-vmext/outcome/1", "exitCode", o->exit_code, "fault",
			 json_text_or_null(o->fault == FAULT_NONE ? "" : fault_row(o->fault)->slug),
			 "message", o->message, "run", json_text_or_null(o->run), "changed",
			 o->changed, "rebootPending", o->reboot_pending, "plan",
			 plan_to_json(&o->plan), "verify", verify_to_json(&o->verification));
}

static int show_outcome(struct app *app, const struct outcome *o)
{
	if (app->json) {
		AUTO_JSON json_t *document = outcome_to_json(o);

		if (print_json(app, document) != 0)
			return 14;
		return o->exit_code;
	}
	fprintf(app->out, "%s\n", o->message);
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

struct standing {
	pid_t holder; /* of the lock, 0: nobody is at work */
	bool open;    /* a run is open */
	enum phase phase;
	char run[40];
	json_t *receipt;    /* owned */
	struct result last; /* what the agent was told last */
	bool has_last;
	struct facts facts;
	char told[700]; /* of a kernel that came after the installation, "" if nothing */
};

static void standing_free(struct standing *s)
{
	json_decref(s->receipt);
	result_free(&s->last);
}

static void read_standing(struct app *app, struct standing *ret)
{
	AUTO_JOURNAL struct journal j = { .fd = -1 };
	struct act act;

	ret->receipt = receipt_read(&app->host);
	if (!kernel_change_tells(&app->host, ret->receipt, ret->told, sizeof(ret->told)))
		ret->told[0] = '\0';
	ret->has_last = result_read(&app->host, &ret->last) == 0;
	(void)probe_rdma(&app->host, &ret->facts, NULL);
	if (act_open(&act, &app->host, app->catalogue, false, NULL) < 0)
		return;
	ret->holder = lock_holder(act.state, "lock");
	if (journal_load_open(&j, &app->host, act.state, &ret->open, NULL) < 0)
		ret->open = act_is_open(&act);
	ret->phase = j.phase;
	TEXT_COPY(ret->run, j.run);
	act_close(&act);
}

static const char *standing_name(const struct standing *s)
{
	if (s->holder != 0)
		return "running";
	if (s->open)
		return s->phase == PHASE_STUCK       ? "stuck"
		       : s->phase == PHASE_REBOOTING ? "rebooting"
						     : "interrupted";
	return s->receipt ? "installed" : s->has_last ? "ended" : "none";
}

static json_t *standing_to_json(const struct standing *s)
{
	AUTO_JSON json_t *facts = facts_to_json(&s->facts);
	json_t *last = !s->has_last
			       ? json_null()
			       : json_pack("{s:I, s:b, s:i, s:s}", "seq", (json_int_t)s->last.seq,
					   "success", s->last.success, "exitCode",
					   s->last.exit_code, "message", s->last.message);

	return json_pack("{s:s, s:s, s:i, s:o, s:o, s:O?, s:o, s:O?}", "schema",
			 "ib-vmext/status/1", "state", standing_name(s), "pid", (int)s->holder,
			 "run", json_text_or_null(s->run), "phase",
			 s->open ? json_string(phase_name(s->phase)) : json_null(), "receipt",
			 s->receipt, "last", last, "ports", json_object_get(facts, "ports"));
}

static void render_standing(FILE *out, const struct standing *s)
{
	fprintf(out, "state     %s", standing_name(s));
	if (s->holder > 0)
		fprintf(out, " (pid %d)", (int)s->holder);
	if (s->open)
		fprintf(out, ", run %s, %s", s->run, phase_name(s->phase));
	fputc('\n', out);
	if (s->has_last)
		fprintf(out, "last      request %" PRId64 ": %s, code %d\n          %s\n",
			s->last.seq, s->last.success ? "success" : "error", s->last.exit_code,
			s->last.message);
	if (s->receipt)
		fprintf(out, "receipt   %s: %s\n", json_text_at(s->receipt, "at", "?"),
			json_text_at(s->receipt, "message", "?"));
	if (s->told[0])
		fprintf(out, "kernel    %s\n", s->told);
	render_ports(out, &s->facts);
}

int verb_status(struct app *app, int argc, char **argv)
{
	AUTO_FREE struct standing *s = calloc(1, sizeof(*s));
	int rc = 0;

	(void)argc;
	(void)argv;
	if (!s)
		return fault_row(FAULT_INTERNAL)->exit_code;
	read_standing(app, s);
	if (app->json) {
		AUTO_JSON json_t *document = standing_to_json(s);

		rc = print_json(app, document);
	} else {
		render_standing(app->out, s);
	}
	standing_free(s);
	return rc;
}
