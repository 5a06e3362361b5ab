/* facts/trusted.h - whose signature counts: the keys that were built in, and those of the setting
 * trustedKeys. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/minisig.h"

struct settings;

enum { TRUSTED_KEYS_MAX = 24 };

struct trusted_keys {
	struct minisig_key keys[TRUSTED_KEYS_MAX];
	size_t count;
};

void trusted_add(struct trusted_keys *keys, const struct minisig_key *key);

/* Both kinds; the settings may be NULL. -1 with FAULT_SETTINGS for a key that is none: those before
 * it are there all the same. */
int trusted_read(const struct settings *s, struct trusted_keys *ret, struct error *err);
