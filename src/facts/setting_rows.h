/* facts/setting_rows.h - the table of settings, as data/settings.schema.json has them (a test holds
 * one to the other). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum setting_kind {
	SETTING_TEXT,  /* char[size] */
	SETTING_TEXTS, /* char[][size], with an unsigned that counts them */
	SETTING_WORD,  /* an enum: the index of a word */
	SETTING_BOOL,  /* bool */
	SETTING_INT,   /* int, from `least` to `most` */
	SETTING_INT64, /* int64_t, any */
};

struct setting_row {
	const char *key; /* "timeouts.adapter": the path in the settings object */
	enum setting_kind kind;
	size_t offset;            /* in struct settings */
	size_t size;              /* of the array (of one element, for TEXTS), its NUL included */
	size_t count_offset, max; /* TEXTS */
	const char *const *words; /* WORD; NULL-terminated */
	long long least, most;    /* INT */
	long long standard; /* the default: a number, 0 or 1 for BOOL, an index for WORD; text is
			       empty by default */
	bool is_protected;  /* given in protectedSettings, and never shown */
};

extern const struct setting_row setting_rows[];
extern const size_t setting_row_count;
