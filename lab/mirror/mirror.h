/* mirror/mirror.h - the package source of the lab's VMs: a signed apt repository of real Debian
 * packages, and its faults.
 *
 * It stands at http://10.7.0.1:8000 (suite bookworm, component main); the roots know its key and no
 * other source. */
#pragma once

#include "base/error.h"

struct mirror;
struct vm_env;

/* In the client: fill $IB_LAB_CACHE/mirror-<key>/ with the packages that the lab's VMs may want, at
 * first use, with the host's apt inside a throw-away overlay of the base root. Seconds to a minute.
 * Returns 0, or -1 with *err set. */
int mirror_prepare(const struct vm_env *env, const char *root, struct error *err);

/* In the daemon, in the lab's network namespace: serve it. Returns 0, or -1 with *err set. */
int mirror_start(const struct vm_env *env, const char *address, int port, struct mirror **ret,
		 struct error *err);
void mirror_stop(struct mirror *m); /* NULL is fine */

/* "none", "404", "503", "slow:BYTES_PER_S", "badsig", "hang". EINVAL when it is none of these. */
int mirror_set_fault(struct mirror *m, const char *fault, struct error *err);
