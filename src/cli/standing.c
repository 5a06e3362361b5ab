/* Reads where the last run stands: lock, journal, request, result, receipt, log. */
#include "cli/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "act/act.h"
#include "act/boot/kernel_change.h"
#include "act/record/receipt.h"
#include "base/text.h"
#include "cli/app.h"
#include "handler/request.h"
#include "host/lock.h"
#include "probe/probe.h"

enum { TAIL_BYTES = 8192, FAILED = 14 };

void standing_free(struct standing *s)
{
	json_decref(s->receipt);
	result_free(&s->last);
	journal_free(&s->journal);
}

/* "2026-11-22T11:00:00Z info step.begin: install ..." without what stands before the sentence. */
static const char *sentence_of(const char *line)
{
	const char *at = strstr(line, ": ");

	return at ? at + 2 : line;
}

static void read_doing(struct app *app, struct standing *s)
{
	AUTO_FD int fd = openat(app->host.root, STATUS_LOG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char tail[TAIL_BYTES + 1];
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t n = end <= 0 ? 0
			     : pread(fd, tail, TAIL_BYTES, end > TAIL_BYTES ? end - TAIL_BYTES : 0);
	char *line;

	while (n > 0 && tail[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	tail[n] = '\0';
	line = strrchr(tail, '\n');
	TEXT_COPY(s->doing, sentence_of(line ? line + 1 : tail));
}

static void read_request(struct app *app, struct standing *s)
{
	AUTO_REQUEST struct request req = { 0 };

	if (request_read(&app->host, &req) < 0)
		return;
	s->has_request = !s->has_last || !result_ends(&s->last, &req);
	s->request_seq = req.seq;
	s->requested_ms = req.requested_at;
}

/* The step at work, and since when. */
static int64_t find_step(struct standing *s)
{
	const struct journal *j = &s->journal;

	s->step = -1;
	if (j->phase == PHASE_VERIFYING) {
		s->step = (int)j->plan.nsteps;
		return j->phase_ms[PHASE_VERIFYING];
	}
	for (unsigned i = 0; i < j->plan.nsteps && j->phase <= PHASE_APPLYING; i++) {
		enum step_state state = j->steps[i].state;

		if (state == STEP_DONE || state == STEP_SKIPPED)
			continue;
		s->step = (int)i;
		return j->steps[i].begun_ms ? j->steps[i].begun_ms : j->last_ms;
	}
	return 0;
}

static void find_progress(const struct act *a, struct standing *s)
{
	int64_t since = s->open ? find_step(s) : 0;
	struct position at = { s->step, since ? (s->now_ms - since) / 1000 : 0 };

	s->percent = -1;
	if (!s->holder || !s->open || s->journal.phase > PHASE_VERIFYING)
		return;
	estimate_of(a->host, a->state, &s->journal.plan, &s->estimate);
	s->percent = estimate_percent(&s->estimate, &s->journal.plan, at);
	s->left_s = estimate_left(&s->estimate, &s->journal.plan, at);
}

static void find_since(struct standing *s)
{
	if (s->open)
		s->since_ms = s->journal.begun_ms;
	else if (s->has_request)
		s->since_ms = s->requested_ms;
	else if (!s->holder && (!s->has_ended || time_parse(s->ended.at, &s->since_ms) < 0))
		s->since_ms = 0;
}

static void read_run(struct app *app, struct standing *s)
{
	struct error err = { 0 };
	struct act act;

	if (act_open(&act, &app->host, app->catalogue, false, &err) < 0) {
		s->hidden = err.sys == EACCES || err.sys == EPERM;
		return;
	}
	s->holder = lock_holder(act.state, "lock");
	if (journal_load_open(&s->journal, &app->host, act.state, &s->open, NULL) < 0)
		s->open = act_is_open(&act);
	find_progress(&act, s);
	act_close(&act);
}

void standing_read(struct app *app, struct standing *ret)
{
	const struct clock *clock = app->host.clock;

	memset(ret, 0, sizeof(*ret));
	ret->journal.fd = -1;
	ret->percent = ret->step = -1;
	ret->now_ms = clock->realtime_ms(clock);
	/* First whether somebody is at work: what is read after its end is of its end. */
	read_run(app, ret);
	ret->receipt = receipt_read(&app->host);
	if (!kernel_change_tells(&app->host, ret->receipt, ret->told, sizeof(ret->told)))
		ret->told[0] = '\0';
	ret->has_last = result_read(&app->host, &ret->last) == 0;
	ret->has_ended = ended_read(&app->host, &ret->ended) == 0;
	read_request(app, ret);
	(void)probe_rdma(&app->host, &ret->facts, NULL);
	find_since(ret);
	if (ret->holder != 0)
		read_doing(app, ret);
}

const char *standing_name(const struct standing *s)
{
	if (s->hidden)
		return "unknown";
	if (s->holder != 0)
		return "running";
	if (s->open)
		return s->journal.phase == PHASE_STUCK       ? "stuck"
		       : s->journal.phase == PHASE_REBOOTING ? "rebooting"
							     : "interrupted";
	if (s->has_request)
		return "waiting";
	if (s->has_ended && s->ended.exit_code != 0)
		return "failed";
	if (s->receipt)
		return "installed";
	if (s->has_ended)
		return text_eq(s->ended.kind, "undo") ? "undone" : "ended";
	return s->has_last ? "ended" : "none";
}

bool standing_goes_on(const struct standing *s)
{
	return s->holder != 0 || (s->open && s->journal.phase == PHASE_REBOOTING) ||
	       (s->has_request && !s->open);
}

int standing_exit_code(const struct standing *s)
{
	if (s->hidden || s->open || s->has_request)
		return FAILED;
	if (s->has_ended)
		return s->ended.exit_code;
	return s->has_last ? s->last.exit_code : 0;
}

const char *standing_next(const struct standing *s)
{
	static const struct {
		const char *state, *next;
	} rows[] = {
		{ "unknown",
		  "Ask as root: what is kept of the last run is readable by root alone." },
		{ "running", "Nothing: it ends by itself. ib-vmext status --watch follows it." },
		{ "rebooting", "Nothing: the VM restarts, and the run goes on by itself." },
		{ "waiting",
		  "Nothing: a worker begins at once, or at the next goal state or boot." },
		{ "interrupted",
		  "Run ib-vmext apply to go on, or ib-vmext undo to go back; the next "
		  "boot or goal state goes on by itself." },
		{ "undone", "Nothing. ib-vmext plan shows what apply would do." },
		{ "none", "Nothing was done here yet. ib-vmext plan shows what apply would do." },
	};
	const char *state = standing_name(s);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (text_eq(rows[i].state, state))
			return rows[i].next;
	if (text_eq(state, "stuck"))
		return fault_row(FAULT_UNDO_FAILED)->remedy;
	if (s->has_ended && s->ended.fault != FAULT_NONE)
		return fault_row(s->ended.fault)->remedy;
	if (s->has_ended && s->ended.reboot_pending)
		return "Restart the VM when it suits: the new driver takes effect then.";
	return "Nothing. ib-vmext verify looks at the ports as they are now.";
}

static json_t *time_or_null(int64_t ms)
{
	char text[21];

	if (ms <= 0)
		return json_null();
	time_text(ms, text);
	return json_string(text);
}

static json_t *steps_to_json(const struct standing *s)
{
	const struct journal *j = &s->journal;
	json_t *list = json_array();

	for (unsigned i = 0; list && i < j->plan.nsteps; i++) {
		const struct journal_step *js = &j->steps[i];
		json_t *seconds = js->begun_ms && js->ended_ms >= js->begun_ms
					  ? json_integer((js->ended_ms - js->begun_ms) / 1000)
					  : json_null();

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:o, s:o}", "id",
						j->plan.steps[i].id, "what", j->plan.steps[i].what,
						"state", step_state_name(js->state), "since",
						time_or_null(js->begun_ms), "seconds", seconds));
	}
	return list;
}

