/* The thread that carries on what takes longer than a request: deployments, upgrades. */
#include "inner.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/text.h"

enum { STEP_MS = 200 };

static bool wait_a_step(struct arm *a)
{
	struct timespec until;
	bool go_on;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STEP_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)pthread_mutex_lock(&a->lock);
	if (!a->stopping)
		(void)pthread_cond_timedwait(&a->stop, &a->lock, &until);
	go_on = !a->stopping;
	(void)pthread_mutex_unlock(&a->lock);
	return go_on;
}

static void *engine(void *ctx)
{
	struct arm *a = ctx;

	while (wait_a_step(a)) {
		arm_scalesets_advance(a);
		arm_deployments_advance(a);
	}
	return NULL;
}

/* Signals are the caller's own. */
int arm_engine_start(struct arm *a, struct error *err)
{
	sigset_t all, before;
	int rc;

	arm_deployments_load(a);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&a->engine, NULL, engine, a);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	a->has_engine = rc == 0;
	return rc == 0 ? 0 : error_set(err, FAULT_INTERNAL, rc, "cannot start a thread");
}

void arm_engine_stop(struct arm *a)
{
	(void)pthread_mutex_lock(&a->lock);
	a->stopping = true;
	(void)pthread_cond_broadcast(&a->stop);
	(void)pthread_mutex_unlock(&a->lock);
	if (a->has_engine)
		(void)pthread_join(a->engine, NULL);
	arm_deployments_drop(a);
}
