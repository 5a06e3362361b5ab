/* The engine: phases and the moves between them as a table; each phase is one function that ends in
 * an event. */
#include "act/run.h"

#include <string.h>

#include "act/denial.h"
#include "act/judge.h"
#include "act/outcome.h"
#include "act/program.h"
#include "act/record/receipt.h"
#include "act/boot/resume_unit.h"
#include "act/run_room.h"
#include "act/record/snapshot.h"
#include "act/tidy.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { PACKAGE_CALL_S = 3600 };

static const struct {
	enum phase from;
	enum event_kind on;
	enum phase to;
} moves[] = {
	{ PHASE_PLANNED, EV_BEGIN, PHASE_APPLYING },
	{ PHASE_PLANNED, EV_STEP_FAILED, PHASE_UNDOING },
	{ PHASE_PLANNED, EV_TURN_BACK, PHASE_UNDOING },
	{ PHASE_APPLYING, EV_ALL_DONE, PHASE_VERIFYING },
	{ PHASE_APPLYING, EV_STEP_FAILED, PHASE_UNDOING },
	{ PHASE_APPLYING, EV_TURN_BACK, PHASE_UNDOING },
	{ PHASE_VERIFYING, EV_VERIFIED, PHASE_DONE },
	{ PHASE_VERIFYING, EV_VERIFY_FAILED, PHASE_UNDOING },
	{ PHASE_VERIFYING, EV_TURN_BACK, PHASE_UNDOING },
	{ PHASE_VERIFYING, EV_REBOOT, PHASE_REBOOTING },
	{ PHASE_REBOOTING, EV_BOOTED, PHASE_VERIFYING },
	{ PHASE_REBOOTING, EV_NO_REBOOT, PHASE_VERIFYING },
	{ PHASE_REBOOTING, EV_TURN_BACK, PHASE_UNDOING },
	{ PHASE_UNDOING, EV_UNDO_OK, PHASE_UNDONE },
	{ PHASE_UNDOING, EV_UNDO_FAILED, PHASE_STUCK },
	{ PHASE_STUCK, EV_TRY_AGAIN, PHASE_UNDOING },
};

enum phase run_next_phase(enum phase from, enum event_kind on)
{
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
		if (moves[i].from == from && moves[i].on == on)
			return moves[i].to;
	return PHASE_COUNT;
}

void run_init(struct run *r, struct act *a, const struct apply_options *o, struct outcome *out)
{
	const struct clock *clock = a->host->clock;

	*r = (struct run) { .act = a,
			    .options = o,
			    .journal = { .fd = -1 },
			    .out = out,
			    .start_ms = clock->monotonic_ms(clock) };
	r->steps = (struct step_context) {
		.host = a->host,
		.settings = o->settings,
		.state_dir = a->state,
		.run = r->journal.run,
		.packages = { .host = a->host,
			      .settings = o->settings,
			      .manager = package_manager_find(out->facts.package_manager),
			      .lock_s = o->settings->timeouts.lock_s,
			      .deadline_s = PACKAGE_CALL_S,
			      .stage = "packages",
			      .stop = o->stop,
			      .stop_ctx = o->ctx },
	};
}

void run_free(struct run *r)
{
	journal_free(&r->journal);
	json_decref(r->before);
}

static bool is_taken_over(const struct run *r)
{
	return r->options->stop && r->options->stop(r->options->ctx);
}

int run_seconds_left(const struct run *r)
{
	const struct clock *clock = r->act->host->clock;
	int64_t spent_ms = clock->monotonic_ms(clock) - r->start_ms;
	int64_t left_ms = r->options->settings->timeouts.total_s * 1000LL - spent_ms;

	return left_ms > 0 ? (int)((left_ms + 999) / 1000) : 0;
}

