/* act/setting.h - one line "KEY=VALUE" of a text, such as waagent.conf: of several the last counts,
 * a line that begins with '#' is none. Nothing else of the text is changed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Is that its value, whatever blanks are around it? */
bool setting_has(const char *text, size_t len, const char *key, const char *value);

/* Add the text to `ret` with the line replaced, or with one more at its end. Returns 0 or -ENOMEM.
 */
int setting_put(const char *text, size_t len, const char *key, const char *value, struct buf *ret);

/* The same, but the line becomes what it is in `old`; it goes where there is none. */
int setting_restore(const char *text, size_t len, const char *key, const char *old, size_t old_len,
		    struct buf *ret);
