/* Finds a value by its name. */
#include "act/pairs.h"

#include <string.h>

#include "base/text.h"

void pairs_value(const char *text, const char *name, char *ret, size_t size)
{
	size_t len = strlen(name);

	ret[0] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += strspn(line, " \t");
		if (strncmp(line, name, len) != 0 || line[len] != '=')
			continue;
		line += len + 1;
		line += *line == '"';
		text_format(ret, size, "%.*s", (int)strcspn(line, "\"\r\n"), line);
		return;
	}
}
