/* act/rpm/call.h - how rpm, dnf, yum, tdnf and zypper are called, and what rpm has installed.
 * Shared by the files of act/rpm alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/command.h"
#include "act/packages/manager.h"
#include "act/rpm/text.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "host/run.h"

/* In what the package managers of this family differ. Each list of words is a command to which
 * names of packages are added; NULL: there is no such command. */
struct rpm_style {
	const char *name;                 /* as facts name it */
	const char *const *refresh[2];    /* one after the other; complete */
	const char *const *simulate;      /* tell what an installation would do */
	const char *const *fetch;         /* download what it needs */
	const char *const *install;       /* without the network, as far as that can be told */
	const char *const *install_again; /* the same with the network; NULL: no other */
	const char *const *former;        /* a version that is older than the installed one */
	const char *const *reinstall;     /* what is installed already; by name.arch */
	const char *const *offer;         /* would the installed version be to be had? */
	const char *const *save;    /* download it; the directory ends the word RPM_SAVE_DIR */
	const char *const *collect; /* as fetch, into that directory */
	bool (*offers)(const char *out, size_t len, const char *name, const char *version,
		       const char *arch); /* was it among what `offer` printed? */
	const char *const *marked;        /* list "name arch" of those wanted by name; complete */
	const char *const *mark_wanted, *const *mark_automatic;
	/* Returns 0, -EINVAL or -ENOMEM. */
	int (*parse)(const char *text, size_t len, struct rpm_items *ret);
	bool xml;    /* what `simulate` prints is XML */
	bool equals; /* "name.arch=version" rather than "name-version.arch" */
	int good[4]; /* exit codes beside 0 that are no failure */
};

extern const struct rpm_style rpm_styles[4]; /* act/rpm/styles.c */
#define RPM_SAVE_DIR "@dir"

const struct rpm_style *rpm_style_of(const struct package_context *c);

/* The packages' names as the style wants them: "name-version.arch". */
enum { RPM_SPEC_SIZE = 224 };
void rpm_spec(const struct rpm_style *style, const char *name, const char *version,
	      const char *arch, char ret[static RPM_SPEC_SIZE]);
/* As rpm itself wants it: no epoch. */
void rpm_nevra(const struct rpm_package *p, char ret[static RPM_SPEC_SIZE]);

/* Run it when nobody holds a lock of the package system; again, as long as lock_s allows, where
 * somebody was quicker. An end that is neither 0 nor one of the style's good ones is *err, with the
 * fault by the output. */
int rpm_call(const struct package_context *c, const struct command *cmd, const char *doing,
	     struct run_result *ret, struct error *err);
/* The same with the words of a style, then `names` (may be NULL). */
int rpm_call_style(const struct package_context *c, const char *const *words,
		   const char *const *names, struct run_result *ret, struct error *err);
/* As rpm_call_style, for a question: no error where the answer was given before the end.
 * FAULT_PACKAGE_NOT_FOUND also where the package manager would go on without a package. */
int rpm_ask(const struct package_context *c, const char *const *words, const char *const *names,
	    struct run_result *ret, struct error *err);
/* What would an installation do? */
int rpm_simulate(const struct package_context *c, const char *const *names, struct rpm_items *ret,
		 struct error *err);
/* Run a query: no lock, no error for its end. */
int rpm_query(const struct package_context *c, const struct command *cmd, struct run_result *ret,
	      struct error *err);

/* Wait for the locks alone, and take away what only looks like one. */
int rpm_wait(const struct package_context *c, struct error *err);

/* ---- act/rpm/packages.c: what is installed ---- */

struct rpm_packages {
	struct rpm_package *at; /* owned */
	size_t count, space;
};

void rpm_packages_free(struct rpm_packages *p);
#define AUTO_RPM_PACKAGES CLEANUP(rpm_packages_free)

int rpm_packages_add(struct rpm_packages *p, const struct rpm_package *package); /* -ENOMEM */
/* FAULT_PACKAGE_BROKEN if the database cannot be read. */
int rpm_read_installed(const struct package_context *c, struct rpm_packages *ret,
		       struct error *err);

/* Has it this name ("x", "x:arch" or "x.arch") and architecture ("": any)? What was made for one
 * machine and is for all now is the same. */
