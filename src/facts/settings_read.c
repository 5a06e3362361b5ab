/* facts/settings_read.c - reads a settings object by the table of its rows, and says exactly what
 * is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "facts/setting_rows.h"
#include "facts/settings.h"

enum { PATH_SIZE = 128, SHOWN_SIZE = 72 };

struct reading {
	const char *root; /* "settings" or "protectedSettings", for messages */
	bool is_protected;
	struct settings into;
	struct error *err;
};

/* What the user wrote, made fit for one line of a log. */
static const char *shown(const char *text, char ret[static SHOWN_SIZE])
{
	(void)text_copy(ret, SHOWN_SIZE, text);
	for (char *p = ret; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	return ret;
}

static int refuse(const struct reading *r, const char *path, const char *what)
{
	char key[SHOWN_SIZE];

	if (path[0] == '\0')
		return error_set(r->err, FAULT_SETTINGS, EINVAL, "%s: %s", r->root, what);
	return error_set(r->err, FAULT_SETTINGS, EINVAL, "%s.%s: %s", r->root, shown(path, key),
			 what);
}

static const struct setting_row *row_find(const char *path)
{
	for (size_t i = 0; i < setting_row_count; i++) {
		if (text_eq(setting_rows[i].key, path))
			return &setting_rows[i];
	}
	return NULL;
}

/* Is `path` an object that holds settings, as "timeouts" is? */
static bool is_group(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < setting_row_count; i++) {
		if (text_starts(setting_rows[i].key, path) && setting_rows[i].key[len] == '.')
			return true;
	}
	return false;
}

static int refuse_unknown(const struct reading *r, const char *path)
{
	const char *known[64], *nearest;
	char what[PATH_SIZE + 64];
	size_t n = 0;

	for (size_t i = 0; i < setting_row_count && n + 1 < ARRAY_SIZE(known); i++) {
		if (setting_rows[i].is_protected == r->is_protected)
			known[n++] = setting_rows[i].key;
	}
	known[n] = NULL;
	nearest = text_nearest(path, known);
	if (nearest == NULL)
		return refuse(r, path, "unknown setting");
	(void)TEXT_FORMAT(what, "unknown setting; did you mean %s?", nearest);
	return refuse(r, path, what);
}

static int read_text(const struct reading *r, const char *path, const json_t *j, char *at,
		     size_t size)
{
	const char *text = json_string_value(j);
	char what[64];

	if (text == NULL)
		return refuse(r, path, "must be text");
	for (const char *p = text; *p != '\0'; p++) {
		/* A line break would grow a line of its own in a file that the value is written to.
		 */
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return refuse(r, path, "holds a control character");
	}
	if (strlen(text) != json_string_length(j))
		return refuse(r, path, "holds a control character");
	if (strlen(text) >= size) {
		(void)TEXT_FORMAT(what, "is longer than %zu bytes", size - 1);
		return refuse(r, path, what);
	}
	return text_copy(at, size, text);
}

static int read_texts(struct reading *r, const char *path, const json_t *j,
		      const struct setting_row *row)
{
	char *at = (char *)&r->into + row->offset;
	unsigned *count = (unsigned *)(void *)((char *)&r->into + row->count_offset);
	char what[64], here[PATH_SIZE];

	if (!json_is_array(j))
		return refuse(r, path, "must be a list of texts");
	if (json_array_size(j) > row->max) {
		(void)TEXT_FORMAT(what, "has more than %zu elements", row->max);
		return refuse(r, path, what);
	}
	for (size_t i = 0; i < json_array_size(j); i++) {
		(void)TEXT_FORMAT(here, "%s[%zu]", path, i);
		if (read_text(r, here, json_array_get(j, i), at + i * row->size, row->size) < 0)
			return -1;
	}
	*count = (unsigned)json_array_size(j);
	return 0;
}

static int read_word(const struct reading *r, const char *path, const json_t *j,
		     const struct setting_row *row, int *at)
{
	const char *text = json_string_value(j), *nearest;
	char what[256], value[SHOWN_SIZE];
	size_t len;

	for (int i = 0; text != NULL && row->words[i] != NULL; i++) {
		if (!text_eq(row->words[i], text))
			continue;
		*at = i;
		return 0;
	}
	(void)TEXT_FORMAT(what, "must be one of");
	for (size_t i = 0; row->words[i] != NULL; i++) {
		len = strlen(what);
		(void)text_format(what + len, sizeof what - len, "%s %s", i > 0 ? "," : "",
				  row->words[i]);
	}
	if (text == NULL)
		return refuse(r, path, what);
	len = strlen(what);
	(void)text_format(what + len, sizeof what - len, ", not \"%s\"", shown(text, value));
	nearest = text_nearest(text, row->words);
	len = strlen(what);
	if (nearest != NULL)
		(void)text_format(what + len, sizeof what - len, "; did you mean %s?", nearest);
	return refuse(r, path, what);
}

