/* probe/mounts.h - how the file system of a path is mounted.
 *
 * Source: proc/self/mounts, else proc/mounts (proc(5), fstab(5) for the escapes). */
#pragma once

#include <stddef.h>

#include "facts/facts.h"

/* Set noexec and read_only by the last mount whose point is the longest parent of s->path, in the
 * text of a mounts file; both stay as they were if there is none. */
void mounts_parse(const char *text, size_t len, struct space_facts *s);