static json_t *progress_to_json(const struct standing *s)
{
	if (s->holder == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "doing", json_text_or_null(s->doing),
			 "percent", s->percent < 0 ? json_null() : json_integer(s->percent),
			 "leftSeconds", s->left_s > 0 ? json_integer(s->left_s) : json_null(),
			 "basis", json_text_or_null(s->estimate.basis), "steps", steps_to_json(s));
}

static json_t *ended_to_json(const struct standing *s)
{
	const struct ended *e = &s->ended;

	if (!s->has_ended)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:i, s:o, s:b, s:o, s:s}", "at", e->at, "kind", e->kind,
			 "seq", (json_int_t)e->seq, "exitCode", e->exit_code, "fault",
			 e->fault == FAULT_NONE ? json_null()
						: json_string(fault_row(e->fault)->slug),
			 "rebootPending", e->reboot_pending, "run", json_text_or_null(e->run),
			 "message", e->message);
}

json_t *standing_to_json(const struct standing *s)
{
	AUTO_JSON json_t *facts = facts_to_json(&s->facts);
	json_t *last = !s->has_last
			       ? json_null()
			       : json_pack("{s:I, s:b, s:i, s:s}", "seq", (json_int_t)s->last.seq,
					   "success", s->last.success, "exitCode",
					   s->last.exit_code, "message", s->last.message);

	return json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:O?, s:o, s:O?, s:s}", "schema",
			 "ib-vmext/status/1", "state", standing_name(s), "pid", (int)s->holder,
			 "run", json_text_or_null(s->journal.run), "phase",
			 s->open ? json_string(phase_name(s->journal.phase)) : json_null(), "since",
			 time_or_null(s->since_ms), "progress", progress_to_json(s), "ended",
			 ended_to_json(s), "receipt", s->receipt, "last", last, "ports",
			 json_object_get(facts, "ports"), "next", standing_next(s));
}
