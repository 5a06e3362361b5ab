/* Waits for the locks of a package manager, naming the holder, since when and until when. */
#include "act/package_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { LOCK_POLL_MS = 500, LOCK_SAY_MS = 10000 };

/* The process that holds an fcntl lock on the file: a pid, 0 if it is free or not there. */
static pid_t holder_of(const struct host *h, const char *path)
{
	AUTO_FD int fd = openat(h->root, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid > 0 ? lock.l_pid : -1; /* -1: held from another pid namespace */
}

static pid_t first_holder(const struct host *h, const char *const *paths, const char **ret_path)
{
	for (; *paths; paths++) {
		pid_t pid = holder_of(h, *paths);

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

int package_lock_wait(const struct package_context *c, const char *const *paths, struct error *err)
{
	const struct clock *clock = c->host->clock;
	struct wait w = { .start_ms = clock->monotonic_ms(clock) };
	const char *path = NULL;
	char name[64];
	pid_t pid;

	while ((pid = first_holder(c->host, paths, &path)) != 0) {
		if (clock->monotonic_ms(clock) - w.start_ms >= c->lock_s * 1000LL) {
			holder_name(c->host, pid, name, sizeof(name));
			return error_set(err, FAULT_PACKAGE_LOCK, EAGAIN,
					 "%s is locked: %s has held /%s for %d s", c->manager->name,
					 name, path, c->lock_s);
		}
		if (c->stop && c->stop(c->stop_ctx))
			return error_set(err, FAULT_TAKEN_OVER, 0,
					 "a newer request came while waiting for a lock");
		say(c, &w, pid, path);
		clock->sleep_ms(clock, LOCK_POLL_MS);
	}
	return 0;
}

/* Copy the lines that matter from what a package manager printed: those of an error, else the last
 * ones. */
static void lines_that_matter(const char *text, char *ret, size_t size)
{
	const char *last = "";
	size_t n = 0;

	ret[0] = '\0';
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if ((text_starts(line, "E: ") || text_starts(line, "dpkg: error")) &&
		    n + len + 3 < size) {
			n += (size_t)snprintf(ret + n, size - n, "%s%.*s", n ? "; " : "", (int)len,
					      line);
		}
		if (len > 0)
			last = line;
		line += len + (line[len] == '\n');
	}
	if (n == 0)
		(void)text_format(ret, size, "%.*s", (int)strcspn(last, "\n"), last);
}

int package_error(const struct run_spec *spec, const struct run_result *r,
		  const struct package_message *messages, const char *doing, struct error *err)
{
	char lines[320], end[64];
	const struct package_message *m = messages;

	while (m->text && !strstr(buf_text(&r->err), m->text) &&
	       !strstr(buf_text(&r->out), m->text))
		m++;
	run_end_text(r, spec, end, sizeof(end));
	lines_that_matter(buf_text(&r->err), lines, sizeof(lines));
	return error_set(err, r->end == RUN_NOT_FOUND ? FAULT_PROGRAM_MISSING : m->fault, 0,
			 "%s: %s: %s", doing, end, lines[0] ? lines : "no message");
}
