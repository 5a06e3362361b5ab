/* cli/support_treat.h - a text of a support bundle as it may be shown. Used by support.c alone. */
#pragma once

#include "base/buf.h"
#include "cli/alias.h"

enum support_kind {
	SUPPORT_TEXT,
	SUPPORT_JSON,
	SUPPORT_JSON_LINES,
	SUPPORT_ANSWER, /* JSON of our own: there four numbers are a version, but where a key says
			   otherwise */
};

/* Add it to `ret` without names, addresses and secrets. What claims to be JSON and is none, such as
 * a line that was torn, is a plain text. Returns 0, -ENOMEM or -EFBIG. */
NODISCARD int support_treat(struct aliases *a, enum support_kind kind, const struct buf *text,
			    struct buf *ret);
