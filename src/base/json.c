/* base/json.c - JSON documents: parsing, walking, writing, reading into structs by table. */
#include "base/json.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

json_t *json_parse(const char *text, size_t len, char *why, size_t why_size)
{
	json_error_t error;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (j == NULL && why != NULL)
		(void)text_format(why, why_size, "line %d, column %d: %s", error.line, error.column,
				  error.text);
	return j;
}

/* The member or element that the `len` bytes at `name` name. */
static json_t *step(const json_t *j, const char *name, size_t len)
{
	char key[128];
	long i;

	if (len >= sizeof key)
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	if (json_is_object(j))
		return json_object_get(j, key);
	if (json_is_array(j) && strspn(key, "0123456789") == len && text_to_long(key, 10, &i) == 0)
		return json_array_get(j, (size_t)i);
	return NULL;
}

json_t *json_at(const json_t *j, const char *path)
{
	while (j != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");

		j = step(j, path, len);
		path += len;
		if (*path == '.')
			path++;
	}
	return (json_t *)j;
}

const char *json_text_at(const json_t *j, const char *path, const char *otherwise)
{
	const json_t *value = json_at(j, path);

	return json_is_string(value) ? json_string_value(value) : otherwise;
}

long long json_int_at(const json_t *j, const char *path, long long otherwise)
{
	const json_t *value = json_at(j, path);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool json_bool_at(const json_t *j, const char *path, bool otherwise)
{
	const json_t *value = json_at(j, path);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

json_t *json_text_or_null(const char *text)
{
	AUTO_FREE char *ascii = NULL;
	json_t *value;

	if (text == NULL || text[0] == '\0')
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	/* Text of the machine may be in any encoding, or cut in the middle of a letter. */
	ascii = strdup(text);
	if (ascii == NULL)
		return NULL;
	for (char *p = ascii; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json_string(ascii);
}

/* jansson's writer gives up with -1 and keeps no reason; the sink keeps it. */
struct sink {
	struct buf *buf;
	int rc;
};

static int sink_add(const char *text, size_t len, void *ctx)
{
	struct sink *sink = ctx;

	sink->rc = buf_add(sink->buf, text, len);
	return sink->rc;
}

int json_write(const json_t *j, bool indented, struct buf *ret)
{
	struct sink sink = { .buf = ret };
	size_t before = ret->len;
	size_t flags = JSON_ENCODE_ANY | (indented ? JSON_INDENT(2) : JSON_COMPACT);

	if (json_dump_callback(j, sink_add, &sink, flags) == 0)
		return 0;
	if (ret->data != NULL) {
		ret->len = before;
		ret->data[before] = '\0';
	}
	return sink.rc < 0 ? sink.rc : -ENOMEM;
}

static int read_text(const json_t *value, const struct json_field *field, void *at)
{
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) >= field->size)
		return -EINVAL;
	return text_copy(at, field->size, text);
}

static int read_field(const json_t *value, const struct json_field *field, void *at)
{
	json_int_t number = json_integer_value(value);

	switch (field->kind) {
	case JSON_KIND_TEXT:
		return read_text(value, field, at);
	case JSON_KIND_BOOL:
		if (!json_is_boolean(value))
			return -EINVAL;
		*(bool *)at = json_is_true(value);
		return 0;
	case JSON_KIND_INT:
		if (!json_is_integer(value) || number < INT_MIN || number > INT_MAX)
			return -EINVAL;
		*(int *)at = (int)number;
		return 0;
	case JSON_KIND_INT64:
		if (!json_is_integer(value))
			return -EINVAL;
		*(int64_t *)at = number;
		return 0;
	}
	return -EINVAL;
}

static int read_member(const json_t *object, const struct json_field *field, void *into)
{
	const json_t *value = json_object_get(object, field->key);

	if (value == NULL || json_is_null(value))
		return field->required ? -EINVAL : 0;
	return read_field(value, field, (char *)into + field->offset);
}

int json_read(const json_t *object, const struct json_field *fields, size_t count, void *into,
	      const char **bad)
{
	for (size_t i = 0; i < count; i++) {
		if (read_member(object, &fields[i], into) == 0)
			continue;
		if (bad != NULL)
			*bad = fields[i].key;
		return -EINVAL;
	}
	return 0;
}
