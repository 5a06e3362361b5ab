/* host/http.h - reads an HTTP/1.x answer. Pure: bytes in, a body out.
 *
 * Source: RFC 9112, sections 4 to 7. Trailers and chunk extensions are skipped; no transfer coding
 * but chunked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum http_end {
	HTTP_MORE,      /* not all of it is there yet */
	HTTP_DONE,      /* *status and `body` are filled in */
	HTTP_BAD,       /* not HTTP, or cut off */
	HTTP_TOO_LARGE, /* head or body pass body->max */
};

/* Read the answer that starts at `data`. `closed`: nothing will follow these `len` bytes. The body
 * is added to `body`, whose `max` bounds it, and is written for HTTP_DONE only. */
enum http_end http_parse(const char *data, size_t len, bool closed, int *status, struct buf *body);
