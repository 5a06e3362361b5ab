/* lab/vm/initrd.h - the initial RAM disk of the machines: lab-init and the modules that the disk
 * needs. */
#pragma once

#include "base/error.h"

/* Write `path` from lab-init and the modules of the tree `root` (lib/modules/RELEASE with
 * modules.dep). Returns 0, or -1 with *err set. */
int initrd_make(const char *root, const char *release, const char *lab_init, const char *path,
		struct error *err);
