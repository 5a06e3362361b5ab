/* act/boot/kernels.h - the kernels that there are and could boot, and which of them boots next. */
#pragma once

#include "act/boot/next_boot.h"
#include "base/error.h"

struct host;

struct kernels {
	const struct host *host;
	char releases[NEXT_BOOT_KERNELS_MAX][NEXT_BOOT_RELEASE_SIZE];
	unsigned n;
	char running[NEXT_BOOT_RELEASE_SIZE];
};

/* FAULT_NEXT_BOOT if there is none with modules. */
int kernels_find(const struct host *h, struct kernels *ret, struct error *err);

/* Its index: next_boot_default with what grub has saved. */
unsigned kernels_next(const struct kernels *k);
