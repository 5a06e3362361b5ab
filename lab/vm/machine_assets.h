/* lab/vm/machine_assets.h - what the images need and the program carries in it: archives for
 * tar(1). */
#pragma once

#include <stddef.h>

struct error;
struct vm_env;

struct asset {
	const char *data;
	size_t len;
};

struct asset asset_kmod(void);    /* the sources of lab/kmod */
struct asset asset_machine(void); /* lab/vm/image and lab-guest, as they lie over the root */

struct asset asset_distros(void); /* lab/vm/distro: a directory for each image of the cells */

/* Unpack one into a directory that exists. Returns 0, or -1 with *err set. */
int asset_unpack(const struct vm_env *env, struct asset a, const char *dir, struct error *err);
