/* tests/fuzz/fuzz_redact.c - redact never lengthens a text, never leaves a secret in it, and
 * settles at once. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/redact.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const secrets[] = { "hunter22", "22tail", "hunt", "%2Fkey" };
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf once = { 0 };

	if (buf_add(&text, data, size) < 0)
		return 0;
	redact(text.data, secrets, ARRAY_SIZE(secrets));
	assert(strlen(text.data) <= size);
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		assert(strstr(text.data, secrets[i]) == NULL);
	if (buf_add_text(&once, text.data) < 0)
		return 0;
	redact(text.data, secrets, ARRAY_SIZE(secrets));
	assert(strlen(text.data) <= once.len);
	return 0;
}
