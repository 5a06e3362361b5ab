/* act/packages/holder.h - who holds a lock file of a package manager. */
#pragma once

#include <sys/types.h>

struct host;

/* A pid; 0 if the lock is free or not there; -1: held from another pid namespace. */
pid_t package_holder(const struct host *h, const char *path);
