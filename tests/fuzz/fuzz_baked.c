/* tests/fuzz/fuzz_baked.c - the marker in an image: what is taken names paths below its kernel's
 * modules alone, and is written and read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "act/image/baked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct baked b, back;
	AUTO_JSON json_t *written = NULL;
	AUTO_BUF struct buf text = { 0 };
	char why[64];

	if (baked_parse((const char *)data, size, &b, why, sizeof why) < 0)
		return 0;
	if (strchr(b.kernel, '/') || !b.kernel[0] || b.nmodules == 0)
		abort();
	for (unsigned i = 0; i < b.nmodules; i++)
		if (b.modules[i].path[0] == '/' || strstr(b.modules[i].path, ".."))
			abort();
	written = baked_to_json(&b);
	if (!written || json_write(written, false, &text) < 0 ||
	    baked_parse(buf_text(&text), text.len, &back, why, sizeof why) < 0 ||
	    memcmp(&b, &back, sizeof b) != 0)
		abort();
	return 0;
}
