/* facts/record_rows.h - how the rows of a record's table are written. Only for files that hold such
 * a table. */
#pragma once

#include <stddef.h>

#include "base/text.h"
#include "facts/record.h"

#define OFFSET(type, member) .offset = offsetof(struct type, member)
#define TEXT(type, key, member)                                                                    \
	{                                                                                          \
		key, RECORD_TEXT, OFFSET(type, member), .size = sizeof(((struct type *)0)->member) \
	}
#define PLAIN(type, key, KIND, member)                                                             \
	{                                                                                          \
		key, RECORD_##KIND, OFFSET(type, member)                                           \
	}
#define WORD(type, key, member, list)                                                              \
	{                                                                                          \
		key, RECORD_WORD, OFFSET(type, member), .names = &(list)                           \
	}
#define TABLE(rows) .fields = (rows), .nfields = ARRAY_SIZE(rows)
#define OBJECT(type, key, member, rows)                                                            \
	{                                                                                          \
		key, RECORD_OBJECT, OFFSET(type, member), TABLE(rows)                              \
	}
/* An object of JSON whose members stand in the struct itself. */
#define PART(key, rows)                                                                            \
	{                                                                                          \
		key, RECORD_OBJECT, TABLE(rows)                                                    \
	}
#define LIST(type, key, member, count, row)                                                        \
	{                                                                                          \
		key, RECORD_LIST, OFFSET(type, member),                                            \
			.size = sizeof(((struct type *)0)->member[0]), .fields = (row),            \
			.nfields = 1, .count_offset = offsetof(struct type, count),                \
			.max = ARRAY_SIZE(((struct type *)0)->member)                              \
	}
