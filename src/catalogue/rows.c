/* catalogue/rows.c - the three tables' columns, and a row written by them. */
#include "catalogue/rows.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/columns.h"

#define SIZE(key, kind, need, member, ...)                                                         \
	{                                                                                          \
		key, kind, need, offsetof(struct size_row, member), __VA_ARGS__                    \
	}
#define ADAPTER(key, kind, need, member, ...)                                                      \
	{                                                                                          \
		key, kind, need, offsetof(struct adapter_row, member), __VA_ARGS__                 \
	}

static const struct column size_columns[] = {
	SIZE("name", COLUMN_TEXT, COLUMN_NEEDED, name, NULL),
	SIZE("series", COLUMN_TEXT, COLUMN_NEEDED, series, NULL),
	SIZE("generation", COLUMN_TEXT, COLUMN_NULLABLE, generation, column_generations),
	SIZE("kind", COLUMN_SIZE_KIND, COLUMN_NEEDED, kind, column_size_kinds),
	SIZE("ports", COLUMN_COUNT, COLUMN_NEEDED, ports, NULL, 64),
	SIZE("rateGbps", COLUMN_COUNT, COLUMN_NEEDED, rate_gbps, NULL, 10000),
	SIZE("gpu", COLUMN_FLAG, COLUMN_NEEDED, gpu, NULL),
	SIZE("arch", COLUMN_TEXT, COLUMN_NEEDED, arch, column_arches),
	SIZE("evidence", COLUMN_SEEN, COLUMN_NEEDED, seen, column_evidences),
	SIZE("source", COLUMN_TEXT, COLUMN_NEEDED, source, NULL),
};

static const struct column adapter_columns[] = {
	ADAPTER("vendor", COLUMN_PCI_ID, COLUMN_NEEDED, vendor, NULL),
	ADAPTER("device", COLUMN_PCI_ID, COLUMN_NEEDED, device, NULL),
	ADAPTER("kind", COLUMN_VIRTUAL, COLUMN_NEEDED, virtual_function, column_function_kinds),
	ADAPTER("generation", COLUMN_TEXT, COLUMN_NULLABLE, generation, column_generations),
	ADAPTER("kernelDriver", COLUMN_TEXT, COLUMN_NEEDED, kernel_driver, NULL),
	ADAPTER("name", COLUMN_TEXT, COLUMN_NEEDED, name, NULL),
	ADAPTER("evidence", COLUMN_SEEN, COLUMN_NEEDED, seen, column_evidences),
	ADAPTER("source", COLUMN_TEXT, COLUMN_NEEDED, source, NULL),
};

/* An int in some rows, a long long in others: the member's size tells. */
#define NUMBER_KIND(member)                                                                        \
	(sizeof(((struct driver_row *)0)->member) == sizeof(int) ? COLUMN_INT : COLUMN_LONG)

static const struct column driver_columns[] = {
#define TEXT(key, member, is_list, needed, words)                                                  \
	{ key, is_list ? COLUMN_LIST : COLUMN_TEXT, needed ? COLUMN_NEEDED : COLUMN_OPTIONAL,      \
	  offsetof(struct driver_row, member), words },
#define NUMBER(key, member)                                                                        \
	{ key,                                                                                     \
	  NUMBER_KIND(member),                                                                     \
	  COLUMN_OPTIONAL,                                                                         \
	  offsetof(struct driver_row, member),                                                     \
	  NULL,                                                                                    \
	  NUMBER_KIND(member) == COLUMN_INT ? INT_MAX : 1LL << 40 },
#define FLAG(key, member)                                                                          \
	{ key, COLUMN_FLAG, COLUMN_OPTIONAL, offsetof(struct driver_row, member), NULL },
	DRIVER_TEXTS(TEXT) DRIVER_NUMBERS(NUMBER) DRIVER_FLAGS(FLAG)
#undef TEXT
#undef NUMBER
#undef FLAG
		{ "evidence", COLUMN_SEEN, COLUMN_NEEDED, offsetof(struct driver_row, seen),
		  column_evidences },
};

const struct row_table size_table = {
	"sizes", "name", sizeof(struct size_row), size_columns, ARRAY_SIZE(size_columns), size_notes
};
const struct row_table adapter_table = { "adapters",
					 "device",
					 sizeof(struct adapter_row),
					 adapter_columns,
					 ARRAY_SIZE(adapter_columns),
					 adapter_notes };
const struct row_table driver_table = {
	"drivers", "id", sizeof(struct driver_row), driver_columns, ARRAY_SIZE(driver_columns), NULL
};

static json_t *list_to_json(const char *list)
{
	AUTO_JSON json_t *array = json_array();
	char word[COLUMN_LIST_MAX];

	while (list_next(&list, word, sizeof word))
		if (json_array_append_new(array, json_string(word)) < 0)
			return NULL;
	return TAKE(array);
}

static json_t *number_to_json(long long number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *text_to_json(const char *text)
{
	return text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *pci_id_to_json(unsigned id)
{
	char text[8];

	(void)TEXT_FORMAT(text, "%04x", id);
	return json_string(text);
}

static json_t *size_kind_to_json(int kind)
{
	return json_string(kind == SIZE_SRIOV            ? "sriov"
			   : kind == SIZE_NETWORK_DIRECT ? "network-direct"
							 : "none");
}

static json_t *column_to_json(const struct column *column, const void *at)
{
	switch (column->kind) {
	case COLUMN_TEXT:
		return text_to_json(*(const char *const *)at);
	case COLUMN_LIST:
		return list_to_json(*(const char *const *)at);
	case COLUMN_COUNT:
		return json_integer(*(const unsigned *)at);
	case COLUMN_INT:
		return number_to_json(*(const int *)at);
	case COLUMN_LONG:
		return number_to_json(*(const long long *)at);
	case COLUMN_FLAG:
		return *(const bool *)at ? json_true() : json_false();
	case COLUMN_SEEN:
		return json_string(*(const bool *)at ? "seen" : "inferred");
	case COLUMN_SIZE_KIND:
		return size_kind_to_json(*(const int *)at);
	case COLUMN_PCI_ID:
		return pci_id_to_json(*(const unsigned *)at);
	case COLUMN_VIRTUAL:
		return json_string(*(const bool *)at ? "VF" : "PF");
	}
	return NULL;
}

/* Nothing is said where nothing is known. */
static bool is_silent(const struct column *column, const json_t *value)
{
	return column->need == COLUMN_OPTIONAL &&
	       (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0));
}

json_t *row_to_json(const struct row_table *table, const void *row)
{
	AUTO_JSON json_t *j = json_object();

	for (size_t i = 0; i < table->ncolumns; i++) {
		const struct column *column = &table->columns[i];
		AUTO_JSON json_t *value = column_to_json(column,
							 (const char *)row + column->offset);

		if (value != NULL && is_silent(column, value))
			continue;
		if (json_object_set(j, column->key, value) < 0)
			return NULL;
	}
	return TAKE(j);
}
