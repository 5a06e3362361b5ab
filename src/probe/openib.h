/* probe/openib.h - what the vendor's service is told to load.
 *
 * Source: etc/infiniband/openib.conf, which MLNX_OFED and DOCA-OFED bring and Azure's images add
 * IPOIB_LOAD=no to (facts/procedure.md, 2.1). */
#pragma once

#include <stddef.h>

#include "facts/facts.h"

struct host;

/* IPOIB_LOAD, the last one, as a shell has it; UNKNOWN where there is none. */
enum tristate openib_parse_ipoib(const char *text, size_t len);

void openib_read(const struct host *h, struct facts *ret);
