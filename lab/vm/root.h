/* lab/vm/root.h - the root file systems: what mmdebstrap makes, and the layer that makes a cell of
 * it.
 *
 * root_prepare, root_find and root_kernel stand in vm.h, for both kinds of VM. */
#pragma once

#include "vm.h"

/* Run a program of the host for at most `deadline_s`; its lines go to the log at debug level.
 * `input` may be NULL. Returns 0, or -1 with *err set, which holds the end of what it said. */
int root_run(const struct vm_env *env, const char *const *argv, const char *input, int deadline_s,
	     struct error *err);

/* In a base root: the apt sources that it was made from. */
#define ROOT_MIRROR_TLS "mirror-tls-blob" /* below the cache: lab/mirror/tls.h */
#define ROOT_MIRROR_CA  ROOT_MIRROR_TLS "/ca.pem"
#define ROOT_SOURCES    "etc/apt/sources.list.root"

/* The host's apt sources if the host is of the lab's Debian release, else empty text (mmdebstrap's
 * default mirror). The result is freed by the caller; NULL with *err set. */
char *root_sources(const struct vm_env *env, struct error *err);

/* A lock on $IB_LAB_CACHE/NAME.lock, waited for. Returns a descriptor, or -1 with *err set. */
int root_lock(const struct vm_env *env, const char *name, struct error *err);

/* The directory of the cells' layer that lies over `root`: scripts, modprobe configuration, unit
 * drop-ins. Made in $IB_LAB_CACHE at first use, in milliseconds. Returns 0, or -1 with *err set. */
int layer_prepare(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
		  struct error *err);
int layer_find(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
	       struct error *err);

/* A home of gpg's, which must not be there, with one key in it that signs. */
int root_gpg_key(const struct vm_env *env, const char *home, const char *who, struct error *err);

/* The public key of the lab's package mirror, made at first use in $IB_LAB_CACHE/mirror-key/
 * (armoured text freed by the caller). NULL with *err set. For the client. */
char *root_mirror_key(const struct vm_env *env, struct error *err);
