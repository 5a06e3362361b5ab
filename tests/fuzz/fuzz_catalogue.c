/* tests/fuzz/fuzz_catalogue.c - a catalogue is refused with a reason, or its rows can be used and
 * written so that they are read as the same again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/check.h"
#include "catalogue/edition.h"
#include "catalogue/parse.h"
#include "catalogue/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *ctx, const struct catalogue_finding *f)
{
	assert(f->row_id[0] != '\0' && f->what[0] != '\0');
	++*(unsigned *)ctx;
}

static json_t *write_rows(const struct row_table *table, const void *rows, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		assert(json_array_append_new(
			       array,
			       row_to_json(table, (const char *)rows + i * table->row_size)) == 0);
	return array;
}

static void write_and_read(const struct catalogue_owned *c)
{
	AUTO_CATALOGUE struct catalogue_owned again = { 0 };
	AUTO_JSON json_t *j = json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o}", "schema", CATALOGUE_SCHEMA, "version",
		c->rows.version, "expires", c->expires, "sizes",
		write_rows(&size_table, c->rows.sizes, c->rows.nsizes), "adapters",
		write_rows(&adapter_table, c->rows.adapters, c->rows.nadapters), "drivers",
		write_rows(&driver_table, c->rows.drivers, c->rows.ndrivers));
	char why[300] = "";

	if (c->rows.nsizes == 0) /* each was a reserved name: an empty table cannot be written */
		return;
	assert(catalogue_parse(j, &again, why, sizeof why) == 0);
	assert(again.rows.ndrivers == c->rows.ndrivers && again.rows.nsizes == c->rows.nsizes &&
	       again.rows.nadapters == c->rows.nadapters);
	for (size_t i = 0; i < c->rows.ndrivers; i++)
		assert(text_eq(c->rows.drivers[i].packages, again.rows.drivers[i].packages));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	AUTO_JSON json_t *j = json_parse((const char *)data, size, NULL, 0);
	char why[300] = "";
	unsigned findings = 0;
	struct facts f = { .nnics = 1, .nics = { { .vendor = 0x15b3, .device = 0x101e } } };

	if (j == NULL)
		return 0;
	if (catalogue_parse(j, &c, why, sizeof why) < 0) {
		assert(why[0] != '\0' && c.arena.data == NULL);
		return 0;
	}
	assert(edition_compare(c.rows.version, c.rows.version) == 0);
	assert(catalogue_check(&c.rows, count, &findings) == findings);
	catalogue_classify(&c.rows, &f);
	for (size_t i = 0; i < c.rows.ndrivers; i++)
		(void)driver_row_matches(&c.rows.drivers[i], &f, why, sizeof why);
	write_and_read(&c);
	return 0;
}
