/* The engine: phases and the moves between them as a table; each phase is one function that ends in
 * an event. */
#include "act/run.h"

#include <string.h>

#include "act/judge.h"
#include "act/prove.h"
#include "act/receipt.h"
#include "act/resume_unit.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { DRIVER_APPEARS_S = 15, PACKAGE_CALL_S = 3600, PERCENT_PLANNED = 5, PERCENT_VERIFY = 90 };

enum event_kind {
	EV_BEGIN,
	EV_ALL_DONE,
	EV_STEP_FAILED,
	EV_VERIFIED, /* proven, or the driver serves and only the fabric or the rate is not as it
			should be */
	EV_VERIFY_FAILED, /* the new stack does not work */
	EV_UNDO_OK,
	EV_UNDO_FAILED,
	EV_JOURNAL_FAILED, /* not in the table: the run stays as it is */
};

static const struct {
	enum phase from;
	enum event_kind on;
	enum phase to;
} moves[] = {
	{ PHASE_PLANNED, EV_BEGIN, PHASE_APPLYING },
	{ PHASE_PLANNED, EV_STEP_FAILED, PHASE_UNDOING },
	{ PHASE_APPLYING, EV_ALL_DONE, PHASE_VERIFYING },
	{ PHASE_APPLYING, EV_STEP_FAILED, PHASE_UNDOING },
	{ PHASE_VERIFYING, EV_VERIFIED, PHASE_DONE },
	{ PHASE_VERIFYING, EV_VERIFY_FAILED, PHASE_UNDOING },
	{ PHASE_UNDOING, EV_UNDO_OK, PHASE_UNDONE },
	{ PHASE_UNDOING, EV_UNDO_FAILED, PHASE_STUCK },
};

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
}

bool run_must_stop(const struct run *r, struct error *err)
{
	const struct clock *clock = r->act->host->clock;
	int total_s = r->options->settings->timeouts.total_s;

	if (r->options->stop && r->options->stop(r->options->ctx)) {
		error_set(err, FAULT_TAKEN_OVER, 0, "a newer request took the place of this one");
		return true;
	}
	if (clock->monotonic_ms(clock) - r->start_ms >= total_s * 1000LL) {
		error_set(err, FAULT_DEADLINE, 0, "the run took longer than timeouts.total (%d s)",
			  total_s);
		return true;
	}
	return false;
}

static json_t *cause_to_json(const struct error *cause)
{
	return json_pack("{s:s, s:s}", "fault", fault_row(cause->fault)->slug, "what", cause->what);
}

void run_load_cause(struct run *r)
{
	const char *slug = json_text_at(r->journal.cause, "fault", "");

	if (slug[0])
		error_set(&r->cause, fault_by_slug(slug), 0, "%s",
			  json_text_at(r->journal.cause, "what", ""));
}

int run_turn_back(struct run *r, const struct error *cause, struct error *err)
{
	AUTO_JSON json_t *why = cause_to_json(cause);

	r->cause = *cause;
	return journal_phase(&r->journal, PHASE_UNDOING, why, err);
}

/* How far the run is when step `at` of the plan begins: its share of the steps' percentages. */
static int percent_at(const struct plan *p, unsigned at)
{
	int before = 0, all = 0;

	for (unsigned i = 0; i < p->nsteps; i++) {
		int share = step_ops(p->steps[i].kind)->percent;

		all += share;
		before += i < at ? share : 0;
	}
	return PERCENT_PLANNED + (all ? before * (PERCENT_VERIFY - PERCENT_PLANNED) / all : 0);
}

/* Bring one step from where it stands to its outcome. -1 with *cause set when it failed, with *err
 * when the journal did. */
static int step_forward(struct run *r, unsigned at, struct error *cause, struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];
	const struct step_ops *ops = step_ops(s->kind);
	const json_t *before = r->journal.steps[at].before;
	AUTO_JSON json_t *seen = NULL;

	if (r->journal.steps[at].state == STEP_INTENDED && ops->confirm(&r->steps, s, cause) == 0)
		return journal_outcome(&r->journal, at, STEP_DONE, "found done", err);
	if (r->journal.steps[at].state == STEP_UNTOUCHED) {
		if (ops->check(&r->steps, s))
			return journal_outcome(&r->journal, at, STEP_SKIPPED, "already so", err);
		if (ops->prepare(&r->steps, s, &seen, cause) < 0)
			return -1;
		if (journal_intent(&r->journal, at, seen, err) < 0)
			return -1;
		before = seen;
	}
	if (ops->apply(&r->steps, s, before, cause) < 0 || ops->confirm(&r->steps, s, cause) < 0)
		return -1;
	return journal_outcome(&r->journal, at, STEP_DONE, NULL, err);
}

