/* tests/fuzz/fuzz_pci.c - attributes and names of PCI functions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/pci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[64];
	size_t len = size < sizeof name ? size : sizeof name - 1;
	uint32_t number = 7;
	unsigned speed = 7;

	if (pci_parse_number((const char *)data, size, &number) < 0 ? number != 7
								    : number > 0xffffff)
		abort();
	if (pci_parse_speed((const char *)data, size, &speed) < 0 ? speed != 7 : speed > 10009)
		abort();
	if (len > 0)
		memcpy(name, data, len);
	name[len] = '\0';
	/* An address becomes part of a path. */
	if (pci_is_address(name) && strchr(name, '/') != NULL)
		abort();
	return 0;
}
