/* act/run_image.h - the proof of a run in an image, and what of that run goes into its marker. */
#pragma once

#include <stddef.h>

#include "base/json.h"
#include "plan/plan.h"

struct act;

enum { RUN_IMAGE_MODULES_SIZE = 512 };

/* What the VMs load at boot by this plan, and the core beneath: "mlx5_ib,ib_uverbs,ib_core". */
void run_image_modules(const struct plan *p, char *ret, size_t size);

/* Which keys of DKMS there were before the run that is open, or, where none is, that there are now.
 * A new reference. */
json_t *run_image_keys(const struct act *a);
