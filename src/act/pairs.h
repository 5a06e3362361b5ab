/* act/pairs.h - texts of lines NAME=value, as logind, grub and systemd-networkd keep them. Pure. */
#pragma once

#include <stddef.h>

/* The value of the first line of this name, without blanks before it and quotation marks around
 * it; "" if there is none. */
void pairs_value(const char *text, const char *name, char *ret, size_t size);
