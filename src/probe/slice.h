/* probe/slice.h - a part of a text that was read: what the parsers work on. It owns nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *text; /* not NUL-terminated */
	size_t len;
};

/* Take the first line, without its end, off *rest. False when nothing is left. */
bool slice_line(struct slice *rest, struct slice *ret);

/* Take the first word off *rest: what stands between white space. False when there is none. */
bool slice_word(struct slice *rest, struct slice *ret);

/* Cut at the first `c`: *ret is what stands before it, *rest what stands after. False, and nothing
 * changed, if there is none. */
bool slice_cut(struct slice *rest, char c, struct slice *ret);

struct slice slice_trim(struct slice s);
bool slice_eq(struct slice s, const char *text);
bool slice_starts(struct slice s, const char *prefix);

/* Copy into an array, cut at its end; whatever is not printable ASCII becomes '?'. The text comes
 * from files that anyone may have written, and goes to logs and JSON. */
void slice_copy(struct slice s, char *ret, size_t size);
#define SLICE_COPY(s, array) slice_copy((s), (array), sizeof(array))

/* Digits alone, in base 10 or 16 (there with or without 0x). Returns 0, -EINVAL or -ERANGE. */
int slice_number(struct slice s, int base, uint32_t *ret);
