/* tests/unit/base/signer.h - somebody who signs files as minisign does, with a key made for one
 * test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/minisig.h"

struct signer {
	struct minisig_key public;
	unsigned char secret[64];
};

void signer_make(struct signer *ret);

/* The text of FILE.minisig for these bytes, added to `ret`. */
void signer_sign(const struct signer *s, bool prehashed, const void *data, size_t len,
		 const char *comment, struct buf *ret);

/* The text of a secret key file, added to `ret`; `locked`: as if it had a password. */
void signer_secret(const struct signer *s, bool locked, struct buf *ret);
