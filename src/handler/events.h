/* handler/events.h - a log sink that writes events for the agent to send on.
 *
 * Source: WALinuxAgent ga/collect_telemetry_events.py: files named by digits, an event of at most 6
 * KB, a message of at most 3 KB, 360 events in five minutes; the agent empties the folder. */
#pragma once

#include <stdint.h>

#include "base/log.h"
#include "handler/environment.h"

enum { EVENTS_PER_RUN_MAX = 300, EVENT_MESSAGE_SIZE = 3000 };

struct event_writer {
	const struct host *host;
	char dir[FOLDER_SIZE]; /* "": the agent wants none */
	const char *version;
	char operation[64]; /* ties the events of one run together */
	unsigned count;
	int64_t last; /* the name of the last file */
};

void event_writer_sink(void *ctx, const struct event *ev);
