/* Takes apart what clients write. */
#include "uri.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

int uri_path(const char *text, char *ret, size_t size)
{
	int rc = text_copy(ret, size, text);
	size_t len = strlen(ret);

	if (len > 1 && ret[len - 1] == '/')
		ret[len - 1] = '\0';
	return rc;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%41" stands for; -1 where it is no code. */
static int code_at(const char *text, size_t len)
{
	int high = len > 2 ? hex_digit(text[1]) : -1;
	int low = len > 2 ? hex_digit(text[2]) : -1;

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

size_t uri_unescape(char *text)
{
	const char *end = text + strlen(text);
	char *to = text;

	for (const char *from = text; from < end; from++) {
		int code = *from == '%' ? code_at(from, (size_t)(end - from)) : -1;

		*to++ = code > 0 ? (char)code : *from;
		from += code > 0 ? 2 : 0;
	}
	*to = '\0';
	return (size_t)(to - text);
}

int uri_decode(const char *text, size_t len, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		if (c == '%') {
			c = code_at(text + i, len - i);
			i += 2;
		}
		if (c <= 0 || n + 1 >= size)
			return -EINVAL;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return 0;
}

/* Where the field's value begins; NULL if it is not there. */
static const char *form_find(const char *form, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = form; *at; at += *at == '&') {
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
		at += strcspn(at, "&");
	}
	return NULL;
}

int uri_form_value(const char *form, const char *name, char *ret, size_t size)
{
	const char *value = form_find(form, name);
	size_t len = value ? strcspn(value, "&") : 0;
	AUTO_FREE char *copy = strndup(value ? value : "", len);
	int rc;

	ret[0] = '\0';
	if (!copy || !value)
		return value ? -ENOMEM : -ENOENT;
	for (char *at = copy; *at; at++)
		*at = *at == '+' ? ' ' : *at;
	rc = uri_decode(copy, len, ret, size);
	if (rc < 0)
		ret[0] = '\0';
	return rc;
}