bool run_must_stop(const struct run *r, struct error *err)
{
	if (is_taken_over(r)) {
		error_set(err, FAULT_TAKEN_OVER, 0, "a newer request took the place of this one");
		return true;
	}
	if (run_seconds_left(r) == 0) {
		error_set(err, FAULT_DEADLINE, 0, "the run took longer than timeouts.total (%d s)",
			  r->options->settings->timeouts.total_s);
		return true;
	}
	return false;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* No call and no wait on the way forward outlives the whole run. */
void run_bound_calls(struct run *r)
{
	int left_s = run_seconds_left(r);

	r->steps.packages.deadline_s = least(PACKAGE_CALL_S, left_s > 0 ? left_s : 1);
	r->steps.packages.lock_s = least(r->options->settings->timeouts.lock_s, left_s);
}

/* A newer request or a deadline does not stop the way back. */
static void unbound_calls(struct run *r)
{
	r->steps.packages.deadline_s = PACKAGE_CALL_S;
	r->steps.packages.lock_s = r->options->settings->timeouts.lock_s;
	r->steps.packages.stop = NULL;
}

static json_t *cause_to_json(const struct error *cause)
{
	return json_pack("{s:s, s:o}", "fault", fault_row(cause->fault)->slug, "what",
			 json_text_or_null(cause->what));
}

void run_load_cause(struct run *r)
{
	const char *slug = json_text_at(r->journal.cause, "fault", "");

	if (slug[0])
		error_set(&r->cause, fault_by_slug(slug), 0, "%s",
			  json_text_at(r->journal.cause, "what", ""));
}

/* Make the move that the event means, with what has to be known of it after a crash. */
static int move_on(struct run *r, enum event_kind on, struct error *err)
{
	AUTO_JSON json_t *why = NULL;
	enum phase to = run_next_phase(r->journal.phase, on);

	if (to == PHASE_COUNT)
		return error_set(err, FAULT_INTERNAL, 0, "event %d in phase %s", (int)on,
				 phase_name(r->journal.phase));
	if (to == PHASE_UNDOING && on != EV_TRY_AGAIN)
		why = cause_to_json(&r->cause);
	else if (to == PHASE_STUCK)
		why = cause_to_json(&r->stuck);
	return journal_phase(&r->journal, to, why, err);
}

int run_turn_back(struct run *r, const struct error *cause, struct error *err)
{
	r->cause = *cause;
	return move_on(r, EV_TURN_BACK, err);
}

/* Write the intent of a step that has not been begun. Returns 1 if it is done, since there is
 * nothing to do. */
static int step_begin(struct run *r, unsigned at, struct error *cause, struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];
	AUTO_JSON json_t *seen = NULL;

	if (step_check(&r->steps, s))
		return journal_outcome(&r->journal, at, STEP_SKIPPED, "already so", err) < 0 ? -1
											     : 1;
	if (step_prepare(&r->steps, s, &seen, cause) < 0)
		return -1;
	return journal_intent(&r->journal, at, seen, err);
}

/* Say that a step begins, or that it has ended: `at` is where the run stands then. */
static void tell_step(const struct run *r, unsigned step, unsigned at, const char *end)
{
	const struct plan *p = &r->journal.plan;
	struct position here = { (int)at, 0 };
	struct progress progress = { p->steps[step].id, end[0] ? STAGE_DONE : STAGE_RUNNING,
				     estimate_percent(&r->estimate, p, here),
				     estimate_left(&r->estimate, p, here) };

	log_progress(r->act->host->log, &progress, end[0] ? "step.done" : "step.begin", "%s%s",
		     p->steps[step].what, end);
}

/* ": done in 34 s" */
static void tell_done(const struct run *r, unsigned step, int64_t begun_ms)
{
	const struct clock *clock = r->act->host->clock;
	char took[40], end[60];

	duration_text((clock->monotonic_ms(clock) - begun_ms) / 1000, took, sizeof(took));
	TEXT_FORMAT(end, ": done in %s", took);
	tell_step(r, step, step + 1, end);
}

/* Bring one step from where it stands to its outcome. -1 with *cause set when it failed, with *err
 * when the journal did. */
static int step_forward(struct run *r, unsigned at, struct error *cause, struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];
	int rc;

	if (r->journal.steps[at].state == STEP_UNTOUCHED) {
		rc = step_begin(r, at, cause, err);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	} else if (step_was_done(&r->steps, s)) {
		return journal_outcome(&r->journal, at, STEP_DONE, "found done", err);
	}
	if (step_apply(&r->steps, s, r->journal.steps[at].before, cause) < 0)
		return -1;
	return journal_outcome(&r->journal, at, STEP_DONE, NULL, err);
}

static enum event_kind fail_step(struct run *r, unsigned at, struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];

	denial_explain(r->act->host, &r->cause);
	log_stage(r->act->host->log, s->id, STAGE_FAILED, -1, "step.failed", "%s", r->cause.what);
	if (r->journal.steps[at].state == STEP_INTENDED &&
	    journal_outcome(&r->journal, at, STEP_FAILED, r->cause.what, err) < 0)
		return EV_JOURNAL_FAILED;
	return EV_STEP_FAILED;
}

