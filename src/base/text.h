/* base/text.h - small operations on text that C lacks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

bool text_eq(const char *a, const char *b);        /* both may be NULL; NULL equals NULL */
bool text_eq_nocase(const char *a, const char *b); /* ASCII only, whatever the locale */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* Copy `text` into a fixed array, cut at its end. Returns 0, or -ENAMETOOLONG if it was cut. */
int text_copy(char *ret, size_t size, const char *text);
#define TEXT_COPY(array, text) text_copy((array), sizeof(array), (text))

/* Format into a fixed array, cut at its end. Returns 0, or -ENAMETOOLONG if it was cut. */
int text_format(char *ret, size_t size, const char *fmt, ...) PRINTF(3, 4);
#define TEXT_FORMAT(array, ...) text_format((array), sizeof(array), __VA_ARGS__)

/* Remove white space at both ends, in place. Returns `text` moved to its first word. */
char *text_trim(char *text);

/* Parse a whole number, nothing around it but white space. Returns 0, -EINVAL or -ERANGE. */
int text_to_long(const char *text, int base, long *ret);

/* The one of `words` (NULL-terminated) that is nearest to `word` by edit distance, if it is near
 * enough to be a misspelling; NULL otherwise. */
const char *text_nearest(const char *word, const char *const *words);
