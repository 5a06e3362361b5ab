/* act/ofed/unpack.h - the tarball, unpacked beside where it lies or in another place of downloads
 * (act/fetch/download_place.h), where there is room and programs can be run.
 *
 * In such a place "unpacked/" is ours alone: what lies in it counts for nothing once a run has
 * ended. */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct host;

enum { UNPACKED_SIZE = 320 };

struct unpacked {
	char dir[UNPACKED_SIZE]; /* that holds mlnxofedinstall, below the root */
	char tmp[UNPACKED_SIZE]; /* for its temporary files and logs, below the root */
};

/* Unpack the tarball of this name, unless it is unpacked whole already. FAULT_DISK_FULL,
 * FAULT_NOEXEC; FAULT_INSTALLER_FAILED if there is no installer in it. */
int unpack_tarball(const struct host *h, const char *name, int deadline_s, struct unpacked *ret,
		   struct error *err);

/* Where it is unpacked already. Returns 0 or -ENOENT. */
int unpack_find(const struct host *h, const char *name, struct unpacked *ret);

/* Remove all that was unpacked. */
void unpack_tidy(const struct host *h);
