/* act/build/sign.h - the machine owner's key for modules: whether it can be used, and which files
 * it has to sign. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "facts/settings.h"
#include "plan/plan.h"

struct host;

/* Before anything is changed: the key is a file that only root can read, the certificate is there,
 * and mokutil does not say that it is not enrolled. FAULT_SECURE_BOOT_KEY. Nothing is looked at
 * where the plan signs nothing. */
int sign_possible(const struct host *h, const struct settings *s, const struct plan *p,
		  struct error *err);

/* Call `fn` for the file of each of the named modules, and of each on which it depends, that is not
 * of the kernel's own; `dep` is the text of modules.dep(5). A file may come more than once. Stops
 * at the first result that is not 0 and returns it. */
int sign_files(const char *dep, const char (*names)[192], unsigned n,
	       int (*fn)(void *ctx, const char *path), void *ctx);
