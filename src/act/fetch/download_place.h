/* act/fetch/download_place.h - where downloaded files lie.
 *
 * /var/lib/ib-vmext/downloads, unless there is too little room or what comes from an archive cannot
 * be executed there: then a directory ib-vmext-downloads of the resource disk (/mnt/resource, /mnt)
 * or of /var/tmp. The journal and all that undo needs never lie there: a resource disk is empty
 * after the VM was deallocated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct host;

/* Room that a file of this size needs in all, with what is unpacked from it; a guess where
 * `bytes` is -1. */
int64_t download_room(const char *name, int64_t bytes);

/* Are programs run from what this file holds? */
bool download_is_archive(const char *name);

/* The directory, below the host's root, made if it was not there, 0700 and root's. FAULT_DISK_FULL
 * tells how much there is and how much it takes; FAULT_NOEXEC. */
int download_place(const struct host *h, const char *name, int64_t bytes, char *ret, size_t size,
		   struct error *err);

/* The places that there may be, below the host's root; NULL after the last. */
const char *download_place_at(unsigned at);

/* Where a file of this name lies by now, below the host's root. Returns 0 or -ENOENT. */
int download_find(const struct host *h, const char *name, char *ret, size_t size);
