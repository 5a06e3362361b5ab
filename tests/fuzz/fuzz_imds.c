/* tests/fuzz/fuzz_imds.c - no answer of the metadata service makes the parser crash; what is
 * refused changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"
#include "probe/imds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vm_facts vm, before;

	memset(&vm, 0x5a, sizeof vm);
	memcpy(&before, &vm, sizeof vm);
	if (imds_parse((const char *)data, size, &vm) < 0)
		return memcmp(&vm, &before, sizeof vm) == 0 ? 0 : (abort(), 0);
	if (memchr(vm.size, '\0', sizeof vm.size) == NULL ||
	    memchr(vm.offer, '\0', sizeof vm.offer) == NULL)
		abort();
	return 0;
}
