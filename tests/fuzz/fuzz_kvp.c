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
	if (!kvp.known || kvp.malformed != (size % 2560 != 0) || kvp.nassigned > FACTS_ASSIGNED_MAX)
		abort();
	kvp_parse_pairs((const char *)data, size, &kvp);
	if (kvp.ipoib_pairs != kvp.nassigned || kvp.nassigned > FACTS_ASSIGNED_MAX)
		abort();
	return 0;
}
