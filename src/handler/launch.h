/* handler/launch.h - starts the worker outside the agent's control group, so that it outlives the
 * command and the agent. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct handler_app;

/* Start `program handler worker`: as a transient systemd service, or in a session of its own where
 * there is no systemd. -1 with FAULT_WORKER_START; where systemd is there but fails, nothing else
 * is tried, since a child of ours would die with the agent. */
int worker_start(const struct handler_app *app, const char *program, int64_t seq,
		 struct error *err);

/* The second way: `program` with `verb` in a session of its own, child of init. */
int launch_detached(const char *program, const char *verb, struct error *err);
