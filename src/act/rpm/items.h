/* act/rpm/items.h - a list of what would be done, as it grows while it is read. */
#pragma once

#include "act/rpm/text.h"

/* What is listed already is not added again: two packages may make one obsolete. Returns 0 or
 * -ENOMEM. */
int rpm_items_add(struct rpm_items *items, const struct rpm_item *item);
