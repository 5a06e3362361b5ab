/* tests/unit/handler/fake_act.c - stands in for the rooms act and plan. */
#include "fake_act.h"

#include <fcntl.h>
#include <unistd.h>

#include "act/carry.h"
#include "act/catalogue/fetch.h"
#include "act/judge.h"
#include "act/boot/kernel_change.h"
#include "act/record/receipt.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "fixture.h"
#include "host/lock.h"

struct fake_act fake_act;

void fake_act_reset(struct machine *m)
{
	fake_act = (struct fake_act) { .machine = m };
}

int act_open(struct act *ret, const struct host *h, const struct catalogue *c, bool for_writing,
	     struct error *err)
{
	pid_t holder = 0;

	(void)for_writing;
	*ret = (struct act) { .host = h, .catalogue = c, .state = -1, .lock = -1 };
	fake_act.applied_by = c;
	assert_int_equal(fs_make_dirs(h->root, ACT_STATE_DIR, 0700), 0);
	ret->state = openat(h->root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret->lock = lock_take(ret->state, "lock", &holder);
	if (ret->lock >= 0)
		return 0;
	act_close(ret);
	return error_set(err, FAULT_RUN_HELD, 0, "another run is at work");
}

void act_close(struct act *a)
{
	if (a->lock >= 0)
		(void)close(a->lock);
	if (a->state >= 0)
		(void)close(a->state);
	a->lock = a->state = -1;
}

static void fill(struct outcome *ret, enum fault fault)
{
	*ret = (struct outcome) { .fault = fault, .exit_code = fault_row(fault)->exit_code };
	TEXT_FORMAT(ret->message, "%s %s",
		    fault == FAULT_NONE ? "InfiniBand works." : fault_row(fault)->cause,
		    fault == FAULT_NONE ? "" : fault_row(fault)->remedy);
}

int act_apply(struct act *a, const struct apply_options *o, struct outcome *ret, struct error *err)
{
	struct fake_act *f = &fake_act;

	(void)err;
	TEXT_COPY(f->digest, o->settings_digest);
	f->total_s = o->settings->timeouts.total_s;
	log_stage(a->host->log, "packages", STAGE_RUNNING, 10, "step.begin", "installing");
	if (f->during != NULL)
		f->during(f);
	f->stopped = o->stop(o->ctx);
	f->was_stopped = f->was_stopped || f->stopped;
	fill(ret, f->stopped ? FAULT_TAKEN_OVER : f->ends[f->applies]);
	log_stage(a->host->log, "packages", ret->exit_code == 0 ? STAGE_DONE : STAGE_FAILED, 80,
		  "step.end", "%s", ret->exit_code == 0 ? "installed" : "not installed");
	f->applies++;
	ret->rebooting = f->restarts > 0;
	f->restarts -= f->restarts > 0;
	return 0;
}

int act_adopt(struct act *a, const struct apply_options *o, struct outcome *ret, bool *adopted,
	      char *why, size_t why_size, struct error *err)
{
	(void)a;
	(void)err;
	TEXT_COPY(fake_act.digest, o->settings_digest);
	fake_act.adoptions++;
	*adopted = fake_act.fits;
	(void)text_copy(why, why_size, fake_act.fits ? "" : "the kernel is another");
	fill(ret, FAULT_NONE);
	return 0;
}

int kernel_change_mend(const struct act *a, enum kernel_end *ret, struct error *err)
{
	(void)a;
	(void)err;
	fake_act.mends++;
	*ret = KERNEL_SAME;
	return 0;
}

int act_undo(struct act *a, bool force, struct outcome *ret, struct error *err)
{
	(void)a;
	(void)force;
	fake_act.undos++;
	if (fake_act.undo_ends == FAULT_NOTHING_TO_UNDO)
		return error_set(err, FAULT_NOTHING_TO_UNDO, 0, "there is nothing to undo");
	fill(ret, fake_act.undo_ends);
	return 0;
}

int act_recover(struct act *a, bool *found, struct outcome *ret, struct error *err)
{
	(void)a;
	(void)err;
	fake_act.recoveries++;
	*found = true;
	fill(ret, FAULT_NONE);
	return 0;
}

int act_judge(const struct host *h, const struct catalogue *c, const struct settings *s,
	      struct facts *facts, struct plan *plan, struct error *err)
{
	const struct fault_row *row = fault_row(fake_act.judged);

	(void)h;
	(void)s;
	(void)facts;
	(void)err;
	fake_act.judgements++;
	fake_act.judged_by = c;
	plan->decision = (struct decision) { .exit_code = row->exit_code,
					     .fault = fake_act.judged };
	TEXT_COPY(plan->decision.reason,
		  fake_act.judged == FAULT_NONE ? "it serves this kernel" : row->cause);
	TEXT_COPY(plan->decision.remedy, fake_act.judged == FAULT_NONE ? "" : row->remedy);
	TEXT_COPY(plan->decision.route, fake_act.judged == FAULT_NONE ? "inbox" : "");
	return 0;
}

void carry_limit(const struct facts *f, struct plan *p)
{
	const struct fault_row *row = fault_row(FAULT_ROUTE_NOT_CARRIED_OUT);

	(void)f;
	if (!fake_act.not_carried)
		return;
	p->decision = (struct decision) { .exit_code = row->exit_code,
					  .fault = FAULT_ROUTE_NOT_CARRIED_OUT };
	TEXT_COPY(p->decision.reason, "The route doca-ofed has the step download");
	TEXT_COPY(p->decision.remedy, row->remedy);
}

void catalogue_fetch(const struct catalogue_judge *j)
{
	(void)j;
	fake_act.fetches++;
}

void catalogue_choose(const struct catalogue_judge *j, struct catalogue_choice *ret)
{
	TEXT_COPY(fake_act.catalogue_uri, j->settings != NULL ? j->settings->catalogue_uri : "-");
	*ret = (struct catalogue_choice) { .use = fake_act.chosen };
}

void catalogue_choice_free(struct catalogue_choice *c)
{
	c->use = NULL;
}

bool plan_may_change(const struct plan *p, const struct facts *f)
{
	(void)p;
	(void)f;
	return fake_act.may_change;
}

bool receipt_holds(const struct host *h, const char *settings_digest, const char *version,
		   const char **why, char *message, size_t message_size)
{
	(void)h;
	(void)settings_digest;
	(void)version;
	if (why != NULL)
		*why = "kernel";
	if (fake_act.holds)
		(void)text_copy(message, message_size, "1 of 1 InfiniBand ports ACTIVE.");
	return fake_act.holds;
}
