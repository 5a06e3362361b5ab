/* cli/treat.h - what of a file, an answer or a program's output goes into a world, and how. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/alias.h"

/* The content of a file as it may be shown. `reduced`: only the lines that facts are read from, as
 * far as is known for this file. Returns 0 or -errno. */
NODISCARD int treat_file(struct aliases *a, const char *path, bool reduced,
			 const struct buf *content, struct buf *ret);

/* A path, or the target of a symlink. */
NODISCARD int treat_path(struct aliases *a, const char *path, struct buf *ret);

/* A member of "commands", and "imds". New references, NULL when there is no memory. */
json_t *treat_command(struct aliases *a, bool reduced, const json_t *command);
json_t *treat_metadata(struct aliases *a, const json_t *imds);

/* Calls alias_add_name for each name that metadata tells, unless `keep` has it: a host that is
 * called as its distribution is tells nothing. */
NODISCARD int treat_add_names(struct aliases *a, const json_t *imds, const char *keep);
NODISCARD int treat_add_name(struct aliases *a, const char *name, const char *keep);
