/* catalogue/version.c - compares dotted numbers part by part: 8.10 is later than 8.9. */
#include "catalogue/version.h"

enum { PART_MAX = 1000000 };

/* Move *text behind a number. False if there is none, or it is beyond all reason. */
static bool part_parse(const char **text, unsigned *ret)
{
	unsigned value = 0;

	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		value = value * 10 + (unsigned)(**text - '0');
		if (value >= PART_MAX)
			return false;
	}
	*ret = value;
	return true;
}

/* Move *text behind a dotted number. */
static bool parts_parse(const char **text, struct version *ret)
{
	struct version v = { .nparts = 0 };

	do {
		if (v.nparts == VERSION_PARTS_MAX || !part_parse(text, &v.part[v.nparts]))
			return false;
		v.nparts++;
	} while (**text == '.' && (*text)++ != NULL);
	*ret = v;
	return true;
}

bool version_parse(const char *text, struct version *ret)
{
	return parts_parse(&text, ret);
}

/* Compare as many parts as the end of a range has. */
static int end_compare(const struct version *version, const struct version *end)
{
	for (unsigned i = 0; i < end->nparts; i++)
		if (version->part[i] != end->part[i])
			return version->part[i] < end->part[i] ? -1 : 1;
	return 0;
}

bool version_range_parse(const char *text, struct version_range *ret)
{
	struct version_range r = { .first = { .nparts = 0 } };

	if (*text != '-' && !parts_parse(&text, &r.first))
		return false;
	if (*text == '\0')
		r.last = r.first;
	else if (*text++ != '-')
		return false;
	else if (*text != '\0' && (!parts_parse(&text, &r.last) || *text != '\0'))
		return false;
	if (r.first.nparts == 0 && r.last.nparts == 0)
		return false;
	if (r.last.nparts != 0 && end_compare(&r.first, &r.last) > 0)
		return false;
	*ret = r;
	return true;
}

int version_range_side(const struct version_range *range, const struct version *version)
{
	if (end_compare(version, &range->first) < 0)
		return -1;
	return end_compare(version, &range->last) > 0 ? 1 : 0;
}
