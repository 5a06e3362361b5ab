/* mirror/tls.h - the mirror's certificate and the authority that vouches for it:
 * $IB_LAB_CACHE/mirror-tls-blob. The cells trust it. */
#pragma once

#include "base/error.h"

struct buf;
struct vm_env;

/* In the client: make them at first use. */
int tls_prepare(const struct vm_env *env, struct error *err);

/* The server's key and certificate, PEM. */
int tls_read(const struct vm_env *env, struct buf *key, struct buf *certificate, struct error *err);
