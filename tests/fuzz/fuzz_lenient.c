/* tests/fuzz/fuzz_lenient.c - what is JSON already stays the same value; lines are kept. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "lab/arm/lenient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	AUTO_BUF struct buf strict = { 0 };
	AUTO_JSON json_t *before = json_parse(text, size, NULL, 0), *after = NULL;

	assert(lenient_json(text, size, &strict) == 0);
	assert(lines(buf_text(&strict), strict.len) <= lines(text, size));
	after = json_parse(buf_text(&strict), strict.len, NULL, 0);
	assert(!before || json_equal(before, after));
	return 0;
}
