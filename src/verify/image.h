/* verify/image.h - does an image hold what was to be baked into it? Pure.
 *
 * No port can be looked at in it. What can be true there: each module that the VMs need is there
 * for their kernel and fits it, all of them are of one driver, which is the one that was planned,
 * and DKMS has built what is its. */
#pragma once

#include <stdbool.h>

#include "verify/verify.h"

struct image_promise {
	const char *route, *version; /* of the plan; version "": any */
	bool replaces;               /* the modules are not the kernel's own */
	const char *modules;         /* "mlx5_ib,ib_uverbs": what must be there */
};

/* *f is of the image, for the kernel that boots. The verdict is `ok` or `driver-broken`; checks are
 * image-driver, image-module:<name>, image-stack and image-dkms:<name>. */
void verify_image(const struct image_promise *p, const struct facts *f, struct verification *ret);

/* "5 modules for kernel 6.1.0-56-amd64 are there and fit", or the first red check. */
void verify_image_summary(const struct verification *v, const struct facts *f, char *ret,
			  size_t size);
