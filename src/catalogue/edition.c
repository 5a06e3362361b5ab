/* catalogue/edition.c - compares versions of catalogues, and reads when one expires. */
#include "catalogue/edition.h"

#include <string.h>

/* "2026.11.2": numbers of at most nine digits, with dots between. */
bool edition_is_version(const char *text)
{
	size_t len = strlen(text), digits = 0;

	for (size_t i = 0; i <= len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			digits++;
			continue;
		}
		if ((text[i] != '.' && text[i] != '\0') || digits == 0 || digits > 9)
			return false;
		digits = 0;
	}
	return len < 32;
}

static long version_number(const char **text)
{
	long number = 0;

	for (; **text >= '0' && **text <= '9'; ++*text)
		number = number < 1000000000 ? number * 10 + (**text - '0') : number;
	if (**text == '.')
		++*text;
	return number;
}

int edition_compare(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		long of_a = version_number(&a), of_b = version_number(&b);

		if (of_a != of_b)
			return of_a < of_b ? -1 : 1;
		/* What is no number ends the comparison: a catalogue's version has none. */
		if (strspn(a, ".0123456789") == 0 && strspn(b, ".0123456789") == 0)
			break;
	}
	return 0;
}

/* The number of `len` digits at `text`, -1 if they are not all digits. */
static int digits(const char *text, size_t len)
{
	int number = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 to that of the proleptic Gregorian calendar. */
static int64_t days_since_1970(int year, int month, int day)
{
	int before = year - 1;
	int64_t days = 365LL * before + before / 4 - before / 100 + before / 400 - 719162;

	for (int m = 1; m < month; m++)
		days += days_of_month(year, m);
	return days + day - 1;
}

/* "2027-05-01T00:00:00Z" and no other form of it. */
bool edition_read_time(const char *text, int64_t *ret)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	int year, month, day, hour, minute, second;

	if (strlen(text) != sizeof form - 1)
		return false;
	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == 'd' ? digits(text + i, 1) < 0 : text[i] != form[i])
			return false;
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	hour = digits(text + 11, 2);
	minute = digits(text + 14, 2);
	second = digits(text + 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
	    hour > 23 || minute > 59 || second > 59)
		return false;
	*ret = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}
