/* base/fs.h - files, relative to a directory descriptor; what is written is old or new, never
 * between.
 *
 * All return 0 or -errno. No call here is newer than Linux 3.10. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cleanup.h"

int fs_write_all(int fd, const void *data, size_t len);

/* Read a file of at most `max` bytes into `ret` (added at its end). -EFBIG if it is longer. */
NODISCARD int fs_read(int dir, const char *path, size_t max, struct buf *ret);

/* Replace dir/path by data: a reader, or a crash, finds the old file or the new one and nothing
 * between. The temporary file stands beside it, synced, as does the directory. On failure the old
 * file stands, or, where the directory could not be synced, the new one that a power cut may take
 * back. */
NODISCARD int fs_replace(int dir, const char *path, const void *data, size_t len, mode_t mode);

/* As fs_replace, copying the open file `from`. */
NODISCARD int fs_copy_to(int from, int dir, const char *path, mode_t mode);

/* Make the directory and its parents. */
NODISCARD int fs_make_dirs(int dir, const char *path, mode_t mode);

/* Remove a file or a whole tree, not following symlinks; -ENOENT is success. What is mounted inside
 * the tree from another file system is left alone: -EXDEV. */
NODISCARD int fs_remove(int dir, const char *path);

/* Sync the directory that holds `path`. */
NODISCARD int fs_sync_parent(int dir, const char *path);

bool fs_exists(int dir, const char *path); /* symlinks not followed */

/* Call `fn` for each name in the directory but . and .., in byte order. Stops at the first result
 * that is not 0 and returns it. */
NODISCARD int fs_list(int dir, const char *path, int (*fn)(void *ctx, const char *name), void *ctx);
