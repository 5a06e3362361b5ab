/* tools/gen-catalogue.c - data/{sizes,adapters,drivers}.json -> the const tables of the catalogue.
 */
#include "gen-tables.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gen-common.h"

static const char *const generations[] = { "Connect-IB", "CX2",     "CX3", "CX3-Pro", "CX4",
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
		row_one_of(row, "generation", text, generations);
	return text;
}

static const char *seen_of(const struct row *row)
{
	const char *text = row_text(row, "evidence");

	row_one_of(row, "evidence", text, evidences);
	return strcmp(text, "seen") == 0 ? "true" : "false";
}

/* Fail if the member `key` of an earlier row is the same, case ignored. */
static void check_unique(const json_t *doc, const char *array, size_t i, const struct row *row,
			 const char *key)
{
	for (size_t k = 0; k < i; k++) {
		struct row other = row_at(row->file, doc, array, k, key);

		if (strcasecmp(row_text(&other, key), row_text(row, key)) == 0)
			row_fail(row, "its \"%s\" stands at %s[%zu] already", key, array, k);
	}
}

static void write_text(FILE *out, const char *text)
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
	(void)fprintf(out, "%s, ", seen_of(row));
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
		check_unique(doc, "sizes", i, &row, "name");
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
		(void)fprintf(out, "%s,\n\t\t", seen_of(&row));
		write_literal(out, row_text(&row, "source"));
		(void)fputs(" },\n", out);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}

/* Drivers. */

/* Write an array of texts as one comma-separated text; each of `words`, if that is not NULL. */
static void write_list(FILE *out, const struct row *row, const char *key, const char *const *words)
{
	const json_t *array = json_object_get(row->object, key);
	char text[512] = "";
	size_t len = 0;

	if (!json_is_array(array) || json_array_size(array) == 0)
		row_fail(row, "\"%s\" is not an array, or is empty", key);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *item = json_string_value(json_array_get(array, i));

		if (item == NULL || *item == '\0' || strpbrk(item, ", ") != NULL)
			row_fail(row, "%s[%zu] is not a text of one word", key, i);
		if (words != NULL)
			row_one_of(row, key, item, words);
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? "," : "",
					item);
		if (len >= sizeof text)
			row_fail(row, "\"%s\" is too long", key);
	}
	write_text(out, text);
}

/* The modules without which a machine is still served. For each of them src/plan says what is then
 * lacking. */
static void check_optional_modules(const struct row *row)
{
	const json_t *modules = json_object_get(row->object, "modules");
	const json_t *optional = json_object_get(row->object, "optionalModules");

	for (size_t i = 0; i < json_array_size(optional); i++)
		for (size_t k = 0; k < json_array_size(modules); k++)
			if (json_equal(json_array_get(optional, i), json_array_get(modules, k)))
				row_fail(row,
					 "modules[%zu] is in \"modules\" and in "
					 "\"optionalModules\"",
					 k);
}

/* Whoever shows it ends the sentence. */
static void check_why(const struct row *row)
{
	const char *why = row_text(row, "why");

	if (why[strlen(why) - 1] == '.')
		row_fail(row, "\"why\" ends with a full stop");
}

static const char *const arches[] = { "x86_64", "aarch64", NULL };
static const char *const managers[] = { "apt", "dnf", "yum", "tdnf", "zypper", NULL };
static const char *const optional_modules[] = { "ib_ipoib", NULL };

/* The members of a driver whose column is a text, and what they may hold. */
static const struct {
	const char *key, *member;
	bool is_list, needed;
	const char *const *words; /* NULL: anything */
} driver_texts[] = {
	{ "id", "id", false, true, NULL },
	{ "route", "route", false, true, NULL },
	{ "osIds", "os_ids", true, true, NULL },
	{ "osVersions", "os_versions", true, true, NULL },
	{ "generations", "generations", true, true, generations },
	{ "arch", "arch", true, true, arches },
	{ "kernels", "kernels", false, false, NULL },
	{ "flavours", "flavours", true, false, NULL },
	{ "sizes", "sizes", true, false, NULL },
	{ "packageManager", "package_manager", false, true, managers },
	{ "packages", "packages", true, true, NULL },
	{ "buildPackages", "build_packages", true, false, NULL },
	{ "modules", "modules", true, true, NULL },
	{ "optionalModules", "optional_modules", true, false, optional_modules },
	{ "services", "services", true, false, NULL },
	{ "version", "version", false, false, NULL },
	{ "ofed", "ofed", false, false, NULL },
	{ "url", "url", false, false, NULL },
	{ "sha256", "sha256", false, false, NULL },
	{ "repository", "repository", false, false, NULL },
	{ "key", "key", false, false, NULL },
	{ "options", "options", false, false, NULL },
	{ "peerMemory", "peer_memory", false, true, NULL },
	{ "source", "source", false, true, NULL },
	{ "why", "why", false, true, NULL },
};

