/* base/text.c - small operations on text. */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool text_eq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_eq_nocase(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool text_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), end = strlen(suffix);

	return len >= end && strcmp(text + len - end, suffix) == 0;
}

int text_copy(char *ret, size_t size, const char *text)
{
	size_t len = strnlen(text, size);
	bool cut = len == size;

	if (size == 0)
		return -ENAMETOOLONG;
	if (cut)
		len = size - 1;
	memmove(ret, text, len);
	ret[len] = '\0';
	return cut ? -ENAMETOOLONG : 0;
}

int text_format(char *ret, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(ret, size, fmt, ap);
	va_end(ap);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *text_trim(char *text)
{
	size_t len;

	while (is_space(*text))
		text++;
	len = strlen(text);
	while (len > 0 && is_space(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

int text_to_long(const char *text, int base, long *ret)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, base);
	if (end == text)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	while (is_space(*end))
		end++;
	if (*end != '\0')
		return -EINVAL;
	*ret = value;
	return 0;
}

enum { WORD_MAX = 64 }; /* nobody misspells a longer one */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, one row of the matrix at a time; case does not count. */
static size_t distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t row[WORD_MAX + 1];

	for (size_t k = 0; k <= blen; k++)
		row[k] = k;
	for (size_t i = 1; i <= alen; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= blen; k++) {
			size_t change = diagonal + (lower(a[i - 1]) != lower(b[k - 1]));

			diagonal = row[k];
			row[k] = least(change, least(row[k], row[k - 1]) + 1);
		}
	}
	return row[blen];
}

const char *text_nearest(const char *word, const char *const *words)
{
	size_t len = strlen(word);
	const char *nearest = NULL;
	size_t best = 0;

	if (len > WORD_MAX)
		return NULL;
	for (; *words != NULL; words++) {
		size_t other = strlen(*words), d;

		if (other > WORD_MAX)
			continue;
		d = distance(word, len, *words, other);
		/* At most a third of the longer one may differ. */
		if (d * 3 > (len > other ? len : other) || (nearest != NULL && d >= best))
			continue;
		nearest = *words;
		best = d;
	}
	return nearest;
}
