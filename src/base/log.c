/* base/log.c - makes each event once, without secrets, and hands it to the sinks. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"

enum { WHAT_SIZE = 2048 };

static const char *const level_names[] = {
	[LEVEL_DEBUG] = "debug",
	[LEVEL_INFO] = "info",
	[LEVEL_WARNING] = "warning",
	[LEVEL_ERROR] = "error",
};

static const char *const state_names[] = {
	[STAGE_NONE] = "none",     [STAGE_RUNNING] = "running", [STAGE_DONE] = "done",
	[STAGE_FAILED] = "failed", [STAGE_WAITING] = "waiting",
};

int log_add_sink(struct log *log, void (*write)(void *ctx, const struct event *ev), void *ctx,
		 enum level least)
{
	if (log->nsinks == LOG_SINKS_MAX)
		return -ENOSPC;
	log->sinks[log->nsinks++] =
		(struct log_sink) { .write = write, .ctx = ctx, .least = least };
	return 0;
}

int log_add_secret(struct log *log, const char *secret)
{
	if (secret == NULL || secret[0] == '\0')
		return 0;
	if (log->nsecrets == LOG_SECRETS_MAX)
		return -ENOSPC;
	log->secrets[log->nsecrets++] = secret;
	return 0;
}

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_heard(const struct log *log, enum level level)
{
	for (size_t i = 0; i < log->nsinks; i++)
		if (level >= log->sinks[i].least)
			return true;
	return false;
}

/* Redacted before it is cut, so that no half of a secret stays at the end of a long sentence. */
PRINTF(3, 0)
static void say(struct log *log, struct event *ev, const char *fmt, va_list ap)
{
	AUTO_FREE char *what = NULL;
	char cut[WHAT_SIZE];

	if (!is_heard(log, ev->level))
		return;
	if (vasprintf(&what, fmt, ap) < 0) {
		what = NULL;
		ev->what = "(no memory for this event)";
	} else {
		redact(what, log->secrets, log->nsecrets);
		(void)TEXT_COPY(cut, what);
		ev->what = cut;
	}
	ev->time_ms = log->now_ms != NULL ? log->now_ms() : wall_ms();
	for (size_t i = 0; i < log->nsinks; i++)
		if (ev->level >= log->sinks[i].least)
			log->sinks[i].write(log->sinks[i].ctx, ev);
}

void log_event(struct log *log, enum level level, const char *slug, const char *fmt, ...)
{
	struct event ev = { .level = level, .slug = slug, .percent = -1 };
	va_list ap;

	if (log == NULL)
		return;
	va_start(ap, fmt);
	say(log, &ev, fmt, ap);
	va_end(ap);
}

PRINTF(4, 0)
static void say_progress(struct log *log, const struct progress *at, const char *slug,
			 const char *fmt, va_list ap)
{
	struct event ev = { .level = at->state == STAGE_FAILED ? LEVEL_ERROR : LEVEL_INFO,
			    .slug = slug,
			    .stage = at->stage,
			    .state = at->state,
			    .percent = at->percent,
			    .left_s = at->left_s };

	if (log != NULL)
		say(log, &ev, fmt, ap);
}

void log_stage(struct log *log, const char *stage, enum stage_state state, int percent,
	       const char *slug, const char *fmt, ...)
{
	struct progress at = { stage, state, percent, 0 };
	va_list ap;

	va_start(ap, fmt);
	say_progress(log, &at, slug, fmt, ap);
	va_end(ap);
}

void log_progress(struct log *log, const struct progress *at, const char *slug, const char *fmt,
		  ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_progress(log, at, slug, fmt, ap);
	va_end(ap);
}

void duration_text(int64_t seconds, char *ret, size_t size)
{
	long long s = seconds > 0 ? (long long)seconds : 0;

	if (s < 120)
		(void)text_format(ret, size, "%lld s", s);
	else if (s < 7200)
		(void)text_format(ret, size, "%lld min", (s + 30) / 60);
	else
		(void)text_format(ret, size, "%lld h %lld min", s / 3600, s % 3600 / 60);
}

void progress_text(int percent, int64_t left_s, char *ret, size_t size)
{
	char left[40];

	ret[0] = '\0';
	if (percent < 0)
		return;
	duration_text(left_s, left, sizeof left);
	if (left_s > 0)
		(void)text_format(ret, size, "%d %%, about %s left", percent, left);
	else
		(void)text_format(ret, size, "%d %%", percent);
}

const char *level_name(enum level level)
{
	return (unsigned)level < ARRAY_SIZE(level_names) ? level_names[level] : "unknown";
}

int level_by_name(const char *name, enum level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (!text_eq(name, level_names[i]))
			continue;
		*ret = (enum level)i;
		return 0;
	}
	return -EINVAL;
}

void time_text(int64_t time_ms, char ret[static 21])
{
	int64_t s = time_ms / 1000 - (time_ms % 1000 < 0);
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 9999 - 1900 ||
	    strftime(ret, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)text_copy(ret, 21, "1970-01-01T00:00:00Z");
}

int time_parse(const char *text, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (end == NULL || *end != '\0')
		return -EINVAL;
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return 0;
}

/* A log that cannot be written must not stop the work that it tells of. One write(2), so that lines
 * of several processes do not mix. */
static void write_line(void *ctx, struct buf *line)
{
	ssize_t done;

	if (buf_add_text(line, "\n") < 0)
		return;
	do {
		done = write((int)(intptr_t)ctx, line->data, line->len);
	} while (done < 0 && errno == EINTR);
}

void log_sink_text(void *ctx, const struct event *ev)
{
	AUTO_BUF struct buf line = { 0 };
	char when[21], far[60];

	time_text(ev->time_ms, when);
	progress_text(ev->percent, ev->left_s, far, sizeof far);
	if (buf_add_format(&line, "%s %s %s: ", when, level_name(ev->level), ev->slug) < 0)
		return;
	for (const char *p = ev->what; *p != '\0'; p++) {
		char c = (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p; /* one line an event */

		if (buf_add(&line, &c, 1) < 0)
			return;
	}
	if (far[0] != '\0' && buf_add_format(&line, " (%s)", far) < 0)
		return;
	write_line(ctx, &line);
}

/* Text of another program may be in any encoding; JSON must be UTF-8. */
static json_t *text_value(const char *text)
{
	AUTO_FREE char *plain = NULL;
	json_t *value = json_string(text);

	if (value != NULL)
		return value;
	plain = strdup(text);
	if (plain == NULL)
		return NULL;
	for (char *p = plain; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json_string(plain);
}

void log_sink_json(void *ctx, const struct event *ev)
{
	AUTO_BUF struct buf line = { 0 };
	AUTO_JSON json_t *j = NULL;
	char when[21];

	time_text(ev->time_ms, when);
	j = json_pack("{s:s, s:s, s:s, s:o}", "time", when, "level", level_name(ev->level), "slug",
		      ev->slug, "what", text_value(ev->what));
	if (j == NULL)
		return;
	if (ev->stage != NULL &&
	    (json_object_set_new(j, "stage", json_string(ev->stage)) < 0 ||
	     json_object_set_new(j, "state", json_string(state_names[ev->state])) < 0))
		return;
	if (ev->percent >= 0 && json_object_set_new(j, "percent", json_integer(ev->percent)) < 0)
		return;
	if (ev->left_s > 0 && json_object_set_new(j, "leftSeconds", json_integer(ev->left_s)) < 0)
		return;
	if (json_write(j, false, &line) == 0)
		write_line(ctx, &line);
}
