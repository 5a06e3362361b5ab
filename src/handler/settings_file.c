/* handler/settings_file.c - reads N.settings: the public object and the envelope of the protected
 * one. */
#include "handler/settings_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

void settings_file_free(struct settings_file *f)
{
	json_decref(f->public_part);
	free(f->protected_part);
	*f = (struct settings_file) { 0 };
}

static int malformed(struct error *err, const char *why)
{
	return error_set(err, FAULT_SETTINGS_FILE, EINVAL, "the settings file is malformed: %s",
			 why);
}

/* An object; null and "" are the empty one; a string holds JSON (portals have sent that). NULL for
 * anything else. */
static json_t *public_object(const json_t *value, char *why, size_t why_size)
{
	const char *text = json_string_value(value);
	json_t *j;

	if (value == NULL || json_is_null(value) || text_eq(text, ""))
		return json_object();
	if (json_is_object(value))
		return json_incref((json_t *)value);
	j = text != NULL ? json_parse(text, strlen(text), why, why_size) : NULL;
	if (j != NULL && json_is_object(j))
		return j;
	json_decref(j);
	(void)text_copy(why, why_size, "publicSettings is not an object");
	return NULL;
}

/* It becomes part of a path: 40 hexadecimal digits and nothing else. */
static int read_thumbprint(const char *text, char ret[static THUMBPRINT_SIZE], struct error *err)
{
	if (text == NULL || strlen(text) != THUMBPRINT_SIZE - 1 ||
	    strspn(text, "0123456789abcdefABCDEF") != THUMBPRINT_SIZE - 1)
		return error_set(err, FAULT_PROTECTED_SETTINGS, EINVAL,
				 "protectedSettingsCertThumbprint is not 40 hexadecimal digits");
	for (size_t i = 0; i < THUMBPRINT_SIZE; i++)
		ret[i] = (char)(text[i] >= 'a' && text[i] <= 'f' ? text[i] - 'a' + 'A' : text[i]);
	return 0;
}

static int read_protected(const json_t *handler, struct settings_file *ret, struct error *err)
{
	const json_t *value = json_object_get(handler, "protectedSettings");
	const char *text = json_string_value(value);

	if (value == NULL || json_is_null(value) || text_eq(text, ""))
		return 0;
	if (text == NULL)
		return malformed(err, "protectedSettings is not a string");
	if (read_thumbprint(json_text_at(handler, "protectedSettingsCertThumbprint", NULL),
			    ret->thumbprint, err) < 0)
		return -1;
	ret->protected_part = strdup(text);
	return ret->protected_part != NULL ? 0 : malformed(err, "no memory");
}

static int read_handler_settings(const json_t *handler, struct settings_file *ret,
				 struct error *err)
{
	AUTO_SETTINGS_FILE struct settings_file made = { 0 };
	char why[160] = "";

	made.public_part = public_object(json_object_get(handler, "publicSettings"), why,
					 sizeof why);
	if (made.public_part == NULL)
		return malformed(err, why);
	if (read_protected(handler, &made, err) < 0)
		return -1;
	*ret = made;
	made = (struct settings_file) { 0 };
	return 0;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(" \t\r\n", text[i]) == NULL)
			return false;
	return true;
}

int settings_file_parse(const char *text, size_t len, struct settings_file *ret, struct error *err)
{
	AUTO_JSON json_t *j = NULL;
	const json_t *list, *handler;
	char why[160] = "";

	if (is_blank(text, len))
		return read_handler_settings(NULL, ret, err);
	j = json_parse(text, len, why, sizeof why);
	if (j == NULL)
		return malformed(err, why);
	list = json_object_get(j, "runtimeSettings");
	if (!json_is_array(list) || json_array_size(list) == 0)
		return malformed(err, "runtimeSettings is not a list with an element");
	handler = json_object_get(json_array_get(list, 0), "handlerSettings");
	if (handler != NULL && !json_is_null(handler) && !json_is_object(handler))
		return malformed(err, "runtimeSettings[0].handlerSettings is not an object");
	if (handler == NULL && !json_is_object(json_array_get(list, 0)))
		return malformed(err, "runtimeSettings[0] is not an object");
	return read_handler_settings(handler, ret, err);
}
