/* daemon/dist.h - what the name of a package says. */
#pragma once

#include <stdbool.h>

struct dist_name {
	const char *publisher, *type, *version;
	char text[256]; /* what they point into */
};

/* ib-vmext-VERSION.zip is the product; others are named as the agent names their directories,
 * PUBLISHER.TYPE-VERSION.zip (the type is what follows the last dot). False for a name of another
 * form. */
bool dist_parse(const char *file, struct dist_name *ret);
