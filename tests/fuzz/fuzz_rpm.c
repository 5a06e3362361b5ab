/* tests/fuzz/fuzz_rpm.c - what rpm lists. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/package.h"
#include "probe/rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct package_set set;

	memset(&set, 0, sizeof set);
	rpm_parse((const char *)data, size, &set);
	for (size_t i = 0; i < set.count; i++) {
		if (!package_is_listed(set.at[i].name))
			abort();
		for (size_t k = 0; k < i; k++) {
			if (strcmp(set.at[i].name, set.at[k].name) == 0)
				abort();
		}
	}
	return 0;
}
