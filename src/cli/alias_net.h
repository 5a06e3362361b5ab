/* cli/alias_net.h - the addresses among what cli/alias.h hides. Used inside alias*.c only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/alias.h"

/* A text that is being read, and where; `ret` takes what is to stand there instead. */
struct alias_scan {
	struct aliases *aliases;
	unsigned flags;
	const char *text;
	size_t len, at;
	struct buf *ret;
};

/* The number of this thing, from 1; a new one if it is new. -ENOMEM. */
int alias_number(struct aliases *a, enum alias_kind kind, const char *key);

bool alias_begins_word(const struct alias_scan *s);
bool alias_is_word(const struct alias_scan *s, size_t len); /* do these bytes begin and end one? */
size_t alias_digits(const struct alias_scan *s, size_t at); /* hexadecimal ones, from there on */

/* Each returns how many bytes it took, after adding their alias; 0 if they are no such thing; or
 * -errno. */
int alias_take_hardware(const struct alias_scan *s);
int alias_take_ipv6(const struct alias_scan *s);
int alias_take_ipv4(const struct alias_scan *s);

/* Hide the `len` bytes of an address or GUID. Returns 0 or -errno. */
int alias_put_hardware(const struct alias_scan *s, size_t len);
