/* tools/gen-catalogue.c - data/{sizes,adapters}.json -> the const tables of the catalogue, and what
 * their makers share with that of the drivers. */
#include "gen-catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gen-tables.h"

const char *const generation_words[] = { "Connect-IB", "CX2",     "CX3", "CX3-Pro", "CX4",
					 "CX5",        "CX6",     "CX7", "CX8",     "CX9",
					 "CX10",       "mlx5Gen", NULL };
static const char *const evidences[] = { "seen", "inferred", NULL };

/* A text, or "" where the data says null. */
static const char *text_or_null(const struct row *row, const char *key)
{
	return json_is_null(json_object_get(row->object, key)) ? "" : row_text(row, key);
}

static const char *generation_of(const struct row *row)
{
	const char *text = text_or_null(row, "generation");

	if (text[0] != '\0')
		row_one_of(row, "generation", text, generation_words);
	return text;
}

const char *row_seen(const struct row *row)
{
	const char *text = row_text(row, "evidence");

	row_one_of(row, "evidence", text, evidences);
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

static const char *const size_kinds[] = { "none", "sriov", "network-direct", "placeholder", NULL };

static void check_size(const struct row *row)
{
	static const char *const keys[] = {
		"name", "series",  "generation", "kind",           "ports",  "rateGbps", "gpu",
		"arch", "retired", "evidence",   "evidenceDetail", "source", "note",     NULL
	};
	static const char *const arches[] = { "x86_64", "aarch64", NULL };
	const char *kind = row_text(row, "kind");
	long long ports = row_int(row, "ports", 0, 64);
	long long rate = row_int(row, "rateGbps", 0, 10000);

	row_only(row, keys);
	row_one_of(row, "kind", kind, size_kinds);
	row_one_of(row, "arch", row_text(row, "arch"), arches);
	if (strcmp(kind, "sriov") == 0 && (ports == 0 || rate == 0 || *generation_of(row) == '\0'))
		row_fail(row, "a size with InfiniBand needs generation, ports and rateGbps");
	if (strcmp(kind, "none") == 0 && (ports != 0 || rate != 0 || *generation_of(row) != '\0'))
		row_fail(row, "a size without InfiniBand has no generation, ports or rateGbps");
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

	if (strlen(text) != 4 || strspn(text, "0123456789abcdef") != 4)
		row_fail(row, "\"%s\" is not four lower-case hexadecimal digits", key);
	return (unsigned)strtoul(text, NULL, 16);
}

static void check_adapter(const json_t *doc, size_t i, const struct row *row)
{
	static const char *const keys[] = { "vendor",         "device",       "kind", "generation",
					    "model",          "kernelDriver", "name", "role",
					    "inbox",          "mlnxOfed",     "doca", "evidence",
					    "evidenceDetail", "source",       NULL };
	static const char *const kinds[] = { "PF", "VF", NULL };

	row_only(row, keys);
	row_one_of(row, "kind", row_text(row, "kind"), kinds);
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
