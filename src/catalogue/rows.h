/* catalogue/rows.h - the columns of each table as values: which key of the JSON goes to which
 * member of the row. Reader and writer walk them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

enum column_kind {
	COLUMN_TEXT,  /* const char * */
	COLUMN_LIST,  /* const char *, comma separated; an array of words in the JSON */
	COLUMN_COUNT, /* unsigned */
	COLUMN_INT,   /* int, -1 if not known */
	COLUMN_LONG,  /* long long, -1 if not known */
	COLUMN_FLAG,  /* bool */
	COLUMN_SEEN,  /* bool; "seen" or "inferred" */
	COLUMN_SIZE_KIND,
	COLUMN_PCI_ID,  /* unsigned; four hexadecimal digits */
	COLUMN_VIRTUAL, /* bool; "VF" or "PF" */
};

enum column_need { COLUMN_NEEDED, COLUMN_NULLABLE, COLUMN_OPTIONAL };

struct column {
	const char *key;
	enum column_kind kind;
	enum column_need need;
	size_t offset;
	const char *const *words; /* NULL: anything */
	long long most;
};

struct row_table {
	const char *name;     /* "sizes" */
	const char *name_key; /* the member that names a row in messages */
	size_t row_size;
	const struct column *columns;
	size_t ncolumns;
	const char *const *notes; /* further members that may stand there, ended by NULL; or NULL */
};

extern const struct row_table size_table, adapter_table, driver_table;

/* A row as the data has it, without its notes: the reverse of reading it. A new reference, NULL
 * without memory. */
json_t *row_to_json(const struct row_table *table, const void *row);
