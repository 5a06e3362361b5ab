/* tests/fuzz/fuzz_dpkg.c - dpkg's status file, and what ofed_info says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/driver.h"
#include "probe/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_set set = { 0 };
	struct ofed_info info = { .kind = OFED_NONE };

	package_parse_dpkg((const char *)data, size, &set);
	for (size_t i = 0; i < set.count; i++) {
		if (!package_is_listed(set.at[i].name))
			abort();
		for (size_t k = 0; k < i; k++) {
			if (strcmp(set.at[i].name, set.at[k].name) == 0)
				abort();
		}
	}
	(void)driver_parse_ofed_info((const char *)data, size, &info);
	return 0;
}
