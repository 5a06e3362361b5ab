/* apply, undo and recover: what begins, continues and turns back runs. */
#include "act/act.h"

#include <inttypes.h>
#include <string.h>

#include "act/judge.h"
#include "act/prove.h"
#include "act/receipt.h"
#include "act/resume_unit.h"
#include "act/run.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { ADAPTER_POLL_MS = 1000, SAY_MS = 10000, DRIVER_APPEARS_S = 15 };

static void outcome_of_decision(struct outcome *out)
{
	const struct decision *d = &out->plan.decision;

	out->exit_code = d->exit_code;
	out->fault = d->fault;
	TEXT_FORMAT(out->message, "%s. %s", d->reason, d->remedy);
}

static void outcome_of_failure(struct outcome *out, const struct error *cause)
{
	const struct fault_row *row = fault_row(cause->fault);

	out->fault = cause->fault;
	out->exit_code = row->exit_code;
	TEXT_FORMAT(out->message, "%s. %s", cause->what, row->remedy);
}

/* Judge; where the adapter or the metadata may still come, look again until they do, or until
 * timeouts.adapter is over. */
static int judge_patiently(struct act *a, const struct apply_options *o, struct outcome *out,
			   struct error *err)
{
	const struct clock *clock = a->host->clock;
	int64_t start = clock->monotonic_ms(clock), said = start - SAY_MS;
	int limit_s = o->wait ? o->settings->timeouts.adapter_s : 0;
	char until[21];

	time_text(clock->realtime_ms(clock) + limit_s * 1000LL, until);
	for (;;) {
		int64_t now = clock->monotonic_ms(clock);

		if (act_judge(a->host, a->catalogue, o->settings, &out->facts, &out->plan, err) < 0)
			return -1;
		if (!plan_may_change(&out->plan, &out->facts) || now - start >= limit_s * 1000LL)
			return 0;
		if (o->stop && o->stop(o->ctx))
			return error_set(err, FAULT_TAKEN_OVER, 0,
					 "a newer request came while waiting for the adapter");
		if (now - said >= SAY_MS) {
			log_stage(a->host->log, "adapter", STAGE_WAITING, -1, "adapter.wait",
				  "%s; waiting for it for %" PRId64 " s so far, until %s",
				  out->plan.decision.reason, (now - start) / 1000, until);
			said = now;
		}
		clock->sleep_ms(clock, ADAPTER_POLL_MS);
	}
}

/* Nothing to change: prove that it works, and write the receipt for the next re-enable. */
static int keep(struct act *a, const struct apply_options *o, struct outcome *out,
		struct error *err)
{
	struct prove_options po = { .driver_s = DRIVER_APPEARS_S,
				    .fabric_s = o->wait ? o->settings->timeouts.fabric_s : 0,
				    .stop = o->stop,
				    .ctx = o->ctx };
	struct receipt_entry entry = { .facts = &out->facts,
				       .settings_digest = o->settings_digest,
				       .version = o->version,
				       .route = "keep",
				       .message = out->message,
				       .seq = o->seq };
	const struct fault_row *row;
	char summary[300];

	if (prove(a->host, a->catalogue, &po, &out->facts, &out->verification, err) < 0)
		return -1;
	verify_summary(&out->verification, &out->facts, summary, sizeof(summary));
	if (out->verification.verdict == VERDICT_OK) {
		TEXT_FORMAT(out->message, "InfiniBand works: %s. Driver: %s %s, kept as it was.",
			    summary, driver_kind_name(out->facts.driver.kind),
			    out->facts.driver.version);
		log_stage(a->host->log, "verify", STAGE_DONE, 100, "verify.done", "%s",
			  out->message);
		return receipt_write(a->host, &entry, err);
	}
	out->fault = verdict_fault(out->verification.verdict);
	row = fault_row(out->fault);
	out->exit_code = 14;
	TEXT_FORMAT(out->message, "The installed driver was kept, but %s. %s", summary,
		    row->remedy);
	log_stage(a->host->log, "verify", STAGE_FAILED, -1, "verify.failed", "%s", out->message);
	return 0;
}

static json_t *begin_record(const char *kind, const struct apply_options *o)
{
	return json_pack("{s:s, s:I, s:s, s:s}", "kind", kind, "seq", (json_int_t)o->seq, "version",
			 o->version, "settingsDigest", o->settings_digest);
}

static int carry_out(struct act *a, const struct apply_options *o, struct outcome *out,
		     struct error *err)
{
	AUTO_TRANSACTION struct transaction shown = { 0 };
	AUTO_JSON json_t *begin = begin_record("apply", o);
	struct error cause = { 0 };
	struct run r;
	int rc;

	log_stage(a->host->log, "plan", STAGE_RUNNING, 3, "plan.resolve",
		  "asking the package manager what it would change");
	if (act_resolve(a->host, o->settings, &out->facts, &out->plan, &shown, &cause) < 0) {
		log_stage(a->host->log, "plan", STAGE_FAILED, -1, "plan.failed", "%s", cause.what);
		outcome_of_failure(out, &cause);
		return 0;
	}
	log_stage(a->host->log, "plan", STAGE_DONE, 5, "plan.done", "%s; %zu package changes",
		  out->plan.decision.reason, shown.count);
	run_init(&r, a, o, out);
	r.steps.shown = &shown;
	rc = journal_begin(&r.journal, a->host, a->state, begin, &out->plan, err);
	if (rc == 0)
		rc = run_drive(&r, err);
	run_free(&r);
	return rc;
}

/* Is what the open run was asked for still what is wanted? */
static bool same_request(const struct journal *j, const struct apply_options *o)
{
	return text_eq(json_text_at(j->begin, "settingsDigest", ""), o->settings_digest);
}

