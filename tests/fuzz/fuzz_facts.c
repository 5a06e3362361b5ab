/* tests/fuzz/fuzz_facts.c - no facts document makes the reader crash; what is taken is written and
 * read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts f, back;
	AUTO_JSON json_t *j = json_parse((const char *)data, size, NULL, 0);
	AUTO_JSON json_t *written = NULL;
	char why[64] = "";

	if (j == NULL || facts_from_json(j, &f, why, sizeof why) < 0)
		return 0;
	written = facts_to_json(&f);
	if (facts_from_json(written, &back, why, sizeof why) < 0 ||
	    memcmp(&f, &back, sizeof f) != 0)
		abort();
	return 0;
}
