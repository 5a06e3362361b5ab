/* host/lock.h - an exclusive lock that dies with its holder. */
#pragma once

#include <sys/types.h>

/* Take it, or say who has it. Returns a descriptor to close, -EWOULDBLOCK with *holder (0 if
 * unknown) if it is held, or -errno. An open file description lock is newer than 3.10; this is
 * flock(2), and the file names the holder's pid. */
int lock_take(int dir, const char *path, pid_t *holder);

/* Who holds it now: a pid, 0 if nobody, -EWOULDBLOCK if it is held by somebody who has not said
 * who, or -errno. */
pid_t lock_holder(int dir, const char *path);
