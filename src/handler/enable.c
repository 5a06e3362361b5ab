/* handler/enable.c - `handler enable`: read, judge, tell, hand over to the worker, and return
 * within about a second. */
#include <errno.h>
#include <string.h>

#include "act/catalogue/fetch.h"
#include "act/act.h"
#include "act/carry.h"
#include "act/journal/ended.h"
#include "act/catalogue/file.h"
#include "act/judge.h"
#include "act/record/receipt.h"
#include "base/log.h"
#include "base/text.h"
#include "handler/decide.h"
#include "handler/environment.h"
#include "handler/handler.h"
#include "handler/launch.h"
#include "handler/outcome.h"
#include "act/program.h"
#include "handler/request.h"
#include "handler/result.h"
#include "handler/state.h"
#include "handler/status.h"
#include "handler/streams.h"
#include "host/host.h"

struct enable {
	struct handler_app *app;
	const struct host *host;
	struct environment env;
	struct request request;  /* as it is asked for now */
	struct request standing; /* request.json, where `has_standing` */
	struct result result;    /* result.json, where `has_result` */
	bool has_standing, has_result;
	struct settings settings;
	struct facts facts;
	struct plan plan;
	struct status status;
	int exit_code;
};

/* What a stage of `enable` comes to. */
enum { GO_ON = 0, FINISHED = 1 };

static int write_status(struct enable *e, const json_t *document, struct error *err)
{
	int rc = status_write(e->host, e->request.status_dir, e->request.seq, document);

	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATUS_DIR), -rc,
				 "cannot write %s/%lld.status: %s", e->request.status_dir,
				 (long long)e->request.seq, strerror(-rc));
	return 0;
}

static int tell(struct enable *e, struct error *err)
{
	AUTO_JSON json_t *document = NULL;

	status_redact(&e->status, e->host->log);
	document = status_to_json(&e->status, e->host->clock->realtime_ms(e->host->clock));
	return write_status(e, document, err);
}

static int read_request(struct enable *e, struct error *err)
{
	int64_t seq;

	if (environment_sequence(e->app, &e->env, &seq, err) < 0)
		return -1;
	if (request_from_agent(e->app, &e->env, seq, &e->request, err) < 0)
		return -1;
	e->has_standing = request_read(e->host, &e->standing) == 0;
	e->has_result = result_read(e->host, &e->result) == 0;
	(void)state_remove(e->host, UPDATE_FILE); /* the update, if there was one, ends here */
	return GO_ON;
}

static bool is_same_request(const struct enable *e)
{
	return e->has_standing && request_same_work(&e->standing, &e->request) &&
	       text_eq(e->standing.version, e->request.version) &&
	       text_eq(e->standing.status_dir, e->request.status_dir);
}

/* Right already? Then nothing is spawned, nobody is asked, and a status that says so is left alone.
 */
static int leave_as_it_is(struct enable *e, struct error *err)
{
	char message[STATUS_MESSAGE_SIZE] = "";
	const char *why = NULL;
	enum status_state state;

	if (state_holder(e->host) != 0)
		return GO_ON;
	if (!receipt_holds(e->host, e->request.digest, e->app->version, &why, message,
			   sizeof message)) {
		LOG(e->host->log, DEBUG, "enable.differs",
		    "the machine is not as the receipt says: %s", why != NULL ? why : "no receipt");
		return GO_ON;
	}
	if (!is_same_request(e) && request_write(e->host, &e->request, err) < 0)
		return -1;
	if (status_read(e->host, e->request.status_dir, e->request.seq, &state) < 0 ||
	    state != STATUS_SUCCESS) {
		status_set(&e->status, STATUS_SUCCESS, 0, message);
		if (tell(e, err) < 0)
			return -1;
	}
	(void)buf_add_format(&e->app->out, "ib-vmext: nothing to do: %s\n", message);
	return FINISHED;
}

/* Tell again how it ended; only where the status does not say so already. */
static int report_again(struct enable *e, struct error *err)
{
	enum status_state state;

	(void)buf_add_format(&e->app->out, "ib-vmext: request %lld has failed: %s\n",
			     (long long)e->request.seq, e->result.message);
	if (status_read(e->host, e->request.status_dir, e->request.seq, &state) == 0 &&
	    state != STATUS_TRANSITIONING)
		return FINISHED;
	if (e->result.status == NULL) {
		status_fail(&e->status, e->result.fault, e->result.message);
		return tell(e, err) < 0 ? -1 : FINISHED;
	}
	return write_status(e, e->result.status, err) < 0 ? -1 : FINISHED;
}

