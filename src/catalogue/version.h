/* catalogue/version.h - dotted numbers, and inclusive ranges of them. For this room alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { VERSION_PARTS_MAX = 4 };

struct version {
	unsigned part[VERSION_PARTS_MAX]; /* parts that are not there are 0 */
	unsigned nparts;
};

/* Each end is inclusive, in as many parts as it has: 5.5.19 lies within "3.10-5.5". An end with no
 * parts is open. */
struct version_range {
	struct version first, last;
};

/* Read the dotted number that `text` begins with: "5.14.0-503.el9" is 5.14.0. False if it begins
 * with none, or has more than four parts. */
bool version_parse(const char *text, struct version *ret);

/* Read "3.10-5.5", "5.6-", "-5.5" or "5.4" alone. False if it is none of them, or ends before it
 * begins. */
bool version_range_parse(const char *text, struct version_range *ret);

/* -1 if the version lies before the range, 1 behind it, 0 within. */
int version_range_side(const struct version_range *range, const struct version *version);
