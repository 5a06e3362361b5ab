/* tests/fuzz/fuzz_modules.c - proc/modules, modules.builtin and modules.dep; the first byte
 * chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const char *, size_t, struct module_set *) = {
		module_parse_loaded,
		module_parse_built_in,
		module_parse_dep,
	};
	struct module_set set;

	if (size == 0)
		return 0;
	module_set_init(&set);
	parsers[data[0] % 3]((const char *)data + 1, size - 1, &set);
	for (size_t i = 0; i < set.count; i++) {
		if (memchr(set.at[i].path, '\0', sizeof set.at[i].path) == NULL)
			abort();
	}
	return 0;
}
