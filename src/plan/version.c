/* plan/version.c - versions of packages and kernels, compared by their numbers. */
#include "plan/room.h"

#include <ctype.h>
#include <string.h>

bool version_begins(const char *version, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(version, prefix, len) != 0)
		return false;
	return len == 0 || !isdigit((unsigned char)prefix[len - 1]) ||
	       !isdigit((unsigned char)version[len]);
}

/* "1:5.5-1" -> "5.5-1": an epoch says nothing about the software. */
static const char *version_skip_epoch(const char *version)
{
	size_t digits = strspn(version, "0123456789");

	return digits > 0 && version[digits] == ':' ? version + digits + 1 : version;
}

/* The next run of digits as a number; -1 where there is none left. Moves *rest behind it. A number
 * too large for any version is as large as can be. */
static long number_next(const char **rest)
{
	static const long most = 1L << 30;
	long n = 0;

	*rest += strcspn(*rest, "0123456789");
	if (**rest == '\0')
		return -1;
	for (; isdigit((unsigned char)**rest); (*rest)++)
		n = n >= most ? most : n * 10 + (**rest - '0');
	return n;
}

int version_compare(const char *a, const char *b)
{
	long m, n;

	a = version_skip_epoch(a);
	b = version_skip_epoch(b);
	do {
		m = number_next(&a);
		n = number_next(&b);
		if (m != n)
			return m < n ? -1 : 1;
	} while (m >= 0);
	return 0;
}

bool version_parts(const char *version, unsigned *ret_first, unsigned *ret_second)
{
	long first = number_next(&version), second = number_next(&version);

	if (first < 0 || second < 0)
		return false;
	*ret_first = (unsigned)first;
	*ret_second = (unsigned)second;
	return true;
}
