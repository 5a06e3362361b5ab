/* catalogue/sample.h - the machines that a driver row is for, one after the other: what a check or
 * a page that goes through the whole catalogue looks at. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct catalogue;
struct driver_row;

enum { SAMPLE_ITEMS_MAX = 96, SAMPLE_TEXT_MAX = 64 };

/* What one property of those machines can be. */
struct sample_values {
	char item[SAMPLE_ITEMS_MAX][SAMPLE_TEXT_MAX];
	size_t count;
};

struct samples {
	const struct catalogue *catalogue;
	const struct driver_row *row;
	struct sample_values os_ids, versions, arches, sizes, generations, kernels, flavours;
	size_t next;
};

/* Prepare to walk the machines of `row`. Kernels, flavours and versions are those at which some row
 * of the catalogue begins, ends or goes on, so that no two rows differ unseen. */
void samples_begin(const struct catalogue *c, const struct driver_row *row, struct samples *ret);

/* Make the next machine that the row serves. False, and *ret of no use, behind the last. */
bool samples_next(struct samples *s, struct facts *ret);
