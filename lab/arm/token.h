/* arm/token.h - the tokens of the lab: JSON web tokens of an hour. Pure. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum { TOKEN_SECRET_SIZE = 32, TOKEN_LIFETIME_S = 3600 };

#define TOKEN_AUDIENCE "https://management.core.windows.net/"

struct token_claims {
	const char *audience;    /* what it is for: TOKEN_AUDIENCE */
	const char *application; /* client id of whom it is given to */
	const char *object;      /* principal id of the same */
	const char *resource_id; /* of a managed identity of a user's; NULL: none */
};

/* Add one to *ret. Returns 0 or -errno. */
int token_make(const unsigned char secret[static TOKEN_SECRET_SIZE], const struct token_claims *c,
	       int64_t now_s, struct buf *ret);

/* Returns 0, -EACCES where it was not made with this secret, -EKEYEXPIRED, or -EXDEV where it is
 * for something else than `audience` (whatever the slash at the end). */
int token_check(const unsigned char secret[static TOKEN_SECRET_SIZE], const char *token,
		const char *audience, int64_t now_s);