static enum event_kind fail_step(struct run *r, unsigned at, const struct error *cause,
				 struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];

	log_stage(r->act->host->log, s->id, STAGE_FAILED, -1, "step.failed", "%s", cause->what);
	if (r->journal.steps[at].state == STEP_INTENDED &&
	    journal_outcome(&r->journal, at, STEP_FAILED, cause->what, err) < 0)
		return EV_JOURNAL_FAILED;
	return EV_STEP_FAILED;
}

static enum event_kind phase_planned(struct run *r, struct error *err)
{
	(void)err;
	r->out->changed = true;
	if (resume_unit_install(r->act->host, &r->cause) < 0)
		return EV_STEP_FAILED;
	return EV_BEGIN;
}

static enum event_kind phase_applying(struct run *r, struct error *err)
{
	const struct plan *p = &r->journal.plan;
	struct log *log = r->act->host->log;

	r->out->changed = true;
	for (unsigned i = 0; i < p->nsteps; i++) {
		enum step_state state = r->journal.steps[i].state;
		struct error cause = { 0 }, journal = { 0 };

		if (state == STEP_DONE || state == STEP_SKIPPED)
			continue;
		if (run_must_stop(r, &r->cause))
			return EV_STEP_FAILED;
		log_stage(log, p->steps[i].id, STAGE_RUNNING, percent_at(p, i), "step.begin", "%s",
			  p->steps[i].what);
		if (step_forward(r, i, &cause, &journal) == 0) {
			log_stage(log, p->steps[i].id, STAGE_DONE, percent_at(p, i + 1),
				  "step.done", "%s: done", p->steps[i].what);
			continue;
		}
		if (journal.fault != FAULT_NONE) {
			*err = journal;
			return EV_JOURNAL_FAILED;
		}
		r->cause = cause;
		return fail_step(r, i, &cause, err);
	}
	return EV_ALL_DONE;
}

static void success_message(struct run *r, const char *route)
{
	char summary[300];

	verify_summary(&r->out->verification, &r->out->facts, summary, sizeof(summary));
	TEXT_FORMAT(r->out->message, "InfiniBand works: %s. Driver: %s %s (%s).", summary,
		    driver_kind_name(r->out->facts.driver.kind), r->out->facts.driver.version,
		    text_eq(route, "keep") ? "kept as it was" : "installed by this extension");
}

static int store_receipt(struct run *r, struct error *err)
{
	struct receipt_entry e = {
		.facts = &r->out->facts,
		.journal = &r->journal,
		.settings_digest = r->options->settings_digest,
		.version = r->options->version,
		.route = r->journal.plan.decision.route,
		.message = r->out->message,
		.seq = r->options->seq,
	};

	return receipt_write(r->act->host, &e, err);
}

static enum event_kind phase_verifying(struct run *r, struct error *err)
{
	struct prove_options o = { .driver_s = DRIVER_APPEARS_S,
				   .fabric_s = r->options->settings->timeouts.fabric_s,
				   .stop = r->options->stop,
				   .ctx = r->options->ctx };
	struct verification *v = &r->out->verification;
	char summary[300];

	r->out->changed = true;
	log_stage(r->act->host->log, "verify", STAGE_RUNNING, PERCENT_VERIFY, "verify.begin",
		  "looking at the ports");
	if (act_look_again(r->act->host, r->act->catalogue, &r->out->facts, &r->cause) < 0 ||
	    prove(r->act->host, r->act->catalogue, &o, &r->out->facts, v, &r->cause) < 0)
		return EV_VERIFY_FAILED;
	verify_summary(v, &r->out->facts, summary, sizeof(summary));
	if (v->verdict == VERDICT_DRIVER_BROKEN || v->verdict == VERDICT_ABSENT) {
		log_stage(r->act->host->log, "verify", STAGE_FAILED, -1, "verify.failed", "%s",
			  summary);
		error_set(&r->cause, FAULT_DRIVER_BROKEN, 0,
			  "the driver was installed and loaded, but %s", summary);
		return EV_VERIFY_FAILED;
	}
	success_message(r, r->journal.plan.decision.route);
	if (store_receipt(r, err) < 0)
		return EV_JOURNAL_FAILED;
	return EV_VERIFIED;
}

static int step_backward(struct run *r, unsigned at, struct error *cause, struct error *err)
{
	const struct step *s = &r->journal.plan.steps[at];
	const struct journal_step *js = &r->journal.steps[at];

	if (js->state != STEP_INTENDED && js->state != STEP_DONE && js->state != STEP_FAILED)
		return 0;
	log_stage(r->act->host->log, "undo", STAGE_RUNNING, -1, "step.undo", "putting back: %s",
		  s->what);
	if (step_ops(s->kind)->undo(&r->steps, s, js->before, cause) < 0)
		return -1;
	return journal_outcome(&r->journal, at, STEP_UNDONE, NULL, err);
}

static enum event_kind phase_undoing(struct run *r, struct error *err)
{
	const char *undoes;

