/* catalogue/edition.h - which catalogue is newer, and until when it holds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "2026.11.2": numbers of at most nine digits with dots between, at most 31 bytes. */
bool edition_is_version(const char *text);

/* Number by number, not letter by letter: 2026.11.2 is before 2026.11.10. Less than 0, 0, or more
 * than 0. */
int edition_compare(const char *a, const char *b);

/* "2027-05-01T00:00:00Z", and no other form, to seconds since 1970. */
bool edition_read_time(const char *text, int64_t *ret);
