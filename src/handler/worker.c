/* handler/worker.c - `handler worker`: carries out request.json, and whatever newer one takes its
 * place meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act/catalogue/fetch.h"
#include "act/act.h"
#include "act/catalogue/file.h"
#include "act/boot/kernel_change.h"
#include "act/journal/ended.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "handler/decide.h"
#include "handler/handler.h"
#include "handler/outcome.h"
#include "act/program.h"
#include "handler/reporter.h"
#include "handler/request.h"
#include "handler/result.h"
#include "handler/state.h"
#include "handler/streams.h"
#include "host/host.h"

enum { NICE = 19, WAIT_STEP_MS = 1000 };

/* One request, from its reading to its end. */
struct job {
	struct handler_app *app;
	const struct host *host;
	struct request request;
	struct settings settings;
	struct reporter reporter;
	struct catalogue_choice catalogue;
	struct act act;
	struct outcome outcome;
	struct stat seen;  /* request.json, when it was last read */
	int64_t newer_seq; /* of the request that replaced it, where `replaced` */
	bool replaced;
	int64_t began_ms;
	unsigned attempts;
};

/* Beside a running job: least processor and disk share, and first for the OOM killer, as are our
 * children. */
static void be_humble(const struct host *h)
{
	AUTO_FD int fd = openat(h->root, "proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	(void)setpriority(PRIO_PROCESS, 0, NICE);
	(void)syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 7); /* this process; best effort, lowest */
	if (fd >= 0 && write(fd, "500", 3) < 0)
		LOG(h->log, DEBUG, "worker.oom", "oom_score_adj cannot be set, ignoring");
}

