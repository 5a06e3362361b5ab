/* tests/fuzz/fuzz_kvp.c - pools of key-value pairs, and the value of IPoIB_Data. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/kvp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvp_facts kvp = { .known = false };

	kvp_parse((const char *)data, size, &kvp);
	if (!kvp.known || kvp.malformed != (size % 2560 != 0) || kvp.ipoib_pairs > KVP_PAIRS_MAX)
		abort();
	if (kvp_count_pairs((const char *)data, size) > KVP_PAIRS_MAX)
		abort();
	return 0;
}
