/* Waits for the locks of a package manager, naming the holder, since when and until when. */
#include "act/packages/manager.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "act/packages/holder.h"
#include "act/process.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { LOCK_POLL_MS = 500, LOCK_SAY_MS = 10000 };

static pid_t first_holder(const struct host *h, const char *const *paths, const char **ret_path)
{
	for (; *paths; paths++) {
		pid_t pid = package_holder(h, *paths);

		if (pid != 0) {
			*ret_path = *paths;
			return pid;
		}
	}
	return 0;
}

struct wait {
	int64_t start_ms, said_ms;
	pid_t said_pid;
};

static void say(const struct package_context *c, struct wait *w, pid_t pid, const char *path)
{
	int64_t now = c->host->clock->monotonic_ms(c->host->clock);
	int64_t age_s = process_age_s(c->host, pid);
	char name[64], age[48] = "", until[21];

	if (pid == w->said_pid && now - w->said_ms < LOCK_SAY_MS)
		return;
	process_name(c->host, pid, name, sizeof(name));
	if (age_s >= 0)
		TEXT_FORMAT(age, " and was started %" PRId64 " s ago", age_s);
	time_text(c->host->clock->realtime_ms(c->host->clock) + w->start_ms + c->lock_s * 1000LL -
			  now,
		  until);
	log_stage(c->host->log, c->stage, STAGE_WAITING, -1, "package.lock",
		  "waiting for %s, which holds /%s%s, for %" PRId64 " s so far, until %s", name,
		  path, age, (now - w->start_ms) / 1000, until);
	w->said_pid = pid;
	w->said_ms = now;
}

/* Is there any use in waiting on? */
static int judge(const struct package_context *c, const struct wait *w, pid_t pid, const char *path,
		 struct error *err)
{
	int64_t waited_ms = c->host->clock->monotonic_ms(c->host->clock) - w->start_ms;
	char name[64];

	process_name(c->host, pid, name, sizeof(name));
	if (process_is_ancestor(c->host, pid))
		return error_set(err, FAULT_PACKAGE_LOCK, EDEADLK,
				 "%s is locked: %s, which called this program and waits for it, "
				 "holds /%s",
				 c->manager->name, name, path);
	if (waited_ms >= c->lock_s * 1000LL)
		return error_set(err, FAULT_PACKAGE_LOCK, EAGAIN,
				 "%s is locked: %s still held /%s after %" PRId64 " s of waiting",
				 c->manager->name, name, path, waited_ms / 1000);
	if (c->stop && c->stop(c->stop_ctx))
		return error_set(err, FAULT_TAKEN_OVER, 0,
				 "a newer request came while waiting for a lock");
	return 0;
}

int package_lock_wait(const struct package_context *c, const char *const *paths, struct error *err)
{
	const struct clock *clock = c->host->clock;
	struct wait w = { .start_ms = clock->monotonic_ms(clock) };
	const char *path = NULL;
	pid_t pid;

	while ((pid = first_holder(c->host, paths, &path)) != 0) {
		if (judge(c, &w, pid, path, err) < 0)
			return -1;
		say(c, &w, pid, path);
		clock->sleep_ms(clock, LOCK_POLL_MS);
	}
	return 0;
}
