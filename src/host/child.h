/* host/child.h - starts one program, in a process group of its own. Used inside host/ only. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"

struct host;
struct run_spec;

struct child {
	pid_t pid; /* also its process group; 0: none */
	int in;    /* write here, -1 if nobody reads; the three do not block */
	int out;   /* read here, -1 at the end */
	int err;
};

void child_init(struct child *c);
void child_close(struct child *c); /* the descriptors; the process is left alone */

/* Start it: environment fixed but for spec->env, signals at their defaults, umask 022, the root as
 * its directory, no descriptor but 0 to 2 and spec->keep_fds. Returns 0; -ENOENT if there is no
 * such program; -errno. */
NODISCARD int child_start(const struct host *h, const struct run_spec *spec, struct child *c);
