/* The phases after the last step: the restart that a new stack may need, and the proof. */
#include "act/run_room.h"

#include "act/judge.h"
#include "act/boot/kernel_change.h"
#include "act/boot/next_boot.h"
#include "act/boot/onlookers.h"
#include "act/outcome.h"
#include "act/prove.h"
#include "act/boot/reboot.h"
#include "act/record/receipt.h"
#include "act/boot/waits.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "host/host.h"

enum { DRIVER_APPEARS_S = 15, COMMAND_S = 300, COMMAND_POLL_MS = 2000 };

/* While the boot lasts in which the modules were replaced, the former ones are loaded; a stack that
 * is kept may be one that an earlier run has put there. */
static bool awaits_boot(const struct run *r)
{
	AUTO_JSON json_t *receipt = NULL;

	if (!r->journal.plan.reboot && !plan_keeps(&r->journal.plan))
		return false;
	receipt = receipt_read(r->act->host);
	return (r->journal.plan.reboot && text_eq(r->journal.changed_boot, r->journal.boot)) ||
	       receipt_awaits_boot(r->act->host, receipt);
}

/* Another extension's command ends sooner or later, cloud-init too: it is waited for. */
static int wait_for_others(const struct run *r, struct error *err)
{
	const struct host *h = r->act->host;
	int64_t until = h->clock->monotonic_ms(h->clock) + COMMAND_S * 1000LL;
	int lock_s = r->options->settings->timeouts.lock_s, left_s = run_seconds_left(r);
	struct waiting w = { .host = h,
			     .limit_s = lock_s < left_s ? lock_s : left_s,
			     .stop = r->options->stop,
			     .ctx = r->options->ctx };
	bool said = false;
	char name[200];

	if (waits_before_work(&w, err) < 0)
		return -1;
	while (onlooker_command(h, name, sizeof(name)) && !run_must_stop(r, err) &&
	       h->clock->monotonic_ms(h->clock) < until) {
		if (!said)
			log_stage(h->log, "reboot", STAGE_WAITING, -1, "reboot.wait",
				  "waiting up to %d s for the end of another extension's command "
				  "(%s) before the VM is restarted",
				  COMMAND_S, name);
		said = true;
		h->clock->sleep_ms(h->clock, COMMAND_POLL_MS);
	}
	return err->fault == FAULT_NONE ? 0 : -1;
}

/* May the machine be restarted now? If not, r->pending says why. -1: the run has to stop. */
static int may_reboot(struct run *r, struct error *err)
{
	const struct apply_options *o = r->options;
	const struct act *a = r->act;
	const json_t *begin = r->journal.begin;
	struct reboot_view v = { .policy = o->settings->reboot,
				 .first_install = json_bool_at(begin, "first", false) };
	char why[280];

	if (r->pending[0])
		return 0;
	v.taken = journal_reboots_of(a->host, a->state, json_int_at(begin, "seq", o->seq),
				     json_text_at(begin, "settingsDigest", o->settings_digest));
	if (next_boot_cloud_init_stumbles(&r->out->facts.network))
		TEXT_FORMAT(v.network, "cloud-init %s", r->out->facts.network.cloud_init_version);
	if (reboot_judge(&v, why, sizeof(why)) && wait_for_others(r, err) < 0)
		return -1;
	reboot_look(a->host, &v);
	if (reboot_judge(&v, why, sizeof(why)))
		return 1;
	TEXT_COPY(r->pending, why);
	log_stage(a->host->log, "reboot", STAGE_DONE, -1, "reboot.pending",
		  "the new driver takes effect at the next restart of the VM, which is not made "
		  "by itself: %s",
		  r->pending);
	return 0;
}

/* The request is the one that began the run, whoever goes on with it. */
static int store_receipt(struct run *r, struct error *err)
{
	const json_t *begin = r->journal.begin;
	struct receipt_entry e = {
		.facts = &r->out->facts,
		.journal = &r->journal,
		.settings_digest = json_text_at(begin, "settingsDigest",
						r->options->settings_digest),
		.version = r->options->version,
		.route = r->journal.plan.decision.route,
		.catalogue = r->act->catalogue->version,
		.message = r->out->message,
		.seq = json_int_at(begin, "seq", r->options->seq),
		.awaits_boot = awaits_boot(r),
		.packages = &r->steps.packages,
	};

	return receipt_write(r->act->host, &e, err);
}

/* What the plan has set beside the driver must hold, too. Before a restart that is due the former
 * stack is in memory, and the interfaces of the new one have not come. */
static unsigned scope_of(const struct plan *p, bool awaits)
{
	unsigned scope = awaits ? VERIFY_DRIVER : VERIFY_LOADED;

	for (unsigned i = 0; i < p->nsteps; i++) {
		if (p->steps[i].kind == STEP_MANAGER)
			scope |= VERIFY_LIMITS;
		if (!awaits &&
		    (text_eq(p->steps[i].id, "ipoib-unit") || p->steps[i].kind == STEP_ADDRESSES))
			scope |= VERIFY_IPOIB;
	}
	return scope;
}

