/* fabric/uri.h - what stands in a request's line and in a form. Pure.
 *
 * Source: RFC 3986, section 2.1; the form encoding of the HTML standard. */
#pragma once

#include <stddef.h>

/* The path without its slash at the end, but for the root. Returns 0 or -ENAMETOOLONG. */
int uri_path(const char *text, char *ret, size_t size);

/* Undo percent-encoding in place, but that %00 and what is no code stay as they are: a text of C
 * would end there, and what follows would be asked for nobody. Returns the new length. */
size_t uri_unescape(char *text);

/* Undo the percent-encoding of `len` bytes. Returns 0, or -EINVAL for a code that is none, a NUL,
 * or what does not fit. */
int uri_decode(const char *text, size_t len, char *ret, size_t size);

/* The value of a field of a form ("a=1&b=2"). Returns 0; -ENOENT where there is none, -EINVAL as
 * above. `ret` is "" then. */
int uri_form_value(const char *form, const char *name, char *ret, size_t size);
