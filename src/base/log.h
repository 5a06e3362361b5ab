/* base/log.h - the one stream of events, and the sinks that render it.
 *
 * What happens is said once, as an event with a stable slug; sinks make of it text for a person,
 * JSON lines, agent events, or the status file. Only cli/, act/ and handler/ log above debug. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

enum stage_state { STAGE_NONE, STAGE_RUNNING, STAGE_DONE, STAGE_FAILED, STAGE_WAITING };

struct event {
	int64_t time_ms; /* since 1970, UTC */
	enum level level;
	const char *slug;  /* "package.install": stable, lower case, dotted */
	const char *what;  /* one sentence for a person, redacted */
	const char *stage; /* the stage of the run that this moves, NULL if none: "packages",
			      "modules", ... */
	enum stage_state state;
	int percent;    /* of the whole run, -1 if unknown */
	int64_t left_s; /* until its end, as estimated; 0 if unknown */
};

/* Where the run stands with this event. */
struct progress {
	const char *stage;
	enum stage_state state;
	int percent;
	int64_t left_s;
};

struct log_sink {
	void (*write)(void *ctx, const struct event *ev);
	void *ctx;
	enum level least;
};

enum { LOG_SINKS_MAX = 6, LOG_SECRETS_MAX = 8 };

struct log {
	struct log_sink sinks[LOG_SINKS_MAX];
	size_t nsinks;
	const char *secrets[LOG_SECRETS_MAX]; /* borrowed: never let through, see base/redact.h */
	size_t nsecrets;
	int64_t (*now_ms)(void); /* NULL: the real-time clock */
};

/* Returns 0, or -ENOSPC when the table of sinks is full. */
int log_add_sink(struct log *log, void (*write)(void *ctx, const struct event *ev), void *ctx,
		 enum level least);
int log_add_secret(struct log *log, const char *secret);

void log_event(struct log *log, enum level level, const char *slug, const char *fmt, ...)
	PRINTF(4, 5);
void log_stage(struct log *log, const char *stage, enum stage_state state, int percent,
	       const char *slug, const char *fmt, ...) PRINTF(6, 7);

/* The same, with what is left. */
void log_progress(struct log *log, const struct progress *at, const char *slug, const char *fmt,
		  ...) PRINTF(4, 5);

/* log may be NULL: then nothing happens. */
#define LOG(log, LEVEL, slug, ...) log_event((log), LEVEL_##LEVEL, (slug), __VA_ARGS__)

const char *level_name(enum level level);             /* "info" */
int level_by_name(const char *name, enum level *ret); /* 0 or -EINVAL */

/* Ready-made sinks; ctx is a file descriptor as (void *)(intptr_t)fd. One write(2) an event. */
void log_sink_text(void *ctx,
		   const struct event *ev); /* 2026-11-22T11:00:00Z info package.install: ... */
void log_sink_json(
	void *ctx,
	const struct event *ev); /* {"time":"...","level":"info","slug":...,"what":...} */

/* "45 %, about 2 min left"; "" where nothing is known. */
void progress_text(int percent, int64_t left_s, char *ret, size_t size);

/* "40 s", "2 min", "1 h 20 min" */
void duration_text(int64_t seconds, char *ret, size_t size);

/* "2026-11-22T11:00:00Z" of a time; `ret` has room for 21 bytes. */
void time_text(int64_t time_ms, char ret[static 21]);
int time_parse(const char *text, int64_t *ret_ms); /* 0 or -EINVAL */
