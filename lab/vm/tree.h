/* lab/vm/tree.h - trees of small files below one directory: fake /sys, image layers.
 *
 * No call but the last reports a failure: the first one sticks in the struct. Parents are made as
 * needed. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

struct tree {
	int dir;
	int rc;          /* 0 or -errno of the first failure */
	char where[256]; /* its path */
};

/* Returns 0, or -1 with *err set. */
int tree_open(struct tree *t, const char *dir, struct error *err);

/* Note a failure (rc < 0) of the caller's own. */
void tree_fail(struct tree *t, const char *path, int rc);

void tree_dir(struct tree *t, const char *path);
void tree_data(struct tree *t, const char *path, const void *data, size_t len);

/* BASE/NAME gets the formatted text and a newline. */
void tree_put(struct tree *t, const char *base, const char *name, const char *fmt, ...)
	PRINTF(4, 5);

/* A relative link at `path` to `target`, both below sys/, as sysfs has them. One that is there
 * stays. */
void tree_link(struct tree *t, const char *path, const char *target);

/* Rename; what is not there is not moved. */
void tree_move(struct tree *t, const char *from, const char *to);

/* Close. Returns 0, or -1 with *err set when anything failed. */
int tree_close(struct tree *t, const char *dir, struct error *err);
