/* act/step/step.h - what a kind of step does: {check, prepare, apply, confirm, undo}. One table row
 * a kind. */
#pragma once

#include <stdbool.h>

#include "act/packages/manager.h"
#include "act/packages/transaction.h"
#include "base/error.h"
#include "base/json.h"
#include "facts/settings.h"
#include "plan/plan.h"

struct host;

/* What the steps of one run share. */
struct step_context {
	const struct host *host;
	const struct settings *settings;
	int state_dir;   /* of ib-vmext, open */
	const char *run; /* the journal's name: saved/<run>/ holds what is needed to go back */
	struct package_context packages; /* .manager is NULL where there is none that we know */
	/* The transaction that was shown, and the id of its step. NULL when going on after a crash.
	 * A step whose packages come from a repository that the run itself makes known cannot be
	 * shown before: it is made ready when its turn comes. */
	const struct transaction *shown;
	const char *shown_step;
};

/* What a kind has no need of is NULL; step_check and the others below know what that means. */
struct step_ops {
	/* Is it as wanted already? Then nothing is done and nothing undone. NULL: never. */
	bool (*check)(const struct step_context *c, const struct step *s);
	/* Look at what is there now and keep what undo needs (saved/). *ret goes into the journal
	 * with the intent. NULL: nothing. */
	int (*prepare)(const struct step_context *c, const struct step *s, json_t **ret,
		       struct error *err);
	/* May be called again after a crash in it. NULL: it changes nothing. */
	int (*apply)(const struct step_context *c, const struct step *s, const json_t *before,
		     struct error *err);
	/* Is it done, as far as the machine shows? NULL: it does not show. */
	int (*confirm)(const struct step_context *c, const struct step *s, struct error *err);
	/* From any state between untouched and done. May be called again. FAULT_KEPT_BACK: undone
	 * but for what the sentence names, which has to stay. NULL: nothing is left of it. */
	int (*undo)(const struct step_context *c, const struct step *s, const json_t *before,
		    struct error *err);
	int percent; /* share of the whole run, for progress */
};

const struct step_ops *step_ops(enum step_kind kind); /* NULL: not carried out */

bool step_check(const struct step_context *c, const struct step *s);
int step_prepare(const struct step_context *c, const struct step *s, json_t **ret,
		 struct error *err);
/* With its confirmation. */
int step_apply(const struct step_context *c, const struct step *s, const json_t *before,
	       struct error *err);
/* Of a step whose outcome a crash has cut off: was it done? What does not show is done again. */
bool step_was_done(const struct step_context *c, const struct step *s);
int step_undo(const struct step_context *c, const struct step *s, const json_t *before,
	      struct error *err);

extern const struct step_ops step_packages;
extern const struct step_ops step_file;
extern const struct step_ops step_modules;
extern const struct step_ops step_download;
extern const struct step_ops step_services;
extern const struct step_ops step_prebuilt;
extern const struct step_ops step_initramfs;
extern const struct step_ops step_foreign;
extern const struct step_ops step_next_boot;
extern const struct step_ops step_sign;
extern const struct step_ops step_reload;
extern const struct step_ops step_manager;
extern const struct step_ops step_takeover;
extern const struct step_ops step_addresses;
extern const struct step_ops step_names;
extern const struct step_ops step_setting;
extern const struct step_ops step_installer;
extern const struct step_ops step_repository;
extern const struct step_ops step_build;

/* The transaction that a STEP_PACKAGES would be now, judged. Changes nothing but stale package
 * lists, which are brought up to date. Adds to *ret. */
int step_packages_resolve(const struct step_context *c, const struct step *s,
			  struct transaction *ret, struct error *err);

/* FAULT_IRREVERSIBLE names a package of the transaction that could not be put back. */
int step_packages_reversible(const struct step_context *c, const struct transaction *t,
			     struct error *err);

/* The same transaction, ready to be made: half-done states repaired, all of it downloaded, with
 * lists that are up to date. FAULT_IRREVERSIBLE unless settings.force. */
int step_packages_ready(const struct step_context *c, const struct step *s, struct transaction *ret,
			struct error *err);
