/* tests/unit/act/place.h - an empty directory as the root of a live host, for tests that run the
 * real programs on it. */
#pragma once

#include "host/host.h"

struct place {
	char dir[64];
	struct host host;
};

/* The real programs and the real clock; a test may put its own in their place. */
void place_make(struct place *p);
void place_drop(struct place *p);

/* Write a file, with the directories that it needs. */
void place_put(const struct place *p, const char *path, const char *text);
