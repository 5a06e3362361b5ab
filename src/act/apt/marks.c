/* Which packages apt holds for wanted and which for dependencies; kept, and put back. */
#include "act/apt/call.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

/* Those that `apt-mark HOW` prints, as an array. */
static json_t *marked(const struct package_context *c, const char *how, const struct command *names,
		      struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_JSON json_t *list = json_array();

	command_add(&cmd, "apt-mark");
	command_add(&cmd, how);
	command_add_all(&cmd, names->argv);
	if (apt_query(c, &cmd, &r, err) < 0)
		return NULL;
	for (const char *line = buf_text(&r.out); *line;) {
		size_t len = strcspn(line, "\n");

		if (len && json_array_append_new(list, json_stringn(line, len)) < 0) {
			error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for apt's marks");
			return NULL;
		}
		line += len + (line[len] == '\n');
	}
	return TAKE(list);
}

json_t *apt_marks(const struct package_context *c, const char *const *names,
		  const struct transaction *t, struct error *err)
{
	AUTO_COMMAND struct command all = { 0 };
	AUTO_JSON json_t *manual = NULL, *automatic = NULL;

	command_add_all(&all, names);
	for (size_t i = 0; i < t->count; i++)
		if (t->changes[i].kind != CHANGE_INSTALL)
			command_add(&all, t->changes[i].name);
	if (all.failed) {
		error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for apt's marks");
		return NULL;
	}
	manual = marked(c, "showmanual", &all, err);
	automatic = manual ? marked(c, "showauto", &all, err) : NULL;
	return automatic ? json_pack("{s:O, s:O}", "manual", manual, "auto", automatic) : NULL;
}

static int set_mark(const struct package_context *c, const char *how, const json_t *list,
		    struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		return 0;
	command_add(&cmd, "apt-mark");
	command_add(&cmd, how);
	json_array_foreach((json_t *)list, i, item)
	{
		if (json_is_string(item))
			command_add(&cmd, json_string_value(item));
	}
	return apt_call(c, &cmd, "apt-mark", &r, err);
}

int apt_set_marks(const struct package_context *c, const json_t *marks, struct error *err)
{
	if (set_mark(c, "manual", json_object_get(marks, "manual"), err) < 0)
		return -1;
	return set_mark(c, "auto", json_object_get(marks, "auto"), err);
}
