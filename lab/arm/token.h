/* arm/token.h - the tokens of the lab: JSON web tokens of an hour. Pure. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum { TOKEN_SECRET_SIZE = 32, TOKEN_LIFETIME_S = 3600 };

/* Add one to *ret. Returns 0 or -errno. */
int token_make(const unsigned char secret[static TOKEN_SECRET_SIZE], int64_t now_s,
	       struct buf *ret);

/* Returns 0, -EACCES where it was not made with this secret, or -EKEYEXPIRED. */
int token_check(const unsigned char secret[static TOKEN_SECRET_SIZE], const char *token,
		int64_t now_s);