static int consider_repetition(struct enable *e, struct error *err)
{
	pid_t holder = state_holder(e->host);
	char boot[BOOT_ID_SIZE];
	struct repetition r = {
		.request = e->has_standing,
		.same = is_same_request(e) &&
			(!e->has_result || text_eq(e->result.version, e->app->version)),
		.at_work = state_is_worker(e->host, holder),
		.ended = e->has_standing && e->has_result && result_ends(&e->result, &e->standing),
		.success = e->result.success,
		.fault = e->result.fault,
		.attempts = e->result.attempts,
	};
	enum status_state state;

	boot_id_read(e->host, boot);
	r.boot_changed = !text_eq(boot, e->result.boot);
	switch (decide(&r)) {
	case ACTION_RUN:
		return GO_ON;
	case ACTION_REPORT:
		return report_again(e, err);
	case ACTION_AT_WORK:
		break;
	}
	(void)buf_add_format(&e->app->out, "ib-vmext: request %lld is at work in process %ld\n",
			     (long long)e->request.seq, (long)holder);
	if (status_read(e->host, e->request.status_dir, e->request.seq, &state) == 0)
		return FINISHED;
	status_set(&e->status, STATUS_TRANSITIONING, 0,
		   "The worker is installing the InfiniBand driver.");
	return tell(e, err) < 0 ? -1 : FINISHED;
}

static int read_settings(struct enable *e, struct error *err)
{
	return request_settings(e->host, &e->request, &e->settings, err);
}

/* Another catalogue, which the worker fetches, may serve what this one does not. */
static bool awaits_catalogue(const struct enable *e)
{
	int code = e->plan.decision.exit_code;

	return (code == 12 || code == 13) && catalogue_is_remote(&e->settings);
}

/* What `status` tells at a shell. */
static void note_end(struct enable *e, const struct outcome *o)
{
	struct ended ended;

	ended_of(o, &ended);
	ended.seq = e->request.seq;
	ended_write(e->host, &ended);
}

/* A VM of an image that was baked for it needs no worker. Who holds the lock looks himself, and
 * what cannot be done here the worker does. */
static int adopt_image(struct enable *e, struct error *err)
{
	struct catalogue_judge by = { e->host, &e->settings, e->app->catalogue };
	AUTO_CATALOGUE_CHOICE struct catalogue_choice catalogue = { 0 };
	AUTO_FREE struct outcome *o = calloc(1, sizeof *o);
	struct apply_options options = { .settings = &e->settings,
					 .settings_digest = e->request.digest,
					 .version = e->app->version,
					 .seq = e->request.seq };
	bool adopted = false;
	struct error why = { 0 };
	struct act act;
	char differs[300];

	if (o == NULL || !state_has(e->host, "baked.json"))
		return GO_ON;
	catalogue_choose(&by, &catalogue);
	if (act_open(&act, e->host, catalogue.use, true, &why) < 0)
		return GO_ON;
	if (act_adopt(&act, &options, o, &adopted, differs, sizeof differs, &why) < 0)
		LOG(e->host->log, WARNING, "enable.baked", "%s; the worker goes on", why.what);
	if (adopted)
		note_end(e, o);
	act_close(&act);
	if (!adopted)
		return GO_ON;
	status_set(&e->status, STATUS_SUCCESS, 0, o->message);
	if (request_write(e->host, &e->request, err) < 0 || tell(e, err) < 0)
		return -1;
	(void)buf_add_format(&e->app->out, "ib-vmext: %s\n", o->message);
	return FINISHED;
}

/* What no waiting can change is said here and now; all the rest is for the worker. */
static int judge(struct enable *e, struct error *err)
{
	struct catalogue_judge by = { e->host, &e->settings, e->app->catalogue };
	AUTO_CATALOGUE_CHOICE struct catalogue_choice catalogue = { 0 };
	const struct decision *d = &e->plan.decision;

	catalogue_choose(&by, &catalogue);
	if (act_judge(e->host, catalogue.use, &e->settings, &e->facts, &e->plan, err) < 0)
		return -1;
	carry_limit(&e->facts, &e->plan);
	if (d->exit_code == 0 || plan_may_change(&e->plan, &e->facts) || awaits_catalogue(e))
		return GO_ON;
	status_from_refusal(d, &e->settings, &e->status);
	if (tell(e, err) < 0)
		return -1;
	e->exit_code = e->status.state == STATUS_ERROR ? d->exit_code : 0;
	LOG(e->host->log, WARNING, "enable.refused", "request %lld ended with %s, code %d: %s",
	    (long long)e->request.seq, status_state_name(e->status.state), d->exit_code,
	    e->status.message);
	(void)buf_add_format(&e->app->out, "ib-vmext: %s\n", e->status.message);
	return FINISHED;
}

