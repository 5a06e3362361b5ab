/* act/ofed/install.h - runs mlnxofedinstall and its uninstaller. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct step_context;

/* What is to be installed. */
struct ofed {
	const char *file;      /* the tarball's name, among the downloads */
	const char *version;   /* for sentences */
	const json_t *options; /* an array of texts, borrowed */
	const char *stage;     /* under which progress is shown */
};

/* An installer that a killed run has left working comes to its end first. FAULT_PACKAGE_LOCK if it
 * does not. */
int ofed_wait(const struct step_context *c, struct error *err);

/* Unpack, run the installer, and throw away what was unpacked. Its log stays as installer.log in
 * the state directory where it fails. The fault is that of its exit code (act/ofed/end.h). */
int ofed_install(const struct step_context *c, const struct ofed *o, struct error *err);

/* Run ofed_uninstall.sh, or the tarball's own where that is not there; nothing where neither is.
 * A failure is only said: what counts is which packages are left. */
void ofed_uninstall(const struct step_context *c, const char *file);
