/* act/package_manager.h - one table of functions for each package manager; the steps know none of
 * them by name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/transaction.h"
#include "base/error.h"
#include "base/json.h"

struct host;
struct package_manager;

/* What a call into a package manager needs: the machine and how long it may wait for a lock. */
struct package_context {
	const struct host *host;
	const struct package_manager *manager;
	int lock_s;        /* timeouts.lock */
	int deadline_s;    /* of one call to the package manager */
	const char *stage; /* under which waits and progress are shown */
	/* Asked while waiting: true gives up (FAULT_TAKEN_OVER). May be NULL. */
	bool (*stop)(void *ctx);
	void *stop_ctx;
};

struct package_manager {
	const char *name;

	/* Put a half-done state right: interrupted transactions, half-configured packages. */
	int (*repair)(const struct package_context *c, struct error *err);
	/* Bring the package lists up to date; a bad signature is a failure. */
	int (*refresh)(const struct package_context *c, struct error *err);
	/* Simulate the installation of `names`. FAULT_PACKAGE_NOT_FOUND may mean that the lists are
	 * stale. Sorted. */
	int (*resolve)(const struct package_context *c, const char *const *names,
		       struct transaction *ret, struct error *err);
	/* Save the files of all that `t` replaces or removes below the directory `dir` (absolute).
	 * FAULT_IRREVERSIBLE names what cannot be had. */
	int (*save)(const struct package_context *c, const struct transaction *t, const char *dir,
		    struct error *err);
	int (*install)(const struct package_context *c, const char *const *names,
		       struct error *err);
	/* Undo `t`: purge what it installed, put back from `dir` what it replaced or removed. Works
	 * from any half-done state. */
	int (*revert)(const struct package_context *c, const struct transaction *t, const char *dir,
		      struct error *err);
	/* Which of `names` are installed on request and which as dependencies, and how to put that
	 * back. */
	json_t *(*marks)(const struct package_context *c, const char *const *names);
	int (*set_marks)(const struct package_context *c, const json_t *marks, struct error *err);
	/* Is each of `names` installed whole? */
	bool (*installed)(const struct package_context *c, const char *const *names);
};

/* By name ("apt"); NULL if there is none. */
const struct package_manager *package_manager_find(const char *name);

extern const struct package_manager package_manager_apt;

/* Wait until nobody holds one of the lock files (fcntl locks; paths below the root). Says in log
 * and status who holds it, since when and until when we wait. FAULT_PACKAGE_LOCK after the
 * deadline. */
int package_lock_wait(const struct package_context *c, const char *const *paths, struct error *err);

/* Text in a package manager's output and the fault that it means; the last row has no text and
 * gives the default. */
struct package_message {
	const char *text;
	enum fault fault;
};

struct run_result;
struct run_spec;

/* Turn a failed end into an error: the fault by the messages, the sentence from the lines that
 * matter ("E: ..."). Returns -1. */
int package_error(const struct run_spec *spec, const struct run_result *r,
		  const struct package_message *messages, const char *doing, struct error *err);
