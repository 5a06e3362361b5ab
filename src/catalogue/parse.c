/* catalogue/parse.c - the document of a catalogue -> rows, with the checks of the generator. */
#include "catalogue/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/columns.h"
#include "catalogue/edition.h"
#include "catalogue/rows.h"
#include "catalogue/version.h"

/* Where the texts go. Its size was counted before: no text is longer in the rows than in the JSON.
 */
struct arena {
	char *next;
};

/* The document, or one row of it; `place` is what a message names. */
struct reader {
	const json_t *object;
	char place[120];
	struct arena *arena;
	char *why;
	size_t why_size;
};

PRINTF(2, 3) static int refuse(const struct reader *r, const char *fmt, ...)
{
	char what[240];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	(void)text_format(r->why, r->why_size, "%s%s%s", r->place, r->place[0] != '\0' ? ": " : "",
			  what);
	return -1;
}

static char *keep(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *kept = arena->next;

	memcpy(kept, text, size);
	arena->next += size;
	return kept;
}

static bool is_listed(const char *word, const char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		if (text_eq(*words, word))
			return true;
	return false;
}

static int check_word(const struct reader *r, const struct column *c, const char *text)
{
	if (c->words == NULL || is_listed(text, c->words))
		return 0;
	return refuse(r, "\"%s\" is \"%.60s\", which is none of the known words", c->key, text);
}

static int read_text(const struct reader *r, const struct column *c, const json_t *value,
		     const char **ret)
{
	*ret = json_string_value(value);
	if (*ret == NULL || **ret == '\0')
		return refuse(r, "\"%s\" is not a text, or is empty", c->key);
	return check_word(r, c, *ret);
}

/* Each word as it is kept in the list. */
static int read_word(const struct reader *r, const struct column *c, const json_t *array, size_t i,
		     const char **ret)
{
	*ret = json_string_value(json_array_get(array, i));
	if (*ret == NULL || **ret == '\0' || strpbrk(*ret, ", ") != NULL)
		return refuse(r, "%s[%zu] is not a text of one word", c->key, i);
	return check_word(r, c, *ret);
}

static int read_list(const struct reader *r, const struct column *c, const json_t *array,
		     const char **ret)
{
	char list[COLUMN_LIST_MAX] = "";
	size_t len = 0;

	if (!json_is_array(array) || json_array_size(array) == 0)
		return refuse(r, "\"%s\" is not an array, or is empty", c->key);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *word;

		if (read_word(r, c, array, i, &word) < 0)
			return -1;
		if (text_format(list + len, sizeof list - len, "%s%s", i > 0 ? "," : "", word) < 0)
			return refuse(r, "\"%s\" is too long", c->key);
		len += strlen(list + len);
	}
	*ret = keep(r->arena, list);
	return 0;
}

static int read_number(const struct reader *r, const struct column *c, const json_t *value,
		       long long *ret)
{
	*ret = json_integer_value(value);
	if (!json_is_integer(value) || *ret < 0 || *ret > c->most)
		return refuse(r, "\"%s\" is not a whole number from 0 to %lld", c->key, c->most);
	return 0;
}

static int read_flag(const struct reader *r, const struct column *c, const json_t *value, bool *ret)
{
	if (!json_is_boolean(value))
		return refuse(r, "\"%s\" is not true or false", c->key);
	*ret = json_is_true(value);
	return 0;
}

static int read_pci_id(const struct reader *r, const struct column *c, const char *text,
		       unsigned *ret)
{
	long id;

	if (!is_pci_id(text) || text_to_long(text, 16, &id) < 0)
		return refuse(r, "\"%s\" is not four lower-case hexadecimal digits", c->key);
	*ret = (unsigned)id;
	return 0;
}

static int size_kind_of(const char *word)
{
	return text_eq(word, "sriov")            ? SIZE_SRIOV
	       : text_eq(word, "network-direct") ? SIZE_NETWORK_DIRECT
						 : SIZE_NO_INFINIBAND;
}

