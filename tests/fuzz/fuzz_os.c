/* tests/fuzz/fuzz_os.c - no os-release makes the parser crash, or give text that JSON cannot carry.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/os.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts f;

	memset(&f, 0, sizeof f);
	os_parse((const char *)data, size, &f.os);
	if (f.os.id[0] == '\0')
		abort();
	for (const char *p = f.os.pretty; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			abort();
	}
	return 0;
}
