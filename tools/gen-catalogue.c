/* tools/gen-catalogue.c - data/{sizes,adapters}.json -> the const tables of the catalogue, and what
 * their makers share with that of the drivers. */
#include "gen-catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "catalogue/columns.h"
#include "gen-tables.h"

/* A text, or "" where the data says null. */
static const char *text_or_null(const struct row *row, const char *key)
{
	return json_is_null(json_object_get(row->object, key)) ? "" : row_text(row, key);
}

static const char *generation_of(const struct row *row)
{
	const char *text = text_or_null(row, "generation");

	if (text[0] != '\0')
		row_one_of(row, "generation", text, column_generations);
	return text;
}

const char *row_seen(const struct row *row)
{
	const char *text = row_text(row, "evidence");

	row_one_of(row, "evidence", text, column_evidences);
	return strcmp(text, "seen") == 0 ? "true" : "false";
}

void row_check_unique(const struct row *row, const json_t *doc, const char *array, size_t i,
		      const char *key)
{
	for (size_t k = 0; k < i; k++) {
		struct row other = row_at(row->file, doc, array, k, key);

		if (strcasecmp(row_text(&other, key), row_text(row, key)) == 0)
			row_fail(row, "its \"%s\" stands at %s[%zu] already", key, array, k);
	}
}

void write_text(FILE *out, const char *text)
{
	write_literal(out, text);
	(void)fputs(", ", out);
}

/* Sizes. */

/* Fail if the row has a member that is neither in `keys` nor in `notes`. */
static void check_members(const struct row *row, const char *const *keys, const char *const *notes)
{
	const char *all[32];
	size_t n = 0;

	for (; *keys != NULL && n < ARRAY_SIZE(all) - 1; keys++)
		all[n++] = *keys;
	for (; *notes != NULL && n < ARRAY_SIZE(all) - 1; notes++)
		all[n++] = *notes;
	all[n] = NULL;
	row_only(row, all);
}

static void check_size(const struct row *row)
{
	static const char *const keys[] = { "name",     "series",   "generation", "kind",
					    "ports",    "rateGbps", "gpu",        "arch",
					    "evidence", "source",   NULL };
	const char *kind = row_text(row, "kind"), *why;
	long long ports = row_int(row, "ports", 0, 64);
	long long rate = row_int(row, "rateGbps", 0, 10000);

	check_members(row, keys, size_notes);
	row_one_of(row, "kind", kind, column_size_kinds);
	row_one_of(row, "arch", row_text(row, "arch"), column_arches);
	why = size_contradiction(kind, ports, rate, generation_of(row));
	if (why != NULL)
		row_fail(row, "%s", why);
}

static void write_size(FILE *out, const struct row *row)
{
	const char *kind = row_text(row, "kind");

	(void)fputs("\t{ ", out);
	write_text(out, row_text(row, "name"));
	write_text(out, row_text(row, "series"));
	write_text(out, generation_of(row));
	(void)fprintf(out, "%s, %lld, %lld, %s,\n\t\t",
		      strcmp(kind, "sriov") == 0  ? "SIZE_SRIOV"
		      : strcmp(kind, "none") == 0 ? "SIZE_NO_INFINIBAND"
						  : "SIZE_NETWORK_DIRECT",
		      row_int(row, "ports", 0, 64), row_int(row, "rateGbps", 0, 10000),
		      row_bool(row, "gpu") ? "true" : "false");
	write_text(out, row_text(row, "arch"));
	(void)fprintf(out, "%s, ", row_seen(row));
	write_literal(out, row_text(row, "source"));
	(void)fputs(" },\n", out);
}

void make_sizes(const char *file, FILE *out)
{
	json_t *doc = document_load(file, "ib-vmext/sizes/1");
	size_t count = rows_count(file, doc, "sizes");

	write_banner(out, file);
	(void)fputs("static const struct size_row built_in_sizes[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "sizes", i, "name");

		check_size(&row);
		row_check_unique(&row, doc, "sizes", i, "name");
		/* A name that somebody reserved says nothing about the machine that will have it.
		 */
		if (strcmp(row_text(&row, "kind"), "placeholder") != 0)
			write_size(out, &row);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}

/* Adapters. */

static unsigned pci_id(const struct row *row, const char *key)
{
	const char *text = row_text(row, key);

	if (!is_pci_id(text))
		row_fail(row, "\"%s\" is not four lower-case hexadecimal digits", key);
	return (unsigned)strtoul(text, NULL, 16);
}

static void check_adapter(const json_t *doc, size_t i, const struct row *row)
{
	static const char *const keys[] = { "vendor",     "device",       "kind",
					    "generation", "kernelDriver", "name",
					    "evidence",   "source",       NULL };

	check_members(row, keys, adapter_notes);
	row_one_of(row, "kind", row_text(row, "kind"), column_function_kinds);
	for (size_t k = 0; k < i; k++) {
		struct row other = row_at(row->file, doc, "adapters", k, "device");

		if (pci_id(&other, "vendor") == pci_id(row, "vendor") &&
		    pci_id(&other, "device") == pci_id(row, "device"))
			row_fail(row, "its ids stand at adapters[%zu] already", k);
	}
}

void make_adapters(const char *file, FILE *out)
{
	json_t *doc = document_load(file, "ib-vmext/adapters/1");
	size_t count = rows_count(file, doc, "adapters");

	write_banner(out, file);
	(void)fputs("static const struct adapter_row built_in_adapters[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "adapters", i, "device");

		check_adapter(doc, i, &row);
		(void)fprintf(out, "\t{ 0x%04x, 0x%04x, ", pci_id(&row, "vendor"),
			      pci_id(&row, "device"));
		write_text(out, generation_of(&row));
		(void)fprintf(out, "%s, ",
			      strcmp(row_text(&row, "kind"), "VF") == 0 ? "true" : "false");
		write_text(out, row_text(&row, "kernelDriver"));
		write_text(out, row_text(&row, "name"));
		(void)fprintf(out, "%s,\n\t\t", row_seen(&row));
		write_literal(out, row_text(&row, "source"));
		(void)fputs(" },\n", out);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}
