/* tests/fuzz/fuzz_modinfo.c - the bytes of a module's file: header, sections, entries, the mark of
 * a signature. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe/modinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct modinfo_span span;
	char vermagic[96] = "";
	uint32_t name;
	unsigned n;

	if (modinfo_parse_header(bytes, size, &span, &n) == 0)
		(void)modinfo_parse_section(bytes, size, n, &span, &name);
	(void)modinfo_parse_section(bytes, size, UINT32_MAX, &span, &name);
	for (n = 0; modinfo_parse_section(bytes, size, n, &span, &name) == 0; n++)
		;
	if (n != size / 64)
		abort();
	if (modinfo_parse_vermagic(bytes, size, vermagic, sizeof vermagic) == 0 &&
	    vermagic[0] == '\0')
		abort();
	(void)modinfo_is_signed(bytes, size);
	return 0;
}
