/* facts/settings.c - defaults, and the way back from settings to JSON. */
#include "facts/settings.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "facts/setting_rows.h"

void settings_defaults(struct settings *ret)
{
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < setting_row_count; i++) {
		const struct setting_row *row = &setting_rows[i];
		void *at = (char *)ret + row->offset;

		switch (row->kind) {
		case SETTING_WORD:
		case SETTING_INT:
			*(int *)at = (int)row->standard;
			break;
		case SETTING_BOOL:
			*(bool *)at = row->standard != 0;
			break;
		case SETTING_INT64:
			*(int64_t *)at = row->standard;
			break;
		case SETTING_TEXT:
		case SETTING_TEXTS:
			break; /* empty */
		}
	}
}

static json_t *texts_to_json(const struct setting_row *row, const struct settings *s)
{
	unsigned count = *(const unsigned *)(const void *)((const char *)s + row->count_offset);
	const char *at = (const char *)s + row->offset;
	json_t *list = json_array();

	for (unsigned i = 0; i < count; i++)
		(void)json_array_append_new(list, json_string(at + i * row->size));
	return list;
}

static json_t *value_to_json(const struct setting_row *row, const struct settings *s)
{
	const void *at = (const char *)s + row->offset;

	switch (row->kind) {
	case SETTING_TEXT:
		return json_string(at);
	case SETTING_TEXTS:
		return texts_to_json(row, s);
	case SETTING_WORD:
		return json_string(row->words[*(const int *)at]);
	case SETTING_BOOL:
		return json_boolean(*(const bool *)at);
	case SETTING_INT:
		return json_integer(*(const int *)at);
	case SETTING_INT64:
		return json_integer(*(const int64_t *)at);
	}
	return NULL;
}

/* Put `value` at a dotted path of at most two parts; takes the reference over. */
static void put(json_t *object, const char *path, json_t *value)
{
	const char *dot = strchr(path, '.');
	char group[32];

	if (dot == NULL) {
		(void)json_object_set_new(object, path, value);
		return;
	}
	(void)text_format(group, sizeof group, "%.*s", (int)(dot - path), path);
	if (json_object_get(object, group) == NULL)
		(void)json_object_set_new(object, group, json_object());
	(void)json_object_set_new(json_object_get(object, group), dot + 1, value);
}

json_t *settings_to_json(const struct settings *s)
{
	json_t *object = json_object();
	struct settings standard;

	settings_defaults(&standard);
	for (size_t i = 0; i < setting_row_count; i++) {
		const struct setting_row *row = &setting_rows[i];
		AUTO_JSON json_t *usual = value_to_json(row, &standard);
		json_t *value;

		if (row->is_protected)
			continue;
		value = value_to_json(row, s);
		/* What is as by default was not asked for: `driver` and `prefer` exclude each other
		 * even so. */
		if (json_equal(value, usual))
			json_decref(value);
		else
			put(object, row->key, value);
	}
	return object;
}

const char *driver_choice_name(enum driver_choice choice)
{
	for (size_t i = 0; i < setting_row_count; i++) {
		if (text_eq(setting_rows[i].key, "driver"))
			return setting_rows[i].words[choice];
	}
	return "auto";
}
