/* base/redact.h - takes secrets out of text before it is shown, stored or sent. */
#pragma once

#include <stddef.h>

/* Replace in place each occurrence of a secret (of four bytes or more), the value of each `sig=` of
 * a SAS query and the password of each `scheme://user:password@` by "***". The text never grows. */
void redact(char *text, const char *const *secrets, size_t count);
