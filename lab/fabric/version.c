/* Compares the versions of extensions and resolves a requested one. */
#include "version.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

int ext_version_parse(const char *text, struct ext_version *ret)
{
	struct ext_version v = { .parts = 0 };
	const char *at = text;

	while (v.parts < VERSION_PARTS) {
		char *end = NULL;

		if (*at < '0' || *at > '9')
			return -EINVAL;
		errno = 0;
		v.part[v.parts++] = strtol(at, &end, 10);
		if (errno)
			return -EINVAL;
		if (*end == '\0') {
			*ret = v;
			return 0;
		}
		if (*end != '.')
			return -EINVAL;
		at = end + 1;
	}
	return -EINVAL;
}

int ext_version_compare(const struct ext_version *a, const struct ext_version *b)
{
	for (int i = 0; i < VERSION_PARTS; i++) {
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	}
	return 0;
}

static bool ext_version_fits(const struct ext_version *v, const struct ext_version *wanted,
			     bool auto_upgrade)
{
	int same = 0;

	while (same < wanted->parts && v->part[same] == wanted->part[same])
		same++;
	if (same == wanted->parts)
		return true;
	return auto_upgrade && same >= 1 && ext_version_compare(v, wanted) > 0;
}

const char *ext_version_resolve(const json_t *versions, const char *requested, bool auto_upgrade)
{
	struct ext_version wanted, best = { .parts = 0 };
	const char *found = NULL;
	size_t i;
	json_t *entry;

	if (ext_version_parse(requested, &wanted) < 0)
		return NULL;
	json_array_foreach(versions, i, entry)
	{
		struct ext_version v;

		if (ext_version_parse(json_string_value(entry), &v) < 0)
			continue;
		if (ext_version_fits(&v, &wanted, auto_upgrade) &&
		    (!found || ext_version_compare(&v, &best) > 0)) {
			found = json_string_value(entry);
			best = v;
		}
	}
	return found;
}
