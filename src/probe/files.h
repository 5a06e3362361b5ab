/* probe/files.h - what several sources ask of a tree of configuration. Used inside probe/ only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"
#include "probe/slice.h"

struct host;

enum { FILES_MAX = 256 << 10 }; /* no configuration that we know of is longer */

/* Is there an entry of that name? A symlink is one wherever it leads: a unit is enabled by a link
 * whose target a captured tree need not have, and a file is masked by one to /dev/null. */
bool files_has(const struct host *h, const char *path);

/* Hand the text of a file to `fn`; false if it cannot be read, or is longer than FILES_MAX. */
bool files_read(const struct host *h, const char *path, void (*fn)(void *ctx, struct slice text),
		void *ctx);

/* Hand over each file of a directory whose name ends in `suffix`, in byte order, with its path. */
void files_each(const struct host *h, const char *dir, const char *suffix,
		void (*fn)(void *ctx, const char *path, struct slice text), void *ctx);

/* "key = value", with or without quotes around the value. False for comments and for what is no
 * such line. */
bool files_pair(struct slice line, struct slice *ret_key, struct slice *ret_value);

/* Add a word to a comma-separated list, once; one that does not fit is left out whole. */
void files_add(struct slice word, char *list, size_t size);

/* YES for "y", "yes", "1", "true", "on"; NO for their opposites; UNKNOWN for anything else. */
enum tristate files_truth(struct slice value);

/* Is a package or a program known to be missing? YES if `path` is there; NO live, or where the
 * package database is known and has none of this name. */
enum tristate files_installed(const struct host *h, const struct facts *f, const char *path,
			      const char *package);
