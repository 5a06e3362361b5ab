/* handler/uninstall.c - `handler uninstall`: nothing in an update; else what onRemove says. */
#include <errno.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/settings.h"
#include "handler/environment.h"
#include "handler/handler.h"
#include "handler/launch.h"
#include "act/program.h"
#include "handler/request.h"
#include "handler/result.h"
#include "handler/state.h"
#include "handler/streams.h"
#include "handler/update.h"
#include "host/host.h"

/* The agent kills the command after 300 s. */
enum { UNDO_WITHIN_MS = 240 * 1000, LOOK_EVERY_MS = 200 };

/* The last request's settings; where there is none, those that the agent has now. */
static int find_request(struct handler_app *app, struct request *ret)
{
	struct environment env = { 0 };
	int64_t seq;

	if (request_read(app->host, ret) == 0)
		return 0;
	if (environment_read(app, &env, NULL) < 0 ||
	    environment_sequence(app, &env, &seq, NULL) < 0)
		return -1;
	return request_from_agent(app, &env, seq, ret, NULL);
}

static bool wants_undo(const struct request *r)
{
	struct settings settings;

	settings_defaults(&settings);
	return settings_read_public(r->file.public_part, &settings, NULL) == 0 &&
	       settings.on_remove == REMOVE_UNDO;
}

static int keep(struct handler_app *app)
{
	(void)state_remove(app->host, REQUEST_FILE);
	(void)state_remove(app->host, RESULT_FILE);
	return buf_add_text(&app->out, "ib-vmext: the InfiniBand driver stays, as onRemove says; "
				       "`ib-vmext undo` takes it back\n") < 0;
}

/* The agent is about to delete the handler's directory: nobody is left to read N.status. */
static int start_undo(struct handler_app *app, struct request *req, struct error *err)
{
	char program[PROGRAM_PATH_SIZE];

	req->kind = REQUEST_UNDO;
	req->status_dir[0] = req->events_dir[0] = '\0';
	req->requested_at = app->host->clock->realtime_ms(app->host->clock);
	(void)TEXT_COPY(req->version, app->version);
	if (program_install(app->host, app->program, app->version, program, err) < 0 ||
	    request_write(app->host, req, err) < 0)
		return -1;
	if (state_is_worker(app->host, state_holder(app->host)))
		return 0;
	return worker_start(app, program, req->seq, err);
}

static bool wait_for_end(const struct host *h, const struct request *req, struct result *ret)
{
	int64_t until = h->clock->monotonic_ms(h->clock) + UNDO_WITHIN_MS;

	while (result_read(h, ret) < 0 || !result_ends(ret, req)) {
		result_free(ret);
		if (h->clock->monotonic_ms(h->clock) >= until)
			return false;
		h->clock->sleep_ms(h->clock, LOOK_EVERY_MS);
	}
	return true;
}

static void forget(const struct host *h)
{
	(void)state_remove(h, REQUEST_FILE);
	(void)state_remove(h, RESULT_FILE);
	if (fs_remove(h->root, PROGRAM_DIR) < 0)
		LOG(h->log, WARNING, "uninstall.program",
		    "/" PROGRAM_DIR " cannot be removed, ignoring");
}

static int undo(struct handler_app *app, struct request *req)
{
	AUTO_RESULT struct result result = { 0 };
	struct error err = { 0 };

	if (start_undo(app, req, &err) < 0)
		return handler_fail(app, &err);
	if (!wait_for_end(app->host, req, &result)) {
		(void)buf_add_text(&app->out,
				   "ib-vmext: the driver is still being taken back; how it "
				   "ends stands in /" LOG_FILE "\n");
		return 0;
	}
	if (!result.success && result.fault != FAULT_NOTHING_TO_UNDO) {
		(void)error_set(&err, result.fault, 0, "%.470s", result.message);
		return handler_fail(app, &err);
	}
	(void)buf_add_format(&app->out, "ib-vmext: %s\n", result.message);
	forget(app->host);
	return 0;
}

int verb_uninstall(struct handler_app *app)
{
	AUTO_STREAMS struct streams streams = { 0 };
	AUTO_REQUEST struct request req = { 0 };
	int code;

	streams_open(&streams, app, "", "");
	if (update_is_under_way(app->host))
		return buf_add_text(&app->out,
				    "ib-vmext: an update is under way: nothing is touched\n") < 0;
	(void)state_remove(app->host, UPDATE_FILE);
	code = find_request(app, &req) == 0 && wants_undo(&req) ? undo(app, &req) : keep(app);
	LOG(app->host->log, INFO, "uninstall", "uninstall ended with code %d", code);
	return code;
}
