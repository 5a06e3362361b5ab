/* facts/record.c - walks a table that describes a struct, to write it as JSON or read it back. */
#include "facts/record.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "facts/names.h"

enum { TEXT_MAX = 512 }; /* the longest text of any table */

static json_t *text_to_json(const char *text)
{
	char ascii[TEXT_MAX];
	json_t *j;

	if (text[0] == '\0')
		return json_null();
	j = json_string(text);
	if (j != NULL)
		return j;
	(void)TEXT_COPY(ascii, text);
	for (char *p = ascii; *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
	return json_string(ascii);
}

static json_t *hex_to_json(const char *format, uint16_t value)
{
	char text[8];

	/* Two formats, both constants of this file. */
	(void)text_format(text, sizeof text, "%s%04x", format, value);
	return json_string(text);
}

static json_t *index_to_json(int value)
{
	return value < 0 ? json_null() : json_integer(value);
}

static json_t *word_to_json(const struct record_field *field, int value)
{
	const char *word = name_of(field->names, value);

	return word != NULL ? json_string(word) : json_null();
}

static json_t *value_to_json(const struct record_field *field, const char *base);

static json_t *list_to_json(const struct record_field *field, const char *base)
{
	json_t *list = json_array();
	unsigned count = *(const unsigned *)(const void *)(base + field->count_offset);

	for (unsigned i = 0; i < count; i++) {
		const char *element = base + field->offset + i * field->size;

		if (json_array_append_new(list, value_to_json(field->fields, element)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *object_to_json(const struct record_field *field, const char *base)
{
	if (field->optional && !*(const bool *)(base + field->known_offset))
		return json_null();
	return record_to_json(field->fields, field->nfields, base + field->offset);
}

static json_t *value_to_json(const struct record_field *field, const char *base)
{
	const void *at = base + field->offset;

	switch (field->kind) {
	case RECORD_TEXT:
		return text_to_json(at);
	case RECORD_BOOL:
		return json_boolean(*(const bool *)at);
	case RECORD_TRISTATE:
		if (*(const enum tristate *)at == TRI_UNKNOWN)
			return json_null();
		return json_boolean(*(const enum tristate *)at == TRI_YES);
	case RECORD_NUMBER:
		return json_integer(*(const unsigned *)at);
	case RECORD_BYTES:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case RECORD_INDEX:
		return index_to_json(*(const int *)at);
	case RECORD_ID:
		return hex_to_json("", *(const uint16_t *)at);
	case RECORD_PKEY:
		return hex_to_json("0x", *(const uint16_t *)at);
	case RECORD_WORD:
		return word_to_json(field, *(const int *)at);
	case RECORD_OBJECT:
		return object_to_json(field, base);
	case RECORD_LIST:
		return list_to_json(field, base);
	}
	return NULL;
}

json_t *record_to_json(const struct record_field *fields, size_t count, const void *from)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		if (json_object_set_new(object, fields[i].key, value_to_json(&fields[i], from)) !=
		    0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* Where we are in the document, for the message; it lives on the stack of the walk. */
struct place {
	const struct place *up;
	const char *key; /* NULL: an element of a list */
	size_t index;
	char *why;
	size_t why_size;
};

static void place_add(const struct place *place, char *ret, size_t size)
{
	size_t len;

	if (place->up == NULL)
		return;
	place_add(place->up, ret, size);
	len = strlen(ret);
	if (place->key == NULL)
		(void)text_format(ret + len, size - len, "[%zu]", place->index);
	else
		(void)text_format(ret + len, size - len, "%s%s", len > 0 ? "." : "", place->key);
}

static int refuse(const struct place *place, const char *what)
{
	char where[128] = "";

	place_add(place, where, sizeof where);
	(void)text_format(place->why, place->why_size, "%s: %s",
			  where[0] != '\0' ? where : "document", what);
	return -EINVAL;
}

static int text_from_json(const struct record_field *field, const json_t *j, char *at,
			  const struct place *place)
{
	const char *text = json_string_value(j);

	if (text == NULL)
		return refuse(place, "is not text");
	if (strlen(text) != json_string_length(j))
		return refuse(place, "holds a NUL");
	if (text_copy(at, field->size, text) < 0)
		return refuse(place, "is too long");
	return 0;
}

static int number_from_json(const json_t *j, json_int_t most, json_int_t *ret,
			    const struct place *place)
{
	if (!json_is_integer(j) || json_integer_value(j) < 0 || json_integer_value(j) > most)
		return refuse(place, "is not a whole number in range");
	*ret = json_integer_value(j);
	return 0;
}

static int hex_from_json(const json_t *j, uint16_t *at, const struct place *place)
{
	const char *text = json_string_value(j);
	long value;

	if (text == NULL || text_to_long(text, 16, &value) < 0 || value < 0 || value > UINT16_MAX)
		return refuse(place, "is not a hexadecimal number of 16 bits, as text");
	*at = (uint16_t)value;
	return 0;
}

static int word_from_json(const struct record_field *field, const json_t *j, int *at,
			  const struct place *place)
{
	int value = json_is_string(j) ? name_value(field->names, json_string_value(j)) : -1;

	if (value < 0)
		return refuse(place, "is none of the words for it");
	*at = value;
	return 0;
}

static int value_from_json(const struct record_field *field, const json_t *j, char *base,
			   const struct place *place);

static int fields_from_json(const struct record_field *fields, size_t count, const json_t *object,
			    char *base, const struct place *place)
{
	if (!json_is_object(object))
		return refuse(place, "is not an object");
	for (size_t i = 0; i < count; i++) {
		const struct place here = { place, fields[i].key, 0, place->why, place->why_size };
		const json_t *value = json_object_get(object, fields[i].key);

		if (fields[i].kind == RECORD_INDEX)
			*(int *)(void *)(base + fields[i].offset) = -1;
		if (value == NULL || json_is_null(value))
			continue;
		if (value_from_json(&fields[i], value, base, &here) < 0)
			return -EINVAL;
	}
	return 0;
}

static int list_from_json(const struct record_field *field, const json_t *list, char *base,
			  const struct place *place)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list))
		return refuse(place, "is not a list");
	if (count > field->max)
		return refuse(place, "has too many elements");
	for (size_t i = 0; i < count; i++) {
		const struct place here = { place, NULL, i, place->why, place->why_size };
		char *element = base + field->offset + i * field->size;

		if (value_from_json(field->fields, json_array_get(list, i), element, &here) < 0)
			return -EINVAL;
	}
	*(unsigned *)(void *)(base + field->count_offset) = (unsigned)count;
	return 0;
}

static int object_from_json(const struct record_field *field, const json_t *object, char *base,
			    const struct place *place)
{
	if (field->optional)
		*(bool *)(base + field->known_offset) = true;
	return fields_from_json(field->fields, field->nfields, object, base + field->offset, place);
}

static int bool_from_json(const struct record_field *field, const json_t *j, void *at,
			  const struct place *place)
{
	if (!json_is_boolean(j))
		return refuse(place, "is neither true nor false");
	if (field->kind == RECORD_BOOL)
		*(bool *)at = json_is_true(j);
	else
		*(enum tristate *)at = json_is_true(j) ? TRI_YES : TRI_NO;
	return 0;
}

static int value_from_json(const struct record_field *field, const json_t *j, char *base,
			   const struct place *place)
{
	void *at = base + field->offset;
	json_int_t number = 0;

	switch (field->kind) {
	case RECORD_TEXT:
		return text_from_json(field, j, at, place);
	case RECORD_BOOL:
	case RECORD_TRISTATE:
		return bool_from_json(field, j, at, place);
	case RECORD_NUMBER:
		if (number_from_json(j, UINT32_MAX, &number, place) < 0)
			return -EINVAL;
		*(unsigned *)at = (unsigned)number;
		return 0;
	case RECORD_BYTES:
		if (number_from_json(j, INT64_MAX, &number, place) < 0)
			return -EINVAL;
		*(uint64_t *)at = (uint64_t)number;
		return 0;
	case RECORD_INDEX:
		if (number_from_json(j, INT32_MAX, &number, place) < 0)
			return -EINVAL;
		*(int *)at = (int)number;
		return 0;
	case RECORD_ID:
	case RECORD_PKEY:
		return hex_from_json(j, at, place);
	case RECORD_WORD:
		return word_from_json(field, j, at, place);
	case RECORD_OBJECT:
		return object_from_json(field, j, base, place);
	case RECORD_LIST:
		return list_from_json(field, j, base, place);
	}
	return -EINVAL;
}

int record_from_json(const struct record_field *fields, size_t count, const json_t *object,
		     void *into, char *why, size_t why_size)
{
	const struct place top = { .why = why, .why_size = why_size };

	return fields_from_json(fields, count, object, into, &top);
}
