/* tests/fuzz/fuzz_settings.c - no settings make the reader crash; what is refused changes nothing
 * and says why, what is taken reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_JSON json_t *j = json_parse((const char *)data, size, NULL, 0);
	AUTO_JSON json_t *written = NULL, *again = NULL;
	struct settings s, before, back;
	struct error err = { 0 };

	if (j == NULL)
		return 0;
	settings_defaults(&before);
	s = before;
	(void)settings_read_protected(j, &s, NULL);
	s = before;
	if (settings_read_public(j, &s, &err) < 0) {
		if (memcmp(&s, &before, sizeof s) != 0 || err.fault != FAULT_SETTINGS ||
		    err.what[0] == '\0')
			abort();
		return 0;
	}
	written = settings_to_json(&s);
	back = before;
	if (settings_read_public(written, &back, NULL) < 0)
		abort();
	again = settings_to_json(&back);
	if (!json_equal(written, again))
		abort();
	return 0;
}
