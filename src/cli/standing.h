/* cli/standing.h - where the last run stands, as `status` and `status --watch` tell it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "act/journal/ended.h"
#include "act/journal/journal.h"
#include "act/progress.h"
#include "base/json.h"
#include "facts/facts.h"
#include "handler/result.h"

struct app;
struct page;

/* The log that the Azure page names gets what a verb at the shell does, too. */
#define STATUS_LOG_DIR  "var/log/azure"
#define STATUS_LOG_NAME "ib-vmext-status"
#define STATUS_LOG      STATUS_LOG_DIR "/" STATUS_LOG_NAME

struct standing {
	bool hidden;            /* the state directory may not be read: not root */
	pid_t holder;           /* of the lock, 0: nobody is at work */
	bool open;              /* a run is open */
	struct journal journal; /* of the open run */
	bool has_request;       /* one that has not ended */
	int64_t request_seq, requested_ms;
	json_t *receipt;    /* owned */
	struct result last; /* what the agent was told last */
	bool has_last;
	struct ended ended; /* the last run, whoever asked for it */
	bool has_ended;
	struct facts facts;
	char told[700]; /* of a kernel that came after the installation, "" if nothing */

	/* Of a run that is at work. */
	int step; /* of the plan, plan.nsteps while the ports are looked at, -1 before */
	int64_t now_ms, since_ms; /* of the run; of its end where it has ended; 0 if not known */
	int percent;              /* -1 if not known */
	int64_t left_s;           /* 0 if not known */
	struct estimate estimate;
	char doing[2048]; /* the last that it has logged, "" if not known */
};

void standing_read(struct app *app, struct standing *ret);
void standing_free(struct standing *s);

/* "running", "rebooting", "stuck", "interrupted", "waiting", "failed", "installed", "undone",
 * "ended", "none" or "unknown" */
const char *standing_name(const struct standing *s);

/* Does it go on by itself? "waiting" does not for ever: who asks must have an end. */
bool standing_goes_on(const struct standing *s);

/* Of the last run; 14 where it was cut off. */
int standing_exit_code(const struct standing *s);

/* What a person should do now. */
const char *standing_next(const struct standing *s);

json_t *standing_to_json(const struct standing *s);
void render_standing(const struct page *page, const struct standing *s);
