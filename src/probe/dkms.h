/* probe/dkms.h - the modules that DKMS keeps, and how far each is.
 *
 * Source: DKMS's tree (dkms(8)): var/lib/dkms/<name>/<version>/source says that it was added, a
 * directory <kernel>/<arch> beside it that it was built; var/lib/dkms/<name>/kernel-<kernel>-<arch>
 * leads to what is installed. */
#pragma once

#include <stdbool.h>

struct facts;
struct host;

/* Is it the name of a version below a module, or of a kernel below a version? Not what DKMS keeps
 * beside them: "source", "build", "kernel-...", "original_module". */
bool dkms_is_name(const char *name);

void dkms_read(const struct host *h, struct facts *ret);