bool rpm_is(const struct rpm_package *p, const char *name, const char *arch);
/* The latest of this name, architecture and version ("": any); NULL if there is none. */
const struct rpm_package *rpm_find(const struct rpm_packages *p, const char *name, const char *arch,
				   const char *version);
/* Of one name and architecture, only one version can be installed; kernels and their headers are
 * the exception. */
bool rpm_may_be_many(const char *name);
/* Was another version of the same package installed after this one? */
bool rpm_is_outlived(const struct rpm_packages *p, const struct rpm_package *package);

/* ---- act/rpm/files.c: package files in a directory ---- */

struct rpm_file {
	struct rpm_package package;
	char path[512];
};

struct rpm_files {
	struct rpm_file *at; /* owned */
	size_t count;
};

void rpm_files_free(struct rpm_files *f);
#define AUTO_RPM_FILES CLEANUP(rpm_files_free)

/* The package files below `dir` (absolute); none if it is not there. */
int rpm_files_read(const struct package_context *c, const char *dir, struct rpm_files *ret,
		   struct error *err);
/* One of them; -EINVAL if it cannot be read as a package. */
int rpm_file_read(const struct package_context *c, const char *path, struct rpm_package *ret,
		  struct error *err);
const struct rpm_file *rpm_file_of(const struct rpm_files *f, const struct change *change);

/* ---- the functions of struct package_manager that have a file of their own ---- */

/* act/rpm/keys.c */
int rpm_keys_note(const struct package_context *c, const char *dir, struct error *err);
int rpm_keys_take(const struct package_context *c, const char *holder, const char *dir,
		  struct error *err);
void rpm_keys_drop(const struct package_context *c, const char *dir);

/* act/rpm/held.c */
bool rpm_owner(const struct package_context *c, const char *path, char *ret, size_t size);
int rpm_file_change(const struct package_context *c, const char *path, struct change *ret,
		    struct error *err);
int rpm_install_file(const struct package_context *c, const char *path, struct error *err);
int rpm_keep_held(const struct package_context *c, const char *holder, const char *dir,
		  struct error *err);
json_t *rpm_follow(const struct package_context *c, const char *holder, const char *dir,
		   struct error *err);

int rpm_save(const struct package_context *c, const struct transaction *t, const char *dir,
	     struct error *err);
int rpm_collect(const struct package_context *c, const char *dir, const char *const *names,
		struct error *err);
int rpm_use_local(const struct package_context *c, const char *dir, const char *own,
		  struct error *err);
int rpm_revert(const struct package_context *c, const struct transaction *t, const char *dir,
	       struct error *err);
int rpm_stack(const struct package_context *c, const char *const *names, struct transaction *ret,
	      struct error *err);
int rpm_removal(const struct package_context *c, const char *dir, struct transaction *t,
		struct error *err);
json_t *rpm_marks(const struct package_context *c, const char *const *names,
		  const struct transaction *t, struct error *err);
int rpm_set_marks(const struct package_context *c, const json_t *marks, struct error *err);
int rpm_repair(const struct package_context *c, struct error *err);

/* ---- act/rpm/config.c: files that end in .rpmnew ---- */

/* Note in `dir`, which is there, which of them lie beside what `t` replaces, unless noted before.
 */
int rpm_config_note(const struct package_context *c, const struct transaction *t, const char *dir,
		    struct error *err);
/* Remove those that came since; all stay where there is no note. */
void rpm_config_sweep(const struct package_context *c, const struct transaction *t,
		      const char *dir);

/* ---- act/rpm/unfinished.c: the note of a transaction that may be killed ---- */

/* Note what is installed now, so that what a killed transaction has brought is known. */
int rpm_begin(const struct package_context *c, struct error *err);
void rpm_end(const struct package_context *c);
bool rpm_is_unfinished(const struct package_context *c);
/* Add what was brought since then; nothing where there is no note. */
int rpm_brought(const struct package_context *c, const struct rpm_packages *now,
		struct rpm_packages *ret, struct error *err);
/* act/rpm/sources.c */
json_t *rpm_sources(const struct package_context *c, const struct transaction *t);