/* What goes on at the next boot, agent or no agent. The units of an image run the copy, too. */
static int prepare_resume(struct run *r, struct error *err)
{
	const struct act *a = r->act;
	bool resumes = resume_unit_is_possible(a->host);
	char path[PROGRAM_PATH_SIZE];

	if (!resumes && !r->options->image)
		return 0;
	if (program_install(a->host, a->program, IB_VMEXT_VERSION, path, err) < 0)
		return -1;
	return resumes ? resume_unit_install(a->host, err) : 0;
}

static enum event_kind phase_planned(struct run *r, struct error *err)
{
	(void)err;
	if (snapshot_keep(&r->journal, &r->cause) == 0 && prepare_resume(r, &r->cause) == 0)
		return EV_BEGIN;
	denial_explain(r->act->host, &r->cause);
	return EV_STEP_FAILED;
}

static enum event_kind phase_applying(struct run *r, struct error *err)
{
	const struct plan *p = &r->journal.plan;
	const struct clock *clock = r->act->host->clock;

	for (unsigned i = 0; i < p->nsteps; i++) {
		enum step_state state = r->journal.steps[i].state;
		struct error cause = { 0 }, journal = { 0 };
		int64_t begun_ms = clock->monotonic_ms(clock);

		if (state == STEP_DONE || state == STEP_SKIPPED)
			continue;
		if (run_must_stop(r, &r->cause))
			return EV_STEP_FAILED;
		run_bound_calls(r);
		tell_step(r, i, i, "");
		if (step_forward(r, i, &cause, &journal) == 0) {
			tell_done(r, i, begun_ms);
			continue;
		}
		if (journal.fault != FAULT_NONE) {
			*err = journal;
			return EV_JOURNAL_FAILED;
		}
		r->cause = cause;
		return fail_step(r, i, err);
	}
	return EV_ALL_DONE;
}

/* Undo one step. -1 with *cause set when that failed, with *err when the journal did. */
static int step_backward(struct run *r, unsigned at, struct error *cause, struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];
	const struct journal_step *js = &r->journal.steps[at];
	int rc;

	if (js->state != STEP_INTENDED && js->state != STEP_DONE && js->state != STEP_FAILED)
		return 0;
	log_stage(r->act->host->log, "undo", STAGE_RUNNING, -1, "step.undo", "putting back: %s",
		  s->what);
	rc = js->before ? step_undo(&r->steps, s, js->before, cause)
			: error_set(cause, FAULT_KEPT_BACK, 0,
				    "the journal does not tell any more how it was before: %s",
				    s->what);
	if (rc < 0 && cause->fault != FAULT_KEPT_BACK)
		return -1;
	if (rc < 0) {
		LOG(r->act->host->log, WARNING, "undo.kept", "%s", cause->what);
		r->kept = *cause;
	}
	return journal_outcome(&r->journal, at, STEP_UNDONE, rc < 0 ? cause->what : NULL, err);
}

/* An undo that somebody asked for has no phase before this one. */
static void prepare_undo(struct run *r)
{
	struct error why = { 0 };

	unbound_calls(r);
	if (journal_is_undo(&r->journal) && prepare_resume(r, &why) < 0)
		LOG(r->act->host->log, WARNING, "undo.resume",
		    "%s: going back would not go on by itself at the next boot, ignoring",
		    why.what);
}

/* The run that is undone: another, or this one. */
static const char *undoes(const struct run *r)
{
	return json_text_at(r->journal.begin, "undoes", r->journal.run);
}

static enum event_kind phase_undoing(struct run *r, struct error *err)
{
	prepare_undo(r);
	for (unsigned i = r->journal.plan.nsteps; i-- > 0;) {
		struct error cause = { 0 }, journal = { 0 };

		if (step_backward(r, i, &cause, &journal) == 0)
			continue;
		if (journal.fault != FAULT_NONE) {
			*err = journal;
			return EV_JOURNAL_FAILED;
		}
		denial_explain(r->act->host, &cause);
		error_set(&r->stuck, FAULT_UNDO_FAILED, 0, "putting back \"%s\" failed: %s",
			  r->journal.plan.steps[i].what, cause.what);
		log_stage(r->act->host->log, "undo", STAGE_FAILED, -1, "undo.failed", "%s",
			  r->stuck.what);
		return EV_UNDO_FAILED;
	}
	/* A run that was verified before it was turned back is listed, too. */
	if (receipt_drop(r->act->host, undoes(r), err) < 0)
		return EV_JOURNAL_FAILED;
	log_stage(r->act->host->log, "undo", STAGE_DONE, -1, "undo.done",
		  "everything is as it was before");
	return EV_UNDO_OK;
}

