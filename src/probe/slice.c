/* probe/slice.c - walking text by lines, words and separators, without copying it. */
#include "probe/slice.h"

#include <errno.h>
#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool slice_cut(struct slice *rest, char c, struct slice *ret)
{
	const char *at = rest->len > 0 ? memchr(rest->text, c, rest->len) : NULL;
	size_t before;

	if (at == NULL)
		return false;
	before = (size_t)(at - rest->text);
	*ret = (struct slice) { rest->text, before };
	*rest = (struct slice) { at + 1, rest->len - before - 1 };
	return true;
}

bool slice_line(struct slice *rest, struct slice *ret)
{
	if (rest->len == 0)
		return false;
	if (slice_cut(rest, '\n', ret))
		return true;
	*ret = *rest;
	*rest = (struct slice) { rest->text + rest->len, 0 };
	return true;
}

bool slice_word(struct slice *rest, struct slice *ret)
{
	size_t len = 0;

	while (rest->len > 0 && is_space(rest->text[0]))
		*rest = (struct slice) { rest->text + 1, rest->len - 1 };
	while (len < rest->len && !is_space(rest->text[len]))
		len++;
	if (len == 0)
		return false;
	*ret = (struct slice) { rest->text, len };
	*rest = (struct slice) { rest->text + len, rest->len - len };
	return true;
}

struct slice slice_trim(struct slice s)
{
	while (s.len > 0 && is_space(s.text[0]))
		s = (struct slice) { s.text + 1, s.len - 1 };
	while (s.len > 0 && is_space(s.text[s.len - 1]))
		s.len--;
	return s;
}

bool slice_starts(struct slice s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.text, prefix, len) == 0;
}

bool slice_eq(struct slice s, const char *text)
{
	return s.len == strlen(text) && slice_starts(s, text);
}

void slice_copy(struct slice s, char *ret, size_t size)
{
	size_t len = s.len < size ? s.len : size - 1;

	for (size_t i = 0; i < len; i++)
		ret[i] = s.text[i] >= ' ' && s.text[i] <= '~' ? s.text[i] : '?';
	ret[len] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int slice_number(struct slice s, int base, uint32_t *ret)
{
	uint64_t value = 0;

	if (base == 16 && (slice_starts(s, "0x") || slice_starts(s, "0X")))
		s = (struct slice) { s.text + 2, s.len - 2 };
	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		int d = digit(s.text[i]);

		if (d >= base)
			return -EINVAL;
		value = value * (unsigned)base + (unsigned)d;
		if (value > UINT32_MAX)
			return -ERANGE;
	}
	*ret = (uint32_t)value;
	return 0;
}
