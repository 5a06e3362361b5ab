/* lab/vm/overlay.h - work inside a root that must not change: an overlay of it, in a child of ours
 * that has its mounts to itself. */
#pragma once

#include "vm.h"

struct overlay {
	const struct vm_env *env;
	const char *lower;      /* what lies below, topmost first, divided by colons */
	const char *upper;      /* what changes goes there; made when it is not there */
	const char *work;       /* a directory for the mount; the caller's, and removed by it */
	char root[VM_PATH_MAX]; /* where the overlay is seen: overlay_run's */
};

/* Run `fn` in the child, with /dev, /proc and the host's resolver in the overlay: it may fetch from
 * the network. Returns what `fn` returned, or -1 with *err set. */
int overlay_run(struct overlay *o, int (*fn)(const struct overlay *o, void *ctx, struct error *err),
		void *ctx, struct error *err);

/* In `fn`: run a script by the overlay's own sh, in a PID namespace of its own, so that nothing
 * that it starts stays. `args` ends with NULL. Returns 0, or -1 with *err set. */
int overlay_sh(const struct overlay *o, const char *script, const char *const *args, int deadline_s,
	       struct error *err);

/* Put the apt sources that `root` was made from into `upper`. */
int overlay_sources(const char *root, const char *upper, struct error *err);
