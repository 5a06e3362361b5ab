/* act/saved.h - files of the machine that a step changes, kept in the state directory for its undo.
 *
 * `path` is below the root, `saved` below the state directory. */
#pragma once

#include "base/error.h"

struct step_context;

/* "/PATH cannot be DOING: why": FAULT_DISK_FULL or FAULT_WRITE_FAILED by -errno. Returns -1. */
int file_failed(const char *doing, const char *path, int rc, struct error *err);

/* Copy what stands at `path`, which is no symlink, with its mode; the directories of `saved` are
 * made. */
int saved_keep(const struct step_context *c, const char *path, const char *saved,
	       struct error *err);

/* Put that in the place of whatever stands at `path`. */
int saved_put_back(const struct step_context *c, const char *saved, const char *path,
		   struct error *err);