/* Finish the open run. *ended says that its outcome is also the answer to this request. */
static int finish_open(struct act *a, const struct apply_options *o, bool turn_back,
		       struct outcome *out, bool *found, bool *ended, struct error *err)
{
	struct error taken_over = { .fault = FAULT_TAKEN_OVER };
	enum phase phase;
	struct run r;
	int rc;

	*ended = false;
	if (act_judge(a->host, a->catalogue, o->settings, &out->facts, &out->plan, err) < 0)
		return -1;
	run_init(&r, a, o, out);
	rc = journal_load_open(&r.journal, a->host, a->state, found, err);
	if (rc < 0 || !*found) {
		run_free(&r);
		return rc;
	}
	run_load_cause(&r);
	phase = r.journal.phase;
	LOG(a->host->log, INFO, "run.recover", "run %s was interrupted while %s: finishing it",
	    r.journal.run, phase_name(phase));
	TEXT_COPY(taken_over.what, "another request took the place of the interrupted one");
	if (turn_back &&
	    (phase == PHASE_PLANNED || phase == PHASE_APPLYING || phase == PHASE_VERIFYING))
		rc = run_turn_back(&r, &taken_over, err);
	if (rc == 0)
		rc = run_drive(&r, err);
	*ended = rc == 0 && (r.journal.phase == PHASE_STUCK ||
			     (r.journal.phase == PHASE_UNDONE && r.cause.fault != FAULT_NONE &&
			      r.cause.fault != FAULT_TAKEN_OVER));
	run_free(&r);
	return rc;
}

static bool open_run_differs(struct act *a, const struct apply_options *o)
{
	AUTO_JOURNAL struct journal j = { .fd = -1 };
	bool found = false;

	return journal_load_open(&j, a->host, a->state, &found, NULL) == 0 && found &&
	       !same_request(&j, o);
}

int act_apply(struct act *a, const struct apply_options *o, struct outcome *ret, struct error *err)
{
	bool found = false, ended = false;

	*ret = (struct outcome) { 0 };
	if (finish_open(a, o, open_run_differs(a, o), ret, &found, &ended, err) < 0)
		return -1;
	if (ended)
		return 0;
	if (resume_unit_is_there(a->host) && resume_unit_remove(a->host, err) < 0)
		return -1;
	*ret = (struct outcome) { 0 };
	if (judge_patiently(a, o, ret, err) < 0)
		return -1;
	if (ret->plan.decision.exit_code != 0) {
		outcome_of_decision(ret);
		return 0;
	}
	if (ret->plan.nsteps == 0)
		return keep(a, o, ret, err);
	return carry_out(a, o, ret, err);
}

int act_recover(struct act *a, bool *found, struct outcome *ret, struct error *err)
{
	struct settings settings;
	struct apply_options o = {
		.settings = &settings, .settings_digest = "", .version = IB_VMEXT_VERSION, .seq = -1
	};
	bool ended;

	settings_defaults(&settings);
	*ret = (struct outcome) { 0 };
	return finish_open(a, &o, false, ret, found, &ended, err);
}

/* Make an undo run of the newest entry of the receipt: its plan, its steps as they were done. */
static int begin_undo(struct run *r, const json_t *entry, struct error *err)
{
	AUTO_JSON json_t *begin = begin_record("undo", r->options);
	AUTO_FREE struct plan *plan = calloc(1, sizeof(*plan));

	json_object_set(begin, "undoes", json_object_get(entry, "run"));
	if (!plan || plan_from_json(json_object_get(entry, "plan"), plan, err) < 0)
		return error_wrap(err, "the receipt cannot be read");
	if (journal_begin(&r->journal, r->act->host, r->act->state, begin, plan, err) < 0)
		return -1;
	for (unsigned i = 0; i < plan->nsteps; i++) {
		json_t *step = json_array_get(json_object_get(entry, "steps"), i);

		if (!text_eq(json_text_at(step, "state", ""), step_state_name(STEP_DONE)))
			continue;
		if (journal_intent(&r->journal, i, json_object_get(step, "before"), err) < 0)
			return -1;
	}
	return journal_phase(&r->journal, PHASE_UNDOING, NULL, err);
}

static int undo_newest(struct act *a, const struct apply_options *o, struct outcome *out,
		       bool *ret_more, struct error *err)
{
	AUTO_JSON json_t *receipt = receipt_read(a->host);
	const json_t *installed = json_object_get(receipt, "installed");
	size_t n = json_array_size(installed);
	struct run r;
	int rc;

	*ret_more = n > 1;
	if (n == 0)
		return receipt ? receipt_drop(a->host, "", err)
			       : error_set(err, FAULT_NOTHING_TO_UNDO, 0,
					   "there is nothing to undo: no receipt");
	if (act_judge(a->host, a->catalogue, o->settings, &out->facts, &out->plan, err) < 0)
		return -1;
	run_init(&r, a, o, out);
	rc = begin_undo(&r, json_array_get(installed, n - 1), err);
	if (rc == 0)
		rc = run_drive(&r, err);
	run_free(&r);
	return rc;
}

int act_undo(struct act *a, bool force, struct outcome *ret, struct error *err)
{
	struct settings settings;
	struct apply_options o = {
		.settings = &settings, .settings_digest = "", .version = IB_VMEXT_VERSION, .seq = -1
	};
	bool found, ended, more = true;

	settings_defaults(&settings);
	settings.force = force;
	*ret = (struct outcome) { 0 };
	if (finish_open(a, &o, true, ret, &found, &ended, err) < 0)
		return -1;
	more = !found || receipt_has_installed(a->host);
	while (more && ret->exit_code == 0)
		if (undo_newest(a, &o, ret, &more, err) < 0)
			return -1;
	return 0;
}
