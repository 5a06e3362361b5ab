/* handler/reporter.c - moves N.status along with the events of the run. */
#include "handler/reporter.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"

void reporter_begin(struct reporter *r, const struct host *h, const struct request *req,
		    const char *message)
{
	*r = (struct reporter) { .host = h, .seq = req->seq };
	(void)TEXT_COPY(r->dir, req->status_dir);
	status_set(&r->status, STATUS_TRANSITIONING, 0, message);
}

static const struct {
	bool moves;
	enum status_state state;
} stages[] = {
	[STAGE_NONE] = { false, STATUS_TRANSITIONING },
	[STAGE_RUNNING] = { true, STATUS_TRANSITIONING },
	[STAGE_DONE] = { true, STATUS_SUCCESS },
	[STAGE_FAILED] = { true, STATUS_ERROR },
	[STAGE_WAITING] = { true, STATUS_TRANSITIONING },
};

/* Has the stage been in this state already? */
static bool is_known(const struct status *s, const char *name, enum status_state state)
{
	for (unsigned i = 0; i < s->nsubs; i++)
		if (text_eq(s->subs[i].name, name))
			return s->subs[i].state == state;
	return false;
}

void reporter_sink(void *ctx, const struct event *ev)
{
	struct reporter *r = ctx;
	char message[STATUS_MESSAGE_SIZE], far[60];
	bool known;

	if (ev->stage == NULL || (size_t)ev->state >= ARRAY_SIZE(stages) ||
	    !stages[ev->state].moves)
		return;
	known = is_known(&r->status, ev->stage, stages[ev->state].state);
	status_sub(&r->status, ev->stage, stages[ev->state].state, 0, ev->what);
	progress_text(ev->percent, ev->left_s, far, sizeof far);
	if (far[0] != '\0')
		(void)TEXT_FORMAT(message, "%s: %s", far, ev->what);
	else
		(void)TEXT_COPY(message, ev->what);
	status_set(&r->status, STATUS_TRANSITIONING, 0, message);
	if (!known || ev->time_ms - r->written_ms >= REPORTER_PAUSE_MS ||
	    ev->time_ms < r->written_ms) {
		r->written_ms = ev->time_ms;
		reporter_write(r);
	}
}

void reporter_write(struct reporter *r)
{
	const struct host *h = r->host;
	AUTO_JSON json_t *document = NULL;
	int rc;

	if (r->dir[0] == '\0')
		return;
	status_redact(&r->status, h->log);
	document = status_to_json(&r->status, h->clock->realtime_ms(h->clock));
	rc = status_write(h, r->dir, r->seq, document);
	if (rc < 0 && rc != r->failed && rc != -ENOENT)
		LOG(h->log, WARNING, "status.write", "cannot write %s/%lld.status, ignoring: %s",
		    r->dir, (long long)r->seq, strerror(-rc));
	r->failed = rc;
}
