/* tools/gen-common.h - what every generator of tables needs: a checked reader of data/ and a safe
 * writer of C.
 *
 * A generator runs at build time and stops at the first fault, naming the file and the row. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* One row of the input, or the document itself; `place` is what a message names. */
struct row {
	const char *file;
	char place[120]; /* "faults[3] \"package-lock\"" */
	const json_t *object;
};

/* Say what is wrong and where, on stderr, and exit 1. */
_Noreturn void row_fail(const struct row *row, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Read a whole document, which must be an object whose "schema" is `schema`. Fails on duplicate
 * keys. */
json_t *document_load(const char *file, const char *schema);

/* The rows of the array at `key` of the document, `count` of them. It must be there and must hold
 * objects alone. */
size_t rows_count(const char *file, const json_t *document, const char *key);

/* Row `i` of it; `name_key`, if not NULL, is the member that names the row in messages. */
struct row row_at(const char *file, const json_t *document, const char *key, size_t i,
		  const char *name_key);

/* Members of a row. All fail if the member is missing or of another type, row_text also if it is
 * empty. */
const char *row_text(const struct row *row, const char *key);
long long row_int(const struct row *row, const char *key, long long least, long long most);
bool row_bool(const struct row *row, const char *key);

/* Fail if the row has a member that is not in `keys` (NULL-terminated): it is most likely misspelt.
 */
void row_only(const struct row *row, const char *const *keys);

/* Fail unless `text`, the member `key`, is one of `words` (NULL-terminated). */
void row_one_of(const struct row *row, const char *key, const char *text, const char *const *words);

/* Fail if `text` is not a slug: lower-case words of letters and digits with '-' between. */
void row_slug(const struct row *row, const char *text);

/* Write "text" as a C string literal, or NULL where it is NULL. Any byte is safe. */
void write_literal(FILE *out, const char *text);

/* Write a slug as the end of an enumerator: "package-lock" -> PACKAGE_LOCK. */
void write_enumerator(FILE *out, const char *slug);

/* Write the line that tells a reader where this file comes from. */
void write_banner(FILE *out, const char *file);

/* Write text so that Markdown shows it as it is, but for its `code`, where only `in_code` needs a
 * backslash. An underscore inside a word is safe. */
void write_prose(FILE *out, const char *text, const char *in_code);

/* A cell of a table and the bar behind it: a bar in the text would end the cell, even inside code.
 */
void write_cell(FILE *out, const char *text);

/* A line of a list: "- name: text". */
void write_item(FILE *out, const char *name, const char *text);
