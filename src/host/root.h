/* host/root.h - paths that stay inside a world's root, whatever its symlinks say.
 *
 * openat2(2) with RESOLVE_IN_ROOT does this in the kernel, but is newer than Linux 3.10. A world is
 * a set of files at rest: this is not meant to withstand somebody who changes the tree while we
 * walk it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum { ROOT_LINKS_MAX = 40 }; /* the kernel's own limit, path_resolution(7) */

struct root_query {
	int root;
	const char *path;
	bool follow; /* is the last component followed, too? */
	/* Each symlink that is followed, by its path without symlinks; may be NULL. */
	void (*link)(void *ctx, const char *path, const char *target);
	void *ctx;
};

/* As root_resolve. */
NODISCARD int root_walk(const struct root_query *q, char *ret, size_t size);

/* Where `path` leads inside `root`: a relative path without symlinks, "." for the root itself.
 * `follow`: whether the last component is followed. The last component need not exist. Returns 0,
 * -ENOENT, -ENOTDIR, -ELOOP after 40 symlinks, -ENAMETOOLONG, or what readlinkat(2) says. */
NODISCARD int root_resolve(int root, const char *path, bool follow, char *ret, size_t size);
