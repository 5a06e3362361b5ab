/* Estimates from the journals of former runs. */
#include "act/progress.h"

#include <fcntl.h>

#include "act/act.h"
#include "act/journal/journal.h"
#include "act/step/step.h"
#include "base/text.h"
#include "host/host.h"

enum { PERCENT_PREPARED = 5, PERCENT_PREPARING = 3, PERCENT_VERIFY = 90 };

struct measuring {
	const struct plan *plan;
	struct estimate *into;
};

static int64_t seconds_between(int64_t from_ms, int64_t to_ms)
{
	return from_ms > 0 && to_ms >= from_ms ? (to_ms - from_ms) / 1000 : -1;
}

static void take(int64_t *into, int64_t seconds)
{
	if (*into < 0)
		*into = seconds;
}

static void measure_step(const struct journal *j, const struct step *s, int64_t *into)
{
	for (unsigned i = 0; i < j->plan.nsteps; i++) {
		const struct journal_step *js = &j->steps[i];

		if (j->plan.steps[i].kind != s->kind || !text_eq(j->plan.steps[i].id, s->id))
			continue;
		if (js->state == STEP_DONE)
			take(into, seconds_between(js->begun_ms, js->ended_ms));
		else if (js->state == STEP_SKIPPED)
			take(into, 0);
	}
}

static bool is_complete(const struct estimate *e, const struct plan *p)
{
	bool complete = e->prepare_s >= 0 && e->verify_s >= 0;

	for (unsigned i = 0; i < p->nsteps; i++)
		complete = complete && e->step_s[i] >= 0;
	return complete;
}

static bool measure_run(void *ctx, const struct journal *j)
{
	struct measuring *m = ctx;
	struct estimate *e = m->into;

	if (journal_is_undo(j) || j->spans_boots || j->phase != PHASE_DONE ||
	    !text_eq(j->plan.decision.route, m->plan->decision.route))
		return false;
	for (unsigned i = 0; i < m->plan->nsteps; i++)
		measure_step(j, &m->plan->steps[i], &e->step_s[i]);
	take(&e->prepare_s, json_int_at(j->begin, "preparedSeconds", -1));
	take(&e->verify_s, seconds_between(j->phase_ms[PHASE_VERIFYING], j->phase_ms[PHASE_DONE]));
	return is_complete(e, m->plan);
}

static int share_of(const struct step *s)
{
	const struct step_ops *ops = step_ops(s->kind);

	return ops ? ops->percent : 1;
}

static const struct candidate *chosen_of(const struct plan *p)
{
	for (unsigned i = 0; i < p->ncandidates; i++)
		if (p->candidates[i].eligible &&
		    text_eq(p->candidates[i].route, p->decision.route) &&
		    text_eq(p->candidates[i].version, p->decision.version))
			return &p->candidates[i];
	return NULL;
}

/* The catalogue knows the whole alone: it is shared out as the percentages are. */
static void estimate_by_catalogue(int64_t seconds, const struct plan *p, struct estimate *ret)
{
	int all = 0;

	for (unsigned i = 0; i < p->nsteps; i++)
		all += share_of(&p->steps[i]);
	ret->prepare_s = seconds * PERCENT_PREPARED / 100;
	ret->verify_s = seconds * (100 - PERCENT_VERIFY) / 100;
	for (unsigned i = 0; i < p->nsteps; i++)
		ret->step_s[i] = seconds * (PERCENT_VERIFY - PERCENT_PREPARED) / 100 *
				 share_of(&p->steps[i]) / (all > 0 ? all : 1);
	TEXT_COPY(ret->basis, "catalogue");
}

static void estimate_nothing(struct estimate *ret)
{
	*ret = (struct estimate) { .prepare_s = -1, .verify_s = -1, .basis = "unknown" };
	for (unsigned i = 0; i < PLAN_STEPS_MAX; i++)
		ret->step_s[i] = -1;
}

void estimate_of(const struct host *h, int state_dir, const struct plan *p, struct estimate *ret)
{
	struct measuring m = { p, ret };
	const struct candidate *c = chosen_of(p);

	estimate_nothing(ret);
	if (p->nsteps == 0)
		return;
	if (state_dir >= 0)
		journal_each(h, state_dir, measure_run, &m);
	if (is_complete(ret, p)) {
		TEXT_COPY(ret->basis, "measured");
		return;
	}
	estimate_nothing(ret);
	if (c && c->estimate.seconds > 0)
		estimate_by_catalogue(c->estimate.seconds, p, ret);
}

int64_t estimate_total(const struct estimate *e, const struct plan *p)
{
	int64_t sum = e->prepare_s + e->verify_s;

	if (!is_complete(e, p))
		return -1;
	for (unsigned i = 0; i < p->nsteps; i++)
		sum += e->step_s[i];
	return sum;
}

/* A step's weight among the steps: its seconds, or its share where they are not known. */
static int64_t weight_of(const struct estimate *e, const struct plan *p, unsigned i)
{
	return is_complete(e, p) ? e->step_s[i] : share_of(&p->steps[i]);
}

/* Of `weight`, never all: only its end says that a step has ended. */
static int64_t weight_spent(const struct estimate *e, const struct plan *p, struct position at)
{
	int64_t seconds = e->step_s[at.step], weight = weight_of(e, p, (unsigned)at.step);

	if (seconds <= 0 || at.spent_s <= 0)
		return 0;
	return at.spent_s < seconds ? weight * at.spent_s / seconds : weight * 95 / 100;
}

int estimate_percent(const struct estimate *e, const struct plan *p, struct position at)
{
	int64_t all = 0, before = 0;

	if (at.step < 0)
		return PERCENT_PREPARING;
	if ((unsigned)at.step >= p->nsteps)
		return PERCENT_VERIFY;
	for (unsigned i = 0; i < p->nsteps; i++) {
		all += weight_of(e, p, i);
		before += i < (unsigned)at.step ? weight_of(e, p, i) : 0;
	}
	before += weight_spent(e, p, at);
	return PERCENT_PREPARED +
	       (int)(all > 0 ? before * (PERCENT_VERIFY - PERCENT_PREPARED) / all : 0);
}

int64_t estimate_left(const struct estimate *e, const struct plan *p, struct position at)
{
	int64_t here, left = e->verify_s;

	if (!is_complete(e, p))
		return 0;
	for (unsigned i = at.step < 0 ? 0 : (unsigned)at.step + 1; i < p->nsteps; i++)
		left += e->step_s[i];
	here = at.step < 0                      ? e->prepare_s
	       : (unsigned)at.step >= p->nsteps ? e->verify_s
						: e->step_s[at.step];
	if (at.step >= 0 && (unsigned)at.step >= p->nsteps)
		left = 0;
	if (at.spent_s > here + here / 2 + 2)
		return 0;
	left += here > at.spent_s ? here - at.spent_s : 0;
	return left > 0 ? left : 1;
}

void estimate_tell(const struct host *h, struct plan *p)
{
	AUTO_FD int state = openat(h->root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct candidate *c = (struct candidate *)chosen_of(p);
	struct estimate e;

	if (!c || state < 0)
		return;
	estimate_of(h, state, p, &e);
	if (!text_eq(e.basis, "measured"))
		return;
	c->estimate.seconds = estimate_total(&e, p);
	TEXT_COPY(c->estimate.basis, e.basis);
}