/* Columns whose JSON is a text. */
static int read_texts(const struct reader *r, const struct column *c, const json_t *value, void *at)
{
	const char *text;

	if (read_text(r, c, value, &text) < 0)
		return -1;
	switch (c->kind) {
	case COLUMN_SEEN:
		*(bool *)at = text_eq(text, "seen");
		return 0;
	case COLUMN_VIRTUAL:
		*(bool *)at = text_eq(text, "VF");
		return 0;
	case COLUMN_SIZE_KIND:
		*(int *)at = size_kind_of(text);
		return 0;
	case COLUMN_PCI_ID:
		return read_pci_id(r, c, text, at);
	default:
		*(const char **)at = keep(r->arena, text);
		return 0;
	}
}

static int read_numbers(const struct reader *r, const struct column *c, const json_t *value,
			void *at)
{
	long long number;

	if (read_number(r, c, value, &number) < 0)
		return -1;
	if (c->kind == COLUMN_LONG)
		*(long long *)at = number;
	else if (c->kind == COLUMN_INT)
		*(int *)at = (int)number;
	else
		*(unsigned *)at = (unsigned)number;
	return 0;
}

/* What a column holds of which the data says nothing. */
static void leave_unsaid(const struct column *c, void *at)
{
	if (c->kind == COLUMN_TEXT || c->kind == COLUMN_LIST)
		*(const char **)at = "";
	else if (c->kind == COLUMN_LONG)
		*(long long *)at = -1;
	else if (c->kind == COLUMN_INT)
		*(int *)at = -1;
}

static int read_column(const struct reader *r, const struct column *c, void *at)
{
	const json_t *value = json_object_get(r->object, c->key);

	if (value == NULL && c->need != COLUMN_OPTIONAL)
		return refuse(r, "\"%s\" is missing", c->key);
	if (value == NULL ||
	    (json_is_null(value) && c->need != COLUMN_NEEDED && c->kind != COLUMN_FLAG)) {
		leave_unsaid(c, at);
		return 0;
	}
	switch (c->kind) {
	case COLUMN_LIST:
		return read_list(r, c, value, at);
	case COLUMN_COUNT:
	case COLUMN_INT:
	case COLUMN_LONG:
		return read_numbers(r, c, value, at);
	case COLUMN_FLAG:
		return read_flag(r, c, value, at);
	default:
		return read_texts(r, c, value, at);
	}
}

static bool is_column(const struct row_table *table, const char *key)
{
	for (size_t i = 0; i < table->ncolumns; i++)
		if (text_eq(table->columns[i].key, key))
			return true;
	return is_listed(key, table->notes);
}

static int read_row(const struct reader *r, const struct row_table *table, void *row)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)r->object, key, value)
	{
		if (!is_column(table, key))
			return refuse(r, "unknown member \"%.60s\"", key);
	}
	for (size_t i = 0; i < table->ncolumns; i++)
		if (read_column(r, &table->columns[i], (char *)row + table->columns[i].offset) < 0)
			return -1;
	return 0;
}

/* What the columns say together, and to the rows before. */

static int check_size(const struct reader *r, const struct size_row *rows, size_t n)
{
	const struct size_row *row = &rows[n];
	const char *kind = json_string_value(json_object_get(r->object, "kind"));
	const char *why = size_contradiction(kind, row->ports, row->rate_gbps, row->generation);

	if (why != NULL)
		return refuse(r, "%s", why);
	for (size_t i = 0; i < n; i++)
		if (text_eq_nocase(rows[i].name, row->name))
			return refuse(r, "its \"name\" stands in the rows before it already");
	return 0;
}

static int check_adapter(const struct reader *r, const struct adapter_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].vendor == rows[n].vendor && rows[i].device == rows[n].device)
			return refuse(r, "its ids stand at adapters[%zu] already", i);
	return 0;
}

