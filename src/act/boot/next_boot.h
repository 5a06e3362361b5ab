/* act/boot/next_boot.h - will the next boot have its modules and its network? Judgements, pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

enum { NEXT_BOOT_KERNELS_MAX = 16, NEXT_BOOT_RELEASE_SIZE = 96 };

/* The modules of one kernel. */
struct next_boot_kernel {
	const struct facts *facts; /* kernel.release and modules are of that kernel */
	bool signed_only;          /* it loads signed modules only */
	const char (*wanted)[192]; /* names of modules: as a step's items */
	unsigned nwanted;
	const char *initramfs;   /* what a list of its initramfs says, NULL if there is none, or
				    nobody can list it */
	bool initramfs_is_older; /* than some module of the stack */
};

/* Will it have the whole stack? If not, `why` is a sentence without its full stop. */
bool next_boot_modules(const struct next_boot_kernel *k, char *why, size_t size);

/* The kernel that boots next: what grub has saved where it is told to (`saved` is the value of
 * saved_entry, "" if it does not count), else the latest. Its index. */
unsigned next_boot_default(const char (*releases)[NEXT_BOOT_RELEASE_SIZE], unsigned n,
			   const char *saved);

/* The path of a module in a list of an initramfs, below lib/modules/<release>/, as lsinitramfs and
 * lsinitrd print it. False if it is not in it. */
bool next_boot_in_initramfs(const char *list, const char *release, const char *name, char *ret,
			    size_t size);

/* Does this .network file of systemd-networkd take an IPoIB interface for its own? See
 * systemd.network(5): an interface belongs to the first file whose [Match] holds. */
bool next_boot_network_takes_ipoib(const char *text);

/* cloud-init up to this version stops a boot at an IPoIB interface (LP: 1874544). */
bool next_boot_cloud_init_stumbles(const struct network_facts *n);
