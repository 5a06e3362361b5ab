/* mirror/index.h - what makes a signed repository of a directory of packages. */
#pragma once

#include "base/error.h"

struct vm_env;

#define INDEX_RECIPE "3" /* raise it when what these do changes */

/* Beside each package of dir/pool that comes from the source rdma-core, put one that says it is of
 * the major version before: the same files, so that a VM can start with an older stack and get the
 * newer one. Returns 0, or -1 with *err set. */
int older_make(const struct vm_env *env, const char *dir, struct error *err);

/* Packages, Release and a signed InRelease of dir/pool. Returns 0, or -1 with *err set. */
int index_all(const struct vm_env *env, const char *dir, struct error *err);
