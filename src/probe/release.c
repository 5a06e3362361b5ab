/* probe/release.c - takes the release of a kernel apart. */
#include "probe/release.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* The first that fits: a kernel with a page size or a scheduler of its own is that before all. */
static const struct {
	const char *part, *flavour;
} flavours[] = {
	{ "uek", "uek" },          { "64k", "64k" },          { "+rt", "rt" },
	{ "-rt", "rt" },           { ".rt", "rt" },           { "-azure", "azure" },
	{ "-cloud", "cloud" },     { "-generic", "generic" }, { "-lowlatency", "lowlatency" },
	{ "-default", "default" }, { "-aws", "aws" },         { "-gcp", "gcp" },
	{ "-nvidia", "nvidia" },   { "-kvm", "kvm" },         { "-oracle", "oracle" },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is `part` a word of the release, not the beginning of a longer one? "el7uek" ends in one. */
static bool has_word(const char *release, const char *part)
{
	for (const char *at = strstr(release, part); at != NULL; at = strstr(at + 1, part)) {
		if (!is_letter(at[strlen(part)]))
			return true;
	}
	return false;
}

void release_flavour(const char *release, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(flavours) && ret[0] == '\0'; i++) {
		if (has_word(release, flavours[i].part))
			(void)text_copy(ret, size, flavours[i].flavour);
	}
}

static size_t run_length(const char *s, bool (*of)(char c))
{
	size_t len = 0;

	while (of(s[len]))
		len++;
	return len;
}

static int compare_runs(const char *a, size_t la, const char *b, size_t lb)
{
	int rc;

	if (is_digit(*a)) {
		for (; la > 0 && *a == '0'; a++)
			la--;
		for (; lb > 0 && *b == '0'; b++)
			lb--;
		if (la != lb)
			return la < lb ? -1 : 1;
	}
	rc = memcmp(a, b, la < lb ? la : lb);
	return rc != 0 ? rc : (la > lb) - (la < lb);
}

static const char *skip_marks(const char *s)
{
	while (*s != '\0' && !is_digit(*s) && !is_letter(*s))
		s++;
	return s;
}

int release_compare(const char *a, const char *b)
{
	for (;;) {
		bool (*of)(char c);
		size_t la, lb;
		int rc;

		a = skip_marks(a);
		b = skip_marks(b);
		if (*a == '\0' || *b == '\0')
			return (*a != '\0') - (*b != '\0');
		if (is_digit(*a) != is_digit(*b))
			return is_digit(*a) ? 1 : -1;
		of = is_digit(*a) ? is_digit : is_letter;
		la = run_length(a, of);
		lb = run_length(b, of);
		rc = compare_runs(a, la, b, lb);
		if (rc != 0)
			return rc;
		a += la;
		b += lb;
	}
}
