/* Where rpm packages are from: who built and signed them. The repositories keep no address that can
 * be asked for in the same words everywhere. */
#include <string.h>

#include "act/rpm/call.h"
#include "base/text.h"
#include "host/run.h"

/* "NAME\tVENDOR"; "(none)" where it names none. */
static void take_line(char *line, json_t *into)
{
	char *vendor = strchr(line, '\t');

	if (!vendor)
		return;
	*vendor++ = '\0';
	if (!text_eq(vendor, "(none)"))
		json_object_set_new(into, line,
				    json_pack("{s:o}", "vendor", json_text_or_null(vendor)));
}

json_t *rpm_sources(const struct package_context *c, const struct transaction *t)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_JSON json_t *sources = json_object();
	static const char *const words[] = { "rpm", "-q", "--qf", "%{NAME}\t%{VENDOR}\n", NULL };
	size_t named = 0;

	command_add_all(&cmd, words);
	for (size_t i = 0; i < t->count; i++) {
		if (t->changes[i].kind == CHANGE_REMOVE)
			continue;
		command_add(&cmd, t->changes[i].name);
		named++;
	}
	if (named == 0 || cmd.failed || rpm_query(c, &cmd, &r, NULL) < 0)
		return NULL;
	for (char *line = r.out.data; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		take_line(line, sources);
		line = end ? end + 1 : NULL;
	}
	return TAKE(sources);
}