static bool request_file_changed(struct job *j)
{
	struct stat st;

	if (fstatat(j->host->root, ACT_STATE_DIR "/" REQUEST_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (st.st_ino == j->seen.st_ino && st.st_mtim.tv_sec == j->seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == j->seen.st_mtim.tv_nsec)
		return false;
	j->seen = st;
	return true;
}

/* The same work, asked for by another version of the handler, or again: go on, and tell the new
 * place. */
static void adopt(struct job *j, struct request *newer)
{
	request_free(&j->request);
	j->request = *newer;
	newer->file = (struct settings_file) { 0 };
	(void)TEXT_COPY(j->reporter.dir, j->request.status_dir);
	reporter_write(&j->reporter);
}

/* Asked by act between steps. */
static bool is_replaced(void *ctx)
{
	struct job *j = ctx;
	AUTO_REQUEST struct request now = { 0 };

	if (j->replaced)
		return true;
	if (!request_file_changed(j) || request_read(j->host, &now) < 0)
		return false;
	if (request_same_work(&now, &j->request)) {
		adopt(j, &now);
		return false;
	}
	j->newer_seq = now.seq;
	j->replaced = true;
	return true;
}

static void keep_result(struct job *j, const json_t *document)
{
	struct result r = { .seq = j->request.seq,
			    .requested_at = j->request.requested_at,
			    .success = j->reporter.status.state == STATUS_SUCCESS,
			    .exit_code = j->outcome.exit_code,
			    .fault = j->outcome.fault,
			    .attempts = j->attempts,
			    .status = (json_t *)document };
	struct error err = { 0 };

	(void)TEXT_COPY(r.digest, j->request.digest);
	(void)TEXT_COPY(r.version, j->app->version);
	(void)TEXT_COPY(r.message, j->reporter.status.message);
	boot_id_read(j->host, r.boot);
	if (result_write(j->host, &r, &err) < 0)
		LOG(j->host->log, ERROR, "result.write", "%s", err.what);
}

/* The machine goes down: the request has not ended, and the next boot goes on with it. */
static void leave_open(struct job *j)
{
	status_set(&j->reporter.status, STATUS_TRANSITIONING, 0, j->outcome.message);
	reporter_write(&j->reporter);
	LOG(j->host->log, INFO, "worker.reboot", "request %lld goes on after the restart: %s",
	    (long long)j->request.seq, j->outcome.message);
}

/* What `status` tells at a shell. */
static void note_end(struct job *j)
{
	const struct status *s = &j->reporter.status;
	struct ended e;

	ended_of(&j->outcome, &e);
	e.seq = j->request.seq;
	e.exit_code = s->code;
	if (j->request.kind == REQUEST_UNDO)
		(void)TEXT_COPY(e.kind, "undo");
	(void)TEXT_COPY(e.message, s->message);
	ended_write(j->host, &e);
}

/* The result before the status: cut off between the two, the next `enable` tells it from the
 * result. */
static void finish(struct job *j)
{
	struct status *s = &j->reporter.status;
	AUTO_JSON json_t *document = NULL;

	status_from_outcome(&j->outcome, &j->settings, s);
	status_redact(s, j->host->log);
	document = status_to_json(s, j->host->clock->realtime_ms(j->host->clock));
	keep_result(j, document);
	note_end(j);
	reporter_write(&j->reporter);
	log_event(j->host->log, s->state == STATUS_SUCCESS ? LEVEL_INFO : LEVEL_ERROR, "worker.end",
		  "request %lld ended with %s, code %d: %s", (long long)j->request.seq,
		  status_state_name(s->state), s->code, s->message);
}

static void fail(struct job *j, const struct error *err)
{
	struct status said = { 0 };

	status_fail(&said, err->fault, err->what);
	j->outcome.exit_code = said.code;
	j->outcome.fault = err->fault;
	(void)TEXT_COPY(j->outcome.message, said.message);
}

static int attempt(struct job *j, struct error *err)
{
	int64_t spent_s = (j->host->clock->monotonic_ms(j->host->clock) - j->began_ms) / 1000;
	struct settings left = j->settings;
	struct apply_options o = { .settings = &left,
				   .settings_digest = j->request.digest,
				   .version = j->app->version,
				   .seq = j->request.seq,
				   .wait = true,
				   .stop = is_replaced,
				   .ctx = j };
	int rc;

	left.timeouts.total_s -= spent_s < left.timeouts.total_s ? (int)spent_s
								 : left.timeouts.total_s;
	j->attempts++;
	rc = j->request.kind == REQUEST_UNDO
		     ? act_undo(&j->act, j->settings.force, &j->outcome, err)
		     : act_apply(&j->act, &o, &j->outcome, err);
	explicit_bzero(&left, sizeof left);
	return rc;
}

/* Wait before the next attempt, saying so. False: there will be none. */
static bool wait_to_retry(struct job *j)
{
	const struct clock *clock = j->host->clock;
	int delay_s = retry_delay_s(j->outcome.fault, j->attempts);
	int64_t now = clock->monotonic_ms(clock);
	int64_t until = now + (int64_t)delay_s * 1000;
	char when[21];

	if (j->outcome.exit_code == 0 || delay_s < 0 || j->request.kind == REQUEST_UNDO ||
	    until - j->began_ms > (int64_t)j->settings.timeouts.total_s * 1000)
		return false;
	time_text(clock->realtime_ms(clock) + (int64_t)delay_s * 1000, when);
	log_stage(j->host->log, "retry", STAGE_WAITING, -1, "worker.retry",
		  "attempt %u of %d failed and is made again at %s: %s", j->attempts, ATTEMPTS_MAX,
		  when, j->outcome.message);
	while (clock->monotonic_ms(clock) < until) {
		if (is_replaced(j) || !state_has(j->host, REQUEST_FILE)) /* or uninstalled */
			return false;
		clock->sleep_ms(clock, WAIT_STEP_MS);
	}
	log_stage(j->host->log, "retry", STAGE_DONE, -1, "worker.again", "attempt %u begins",
		  j->attempts + 1);
	return true;
}

static void do_work(struct job *j)
{
	do {
		struct error err = { 0 };

		memset(&j->outcome, 0, sizeof j->outcome);
		if (attempt(j, &err) < 0)
			fail(j, &err);
	} while (wait_to_retry(j));
	if (j->outcome.fault == FAULT_TAKEN_OVER) {
		struct error err = { 0 };

		(void)error_set(&err, FAULT_TAKEN_OVER, 0, "replaced by request %lld",
				(long long)j->newer_seq);
		fail(j, &err);
	}
}

static int take_lock(struct job *j, struct error *err)
{
	return act_open(&j->act, j->host, j->catalogue.use, true, err);
}

/* Somebody's `ib-vmext apply` at a shell may be at work. Another worker takes our request over
 * itself: then *ret is false. */
static int wait_for_lock(struct job *j, bool *ret, struct error *err)
{
	const struct clock *clock = j->host->clock;
	int64_t until = clock->monotonic_ms(clock) + (int64_t)j->settings.timeouts.lock_s * 1000;
	bool told = false;

	for (;;) {
		pid_t holder = state_holder(j->host);
		char when[21];

		*ret = !state_is_worker(j->host, holder);
		if (!*ret || take_lock(j, err) == 0)
			return 0;
		if (err->fault != FAULT_RUN_HELD || clock->monotonic_ms(clock) >= until)
			return -1;
		time_text(clock->realtime_ms(clock) + until - clock->monotonic_ms(clock), when);
		if (!told)
			log_stage(j->host->log, "lock", STAGE_WAITING, -1, "worker.lock",
				  "waiting until %s at most: %s", when, err->what);
		told = true;
		clock->sleep_ms(clock, WAIT_STEP_MS);
		*err = (struct error) { 0 };
	}
}

static int read_settings(struct job *j, struct error *err)
{
	struct catalogue_judge by = { j->host, &j->settings, j->app->catalogue };

	if (request_settings(j->host, &j->request, &j->settings, err) < 0)
		return -1;
	catalogue_fetch(&by);
	catalogue_choose(&by, &j->catalogue);
	return 0;
}

static void run_job(struct job *j)
{
	AUTO_STREAMS struct streams streams = { 0 };
	struct error err = { 0 };
	bool ours = true;

	streams_open(&streams, j->app, j->request.log_dir, j->request.events_dir);
	reporter_begin(&j->reporter, j->host, &j->request, "The worker has begun.");
	if (j->host->log != NULL)
		(void)log_add_sink(j->host->log, reporter_sink, &j->reporter, LEVEL_INFO);
	j->began_ms = j->host->clock->monotonic_ms(j->host->clock);
	if (read_settings(j, &err) < 0 || wait_for_lock(j, &ours, &err) < 0)
		fail(j, &err);
	else if (!ours)
		return;
	else
		do_work(j);
	if (j->outcome.rebooting)
		leave_open(j);
	else
		finish(j);
	if (j->act.lock >= 0)
		act_close(&j->act);
}

/* Continue as the version that asks, if its copy is there. */
static void become_version(const struct handler_app *app, const struct request *req)
{
	char path[PROGRAM_PATH_SIZE];
	const char *const argv[] = { path, "handler", "worker", NULL };

	if (text_eq(req->version, app->version))
		return;
	program_path(req->version, path);
	LOG(app->host->log, INFO, "worker.version",
	    "request %lld is of version %s: continuing as %s", (long long)req->seq, req->version,
	    path);
	(void)execv(path, (char *const *)argv);
	LOG(app->host->log, WARNING, "worker.version", "%s cannot be executed, ignoring: %s", path,
	    strerror(errno));
}

/* Read request.json; false if there is none that has not ended. */
static bool next_request(struct job *j)
{
	AUTO_RESULT struct result last = { 0 };

	(void)request_file_changed(j);
	if (request_read(j->host, &j->request) < 0)
		return false;
	return result_read(j->host, &last) < 0 || !result_ends(&last, &j->request);
}

static void job_free(struct job *j)
{
	request_free(&j->request);
	catalogue_choice_free(&j->catalogue);
	explicit_bzero(&j->settings, sizeof j->settings);
}

/* Until request.json is a request that has ended. It is read after the lock was let go: who found
 * the lock held, wrote before. A result that cannot be written must not make a loop: the same
 * request is done once. */
int verb_worker(struct handler_app *app)
{
	AUTO_FREE struct job *j = calloc(1, sizeof *j);
	int64_t done = INT64_MIN;
	struct error err = { 0 };

	if (j == NULL) {
		(void)error_set(&err, FAULT_INTERNAL, ENOMEM, "no memory");
		return handler_fail(app, &err);
	}
	be_humble(app->host);
	for (;;) {
		*j = (struct job) { .app = app,
				    .host = app->host,
				    .act = { .lock = -1, .state = -1 } };
		if (!next_request(j) || j->request.requested_at == done)
			break;
		become_version(app, &j->request);
		run_job(j);
		done = j->request.requested_at;
		job_free(j);
	}
	job_free(j);
	return 0;
}

static int recover(struct handler_app *app, struct outcome *ret, struct error *err)
{
	struct catalogue_judge by = { app->host, NULL, app->catalogue };
	AUTO_CATALOGUE_CHOICE struct catalogue_choice catalogue = { 0 };
	AUTO_STREAMS struct streams streams = { 0 };
	struct ended ended;
	struct act act;
	bool found = false;
	int rc;

	streams_open(&streams, app, "", "");
	catalogue_choose(&by, &catalogue);
	if (act_open(&act, app->host, catalogue.use, true, err) < 0)
		return -1;
	rc = act_recover(&act, &found, ret, err);
	if (rc == 0 && found && !ret->rebooting) {
		ended_of(ret, &ended);
		ended_write(app->host, &ended);
	}
	act_close(&act);
	if (rc == 0 && found)
		LOG(app->host->log, INFO, "resume.end", "the run that was cut off has ended: %s",
		    ret->message);
	return rc;
}

/* At boot: finish what was cut off. A run begun at a shell has no request; its journal is enough.
 */
int verb_resume(struct handler_app *app)
{
	AUTO_FREE struct outcome *outcome = calloc(1, sizeof *outcome);
	AUTO_REQUEST struct request req = { 0 };
	AUTO_RESULT struct result last = { 0 };
	struct error err = { 0 };
	bool waiting;

	if (!state_journal_is_open(app->host))
		return 0;
	waiting = request_read(app->host, &req) == 0 &&
		  (result_read(app->host, &last) < 0 || !result_ends(&last, &req));
	be_humble(app->host);
	if (!waiting && outcome != NULL && recover(app, outcome, &err) < 0)
		return handler_fail(app, &err);
	return verb_worker(app);
}

/* At every boot: who holds the lock, or has a run open, looks himself. */
int verb_boot(struct handler_app *app)
{
	struct catalogue_judge by = { app->host, NULL, app->catalogue };
	AUTO_CATALOGUE_CHOICE struct catalogue_choice catalogue = { 0 };
	AUTO_STREAMS struct streams streams = { 0 };
	enum kernel_end end = KERNEL_SAME;
	struct error err = { 0 };
	struct act act;
	int rc;

	if (state_journal_is_open(app->host))
		return 0;
	streams_open(&streams, app, "", "");
	be_humble(app->host);
	catalogue_choose(&by, &catalogue);
	if (act_open(&act, app->host, catalogue.use, true, &err) < 0)
		return err.fault == FAULT_RUN_HELD ? 0 : handler_fail(app, &err);
	rc = kernel_change_mend(&act, &end, &err);
	act_close(&act);
	return rc < 0 ? handler_fail(app, &err) : 0;
}
