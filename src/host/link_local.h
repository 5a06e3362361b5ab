/* host/link_local.h - one bounded GET to a service of the host at its link-local address: plain
 * HTTP over a socket of our own, no proxy; bounds as metadata.h has them. */
#pragma once

#include "host/metadata.h"

extern const struct metadata_service metadata_service_azure;

/* `target` is path and query, of bytes that need no escape. 429 and 410 are tried again, 3 times at
 * most. Returns the end; *status (may be NULL) as metadata_get has it. */
enum metadata_end link_local_ask(const struct host *h, const struct metadata_service *service,
				 const char *target, struct buf *ret, int *status);
