/* handler/reporter.h - a log sink that keeps N.status up to date while the worker is at work. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "handler/request.h"
#include "handler/status.h"

enum { REPORTER_PAUSE_MS = 1000 };

/* Only the holder of the lock has one. */
struct reporter {
	const struct host *host;
	char dir[FOLDER_SIZE]; /* "": nobody to tell */
	int64_t seq;
	struct status status;
	int64_t written_ms;
	int failed; /* -errno of the last write that failed, so that it is said once; 0 */
};

/* Begin a transitioning status. Nothing is written yet. */
void reporter_begin(struct reporter *r, const struct host *h, const struct request *req,
		    const char *message);

/* struct log_sink's write: events with a stage move the status. A change of state is written at
 * once, the rest at most once a second. */
void reporter_sink(void *ctx, const struct event *ev);

/* Write now. Failures are logged once, a directory that is gone not at all: the handler may have
 * been removed. */
void reporter_write(struct reporter *r);