static int announce(struct enable *e, struct error *err)
{
	const struct decision *d = &e->plan.decision;
	char message[STATUS_MESSAGE_SIZE];

	if (awaits_catalogue(e))
		(void)TEXT_FORMAT(message, "Fetching the catalogue of catalogueUri first: %s",
				  d->reason);
	else if (d->exit_code != 0)
		(void)TEXT_FORMAT(message, "Waiting up to %d s for the InfiniBand adapter: %s",
				  e->settings.timeouts.adapter_s, d->reason);
	else
		(void)TEXT_FORMAT(message, "Starting by the route %s%s%s: %s", d->route,
				  d->version[0] != '\0' ? " " : "", d->version, d->reason);
	status_set(&e->status, STATUS_TRANSITIONING, 0, message);
	LOG(e->host->log, INFO, "enable.accepted", "request %lld: %s", (long long)e->request.seq,
	    message);
	return tell(e, err);
}

/* The copy first: a worker that is alive and sees a request of a newer version executes it. */
static int hand_over(struct enable *e, struct error *err)
{
	char program[PROGRAM_PATH_SIZE];

	if (program_install(e->host, e->app->program, e->app->version, program, err) < 0 ||
	    request_write(e->host, &e->request, err) < 0)
		return -1;
	/* After request.json was written: a worker reads it once more after it has let go of the
	 * lock. */
	if (!state_is_worker(e->host, state_holder(e->host)) &&
	    worker_start(e->app, program, e->request.seq, err) < 0)
		return -1;
	(void)buf_add_format(&e->app->out,
			     "ib-vmext: request %lld is given to the worker; its log is /" LOG_FILE
			     "\n",
			     (long long)e->request.seq);
	return FINISHED;
}

static int (*const stages[])(struct enable *e, struct error *err) = {
	read_request, leave_as_it_is, consider_repetition, read_settings, adopt_image,
	judge,        announce,       hand_over,
};

/* The status first: Azure prefers it to the exit code of the command. */
static int fail(struct enable *e, const struct error *why)
{
	struct error err = { 0 };

	status_fail(&e->status, why->fault, why->what);
	status_settle(&e->status);
	if (e->request.status_dir[0] != '\0' && why->fault != FAULT_STATUS_DIR && tell(e, &err) < 0)
		LOG(e->host->log, ERROR, "status.write", "%s", err.what);
	LOG(e->host->log, ERROR, "enable.failed", "request %lld ended with error, code %d: %s",
	    (long long)e->request.seq, fault_row(why->fault)->exit_code, why->what);
	return handler_fail(e->app, why);
}

static int run_stages(struct enable *e)
{
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		int rc = stages[i](e, &err);

		if (rc < 0)
			return fail(e, &err);
		if (rc == FINISHED)
			break;
	}
	return e->exit_code;
}

int verb_enable(struct handler_app *app)
{
	AUTO_STREAMS struct streams streams = { 0 };
	AUTO_FREE struct enable *e = calloc(1, sizeof *e);
	struct error err = { 0 };
	int code;

	if (e == NULL) {
		(void)error_set(&err, FAULT_INTERNAL, ENOMEM, "no memory");
		return handler_fail(app, &err);
	}
	*e = (struct enable) { .app = app, .host = app->host };
	if (environment_read(app, &e->env, &err) < 0) {
		streams_open(&streams, app, "", "");
		LOG(app->host->log, ERROR, "enable.failed", "%s", err.what);
		return handler_fail(app, &err);
	}
	streams_open(&streams, app, e->env.log_folder, e->env.events_folder);
	code = run_stages(e);
	request_free(&e->request);
	request_free(&e->standing);
	result_free(&e->result);
	explicit_bzero(&e->settings, sizeof e->settings);
	return code;
}
