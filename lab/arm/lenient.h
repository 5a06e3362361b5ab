/* arm/lenient.h - JSON as template files have it, made into JSON.
 *
 * Template files may hold comments and strings of several lines, and az sends one as it stands
 * inside a body whose key `template` has no quotes (azure-cli 2.45). Trailing commas are taken,
 * too. Everything else is left for the JSON parser to judge. Pure. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/* Add the text as strict JSON to `ret`, as far as leniency goes; line breaks stay where they are,
 * so that the parser's line numbers are those of the text. Returns 0, -ENOMEM or -EFBIG. */
NODISCARD int lenient_json(const char *text, size_t len, struct buf *ret);
