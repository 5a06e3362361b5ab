/* lab/vm/userns.h - a user namespace for each boot of a cell, with its network namespace.
 *
 * The kernel counts inotify instances (fs.inotify.max_user_instances) for the user of a namespace,
 * and for its owner in the namespace around it: cells whose namespaces have owners of their own do
 * not share the 128 of root. Users are the host's own in it, so that no file has to change hands.
 * Source: user_namespaces(7); kernel/ucount.c. */
#pragma once

#include "base/error.h"

struct userns {
	int user, net; /* descriptors, -1: none */
};

/* Returns 0, or -1 with *err set. The network is empty, its loopback is down. */
int userns_open(struct userns *ret, struct error *err);
