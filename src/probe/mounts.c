/* probe/mounts.c - finds the mount that a path lies on. */
#include "probe/mounts.h"

#include <string.h>

#include "base/text.h"
#include "probe/slice.h"

enum { POINT_MAX = 256 };

/* Space, tab, newline and backslash are written as three octal digits. */
static size_t unescape(struct slice s, char ret[static POINT_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n + 1 < POINT_MAX; i++) {
		ret[n++] = s.text[i];
		if (s.text[i] != '\\' || i + 3 >= s.len)
			continue;
		ret[n - 1] = (char)((s.text[i + 1] - '0') * 64 + (s.text[i + 2] - '0') * 8 +
				    (s.text[i + 3] - '0'));
		i += 3;
	}
	ret[n] = '\0';
	return n;
}

/* The point may hold a NUL, by its octal number. */
static bool is_parent(const char *point, size_t len, const char *path)
{
	if (len == 1 && point[0] == '/')
		return true;
	return strlen(path) >= len && memcmp(point, path, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

static bool has_option(struct slice options, const char *name)
{
	struct slice option;

	while (slice_cut(&options, ',', &option)) {
		if (slice_eq(option, name))
			return true;
	}
	return slice_eq(options, name);
}

void mounts_parse(const char *text, size_t len, struct space_facts *s)
{
	struct slice rest = { text, len }, line, device, escaped, type, options;
	char point[POINT_MAX];
	size_t longest = 0;

	while (slice_line(&rest, &line)) {
		size_t n;

		if (!slice_word(&line, &device) || !slice_word(&line, &escaped) ||
		    !slice_word(&line, &type) || !slice_word(&line, &options))
			continue;
		n = unescape(escaped, point);
		if (n == 0 || n < longest || !is_parent(point, n, s->path))
			continue;
		longest = n;
		s->noexec = has_option(options, "noexec") ? TRI_YES : TRI_NO;
		s->read_only = has_option(options, "ro") ? TRI_YES : TRI_NO;
	}
}
