/* mirror/fill.h - where the repository is. */
#pragma once

#include "lab/vm/vm.h"

/* Its directory, $IB_LAB_CACHE/mirror-<key>. Returns 0, or -1 with *err set when mirror_prepare has
 * not been called. */
int mirror_find(const struct vm_env *env, char ret[static VM_PATH_MAX], struct error *err);
