/* facts/record.h - JSON of a struct, both ways, by one table that describes it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

struct name_list;

enum record_kind {
	RECORD_TEXT,     /* char[size]; "" is null */
	RECORD_BOOL,     /* bool */
	RECORD_TRISTATE, /* enum tristate: true, false, null */
	RECORD_NUMBER,   /* unsigned or uint32_t; null reads as 0 */
	RECORD_BYTES,    /* uint64_t */
	RECORD_INDEX,    /* int from 0 up; -1 is null, and what is missing reads as -1 */
	RECORD_ID,       /* uint16_t as "15b3" */
	RECORD_PKEY,     /* uint16_t as "0x800a", as the kernel shows it */
	RECORD_WORD,     /* an enum, by its list of names; a value without a name is null */
	RECORD_OBJECT,   /* a struct, or a part of this one, by its own table */
	RECORD_LIST,     /* an array, with an unsigned that counts its elements */
};

struct record_field {
	const char *key;
	enum record_kind kind;
	size_t offset;
	size_t size;                   /* of the array, for TEXT; of one element, for LIST */
	const struct name_list *names; /* WORD */
	const struct record_field
		*fields; /* OBJECT: its table; LIST: one row, what an element is */
	size_t nfields;
	size_t count_offset, max; /* LIST */
	size_t known_offset; /* OBJECT, with `optional`: the bool that says whether it is there */
	bool optional;
};

/* A new object, or NULL when there is no memory. Text that is not UTF-8 gets '?' for each byte
 * above ASCII. */
json_t *record_to_json(const struct record_field *fields, size_t count, const void *from);

/* Read an object over *into, which the caller has zeroed. Keys that the table does not name are
 * ignored, missing ones and null leave the value unknown (an INDEX of a
 * record that is there: -1). Returns 0, or -EINVAL with the place and
 * the reason in `why`. */
int record_from_json(const struct record_field *fields, size_t count, const json_t *object,
		     void *into, char *why, size_t why_size);
