/* act/apt/call.h - how the programs of apt and dpkg are called, and what dpkg has installed. Shared
 * by the files apt*.c alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "act/apt/parse.h"
#include "act/command.h"
#include "act/packages/manager.h"
#include "base/cleanup.h"
#include "base/error.h"

struct run_result;

/* Run it when nobody holds a lock of the package system; again, as long as lock_s allows, where
 * somebody was quicker. An end that is not exit code 0 is *err, with the fault by the output. */
int apt_call(const struct package_context *c, const struct command *cmd, const char *doing,
	     struct run_result *ret, struct error *err);

/* apt-get with what it always gets, then `verb`, then `names` (may be NULL). */
int apt_get(const struct package_context *c, const char *const *verb, const char *const *names,
	    const char *doing, struct run_result *ret, struct error *err);

/* Run a query: no lock. */
int apt_query(const struct package_context *c, const struct command *cmd, struct run_result *ret,
	      struct error *err);

/* Wait for the locks alone: what an interrupted run left working, too, ends. */
int apt_wait(const struct package_context *c, struct error *err);

/* All that dpkg knows. */
struct dpkg_packages {
	struct dpkg_package *at; /* owned */
	size_t count, space;
};

void dpkg_packages_free(struct dpkg_packages *p);
#define AUTO_PACKAGES CLEANUP(dpkg_packages_free)

int dpkg_read(const struct package_context *c, struct dpkg_packages *ret, struct error *err);

/* The package of this name ("x" or "x:arch") and architecture ("": any), the one that is most
 * installed; NULL if there is none. */
const struct dpkg_package *dpkg_find(const struct dpkg_packages *p, const char *name,
				     const char *arch);

/* Are there interrupted updates of dpkg's database? */
bool dpkg_was_interrupted(const struct package_context *c);

/* act/apt/files.c: download what is installed, or its other version ("name=version"), into `dir`
 * (absolute), which is made; install what of these packages lies there. Neither lets apt take them
 * for wanted by name. */
int apt_download(const struct package_context *c, const char *dir, const char *const *names,
		 struct error *err);
int dpkg_install_files(const struct package_context *c, const char *dir,
		       const struct command *names, struct error *err);

/* Is it the file of this package in this version? "libibverbs1_44.0-2_amd64.deb", no epoch, or as
 * apt writes it: "make_1%3a4.3-4_amd64.deb". */
bool dpkg_is_file_of(const char *file, const char *name, const char *version);

/* act/apt/held.c: see struct package_manager */
bool apt_owner(const struct package_context *c, const char *path, char *ret, size_t size);
int apt_file_change(const struct package_context *c, const char *path, struct change *ret,
		    struct error *err);
int apt_install_file(const struct package_context *c, const char *path, struct error *err);
int apt_keep_held(const struct package_context *c, const char *holder, const char *dir,
		  struct error *err);
json_t *apt_follow(const struct package_context *c, const char *holder, const char *dir,
		   struct error *err);
/* The file of an installed package among those that were kept: its path below the root. */
bool apt_kept(const struct package_context *c, const char *name, const char *version, char *ret,
	      size_t size);
/* The options by which the versions of the vendor's repository count; a file of ours holds them.
 */
int apt_vendor_options(const struct package_context *c, struct command *cmd, struct error *err);
void apt_vendor_done(const struct package_context *c);

/* act/apt/revert.c */
int apt_revert(const struct package_context *c, const struct transaction *t, const char *dir,
	       struct error *err);
/* act/apt/half.c: see package_manager.complete; `tree` may be NULL: only files that apt and we have
 * downloaded are looked at. */
void apt_unpack_half(const struct package_context *c, const struct transaction *t,
		     const char *tree);
/* Remove what dpkg had read of a package when it was killed, before its status told of it: dpkg
 * does that itself when it unpacks the next one, but none may come. */
void apt_forget_unpacking(const struct package_context *c);
/* act/apt/removal.c */
int apt_stack(const struct package_context *c, const char *const *names, struct transaction *ret,
	      struct error *err);
int apt_removal(const struct package_context *c, const char *dir, struct transaction *t,
		struct error *err);
/* act/apt/marks.c */
json_t *apt_marks(const struct package_context *c, const char *const *names,
		  const struct transaction *t, struct error *err);
int apt_set_marks(const struct package_context *c, const json_t *marks, struct error *err);
/* act/apt/manager.c */
int apt_repair(const struct package_context *c, struct error *err);

/* act/apt/local.c: see package_manager.use_local; and the configuration with which apt does so.
 * Returns 0 or -errno. */
int apt_use_local(const struct package_context *c, const char *dir, const char *own,
		  struct error *err);
int apt_local_config(const char *own, struct buf *ret);
/* act/apt/sources.c */
json_t *apt_sources(const struct package_context *c, const struct transaction *t);
