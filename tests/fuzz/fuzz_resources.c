/* tests/fuzz/fuzz_resources.c - Azure's list of drivers is refused with a place, or made into a
 * document of rows that each have a web address with TLS. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *ctx, const char *path, const char *what)
{
	(void)ctx;
	assert(path[0] != '\0' && what[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct import_report report = { take, NULL };
	AUTO_JSON json_t *j = json_parse((const char *)data, size, NULL, 0);
	AUTO_JSON json_t *made = NULL;
	char why[300] = "";
	const json_t *drivers;

	if (j == NULL)
		return 0;
	if (catalogue_import(j, &report, &made, why, sizeof why) < 0) {
		assert(why[0] != '\0' && made == NULL);
		return 0;
	}
	drivers = json_object_get(made, "drivers");
	assert(json_array_size(drivers) > 0);
	for (size_t i = 0; i < json_array_size(drivers); i++) {
		const json_t *row = json_array_get(drivers, i);

		assert(text_starts(json_text_at(row, "url", ""), "https://"));
		assert(json_text_at(row, "id", "")[0] != '\0');
	}
	return 0;
}
