/* plan/months.c - when a kernel and a release of OFED came out: a release knows the kernels that
 * were there when it was made (known issue 3). */
#include "plan/room.h"

#include "base/text.h"

struct month_row {
	const char *version;
	unsigned month; /* year * 100 + month */
};

/* Source: the months of kernel.org's releases. Those of which no distribution on Azure has made a
 * kernel are left out: between two rows the earlier one counts. */
static const struct month_row kernels[] = {
	{ "4.15", 201801 }, { "4.18", 201808 }, { "5.0", 201903 },  { "5.3", 201909 },
	{ "5.4", 201911 },  { "5.8", 202008 },  { "5.11", 202102 }, { "5.13", 202106 },
	{ "5.15", 202110 }, { "5.19", 202207 }, { "6.1", 202212 },  { "6.2", 202302 },
	{ "6.5", 202308 },  { "6.6", 202310 },  { "6.8", 202403 },  { "6.11", 202409 },
	{ "6.12", 202411 }, { "6.14", 202503 }, { "6.17", 202509 },
};

/* Source: when Microsoft's images first had the release (inferred for those that they skipped).
 * From 23.04 on a release is named by its month. */
static const struct month_row ofeds[] = {
	{ "4.5", 201812 }, { "4.9", 202004 }, { "5.0", 202005 }, { "5.1", 202008 },
	{ "5.2", 202101 }, { "5.4", 202107 }, { "5.5", 202112 }, { "5.6", 202205 },
	{ "5.8", 202211 }, { "5.9", 202302 },
};

enum { NAMED_BY_MONTH_FROM = 20 };

/* That of the last row that the version is not before; 0 where it is before all. */
static unsigned month_of(const struct month_row *rows, size_t count, const char *version)
{
	unsigned month = 0;

	for (size_t i = 0; i < count && version_compare(version, rows[i].version) >= 0; i++)
		month = rows[i].month;
	return month;
}

unsigned kernel_month(const char *release)
{
	return month_of(kernels, ARRAY_SIZE(kernels), release);
}

unsigned ofed_month(const char *version)
{
	unsigned first, second;

	if (!version_parts(version, &first, &second))
		return 0;
	if (first >= NAMED_BY_MONTH_FROM)
		return (2000 + first) * 100 + second;
	return month_of(ofeds, ARRAY_SIZE(ofeds), version);
}
