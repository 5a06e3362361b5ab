/* handler/streams.h - where the one stream of events goes while a handler's verb runs: the log,
 * JSON lines, agent events. */
#pragma once

#include <stddef.h>

#include "handler/events.h"

struct handler_app;
struct log;

#define LOG_DIRECTORY "var/log/azure"
#define LOG_FILE      LOG_DIRECTORY "/ib-vmext-status"

enum { LOG_FILE_MAX = 8 << 20 };

struct streams {
	struct log *log;
	size_t sinks_before, secrets_before;
	int text_fd, json_fd;
	struct event_writer events;
};

/* Add the sinks to the host's log. What cannot be opened is left out: a full disk must not hide the
 * fault that says so. Folders may be "". *ret must stay where it is until streams_close. */
void streams_open(struct streams *ret, const struct handler_app *app, const char *log_folder,
		  const char *events_folder);

/* Take the sinks, and the secrets learnt meanwhile, out again. */
void streams_close(struct streams *s);
#define AUTO_STREAMS CLEANUP(streams_close)
