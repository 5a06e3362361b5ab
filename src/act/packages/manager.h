/* act/packages/manager.h - one table of functions for each package manager; the steps know none of
 * them by name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/packages/transaction.h"
#include "base/error.h"
#include "base/json.h"

struct host;
struct package_manager;
struct settings;

/* What a call into a package manager needs: the machine and how long it may wait for a lock. */
struct package_context {
	const struct host *host;
	const struct package_manager *manager;
	const struct settings *settings; /* whose proxy is used; NULL: none */
	int lock_s;                      /* timeouts.lock */
	int deadline_s;                  /* of one call to the package manager */
	const char *stage;               /* under which waits and progress are shown */
	/* Asked while waiting: true gives up (FAULT_TAKEN_OVER). May be NULL. */
	bool (*stop)(void *ctx);
	void *stop_ctx;
	/* A directory (absolute) of package files that were kept earlier: what is in it `save`
	 * takes from there. May be NULL. */
	const char *kept;
	/* The versions of the vendor's repository count, be others later. */
	bool vendor;
};

struct package_manager {
	const char *name;

	/* Put a half-done state right: interrupted transactions, half-configured packages. Removes
	 * nothing and touches no kernel: FAULT_PACKAGE_BROKEN where it would have to. */
	int (*repair)(const struct package_context *c, struct error *err);
	/* Wait for the locks, and no more. */
	int (*wait)(const struct package_context *c, struct error *err);
	/* Bring the package lists up to date; a bad signature is a failure. */
	int (*refresh)(const struct package_context *c, struct error *err);
	/* Simulate the installation of `names`; changes nothing. FAULT_PACKAGE_NOT_FOUND may mean
	 * that the lists are stale, FAULT_PACKAGE_SIGNATURE that a key has not been taken yet.
	 * Sorted. */
	int (*resolve)(const struct package_context *c, const char *const *names,
		       struct transaction *ret, struct error *err);
	/* Download all that `install` will need. FAULT_DOWNLOAD may mean that the lists are stale.
	 */
	int (*fetch)(const struct package_context *c, const char *const *names, struct error *err);
	/* For offline bundles; NULL where that cannot be done. Download `names`, and all that they
	 * need and this machine lacks, into the directory `dir` (absolute). */
	int (*collect)(const struct package_context *c, const char *dir, const char *const *names,
		       struct error *err);
	/* From now on take packages from the files in `dir` alone; what that needs goes into `own`.
	 * Both below the root. */
	int (*use_local)(const struct package_context *c, const char *dir, const char *own,
			 struct error *err);
	/* Save the files of all that `t` replaces or removes below the directory `dir` (absolute);
	 * NULL: only ask whether they are to be had. FAULT_IRREVERSIBLE names what is not. */
	int (*save)(const struct package_context *c, const struct transaction *t, const char *dir,
		    struct error *err);
	int (*install)(const struct package_context *c, const char *const *names,
		       struct error *err);
	/* Undo `t`: purge what it installed, put back from `dir` what it replaced or removed. Works
	 * from any half-done state, and needs no network where `dir` holds all. FAULT_KEPT_BACK
	 * names what stays since other packages need it by now: the rest is done. */
	int (*revert)(const struct package_context *c, const struct transaction *t, const char *dir,
		      struct error *err);
	/* For installers that are not the package manager's. What is installed of the RDMA set, or
	 * is one of `names`, each as CHANGE_REMOVE. Sorted. */
	int (*stack)(const struct package_context *c, const char *const *names,
		     struct transaction *ret, struct error *err);
	/* Such an installer was cut off: bring what of `t` is new and was being unpacked, from its
	 * file somewhere below `tree` (below the root), to a state that a removal leaves nothing
	 * of, where that can be done. NULL where none is ever left so. */
	void (*complete)(const struct package_context *c, const struct transaction *t,
			 const char *tree);
	/* Simulate that all of `t` is removed while the package files below `dir` (absolute) come
	 * in its place, and add what would go with it. dir NULL: it is not known yet what comes.
	 */
	int (*removal)(const struct package_context *c, const char *dir, struct transaction *t,
		       struct error *err);
	/* Which of `names` and of what `t` replaces or removes are installed on request and which
	 * as dependencies. A new reference, NULL with *err set. */
	json_t *(*marks)(const struct package_context *c, const char *const *names,
			 const struct transaction *t, struct error *err);
	/* Put that back, for those that are installed. */
	int (*set_marks)(const struct package_context *c, const json_t *marks, struct error *err);
	/* Where what `t` installed comes from: {"name": {"url", "sha256", "sha512", "vendor"}},
	 * what is known of it. A new reference; NULL where nobody can say. May be NULL. */
	json_t *(*sources)(const struct package_context *c, const struct transaction *t);
	/* Is each of `names` installed whole? */
	bool (*installed)(const struct package_context *c, const char *const *names);

	/* How a package of a version, or of one that only goes on after it, is asked for. */
	void (*spec)(const struct package_context *c, const char *name, const char *version,
		     char *ret, size_t size);

	/* The installed package that holds this file (below the root). False if none does. */
	bool (*owner)(const struct package_context *c, const char *path, char *ret, size_t size);

	/* For a package that holds a repository of others. What is it that the file `path`
	 * (absolute) would change? *ret has equal versions where it is installed already. */
	int (*file_change)(const struct package_context *c, const char *path, struct change *ret,
			   struct error *err);
	int (*install_file)(const struct package_context *c, const char *path, struct error *err);
	/* Keep in `dir` (absolute), which is made, the files of those packages that are installed
	 * and whose files lie in the installed package `holder`. */
	int (*keep_held)(const struct package_context *c, const char *holder, const char *dir,
			 struct error *err);
	/* The keys of a vendor's repository, where the package manager keeps them itself; NULL
	 * where they are files. Note in `dir` (absolute), which is made, which there are; take
	 * those that `holder` brings; take out what came by that. */
	int (*keys_note)(const struct package_context *c, const char *dir, struct error *err);
	int (*keys_take)(const struct package_context *c, const char *holder, const char *dir,
			 struct error *err);
	void (*keys_drop)(const struct package_context *c, const char *dir);
	/* What to ask for, to bring the packages whose files are in `dir` to the versions that
	 * `holder` has now: an array of texts, a new reference; NULL with *err set. */
	json_t *(*follow)(const struct package_context *c, const char *holder, const char *dir,
			  struct error *err);
};

/* By name ("apt"); NULL if there is none. */
const struct package_manager *package_manager_find(const char *name);

extern const struct package_manager package_manager_apt;
extern const struct package_manager package_managers_rpm[4]; /* dnf, yum, tdnf, zypper */

/* Wait until nobody holds one of the lock files (paths below the root): an fcntl lock, a flock, or,
 * where the name ends in ".pid", the living process whose number it holds. A number that another
 * process has got since is no holder, and the file is taken away: others would wait for it. Says in
 * log and status who holds it, since when and until when we wait. FAULT_PACKAGE_LOCK after the
 * deadline, and at once where the holder is a process that waits for us. */
int package_lock_wait(const struct package_context *c, const char *const *paths, struct error *err);

/* Text in a package manager's output and the fault that it means: the first row counts that is
 * found in a line of an error, else in stderr, else in stdout. The last row has no text and gives
 * the default. */
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
