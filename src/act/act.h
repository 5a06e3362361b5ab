/* act/act.h - owns the run: recover, plan, resolve, journal, steps, verify, receipt; and undo. The
 * one engine.
 *
 * State lives in /var/lib/ib-vmext (0700): lock, journal/<run>.jsonl, journal/open (the name of the
 * open run's file), receipt.json, saved/. See design.md, section 7. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "facts/facts.h"
#include "facts/settings.h"
#include "plan/plan.h"
#include "verify/verify.h"

struct catalogue;
struct host;
struct image;
struct transaction;

#define ACT_STATE_DIR "var/lib/ib-vmext" /* below the host's root */

struct act {
	const struct host *host;
	const struct catalogue *catalogue;
	const char *program; /* this program's own file, to be copied: "/proc/self/exe" */
	int state;           /* ACT_STATE_DIR, open */
	int lock;            /* held for as long as this is open; -1 when opened for reading */
};

/* Open the state directory, making it where `for_writing`, and take the lock. FAULT_RUN_HELD names
 * the holder when another process has it; FAULT_STATE_DIR when the directory cannot be made or
 * read. */
int act_open(struct act *ret, const struct host *h, const struct catalogue *c, bool for_writing,
	     struct error *err);
void act_close(struct act *a);

struct apply_options {
	const struct settings *settings;
	const char *settings_digest; /* of the settings as received; goes into the receipt */
	const char *version;         /* of the handler or program that asks */
	int64_t seq;                 /* -1 at a shell */
	bool reload; /* a live reload rather than a restart; never through the agent */
	bool wait;   /* wait for a late adapter and for the fabric, as timeouts say */
	/* What is made is an image (act/image/image.h): nothing of it is loaded, waited for or
	 * restarted. NULL: this machine is meant. */
	const struct image *image;
	/* Asked between steps: true ends the run early, with everything so far undone,
	 * FAULT_TAKEN_OVER. May be NULL. */
	bool (*stop)(void *ctx);
	void *ctx;
	/* What somebody was shown and agreed to: FAULT_PACKAGE_CHANGED, with nothing begun, if it
	 * is another by now. NULL: nobody was asked. */
	const struct transaction *agreed;
};

/* Why something differs after an undo from how it was before the run. */
enum difference_reason {
	DIFFERS_LEFT,        /* we changed it, and it is not back: a failure */
	DIFFERS_KEPT_BACK,   /* we changed it, and the undo says why it stays */
	DIFFERS_KEPT_BESIDE, /* a person's version of a file of ours */
	DIFFERS_NEXT_BOOT,   /* a loaded module */
	DIFFERS_FOREIGN,     /* not by us */
	DIFFERS_COUNT
};

struct difference {
	char kind[8];   /* "package", "mark", "file" (units among them) or "module" */
	char name[160]; /* a path is without its leading slash */
	char before[80], after[80];
	enum difference_reason why;
};

const char *difference_why(const struct difference *d);       /* "foreign" */
const char *difference_explained(const struct difference *d); /* half a sentence */

enum { DIFFERENCES_MAX = 40 };

struct outcome {
	int exit_code; /* of the seed's table */
	enum fault fault;
	char message[960];   /* cause and next step, in whole sentences, for a person */
	char run[40];        /* the journal's name, "" if nothing was begun */
	bool changed;        /* something on this machine is not as before */
	bool reboot_pending; /* what was installed takes effect at the next boot */
	bool rebooting;      /* the run is not at its end: the VM restarts, and then goes on */
	struct plan plan;
	struct verification verification;
	struct facts facts; /* as they were at the end */
	/* Of a run that was undone: the machine held against how it was before. */
	bool compared;
	struct difference differences[DIFFERENCES_MAX];
	unsigned ndifferences; /* more than DIFFERENCES_MAX: the first are listed */
	unsigned differ[DIFFERS_COUNT];
};

/* Finish what an open journal holds, if there is one; then plan, carry out, verify, write the
 * receipt. An open run of the same request is continued, and its end is the answer; one of another
 * request is turned back first. Returns 0 with *ret filled for every end of the work, failures
 * included; -1 only if the state itself failed: then nothing was begun, or the run stays open. */
int act_apply(struct act *a, const struct apply_options *o, struct outcome *ret, struct error *err);

/* The same in an image, whose kernel is a->host->kernel: o->image says for whom. At the end nothing
 * of this machine is left in the state, and baked.json tells the first boot of a VM what was baked
 * (act/image/baked.h). */
int act_bake(struct act *a, const struct apply_options *o, struct outcome *ret, struct error *err);

/* The first boot of a VM that was made of an image. Where baked.json fits it, and InfiniBand works,
 * the receipt is made, *ret is the success, and *adopted is true: nothing was asked of the package
 * manager and nothing waited for. Else *adopted is false, and `why` is a clause that says what
 * differs; "" where there is no such file, or only the ports are not ready. */
int act_adopt(struct act *a, const struct apply_options *o, struct outcome *ret, bool *adopted,
	      char *why, size_t why_size, struct error *err);

/* Put back what the receipt says was changed, and what an open run has changed so far.
 * FAULT_NOTHING_TO_UNDO when there is neither. Outcome KEPT_BACK: done, but for what the message
 * lists. `force` goes on where a journal is damaged, with what can be read of it. */
int act_undo(struct act *a, bool force, struct outcome *ret, struct error *err);

/* Only finish an open journal. *found says whether there was one. */
int act_recover(struct act *a, bool *found, struct outcome *ret, struct error *err);

/* Is there an open journal? Needs no lock. */
bool act_is_open(const struct act *a);