/* A range that nothing lies in would make a row that nobody ever sees again. */
static int check_ranges(const struct reader *r, const struct driver_row *row)
{
	const char *rest = row->os_versions;
	struct version_range range;
	char word[COLUMN_LIST_MAX];

	for (size_t i = 0; list_next(&rest, word, sizeof word); i++)
		if (strchr(word, '-') != NULL && !version_range_parse(word, &range))
			return refuse(r, "osVersions[%zu] is no range of versions", i);
	if (row->kernels[0] != '\0' && !version_range_parse(row->kernels, &range))
		return refuse(r, "\"kernels\" is no range of versions");
	return 0;
}

/* What is fetched is fetched over TLS, and held against its digest where there is one. */
static int check_artefact(const struct reader *r, const struct driver_row *row)
{
	if (row->url[0] != '\0' && !text_starts(row->url, "https://"))
		return refuse(r, "\"url\" does not begin with https://");
	if (row->sha256[0] != '\0' && row->url[0] == '\0')
		return refuse(r, "\"sha256\" has no \"url\" that it is of");
	if (row->sha256[0] != '\0' && !is_sha256(row->sha256))
		return refuse(r, "\"sha256\" is not 64 lower-case hexadecimal digits");
	return 0;
}

static int check_modules(const struct reader *r, const struct driver_row *row)
{
	const char *rest = row->optional_modules;
	char word[COLUMN_LIST_MAX];

	while (list_next(&rest, word, sizeof word))
		if (list_has(row->modules, word))
			return refuse(r, "%.60s is in \"modules\" and in \"optionalModules\"",
				      word);
	return 0;
}

static int check_driver(const struct reader *r, const struct driver_row *rows, size_t n)
{
	const struct driver_row *row = &rows[n];

	if (!is_driver_id(row->id))
		return refuse(r, "\"id\" is not of lower-case letters, digits, '-', '.' and '_'");
	if (check_ranges(r, row) < 0 || check_artefact(r, row) < 0 || check_modules(r, row) < 0)
		return -1;
	if (text_ends(row->why, "."))
		return refuse(r, "\"why\" ends with a full stop");
	for (size_t i = 0; i < n; i++)
		if (text_eq_nocase(rows[i].id, row->id))
			return refuse(r, "its \"id\" stands at drivers[%zu] already", i);
	return 0;
}

static int check_row(const struct reader *r, const struct row_table *table, const void *rows,
		     size_t n)
{
	if (table == &size_table)
		return check_size(r, rows, n);
	if (table == &adapter_table)
		return check_adapter(r, rows, n);
	return check_driver(r, rows, n);
}

/* A name that somebody reserved says nothing about the machine that will have it. */
static bool is_placeholder(const struct row_table *table, const json_t *object)
{
	return table == &size_table && text_eq(json_text_at(object, "kind", ""), "placeholder");
}

static void name_place(struct reader *r, const struct row_table *table, size_t i)
{
	const char *name = json_text_at(r->object, table->name_key, "");

	(void)TEXT_FORMAT(r->place, "%s[%zu]%s%.80s%s", table->name, i,
			  name[0] != '\0' ? " \"" : "", name, name[0] != '\0' ? "\"" : "");
}

/* Read an array into the rows at `rows`; *ret_count is how many of them are kept. */
static int read_table(const struct reader *whole, const struct row_table *table, char *rows,
		      size_t *ret_count)
{
	const json_t *array = json_object_get(whole->object, table->name);
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		struct reader r = *whole;

		r.object = json_array_get(array, i);
		name_place(&r, table, i);
		if (!json_is_object(r.object))
			return refuse(&r, "not an object");
		if (read_row(&r, table, rows + count * table->row_size) < 0 ||
		    check_row(&r, table, rows, count) < 0)
			return -1;
		if (!is_placeholder(table, r.object))
			count++;
	}
	*ret_count = count;
	return 0;
}

/* How much room the texts of a row take at most. */
static size_t row_text_size(const json_t *row)
{
	size_t size = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)row, key, value)
	{
		size += json_is_string(value) ? json_string_length(value) + 1 : 0;
		for (size_t i = 0; i < json_array_size(value); i++)
			size += json_string_length(json_array_get(value, i)) + 1;
	}
	return size;
}

