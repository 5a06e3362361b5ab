/* mirror/mirror.h - the package source of the lab's VMs: a signed apt repository of real Debian
 * packages, signed rpm repositories of fixtures, files that were added, a proxy, and their faults.
 *
 * It stands at http://10.7.0.1:8000 (apt: suite bookworm, component main; rpm: below /el9/ and the
 * like); the images know its key and no other source. The proxy stands at http://10.7.0.1:3128. */
#pragma once

#include <stdbool.h>

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

/* One of FAULT_NAMES (fault.h). EINVAL when it is none of these. */
int mirror_set_fault(struct mirror *m, const char *fault, struct error *err);

/* The files of `dir`, an absolute path, appear below /files/; of two by one name that of the
 * directory added last. ENOENT when it is no directory. */
int mirror_add(struct mirror *m, const char *dir, struct error *err);

/* Who may read below /private/, where the files of /files/ are seen as a blob store shows them: by
 * TLS alone, to who gives a token for storage. `is_good` judges it; NULL: nobody. */
void mirror_set_guard(struct mirror *m, bool (*is_good)(void *ctx, const char *token), void *ctx);

/* Whether a VM's address gets through to the mirror without the proxy. */
void mirror_set_reach(struct mirror *m, const char *address, bool reach);

/* The proxy's login; NULL: none is asked for. */
void mirror_set_proxy(struct mirror *m, const char *user, const char *password);

enum { MIRROR_PROXY_PORT = 3128, MIRROR_TLS_PORT = 8443 };
#define MIRROR_TLS "https://10.7.0.1:8443" /* the same files as at http://10.7.0.1:8000 */
#define MIRROR_BLOB                                                                                \
	"*.blob.core.windows.net" /* its certificate holds for these, too, for VMs that are told   \
				   * where they are */