static enum event_kind (*const phases[PHASE_COUNT])(struct run *r, struct error *err) = {
	[PHASE_PLANNED] = phase_planned,     [PHASE_APPLYING] = phase_applying,
	[PHASE_VERIFYING] = phase_verifying, [PHASE_REBOOTING] = phase_rebooting,
	[PHASE_UNDOING] = phase_undoing,
};

/* Modules are never unloaded: did the run load any, or a boot on its behalf? */
static bool modules_stay(const struct journal *j)
{
	if (j->reboots > 0 && !text_eq(j->ordered_boot, j->boot))
		return true;
	for (unsigned i = 0; i < j->plan.nsteps; i++)
		if (j->plan.steps[i].kind == STEP_MODULES && j->steps[i].before &&
		    j->steps[i].state == STEP_UNDONE)
			return true;
	return false;
}

static void fill_undone(struct run *r)
{
	struct outcome *out = r->out;
	char state[400];

	snapshot_compare(r->before, &r->journal, &r->kept, out);
	outcome_left(out, &r->kept);
	outcome_others(out, modules_stay(&r->journal), state, sizeof(state));
	if (r->kept.fault != FAULT_NONE)
		outcome_of_end(out, &r->kept, "Everything else is as it was before");
	else if (journal_is_undo(&r->journal))
		sentences_join(out->message, sizeof(out->message), state, "", "");
	else
		outcome_of_end(out, &r->cause, state);
}

/* Codes 1 and 10 to 13 are judgements before the work; whatever goes wrong after it began is 14
 * (design.md, section 4). */
static void fill_outcome(struct run *r)
{
	struct outcome *out = r->out;
	static const struct error unknown = { .fault = FAULT_INTERNAL,
					      .what = "the run was undone, and its journal does "
						      "not tell why" };

	TEXT_COPY(out->run, r->journal.run);
	out->plan = r->journal.plan;
	out->exit_code = 0;
	out->fault = FAULT_NONE;
	if (r->cause.fault == FAULT_NONE)
		r->cause = unknown;
	switch (r->journal.phase) {
	case PHASE_DONE:
		run_fill_done(r);
		break;
	case PHASE_REBOOTING:
		out->rebooting = true;
		TEXT_COPY(out->message, "The driver is installed. The VM restarts now, and "
					"InfiniBand is looked at after that.");
		break;
	case PHASE_UNDONE:
		fill_undone(r);
		break;
	default:
		outcome_of_end(out, &r->stuck, journal_is_undo(&r->journal) ? "" : r->cause.what);
	}
	out->changed = r->journal.phase != PHASE_UNDONE || r->kept.fault != FAULT_NONE;
}

/* To the end of the run, or until the journal fails. */
static int drive(struct run *r, struct error *err)
{
	if (r->journal.phase == PHASE_STUCK && move_on(r, EV_TRY_AGAIN, err) < 0)
		return -1;
	while (r->journal.phase < PHASE_DONE) {
		enum event_kind on = phases[r->journal.phase](r, err);

		if (on == EV_REBOOTS)
			return 0;
		if (on == EV_JOURNAL_FAILED || move_on(r, on, err) < 0)
			return -1;
	}
	/* A stuck run stays open: the next one tries again. */
	if (r->journal.phase == PHASE_STUCK)
		return 0;
	if (r->journal.phase == PHASE_UNDONE)
		r->before = snapshot_load(&r->journal, undoes(r));
	tidy_run(r->act, &r->journal);
	return journal_close(&r->journal, err);
}

int run_drive(struct run *r, struct error *err)
{
	if (!r->estimate.basis[0])
		estimate_of(r->act->host, r->act->state, &r->journal.plan, &r->estimate);
	if (drive(r, err) < 0)
		return error_wrap(err, "run %s stays open, the next one goes on with it",
				  r->journal.run);
	fill_outcome(r);
	return 0;
}