static const struct row_table *const tables[] = { &driver_table, &size_table, &adapter_table };

/* Rows first, as they must be aligned, each table's after the one before; then texts. */
static int make_arena(const struct reader *r, struct buf *arena, char *ret_rows[static 3],
		      struct arena *ret)
{
	size_t rows = 0, texts = 2 * 32;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const json_t *array = json_object_get(r->object, tables[t]->name);
		size_t count = json_array_size(array);

		if (count == 0 || count > CATALOGUE_ROWS_MAX)
			return refuse(r, "\"%s\" is not an array of 1 to %d rows", tables[t]->name,
				      CATALOGUE_ROWS_MAX);
		for (size_t i = 0; i < count; i++)
			texts += row_text_size(json_array_get(array, i));
		/* A multiple of what the next table is aligned to. */
		rows += (count * tables[t]->row_size + 15) / 16 * 16;
	}
	if (buf_add_zeros(arena, rows + texts) < 0)
		return refuse(r, "it needs more memory than there is");
	ret->next = arena->data + rows;
	rows = 0;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const json_t *array = json_object_get(r->object, tables[t]->name);

		ret_rows[t] = arena->data + rows;
		rows += (json_array_size(array) * tables[t]->row_size + 15) / 16 * 16;
	}
	return 0;
}

static int read_head(const struct reader *r, struct catalogue_owned *c)
{
	static const char *const keys[] = { "schema", "about",    "version", "expires",
					    "sizes",  "adapters", "drivers", NULL };
	const char *version = json_text_at(r->object, "version", "");
	const char *expires = json_text_at(r->object, "expires", "");
	const char *key;
	json_t *value;

	if (!json_is_object(r->object))
		return refuse(r, "not an object");
	if (!text_eq(json_text_at(r->object, "schema", ""), CATALOGUE_SCHEMA))
		return refuse(r, "\"schema\" is not " CATALOGUE_SCHEMA);
	json_object_foreach((json_t *)r->object, key, value)
	{
		if (!is_listed(key, keys))
			return refuse(r, "unknown member \"%.60s\"", key);
	}
	if (!edition_is_version(version))
		return refuse(r, "\"version\" is not numbers with dots between, as 2026.11.2");
	if (!edition_read_time(expires, &c->expires_s))
		return refuse(r, "\"expires\" is not a time like 2027-05-01T00:00:00Z");
	return 0;
}

static int read_tables(const struct reader *r, char *rows[static 3], struct catalogue *ret)
{
	ret->drivers = (const struct driver_row *)(void *)rows[0];
	ret->sizes = (const struct size_row *)(void *)rows[1];
	ret->adapters = (const struct adapter_row *)(void *)rows[2];
	if (read_table(r, &driver_table, rows[0], &ret->ndrivers) < 0 ||
	    read_table(r, &size_table, rows[1], &ret->nsizes) < 0 ||
	    read_table(r, &adapter_table, rows[2], &ret->nadapters) < 0)
		return -1;
	return 0;
}

int catalogue_parse(const json_t *document, struct catalogue_owned *ret, char *why, size_t why_size)
{
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	struct arena arena = { 0 };
	struct reader r = { .object = document, .arena = &arena, .why = why, .why_size = why_size };
	char *rows[3];

	if (read_head(&r, &c) < 0 || make_arena(&r, &c.arena, rows, &arena) < 0 ||
	    read_tables(&r, rows, &c.rows) < 0)
		return -1;
	c.rows.version = keep(&arena, json_text_at(document, "version", ""));
	c.expires = keep(&arena, json_text_at(document, "expires", ""));
	*ret = c;
	c.arena = (struct buf) { 0 };
	return 0;
}

void catalogue_owned_free(struct catalogue_owned *c)
{
	if (c == NULL)
		return;
	buf_free(&c->arena);
	c->rows = (struct catalogue) { 0 };
}
