/* tests/fuzz/fuzz_settings_file.c - whatever N.settings holds, it is refused with a reason or read
 * into an object. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "handler/settings_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_SETTINGS_FILE struct settings_file f = { 0 };
	AUTO_BUF struct buf der = { 0 };
	struct error err = { 0 };

	if (settings_file_parse((const char *)data, size, &f, &err) < 0) {
		assert(err.fault != FAULT_NONE && err.what[0] != '\0');
		return 0;
	}
	assert(json_is_object(f.public_part));
	assert(f.protected_part == NULL || strlen(f.thumbprint) == THUMBPRINT_SIZE - 1);
	if (f.protected_part != NULL)
		(void)base64_decode(f.protected_part, &der);
	return 0;
}
