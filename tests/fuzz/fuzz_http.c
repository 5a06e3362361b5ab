/* tests/fuzz/fuzz_http.c - no bytes from the metadata address make the HTTP reader crash, or exceed
 * its limit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/http.h"

enum { BODY_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf body = { .max = BODY_MAX };
	bool closed = size > 0 && (data[0] & 1);
	char *copy = size > 1 ? malloc(size - 1)
			      : NULL; /* exact, so that a read beyond it is seen */
	size_t len = copy ? size - 1 : 0;
	int status = 0;
	enum http_end end;

	if (copy)
		memcpy(copy, data + 1, len);
	end = http_parse(copy, len, closed, &status, &body);
	free(copy);
	if (end == HTTP_DONE ? status < 200 || status > 599 : status != 0 || body.len != 0)
		abort();
	if (body.len > BODY_MAX || (closed && end == HTTP_MORE))
		abort();
	return 0;
}
