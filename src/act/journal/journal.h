/* act/journal/journal.h - what a run intends and what came of it, one synced line at a time.
 *
 * journal/<run>.jsonl is append-only; journal/open names the run that has not ended. A line:
 * {"v":2,"run","n","t","boot","step","kind","phase":"intent|outcome","data"}. An intent is on the
 * disk before the act. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "plan/plan.h"

struct host;

enum { JOURNAL_VERSION = 2, JOURNALS_KEPT = 20 };

/* Where a step stands, as the journal tells it. */
enum step_state {
	STEP_UNTOUCHED = 0,
	STEP_INTENDED, /* begun; what came of it is not known */
	STEP_DONE,
	STEP_SKIPPED, /* was already as wanted: nothing to undo */
	STEP_FAILED,  /* begun and failed: to be undone */
	STEP_UNDONE,
};

/* The phases of a run; the moves between them are the table in act/run.c. */
enum phase {
	PHASE_PLANNED = 0,
	PHASE_APPLYING,
	PHASE_VERIFYING,
	PHASE_REBOOTING, /* the next boot goes on with it; since format 2 */
	PHASE_UNDOING,
	PHASE_DONE,
	PHASE_UNDONE,
	PHASE_STUCK, /* the only one that needs a person */
	PHASE_COUNT
};

struct journal_step {
	enum step_state state;
	json_t *before; /* owned: what `prepare` saw, all that undo needs; NULL if none */
	int64_t begun_ms, ended_ms; /* as the lines read back tell; 0 if not known */
};

struct journal {
	const struct host *host;
	int state_dir; /* borrowed */
	int fd;        /* open for appending, -1 when not */
	int64_t lines;
	size_t whole;          /* bytes up to the end of the last whole line */
	bool salvaging;        /* a line that cannot be read is passed over */
	char run[40];          /* "20261122T110000Z-123-4567" */
	char boot[40];         /* the present one */
	char changed_boot[40]; /* in which a step was last begun or ended */
	char first_boot[40];   /* in which the run began, as the lines read back tell */
	char ordered_boot[40]; /* in which the machine was last to be restarted */
	unsigned reboots;      /* restarts of the machine for this run */
	enum phase phase;
	/* As the lines read back tell; 0 if not known. */
	int64_t begun_ms, phase_ms[PHASE_COUNT], last_ms;
	bool spans_boots;
	json_t *begin; /* owned: data of the first line: kind, seq, version, settingsDigest, plan */
	json_t *cause; /* owned: why the run is being undone, NULL if it is not or did not say */
	struct plan plan;
	struct journal_step steps[PLAN_STEPS_MAX];
};

void journal_free(struct journal *j);
#define AUTO_JOURNAL CLEANUP(journal_free)

/* Start a run: makes the file and its first line, then journal/open. `begin` holds "kind" ("apply"
 * or "undo") and what else must be known to go on after a crash; the plan is added to it here. Of
 * an undo it holds "steps", too, as the run that is undone left them, and the phase is to undo. On
 * failure no run is open. */
int journal_begin(struct journal *ret, const struct host *h, int state_dir, json_t *begin,
		  const struct plan *plan, struct error *err);

/* Read the open run; changes nothing, and needs no lock. *found is false when there is none. A torn
 * last line does not count. FAULT_JOURNAL_NEWER names the version that wrote it,
 * FAULT_JOURNAL_DAMAGED the line. */
int journal_load_open(struct journal *ret, const struct host *h, int state_dir, bool *found,
		      struct error *err);

/* The same, passing over what cannot be read: at worst a step is undone that was undone already.
 * *found is false also where the plan is lost. */
int journal_salvage_open(struct journal *ret, const struct host *h, int state_dir, bool *found,
			 struct error *err);

/* Go on with a run that was loaded: cut a torn last line off and open it for appending. */
int journal_reopen(struct journal *j, struct error *err);

/* Fill the journal from its text. Errors as journal_load_open; `err` is not NULL. */
int journal_replay(struct journal *j, const char *text, size_t len, struct error *err);

/* Each appends one line and syncs it. `data` is borrowed and may be NULL. */
int journal_intent(struct journal *j, unsigned step, json_t *before, struct error *err);
int journal_outcome(struct journal *j, unsigned step, enum step_state state, const char *what,
		    struct error *err);
int journal_phase(struct journal *j, enum phase to, const json_t *data, struct error *err);

/* The run has ended: journal/open is removed. May be called again. */
int journal_close(struct journal *j, struct error *err);
/* No run is open any more, whatever journal/open names. */
int journal_forget(int state_dir, struct error *err);

/* Remove all journals but the last JOURNALS_KEPT and the open one. Returns 0 or -errno. */
int journal_prune(int state_dir);

/* How often the machine was restarted for this request, as the journals that are kept tell. What
 * cannot be read counts for nothing. */
unsigned journal_reboots_of(const struct host *h, int state_dir, int64_t seq,
			    const char *settings_digest);

/* Read each journal that is kept, the newest first, until `fn` returns true. One that is open or
 * damaged is read as far as it goes; what has no plan is left out. */
void journal_each(const struct host *h, int state_dir,
		  bool (*fn)(void *ctx, const struct journal *j), void *ctx);

bool journal_is_open(int state_dir);
bool journal_is_undo(const struct journal *j);

const char *phase_name(enum phase p);
const char *step_state_name(enum step_state s);
int step_state_by_name(const char *name); /* -1 if there is none */

/* Take the states of an undo's steps out of its first line. Returns 0 or -EINVAL. For journal*.c.
 */
int journal_take_steps(struct journal *j);

/* A step was at work in this boot, or the run has ordered a restart in it. For journal*.c. */
void journal_note_change(struct journal *j, unsigned step, const char *boot);
void journal_note_reboot(struct journal *j, const char *boot);
