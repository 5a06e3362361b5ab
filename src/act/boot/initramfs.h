/* act/boot/initramfs.h - the initramfs of a kernel, and what is in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct facts;
struct host;
struct run_result;

/* Where it is, "boot/initrd.img-6.1.0-56-amd64", below the root. False if there is none. */
bool initramfs_find(const struct host *h, const char *release, char *ret, size_t size);

/* The names of the files in it, by the program of the distribution that has made it; free *ret.
 * False where there is none, or nobody can list it. */
bool initramfs_list(const struct host *h, const char *release, struct run_result *ret);

/* Is it older than one of the modules of its kernel (facts: of that kernel) that are named? What
 * came after it cannot be in it. */
bool initramfs_is_older(const struct host *h, const struct facts *f, const char *path,
			const char (*names)[192], unsigned n);
