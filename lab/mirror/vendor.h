/* mirror/vendor.h - stand-ins of what the vendor publishes, and a signed catalogue that tells their
 * digests: vendor/README.md. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct vm_env;

/* In the client: build them at first use, $IB_LAB_CACHE/vendor-<key>/files. `ret`: that directory.
 * `real`: with one more, for Debian 12, whose modules are Debian's own mlx5_core and mlx5_ib:
 * minutes to compile. */
int vendor_prepare(const struct vm_env *env, bool real, char *ret, size_t size, struct error *err);

/* The settings by which the product uses what lies in that directory, once the mirror shows it. */
int vendor_settings(const char *dir, json_t **ret, struct error *err);
