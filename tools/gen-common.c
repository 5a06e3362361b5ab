/* tools/gen-common.c - reads rows of data/ with all checks, and writes C that any byte is safe in.
 */
#include "gen-common.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void row_fail(const struct row *row, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "%s: %s%s", row->file, row->place, row->place[0] != '\0' ? ": " : "");
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

json_t *document_load(const char *file, const char *schema)
{
	struct row row = { .file = file };
	json_error_t why;

	row.object = json_load_file(file, JSON_REJECT_DUPLICATES, &why);
	if (row.object == NULL)
		row_fail(&row, "line %d, column %d: %s", why.line, why.column, why.text);
	if (!json_is_object(row.object))
		row_fail(&row, "not an object");
	if (strcmp(row_text(&row, "schema"), schema) != 0)
		row_fail(&row, "\"schema\" is not %s", schema);
	return (json_t *)row.object;
}

size_t rows_count(const char *file, const json_t *document, const char *key)
{
	struct row row = { .file = file, .object = document };
	const json_t *array = json_object_get(document, key);

	if (!json_is_array(array))
		row_fail(&row, "\"%s\" is not an array", key);
	for (size_t i = 0; i < json_array_size(array); i++)
		if (!json_is_object(json_array_get(array, i)))
			row_fail(&row, "%s[%zu] is not an object", key, i);
	return json_array_size(array);
}

struct row row_at(const char *file, const json_t *document, const char *key, size_t i,
		  const char *name_key)
{
	struct row row = { .file = file };
	const json_t *name;

	row.object = json_array_get(json_object_get(document, key), i);
	name = name_key == NULL ? NULL : json_object_get(row.object, name_key);
	if (json_is_string(name))
		(void)snprintf(row.place, sizeof row.place, "%s[%zu] \"%.80s\"", key, i,
			       json_string_value(name));
	else
		(void)snprintf(row.place, sizeof row.place, "%s[%zu]", key, i);
	return row;
}

static const json_t *member(const struct row *row, const char *key)
{
	const json_t *value = json_object_get(row->object, key);

	if (value == NULL)
		row_fail(row, "\"%s\" is missing", key);
	return value;
}

const char *row_text(const struct row *row, const char *key)
{
	const json_t *value = member(row, key);

	if (!json_is_string(value) || json_string_length(value) == 0)
		row_fail(row, "\"%s\" is not a text, or is empty", key);
	return json_string_value(value);
}

long long row_int(const struct row *row, const char *key, long long least, long long most)
{
	const json_t *value = member(row, key);
	long long number = json_integer_value(value);

	if (!json_is_integer(value) || number < least || number > most)
		row_fail(row, "\"%s\" is not a whole number from %lld to %lld", key, least, most);
	return number;
}

bool row_bool(const struct row *row, const char *key)
{
	const json_t *value = member(row, key);

	if (!json_is_boolean(value))
		row_fail(row, "\"%s\" is not true or false", key);
	return json_is_true(value);
}

static bool listed(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

void row_only(const struct row *row, const char *const *keys)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)row->object, key, value) if (!listed(key, keys))
		row_fail(row, "unknown member \"%s\"", key);
}

void row_one_of(const struct row *row, const char *key, const char *text, const char *const *words)
{
	if (!listed(text, words))
		row_fail(row, "\"%s\" is \"%s\", which is none of the known words", key, text);
}

void row_slug(const struct row *row, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(text);

	if (text[0] < 'a' || text[0] > 'z' || text[len - 1] == '-' || strstr(text, "--") != NULL ||
	    strspn(text, letters) != len)
		row_fail(row, "\"%s\" is not a slug: lower-case words with '-' between", text);
}

void write_literal(FILE *out, const char *text)
{
	if (text == NULL) {
		(void)fputs("NULL", out);
		return;
	}
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f || c == '?') /* three octal digits end themselves;
							       '?' would make trigraphs */
			(void)fprintf(out, "\\%03o", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

void write_enumerator(FILE *out, const char *slug)
{
	for (; *slug != '\0'; slug++) {
		char c = *slug;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		(void)fputc(c == '-' ? '_' : c, out);
	}
}

void write_banner(FILE *out, const char *file)
{
	const char *name = strrchr(file, '/');

	(void)fprintf(out, "/* Made by tools/gen-tables from data/%s: edit that. */\n",
		      name == NULL ? file : name + 1);
}

void write_prose(FILE *out, const char *text, const char *in_code)
{
	bool code = false;

	for (; *text != '\0'; text++) {
		code ^= *text == '`';
		if (strchr(code ? in_code : "\\*<>[]#~|", *text) != NULL)
			(void)fputc('\\', out);
		(void)fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
}

void write_cell(FILE *out, const char *text)
{
	write_prose(out, text, "|");
	(void)fputs(" |", out);
}

void write_item(FILE *out, const char *name, const char *text)
{
	(void)fprintf(out, "- %s: ", name);
	write_prose(out, text, "");
	(void)fputc('\n', out);
}
