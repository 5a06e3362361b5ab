/* base/json.h - JSON as jansson has it, and the few things that we do with it everywhere.
 *
 * The only header that names jansson: other rooms use json_t through the functions of this one and
 * jansson's own constructors. Duplicate keys are refused at parsing. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"

static inline void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define AUTO_JSON CLEANUP(cleanup_json)

/* Parse a whole document. Returns a new reference, or NULL with `why` (may be NULL) saying line,
 * column and reason. */
json_t *json_parse(const char *text, size_t len, char *why, size_t why_size);

/* Walk a dotted path ("decision.exitCode"; numbers index arrays). Returns a borrowed reference or
 * NULL. */
json_t *json_at(const json_t *j, const char *path);

/* What stands at `path`, or the default where it is absent, null or of another type. */
const char *json_text_at(const json_t *j, const char *path, const char *otherwise);
long long json_int_at(const json_t *j, const char *path, long long otherwise);
bool json_bool_at(const json_t *j, const char *path, bool otherwise);

/* A string, or null where `text` is NULL or empty. Text that is not UTF-8 gets '?' for each byte
 * above ASCII. NULL when there is no memory. */
json_t *json_text_or_null(const char *text);

/* Serialise, compact (for a journal line) or indented (for a person), without a newline at the end.
 * Returns 0, -ENOMEM or -EFBIG. */
int json_write(const json_t *j, bool indented, struct buf *ret);

/* Reading an object by table: each row names a key, its type and where the value goes in a struct.
 */
enum json_kind { JSON_KIND_TEXT, JSON_KIND_INT, JSON_KIND_INT64, JSON_KIND_BOOL };

struct json_field {
	const char *key;
	enum json_kind kind;
	bool required;
	size_t offset;
	size_t size; /* of the array, for JSON_KIND_TEXT */
};

/* Fill *into from the object. A missing field that is not required, and null, leave the struct as
 * it was. Returns 0, or -EINVAL with the key at fault in *bad (a borrowed string; may be NULL). */
int json_read(const json_t *object, const struct json_field *fields, size_t count, void *into,
	      const char **bad);
