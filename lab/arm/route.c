/* Paths and routes. */
#include "route.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static size_t part_len(const char *at)
{
	return 1 + strcspn(at + 1, "/");
}

bool route_fits(const char *route, const char *path, char parts[PARTS_MAX][PART_SIZE])
{
	size_t n = 0;

	while (*route && *path) {
		size_t route_len = part_len(route), len = part_len(path);
		bool any = route_len == 3 && strncmp(route, "/{}", 3) == 0;

		if (any && (len == 1 || *path != '/' || n == PARTS_MAX ||
			    text_format(parts[n++], PART_SIZE, "%.*s", (int)len - 1, path + 1) < 0))
			return false;
		if (!any && (route_len != len || strncasecmp(route, path, len) != 0))
			return false;
		route += route_len;
		path += len;
	}
	return !*route && !*path;
}

const char *bearer_token(const char *header)
{
	static const char scheme[] = "Bearer ";

	if (!header || strncasecmp(header, scheme, strlen(scheme)) != 0)
		return NULL;
	return header + strlen(scheme);
}
