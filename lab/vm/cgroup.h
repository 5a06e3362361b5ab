/* lab/vm/cgroup.h - a control group for each cell, in the hierarchies that systemd uses, so that
 * two cells do not share one and a cell can be killed as a whole. Below the group that the daemon
 * itself is in. */
#pragma once

#include "base/error.h"
#include "vm.h"

struct cgroup {
	char path[2][VM_PATH_MAX]; /* cgroup2 and, where it is mounted, version 1's name=systemd */
	size_t count;
};

/* Name the group LAB/NAME (just LAB where NAME is NULL); nothing is made. Returns 0, or -1 with
 * *err set. */
int cgroup_name(struct cgroup *ret, const char *lab, const char *name, struct error *err);

/* Make it. Returns 0, or -1 with *err set. */
int cgroup_make(const struct cgroup *g, struct error *err);

/* Move the calling process into it, or into its child `sub` (made if absent). Returns 0 or -errno.
 */
int cgroup_enter(const struct cgroup *g, const char *sub);

/* Kill all that is in it and below, and remove it. Harmless where it is not there. */
void cgroup_destroy(const struct cgroup *g);
