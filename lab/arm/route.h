/* arm/route.h - does a path fit a route? Pure. */
#pragma once

#include <stdbool.h>

enum { PARTS_MAX = 6, PART_SIZE = 96 };

/* Without regard to case, part by part; what stands at the {} of `route` goes into `parts`, of
 * which those are changed even where it does not fit. */
bool route_fits(const char *route, const char *path, char parts[PARTS_MAX][PART_SIZE]);

/* The token in "Bearer abc"; NULL where the header is missing or another. */
const char *bearer_token(const char *header);
