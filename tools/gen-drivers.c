/* tools/gen-drivers.c - data/drivers.json -> the const table of drivers. */
#include "gen-catalogue.h"

#include <string.h>

#include "catalogue/columns.h"
#include "catalogue/version.h"
#include "gen-tables.h"

/* Write an array of texts as one comma-separated text; each of `words`, if that is not NULL. */
static void write_list(FILE *out, const struct row *row, const char *key, const char *const *words)
{
	const json_t *array = json_object_get(row->object, key);
	char text[COLUMN_LIST_MAX] = "";
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

/* The members of a driver whose column is a text, and what they may hold. */
static const struct {
	const char *key, *member;
	bool is_list, needed;
	const char *const *words; /* NULL: anything */
} driver_texts[] = {
#define TEXT(key, member, is_list, needed, words) { key, #member, is_list, needed, words },
	DRIVER_TEXTS(TEXT)
#undef TEXT
};

/* The others: whole numbers, -1 where the data says null or nothing, and truth values. */
#define NAMED(key, member) { key, #member },
static const struct {
	const char *key, *member;
} driver_numbers[] = { DRIVER_NUMBERS(NAMED) }, driver_flags[] = { DRIVER_FLAGS(NAMED) };
#undef NAMED

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

/* "doca-3.2.3-ubuntu-24.04-x86_64": a slug whose words may be versions. */
static void check_id(const struct row *row)
{
	const char *id = row_text(row, "id");

	if (!is_driver_id(id))
		row_fail(row, "\"id\" is not of lower-case letters, digits, '-', '.' and '_'");
}

/* A range that nothing lies in would make a row that nobody ever sees again. */
static void check_ranges(const struct row *row)
{
	const json_t *versions = json_object_get(row->object, "osVersions");
	const char *kernels = json_string_value(json_object_get(row->object, "kernels"));
	struct version_range range;

	for (size_t i = 0; i < json_array_size(versions); i++) {
		const char *word = json_string_value(json_array_get(versions, i));

		if (word != NULL && strchr(word, '-') != NULL && !version_range_parse(word, &range))
			row_fail(row, "osVersions[%zu] is no range of versions", i);
	}
	if (kernels != NULL && !version_range_parse(kernels, &range))
		row_fail(row, "\"kernels\" is no range of versions");
}

/* What is fetched is fetched over TLS, and held against its digest where there is one. */
static void check_artefact(const struct row *row)
{
	const char *url = json_string_value(json_object_get(row->object, "url"));
	const char *sha256 = json_string_value(json_object_get(row->object, "sha256"));

	if (url != NULL && strncmp(url, "https://", 8) != 0)
		row_fail(row, "\"url\" does not begin with https://");
	if (sha256 != NULL && url == NULL)
		row_fail(row, "\"sha256\" has no \"url\" that it is of");
	if (sha256 != NULL && !is_sha256(sha256))
		row_fail(row, "\"sha256\" is not 64 lower-case hexadecimal digits");
}

static void check_driver(const struct row *row)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)row->object, key, value) if (!driver_key_known(key))
		row_fail(row, "unknown member \"%s\"", key);
	check_id(row);
	check_ranges(row);
	check_artefact(row);
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
	(void)fprintf(out, "\t\t.seen = %s,\n\t},\n", row_seen(row));
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
		row_check_unique(&row, doc, "drivers", i, "id");
		write_driver(out, &row);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}
