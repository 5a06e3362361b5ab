/* tests/fuzz/fuzz_proxy.c - the head of a request to the lab's proxy: whatever it is, what goes on
 * to the server has no more lines than came, and nothing that was for the proxy alone. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "lab/mirror/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void look_at(const char *head, const struct proxy_request *r, const char *forward)
{
	assert(r->port > 0 && r->port < 65536);
	assert(r->address[0] && strspn(r->address, "0123456789.") == strlen(r->address));
	assert(lines_of(forward) <= lines_of(head) + 3);
	for (const char *at = forward; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		assert(strncasecmp(at, "Proxy-Authorization:", 20) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *head = malloc(size + 1);
	AUTO_BUF struct buf forward = { 0 };
	struct proxy_request r;

	if (!head)
		return 0;
	memcpy(head, data, size);
	head[size] = '\0';
	if (proxy_parse(head, &r, &forward) == 0)
		look_at(head, &r, buf_text(&forward));
	return 0;
}