/* The others: whole numbers, -1 where the data says null or nothing, and truth values. */
static const struct {
	const char *key, *member;
} driver_numbers[] = {
	{ "seconds", "seconds" },
	{ "downloadBytes", "download_bytes" },
	{ "diskBytes", "disk_bytes" },
},
  driver_flags[] = {
	  { "builds", "builds" },
	  { "deprecated", "deprecated" },
  };

static bool driver_key_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(driver_texts); i++)
		if (strcmp(driver_texts[i].key, key) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(driver_numbers); i++)
		if (strcmp(driver_numbers[i].key, key) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(driver_flags); i++)
		if (strcmp(driver_flags[i].key, key) == 0)
			return true;
	return strcmp(key, "evidence") == 0;
}

static void check_driver(const struct row *row)
{
	static const char *const routes[] = { "inbox",     "distro",   "doca-ofed",
					      "mlnx-ofed", "prebuilt", NULL };
	static const char *const peers[] = { "yes", "dma-buf", "no", "unknown", NULL };
	const char *key;
	json_t *value;

	json_object_foreach(row->object, key, value) if (!driver_key_known(key))
		row_fail(row, "unknown member \"%s\"", key);
	row_slug(row, row_text(row, "id"));
	row_one_of(row, "route", row_text(row, "route"), routes);
	row_one_of(row, "peerMemory", row_text(row, "peerMemory"), peers);
	check_optional_modules(row);
	check_why(row);
}

static void write_driver_text(FILE *out, const struct row *row, size_t i)
{
	const char *key = driver_texts[i].key;
	bool given = !json_is_null(json_object_get(row->object, key)) &&
		     json_object_get(row->object, key) != NULL;

	(void)fprintf(out, "\t\t.%s = ", driver_texts[i].member);
	if (!given && driver_texts[i].needed)
		row_fail(row, "\"%s\" is missing", key);
	if (given && driver_texts[i].is_list) {
		write_list(out, row, key, driver_texts[i].words);
	} else {
		const char *text = given ? row_text(row, key) : "";

		if (given && driver_texts[i].words != NULL)
			row_one_of(row, key, text, driver_texts[i].words);
		write_text(out, text);
	}
	(void)fputc('\n', out);
}

static void write_driver(FILE *out, const struct row *row)
{
	(void)fputs("\t{\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(driver_texts); i++)
		write_driver_text(out, row, i);
	for (size_t i = 0; i < ARRAY_SIZE(driver_numbers); i++) {
		const json_t *value = json_object_get(row->object, driver_numbers[i].key);
		bool known = value != NULL && !json_is_null(value);

		(void)fprintf(out, "\t\t.%s = %lld,\n", driver_numbers[i].member,
			      known ? row_int(row, driver_numbers[i].key, 0, 1LL << 40) : -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(driver_flags); i++)
		if (json_object_get(row->object, driver_flags[i].key) != NULL)
			(void)fprintf(out, "\t\t.%s = %s,\n", driver_flags[i].member,
				      row_bool(row, driver_flags[i].key) ? "true" : "false");
	(void)fprintf(out, "\t\t.seen = %s,\n\t},\n", seen_of(row));
}

void make_drivers(const char *file, FILE *out)
{
	json_t *doc = document_load(file, "ib-vmext/drivers/1");
	struct row whole = { .file = file, .object = doc };
	size_t count = rows_count(file, doc, "drivers");

	write_banner(out, file);
	(void)fputs("static const char built_in_version[] = ", out);
	write_literal(out, row_text(&whole, "version"));
	(void)fputs(";\n\nstatic const struct driver_row built_in_drivers[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "drivers", i, "id");

		check_driver(&row);
		check_unique(doc, "drivers", i, &row, "id");
		write_driver(out, &row);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}
