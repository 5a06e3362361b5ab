/* mirror/rpms.h - the signed rpm repositories, one for each image of the rpm family.
 *
 * They stand at http://10.7.0.1:8000/REPOSITORY/ and are fixtures: see rpm/README.md. */
#pragma once

#include "lab/vm/distro.h"

/* In the client: make the repository of an image at first use, $IB_LAB_CACHE/rpms-REPOSITORY-<key>.
 * Seconds; none for an image of the apt family. Returns 0, or -1 with *err set. */
int rpms_prepare(const struct vm_env *env, const struct distro *d, struct error *err);

/* Where it is, or will be. -1 with *err set when there is no
 * root. */
int rpms_path(const struct vm_env *env, const struct distro *d, char ret[static VM_PATH_MAX],
	      struct error *err);
