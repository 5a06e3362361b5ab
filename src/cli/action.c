/* Verbs that have a second word. */
#include "cli/app.h"

#include <string.h>

#include "base/text.h"

/* "make, list and check" */
static void names_join(const struct action *actions, char *ret, size_t size)
{
	size_t n = 0;

	ret[0] = '\0';
	for (; actions->name && n < size; actions++) {
		const char *between = n == 0 ? "" : actions[1].name ? ", " : " and ";

		(void)text_format(ret + n, size - n, "%s%s", between, actions->name);
		n += strlen(ret + n);
	}
}

int action_run(struct app *app, const char *verb, const struct action *actions, int argc,
	       char **argv)
{
	struct error err = { 0 };
	char names[120];

	for (const struct action *a = actions; a->name; a++) {
		if (!text_eq(a->name, argv[0]))
			continue;
		if (argc - 1 >= a->min_words && argc - 1 <= a->max_words)
			return a->run(app, argc - 1, argv + 1);
		error_set(&err, FAULT_USAGE, 0, "%s %s: wrong number of arguments", verb, a->name);
		return fail(app, &err);
	}
	names_join(actions, names, sizeof(names));
	error_set(&err, FAULT_USAGE, 0, "there is no %s %.60s; there are %s", verb, argv[0], names);
	return fail(app, &err);
}