/* JSON has one kind of number: 300.0 is a whole one. */
static bool whole_number(const json_t *j, long long *ret)
{
	const double greatest = 9007199254740992.0; /* up to 2^53 a double is exact */
	double real = json_real_value(j);

	if (json_is_integer(j)) {
		*ret = json_integer_value(j);
		return true;
	}
	if (!json_is_real(j) || real < -greatest || real > greatest ||
	    real != (double)(long long)real)
		return false;
	*ret = (long long)real;
	return true;
}

static int read_int(const struct reading *r, const char *path, const json_t *j,
		    const struct setting_row *row, int *at)
{
	long long value;
	char what[128];

	if (!whole_number(j, &value)) {
		(void)TEXT_FORMAT(what, "must be a whole number from %lld to %lld", row->least,
				  row->most);
		return refuse(r, path, what);
	}
	if (value < row->least || value > row->most) {
		(void)TEXT_FORMAT(what, "%lld is out of range %lld to %lld; the nearest is %lld",
				  value, row->least, row->most,
				  value < row->least ? row->least : row->most);
		return refuse(r, path, what);
	}
	*at = (int)value;
	return 0;
}

static int read_value(struct reading *r, const char *path, const json_t *j,
		      const struct setting_row *row)
{
	void *at = (char *)&r->into + row->offset;
	long long number;

	switch (row->kind) {
	case SETTING_TEXT:
		return read_text(r, path, j, at, row->size);
	case SETTING_TEXTS:
		return read_texts(r, path, j, row);
	case SETTING_WORD:
		return read_word(r, path, j, row, at);
	case SETTING_BOOL:
		if (!json_is_boolean(j))
			return refuse(r, path, "must be true or false");
		*(bool *)at = json_is_true(j);
		return 0;
	case SETTING_INT:
		return read_int(r, path, j, row, at);
	case SETTING_INT64:
		if (!whole_number(j, &number))
			return refuse(r, path, "must be a whole number");
		*(int64_t *)at = number;
		return 0;
	}
	return refuse(r, path, "unknown setting");
}

static int read_object(struct reading *r, const char *prefix, const json_t *object);

static int read_member(struct reading *r, const char *path, const json_t *value)
{
	const struct setting_row *row = row_find(path);

	if (row == NULL)
		return !r->is_protected && is_group(path) ? read_object(r, path, value)
							  : refuse_unknown(r, path);
	if (row->is_protected && !r->is_protected)
		return refuse(r, path, "belongs in protectedSettings");
	if (!row->is_protected && r->is_protected)
		return refuse(r, path, "belongs in the public settings");
	return read_value(r, path, value, row);
}

static int read_object(struct reading *r, const char *prefix, const json_t *object)
{
	char path[PATH_SIZE];
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return refuse(r, prefix, "must be an object");
	json_object_foreach((json_t *)object, key, value)
	{
		/* A key that is cut here is no setting's. */
		(void)TEXT_FORMAT(path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key);
		/* A dot is how we write a path, never part of a key. */
		if (strchr(key, '.') != NULL)
			return refuse(r, path, "unknown setting");
		if (read_member(r, path, value) < 0)
			return -1;
	}
	return 0;
}

/* Read into r->into, starting from what is known already. */
static int read_all(struct reading *r, const json_t *j, const struct settings *from)
{
	r->into = *from;
	return j == NULL || json_is_null(j) ? 0 : read_object(r, "", j);
}

int settings_read_public(const json_t *j, struct settings *into, struct error *err)
{
	struct reading r = { .root = "settings", .err = err };

	if (read_all(&r, j, into) < 0)
		return -1;
	if (r.into.driver != CHOICE_AUTO && json_at(j, "prefer") != NULL)
		return refuse(&r, "prefer",
			      "contradicts driver: give one of the two, or leave driver at auto");
	*into = r.into;
	return 0;
}

int settings_read_protected(const json_t *j, struct settings *into, struct error *err)
{
	struct reading r = { .root = "protectedSettings", .is_protected = true, .err = err };

	if (read_all(&r, j, into) < 0)
		return -1;
	*into = r.into;
	return 0;
}
