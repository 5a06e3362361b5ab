/* Waits for the locks of a package manager, naming the holder, since when and until when. */
#include "act/package_manager.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act/package_holder.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { LOCK_POLL_MS = 500, LOCK_SAY_MS = 10000, ANCESTORS_MAX = 64 };

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

static void holder_name(const struct host *h, pid_t pid, char *ret, size_t size)
{
	char path[48], comm[32] = "";

	TEXT_FORMAT(path, "proc/%d/comm", (int)pid);
	if (pid < 0)
		text_copy(ret, size, "a process of another container");
	else if (HOST_READ_LINE(h, path, comm) == 0)
		text_format(ret, size, "%s (pid %d)", comm, (int)pid);
	else
		text_format(ret, size, "pid %d", (int)pid);
}

/* The parent of a process; 0 if it cannot be told. */
static pid_t parent_of(const struct host *h, pid_t pid)
{
	char path[48], line[512];
	const char *after_name;
	int parent = 0;

	TEXT_FORMAT(path, "proc/%d/stat", (int)pid);
	if (HOST_READ_LINE(h, path, line) < 0)
		return 0;
	after_name = strrchr(line, ')'); /* the name may hold anything */
	if (!after_name || sscanf(after_name, ") %*c %d", &parent) != 1)
		return 0;
	return parent;
}

/* Does it wait for us? A package's script or a hook of apt may have called us. */
static bool is_ancestor(const struct host *h, pid_t pid)
{
	pid_t at = getppid();

	for (int depth = 0; at > 1 && depth < ANCESTORS_MAX; depth++) {
		if (at == pid)
			return true;
		at = parent_of(h, at);
	}
	return false;
}

struct wait {
	int64_t start_ms, said_ms;
	pid_t said_pid;
};

static void say(const struct package_context *c, struct wait *w, pid_t pid, const char *path)
{
	int64_t now = c->host->clock->monotonic_ms(c->host->clock);
	char name[64], until[21];

	if (pid == w->said_pid && now - w->said_ms < LOCK_SAY_MS)
		return;
	holder_name(c->host, pid, name, sizeof(name));
	time_text(c->host->clock->realtime_ms(c->host->clock) + w->start_ms + c->lock_s * 1000LL -
			  now,
		  until);
	log_stage(c->host->log, c->stage, STAGE_WAITING, -1, "package.lock",
		  "waiting for %s, which holds /%s, for %" PRId64 " s so far, until %s", name, path,
		  (now - w->start_ms) / 1000, until);
	w->said_pid = pid;
	w->said_ms = now;
}

/* Is there any use in waiting on? */
static int judge(const struct package_context *c, const struct wait *w, pid_t pid, const char *path,
		 struct error *err)
{
	int64_t waited_ms = c->host->clock->monotonic_ms(c->host->clock) - w->start_ms;
	char name[64];

	holder_name(c->host, pid, name, sizeof(name));
	if (is_ancestor(c->host, pid))
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
