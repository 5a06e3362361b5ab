/* lab/vm/image.h - the disk that all machines start from, and the kernel modules in it.
 *
 * Everything here is made in the client, under the cache, once for each set of inputs. */
#pragma once

#include "vm.h"

/* The modules of lab/kmod for a kernel: $IB_LAB_CACHE/kmod-<key>/NAME.ko. The headers come from
 * apt, the build needs the host's make and gcc. Returns 0 with the directory's absolute path, or -1
 * with *err set. */
int kmod_prepare(const struct vm_env *env, const char *release, char ret[static VM_PATH_MAX],
		 struct error *err);

/* $IB_LAB_CACHE/machine-<key>/ with base.img, vmlinuz, initrd and snapshot, made from `root` and
 * the modules. */
int image_prepare(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
		  struct error *err);

/* Where that directory is, without making it. */
int image_find(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
	       struct error *err);

/* The names in that directory. */
#define IMAGE_BASE     "base.img"
#define IMAGE_KERNEL   "vmlinuz"
#define IMAGE_INITRD   "initrd"
#define IMAGE_SNAPSHOT "snapshot" /* snapshot.c: absent where it could not be made */

enum { AGENT_DISK_MIB = 64 };
