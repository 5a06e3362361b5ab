/* act/ofed/limits.h - /etc/security/limits.conf, into which the installer writes lines about locked
 * memory, and its uninstaller takes them out. */
#pragma once

#include "base/error.h"

struct step;
struct step_context;

enum { LIMITS_SAVED_SIZE = 200 };

/* Keep it. `ret` is where, "" if there is none. */
int limits_keep(const struct step_context *c, const struct step *s,
		char ret[static LIMITS_SAVED_SIZE], struct error *err);

/* Put back what was kept (`saved`, as above), unless a person has changed more since than locked
 * memory: then it stays, and that is told. */
int limits_back(const struct step_context *c, const char *saved, struct error *err);