	r->out->changed = true;
	/* A newer request or a deadline does not stop the way back. */
	r->steps.packages.stop = NULL;
	for (unsigned i = r->journal.plan.nsteps; i-- > 0;) {
		struct error cause = { 0 }, journal = { 0 };

		if (step_backward(r, i, &cause, &journal) == 0)
			continue;
		if (journal.fault != FAULT_NONE) {
			*err = journal;
			return EV_JOURNAL_FAILED;
		}
		error_set(&r->cause, FAULT_UNDO_FAILED, 0, "putting back \"%s\" failed: %s",
			  r->journal.plan.steps[i].what, cause.what);
		log_stage(r->act->host->log, "undo", STAGE_FAILED, -1, "undo.failed", "%s",
			  r->cause.what);
		return EV_UNDO_FAILED;
	}
	log_stage(r->act->host->log, "undo", STAGE_DONE, -1, "undo.done",
		  "everything is as it was before");
	undoes = json_text_at(r->journal.begin, "undoes", NULL);
	if (undoes && receipt_drop(r->act->host, undoes, err) < 0)
		return EV_JOURNAL_FAILED;
	return EV_UNDO_OK;
}

static enum event_kind (*const phases[PHASE_COUNT])(struct run *r, struct error *err) = {
	[PHASE_PLANNED] = phase_planned,
	[PHASE_APPLYING] = phase_applying,
	[PHASE_VERIFYING] = phase_verifying,
	[PHASE_UNDOING] = phase_undoing,
};

static enum phase next_phase(enum phase from, enum event_kind on)
{
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++)
		if (moves[i].from == from && moves[i].on == on)
			return moves[i].to;
	return PHASE_STUCK; /* not in the table: our own bug, and it says so by being stuck */
}

static void outcome_of_error(struct outcome *out, const struct error *cause)
{
	const struct fault_row *row = fault_row(cause->fault);

	out->fault = cause->fault;
	out->exit_code = row->exit_code;
	TEXT_FORMAT(out->message, "%s. %s", cause->what, row->remedy);
}

static void outcome_of_verdict(struct outcome *out)
{
	const struct fault_row *row = fault_row(verdict_fault(out->verification.verdict));
	char summary[300];

	if (out->verification.verdict == VERDICT_OK)
		return;
	verify_summary(&out->verification, &out->facts, summary, sizeof(summary));
	out->fault = verdict_fault(out->verification.verdict);
	out->exit_code = 14;
	TEXT_FORMAT(out->message, "The driver is installed and loaded, but %s. %s", summary,
		    row->remedy);
}

/* Codes 1 and 10 to 13 are judgements before the work; whatever goes wrong after it began is 14
 * (design.md, section 4). */
static void fill_outcome(struct run *r)
{
	struct outcome *out = r->out;
	enum phase end = r->journal.phase;

	TEXT_COPY(out->run, r->journal.run);
	out->plan = r->journal.plan;
	out->exit_code = 0;
	out->fault = FAULT_NONE;
	if (end == PHASE_DONE) {
		outcome_of_verdict(out);
	} else if (r->cause.fault != FAULT_NONE) {
		outcome_of_error(out, &r->cause);
		out->exit_code = 14;
	} else {
		TEXT_COPY(out->message, "Everything is as it was before the installation.");
	}
	out->changed = end == PHASE_DONE || end == PHASE_STUCK;
}

/* Past the end of a run nothing of ours is left behind but the receipt, the journal and what undo
 * needs. */
static void clean_up(struct run *r)
{
	struct error ignored = { 0 };
	char saved[80];

	if (resume_unit_remove(r->act->host, &ignored) < 0)
		LOG(r->act->host->log, WARNING, "resume-unit", "%s, ignoring", ignored.what);
	if (r->journal.phase != PHASE_UNDONE)
		return;
	TEXT_FORMAT(saved, "saved/%s", r->journal.run);
	if (fs_remove(r->act->state, saved) < 0)
		LOG(r->act->host->log, WARNING, "saved", "/var/lib/ib-vmext/%s cannot be removed, ignoring", saved);
}

static int move_on(struct run *r, enum phase to, struct error *err)
{
	AUTO_JSON json_t *why = to == PHASE_UNDOING || to == PHASE_STUCK ? cause_to_json(&r->cause)
									 : NULL;

	return journal_phase(&r->journal, to, why, err);
}

int run_drive(struct run *r, struct error *err)
{
	if (r->journal.phase == PHASE_STUCK &&
	    journal_phase(&r->journal, PHASE_UNDOING, NULL, err) < 0)
		return -1;
	while (r->journal.phase < PHASE_DONE) {
		enum event_kind on = phases[r->journal.phase](r, err);

		if (on == EV_JOURNAL_FAILED ||
		    move_on(r, next_phase(r->journal.phase, on), err) < 0)
			return -1;
	}
	if (r->journal.phase !=
	    PHASE_STUCK) { /* a stuck run stays open: the next one tries again */
		if (journal_close(&r->journal, err) < 0)
			return -1;
		clean_up(r);
	}
	fill_outcome(r);
	return 0;
}