static int look_at_ports(struct run *r, struct error *err)
{
	const struct act *a = r->act;
	int fabric_s = r->options->settings->timeouts.fabric_s, left_s = run_seconds_left(r);
	/* What does not serve before a restart that is due will not before it. */
	struct prove_options o = { .scope = scope_of(&r->journal.plan, awaits_boot(r)),
				   .driver_s = awaits_boot(r) ? 0 : DRIVER_APPEARS_S,
				   .fabric_s = fabric_s < left_s ? fabric_s : left_s,
				   .traffic = r->options->settings->verify == VERIFY_LOOPBACK &&
					      !awaits_boot(r),
				   .stop = r->options->stop,
				   .ctx = r->options->ctx };

	if (act_look_again(a->host, a->catalogue, &r->out->facts, err) < 0)
		return -1;
	return prove(a->host, a->catalogue, &o, &r->out->facts, &r->out->verification, err);
}

static enum event_kind fail_verification(struct run *r)
{
	char summary[300];

	verify_summary(&r->out->verification, &r->out->facts, summary, sizeof(summary));
	/* Waiting for the ports ends early for a newer request. */
	if (!run_must_stop(r, &r->cause))
		error_set(&r->cause, outcome_fault(r->out->verification.verdict), 0,
			  "the driver was %s, but %s",
			  plan_keeps(&r->journal.plan) ? "kept" : "installed and loaded", summary);
	log_stage(r->act->host->log, "verify", STAGE_FAILED, -1, "verify.failed", "%s",
		  r->cause.what);
	return EV_VERIFY_FAILED;
}

static bool is_dead(const struct verification *v)
{
	return v->verdict == VERDICT_DRIVER_BROKEN || v->verdict == VERDICT_ABSENT;
}

static void fill_kept(struct run *r)
{
	AUTO_JSON json_t *receipt = receipt_read(r->act->host);
	char told[700];

	r->out->reboot_pending = awaits_boot(r);
	if (!kernel_change_tells(r->act->host, receipt, told, sizeof(told)))
		told[0] = '\0';
	outcome_of_kept(r->out, told);
}

void run_fill_done(struct run *r)
{
	struct outcome *out = r->out;

	out->exit_code = 0;
	out->plan = r->journal.plan;
	if (r->options->image)
		run_image_fill_done(r);
	else if (!r->verified)
		TEXT_COPY(out->message, "The interrupted run had come to its end before.");
	else if (plan_keeps(&r->journal.plan))
		fill_kept(r);
	else if (awaits_boot(r))
		outcome_of_pending(out, r->pending);
	else
		outcome_of_verification(out, false);
}

static enum event_kind verify_machine(struct run *r, struct error *err)
{
	const struct outcome *out = r->out;
	struct log *log = r->act->host->log;
	bool due = r->journal.plan.reboot && awaits_boot(r);
	int reboot = due ? may_reboot(r, &r->cause) : 0;
	struct position at = { (int)r->journal.plan.nsteps, 0 };
	struct progress progress = { "verify", STAGE_RUNNING,
				     estimate_percent(&r->estimate, &r->journal.plan, at),
				     estimate_left(&r->estimate, &r->journal.plan, at) };

	r->may_order = reboot > 0;
	if (reboot != 0)
		return reboot < 0 ? EV_VERIFY_FAILED : EV_REBOOT;
	log_progress(log, &progress, "verify.begin", "looking at the ports");
	if (look_at_ports(r, &r->cause) < 0)
		return EV_VERIFY_FAILED;
	if (is_dead(&out->verification) && !awaits_boot(r))
		return fail_verification(r);
	r->verified = true;
	run_fill_done(r);
	if (store_receipt(r, err) < 0)
		return EV_JOURNAL_FAILED;
	log_stage(log, "verify", out->exit_code == 0 ? STAGE_DONE : STAGE_FAILED,
		  out->exit_code == 0 ? 100 : -1,
		  out->exit_code == 0 ? "verify.done" : "verify.failed", "%s", out->message);
	return EV_VERIFIED;
}

enum event_kind phase_verifying(struct run *r, struct error *err)
{
	return r->options->image ? run_image_verifying(r, err) : verify_machine(r, err);
}

enum event_kind phase_rebooting(struct run *r, struct error *err)
{
	struct log *log = r->act->host->log;
	struct error why = { 0 };

	(void)err;
	if (!text_eq(r->journal.boot, r->journal.ordered_boot)) {
		log_stage(log, "reboot", STAGE_DONE, -1, "reboot.done",
			  "the VM was restarted: looking at the new driver");
		return EV_BOOTED;
	}
	if (!r->may_order)
		error_set(&why, FAULT_PROGRAM_FAILED, 0,
			  "the restart that was ordered before has not come");
	else if (reboot_now(r->act->host, &why) == 0) {
		log_stage(log, "reboot", STAGE_WAITING, -1, "reboot.now",
			  "the VM restarts, so that the new driver is loaded");
		return EV_REBOOTS;
	}
	TEXT_COPY(r->pending, why.what);
	log_stage(log, "reboot", STAGE_FAILED, -1, "reboot.failed", "%s: going on without it",
		  why.what);
	return EV_NO_REBOOT;
}
