/* apply: waits for a machine that may still change, then keeps what is there or carries the plan
 * out. */
#include "act/act.h"

#include <inttypes.h>
#include <string.h>

#include "act/begin.h"
#include "act/carry.h"
#include "act/denial.h"
#include "act/judge.h"
#include "act/boot/kernel_change.h"
#include "act/image/image.h"
#include "act/bundle/offline.h"
#include "act/bundle/pack_fetch.h"
#include "act/outcome.h"
#include "act/prove.h"
#include "act/fetch/reach.h"
#include "act/record/receipt.h"
#include "act/recover.h"
#include "act/run.h"
#include "act/build/sign.h"
#include "act/step/repository.h"
#include "act/boot/waits.h"
#include "act/step/installer.h"
#include "act/wrong_clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"

enum { ADAPTER_POLL_MS = 1000, SAY_MS = 10000, DRIVER_APPEARS_S = 15, PACK_S = 1200 };

static bool is_taken_over(const struct apply_options *o)
{
	return o->stop && o->stop(o->ctx);
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
		if (is_taken_over(o))
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

/* A pack of a web address may do in the place of compiling. */
static int look_for_pack(const struct act *a, const struct apply_options *o, struct outcome *out,
			 struct error *err)
{
	struct pack_fetching order = { .host = a->host,
				       .settings = o->settings,
				       .catalogue = a->catalogue,
				       .deadline_s = PACK_S,
				       .stop = o->stop,
				       .ctx = o->ctx };

	if (!pack_may_serve(o->settings, &out->plan))
		return 0;
	if (pack_fetch(&order, &out->facts, &out->plan, err) < 0)
		return -1;
	return o->image ? image_judge(a->host, a->catalogue, o->settings, o->image, &out->facts,
				      &out->plan, err)
			: 0;
}

/* Nothing to change: prove that it works, and write the receipt for the next re-enable. */
static int keep(struct act *a, const struct apply_options *o, struct outcome *out,
		struct error *err)
{
	struct prove_options po = { .driver_s = DRIVER_APPEARS_S,
				    .fabric_s = o->wait ? o->settings->timeouts.fabric_s : 0,
				    .stop = o->stop,
				    .ctx = o->ctx };
	AUTO_JSON json_t *receipt = receipt_read(a->host);
	struct receipt_entry entry = { .facts = &out->facts,
				       .settings_digest = o->settings_digest,
				       .version = o->version,
				       .route = "keep",
				       .catalogue = a->catalogue->version,
				       .message = out->message,
				       .seq = o->seq };

	char told[700];

	entry.awaits_boot = out->reboot_pending = receipt_awaits_boot(a->host, receipt);
	po.scope = entry.awaits_boot ? VERIFY_DRIVER : VERIFY_LOADED;
	po.traffic = o->settings->verify == VERIFY_LOOPBACK && !entry.awaits_boot;
	if (prove(a->host, a->catalogue, &po, &out->facts, &out->verification, err) < 0)
		return -1;
	outcome_of_kept(out, kernel_change_tells(a->host, receipt, told, sizeof(told)) ? told : "");
	if (out->exit_code != 0 && is_taken_over(o))
		return error_set(err, FAULT_TAKEN_OVER, 0,
				 "a newer request came while waiting for the ports");
	log_stage(a->host->log, "verify", out->exit_code == 0 ? STAGE_DONE : STAGE_FAILED,
		  out->exit_code == 0 ? 100 : -1,
		  out->exit_code == 0 ? "verify.done" : "verify.failed", "%s", out->message);
	return out->exit_code == 0 ? receipt_write(a->host, &entry, err) : 0;
}

static int is_as_agreed(const struct apply_options *o, const struct transaction *t,
			struct error *err)
{
	if (!o->agreed || transaction_equal(o->agreed, t))
		return 0;
	return error_set(err, FAULT_PACKAGE_CHANGED, 0,
			 "the package transaction is another (%zu changes) than the one that was "
			 "agreed to (%zu changes)",
			 t->count, o->agreed->count);
}

static void tell_plan(const struct run *r, enum stage_state state, int step, const char *slug,
		      const char *what)
{
	const struct plan *plan = &r->out->plan;
	struct position at = { step, 0 };
	struct progress progress = { "plan", state, estimate_percent(&r->estimate, plan, at),
				     estimate_left(&r->estimate, plan, at) };

	log_progress(r->act->host->log, &progress, slug, "%s", what);
}

/* What a call that was cut off says of itself is not the cause. */
static int not_ready(struct run *r, struct error *err)
{
	struct error late = { 0 }, was;

	wrong_clock_explain(r->act->host, err);
	denial_explain(r->act->host, err);
	was = *err;
	if (err->fault != FAULT_TAKEN_OVER && run_must_stop(r, &late))
		(void)error_set(err, late.fault, 0, "%s; the last was: %.300s", late.what,
				was.what);
	log_stage(r->act->host->log, "plan", STAGE_FAILED, -1, "plan.failed", "%s", err->what);
	return -1;
}

/* All that can go wrong before anything is changed. */
static int make_ready(struct run *r, struct transaction *t, struct error *err)
{
	struct plan *plan = &r->out->plan;
	const struct clock *clock = r->act->host->clock;
	int64_t begun_ms = clock->monotonic_ms(clock);
	char done[400];

	estimate_of(r->act->host, r->act->state, plan, &r->estimate);
	if (plan_keeps(plan)) {
		plan->resolved = true;
		tell_plan(r, STAGE_DONE, 0, "plan.done", plan->decision.reason);
		return 0;
	}
	tell_plan(r, STAGE_RUNNING, -1, "plan.resolve",
		  "asking the package manager what it would change, and downloading it");
	r->steps.packages.stage = "plan";
	run_bound_calls(r);
	if (offline_ready(&r->steps, &r->out->facts, err) < 0 ||
	    step_repository_possible(&r->steps, plan, err) < 0 ||
	    reach_all(&r->steps, plan, err) < 0 ||
	    plan_resolve(&r->steps, step_packages_ready, plan, t, err) < 0 ||
	    step_installer_possible(&r->steps, plan, err) < 0 ||
	    is_as_agreed(r->options, t, err) < 0)
		return not_ready(r, err);
	r->steps.packages.stage = "packages";
	TEXT_FORMAT(done, "%s; %zu package changes", plan->decision.reason, t->count);
	tell_plan(r, STAGE_DONE, 0, "plan.done", done);
	r->prepared_s = (clock->monotonic_ms(clock) - begun_ms) / 1000;
	return 0;
}

static int carry_out(struct act *a, const struct apply_options *o, struct outcome *out,
		     struct error *err)
{
	AUTO_TRANSACTION struct transaction shown = { 0 };
	struct run r;
	int rc;

	if (carry_possible(&out->plan, &out->facts, err) < 0 ||
	    sign_possible(a->host, o->settings, &out->plan, err) < 0)
		return -1;
	run_init(&r, a, o, out);
	r.steps.shown = &shown;
	rc = make_ready(&r, &shown, err);
	if (rc == 0)
		rc = run_begin_apply(&r, err);
	if (rc == 0 && plan_shown_step(&r.journal.plan))
		r.steps.shown_step = plan_shown_step(&r.journal.plan)->id;
	if (rc == 0)
		rc = run_drive(&r, err);
	run_free(&r);
	return rc;
}

/* What the first boot still does to the machine comes first. */
static int wait_for_boot(const struct act *a, const struct apply_options *o, struct error *err)
{
	struct waiting w = { .host = a->host,
			     .limit_s = o->wait ? o->settings->timeouts.lock_s : 0,
			     .stop = o->stop,
			     .ctx = o->ctx };

	return waits_before_work(&w, err);
}

/* In a chroot the processes are those of the machine around it. */
static int judge_image(struct act *a, const struct apply_options *o, struct outcome *out,
		       struct error *err)
{
	bool booted = fs_exists(a->host->root, "run/systemd/system");

	if (booted && wait_for_boot(a, o, err) < 0)
		return -1;
	return image_judge(a->host, a->catalogue, o->settings, o->image, &out->facts, &out->plan,
			   err);
}

static int judge_machine(struct act *a, const struct apply_options *o, struct outcome *out,
			 struct error *err)
{
	enum kernel_end kernel;

	if (wait_for_boot(a, o, err) < 0 || kernel_change_mend(a, &kernel, err) < 0)
		return -1;
	return judge_patiently(a, o, out, err);
}

static int plan_and_do(struct act *a, const struct apply_options *o, struct outcome *ret,
		       struct error *err)
{
	*ret = (struct outcome) { 0 };
	if ((o->image ? judge_image : judge_machine)(a, o, ret, err) < 0 ||
	    look_for_pack(a, o, ret, err) < 0)
		return -1;
	if (ret->plan.decision.exit_code != 0) {
		outcome_of_decision(ret);
		return 0;
	}
	if (o->reload && plan_reload(&ret->plan, &ret->facts, err) < 0)
		return -1;
	return ret->plan.nsteps == 0 ? keep(a, o, ret, err) : carry_out(a, o, ret, err);
}

/* A VM of an image that was baked for others is done as any, and hears why. */
static int apply(struct act *a, const struct apply_options *o, struct outcome *ret,
		 struct error *err)
{
	struct recovery recovery;
	bool adopted = false;
	char why[300] = "";

	if (run_recover(a, o, RECOVER_REQUEST, ret, &recovery, err) < 0)
		return -1;
	if (recovery.is_answer)
		return 0;
	if (!o->image && act_adopt(a, o, ret, &adopted, why, sizeof(why), err) < 0)
		return -1;
	if (adopted)
		return 0;
	if (why[0])
		log_stage(a->host->log, "plan", STAGE_RUNNING, -1, "baked.differs",
			  "what was baked into this VM's image does not fit it: %s; going on as on "
			  "any VM",
			  why);
	if (plan_and_do(a, o, ret, err) < 0)
		return -1;
	if (why[0])
		outcome_tell_baked(ret, why);
	return 0;
}

/* Failures of the state itself: what came of the request cannot be known from *ret. */
static bool is_of_state(enum fault fault)
{
	return fault == FAULT_STATE_DIR || fault == FAULT_JOURNAL_NEWER ||
	       fault == FAULT_JOURNAL_DAMAGED;
}

int act_apply(struct act *a, const struct apply_options *o, struct outcome *ret, struct error *err)
{
	struct error why = { 0 };

	if (apply(a, o, ret, &why) == 0)
		return 0;
	if (is_of_state(why.fault) || act_is_open(a)) {
		if (err)
			*err = why;
		return -1;
	}
	outcome_of_failure(ret, &why);
	return 0;
}
