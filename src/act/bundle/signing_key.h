/* act/bundle/signing_key.h - the secret key that somebody signs packs and bundles with. */
#pragma once

#include "base/error.h"
#include "base/minisig.h"

/* Read a secret key file of minisign, without a password; `path` as open(2) takes it. Wipe it after
 * use. FAULT_SIGNING_KEY. */
int signing_key_read(const char *path, struct minisig_secret *ret, struct error *err);
