/* host/metadata.h - one bounded GET to the instance metadata service, over a socket of our own.
 *
 * Source: Azure Instance Metadata Service (learn.microsoft.com/azure/virtual-machines/instance-
 * metadata-service); http://169.254.169.254/metadata/instance?api-version=2021-02-01,
 * header Metadata: true, no proxy. 1 s to connect, 2 s to answer, 64 KiB; 429 and 410 are tried
 * again (3 times at most). */
#pragma once

#include <stdint.h>

#include "base/buf.h"

struct host;

/* Where to ask, and how long to wait. */
struct metadata_service {
	uint32_t address; /* IPv4, in host byte order */
	uint16_t port;
	int connect_ms;
	int answer_ms; /* from the request to the end of the answer */
};

enum metadata_end {
	METADATA_ANSWERED, /* `ret` holds the body of a 200 */
	METADATA_TIMEOUT,  /* no connection or no answer in time */
	METADATA_REFUSED,  /* a status other than 200, 429 until the end, or not HTTP */
	METADATA_NONE,     /* no such service: no route, connection refused (world: null) */
};

/* Returns the end; *status (may be NULL) is the HTTP status, 0 if there was none or if what came is
 * not to be used. */
enum metadata_end metadata_get(const struct host *h, struct buf *ret, int *status);

/* The same of another service, on a live host: for tests, which have one of their own on the
 * loopback interface. */
enum metadata_end metadata_ask(const struct host *h, const struct metadata_service *service,
			       struct buf *ret, int *status);
