/* handler/events.c - one file an event, for the agent's telemetry. */
#include "handler/events.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "handler/status.h"
#include "host/host.h"

static const char *const levels[] = {
	[LEVEL_DEBUG] = "Verbose",
	[LEVEL_INFO] = "Informational",
	[LEVEL_WARNING] = "Warning",
	[LEVEL_ERROR] = "Error",
};

static json_t *event_to_json(const struct event_writer *w, const struct event *ev)
{
	char message[EVENT_MESSAGE_SIZE], pid[16], when[21];

	(void)TEXT_COPY(message, ev->what);
	utf8_fit(message, sizeof message);
	(void)TEXT_FORMAT(pid, "%ld", (long)getpid());
	time_text(ev->time_ms, when);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Version", w->version,
			 "Timestamp", when, "TaskName", ev->slug, "EventLevel", levels[ev->level],
			 "Message", message, "EventPid", pid, "EventTid", pid, "OperationId",
			 w->operation);
}

/* A folder that is gone or full costs the event and nothing else. */
void event_writer_sink(void *ctx, const struct event *ev)
{
	struct event_writer *w = ctx;
	AUTO_JSON json_t *j = NULL;
	AUTO_BUF struct buf text = { 0 };
	AUTO_FD int dir = -1;
	char name[40];

	if (w->dir[0] == '\0' || w->count >= EVENTS_PER_RUN_MAX)
		return;
	dir = openat(w->host->root, path_below_root(w->dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	j = event_to_json(w, ev);
	if (dir < 0 || j == NULL || json_write(j, false, &text) < 0)
		return;
	w->count++;
	w->last = ev->time_ms * 1000 > w->last ? ev->time_ms * 1000 : w->last + 1;
	(void)TEXT_FORMAT(name, "%lld.json", (long long)w->last);
	if (fs_replace(dir, name, text.data, text.len, 0644) < 0)
		w->dir[0] = '\0';
}
