/* cli/capture_compare.c - compares facts key by key. */
#include "cli/capture_compare.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* Facts in which something hidden stands: there the alias is right. */
static bool may_be_hidden(const char *key)
{
	static const char *const keys[] = { "guid", "netdev", "defaultNetdev", "placementGroup",
					    "mac",  "ipv4",   "assignedIpv4" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (text_eq(key, keys[i]))
			return true;
	return false;
}

static bool is_alias(struct aliases *a, const json_t *live, const json_t *world)
{
	AUTO_BUF struct buf text = { 0 }, value = { 0 };
	const char *was = json_string_value(live), *is = json_string_value(world);

	return was && is && alias_text(a, 0, was, strlen(was), &text) == 0 &&
	       alias_value(a, was, &value) == 0 &&
	       (text_eq(buf_text(&text), is) || text_eq(buf_text(&value), is));
}

/* Returns NULL if they are the same, else the key of what is not. */
static const char *find_difference(struct aliases *a, const char *key, const json_t *live,
				   const json_t *world)
{
	const char *member, *found = NULL;
	json_t *value;
	size_t i;

	if (json_is_object(live) && json_object_size(live) == json_object_size(world)) {
		json_object_foreach((json_t *)live, member, value)
		{
			if (!found)
				found = find_difference(a, member, value,
							json_object_get(world, member));
		}
		return found;
	}
	if (json_is_array(live) && json_array_size(live) == json_array_size(world)) {
		json_array_foreach(live, i, value)
		{
			if (!found)
				found = find_difference(a, key, value, json_array_get(world, i));
		}
		return found;
	}
	return json_equal(live, world) || (may_be_hidden(key) && is_alias(a, live, world)) ? NULL
											   : key;
}

const char *capture_difference(struct aliases *a, const json_t *live, const json_t *world)
{
	return find_difference(a, "facts", live, world);
}
