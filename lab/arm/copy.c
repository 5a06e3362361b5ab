/* Makes arrays of loops. */
#include "copy.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

bool copy_is_list(const char *key, const json_t *value)
{
	return text_eq_nocase(key, "copy") && json_is_array(value);
}

/* What stands in a loop beside what is known would be passed over. */
static const char *unknown_key(const json_t *loop)
{
	static const char *const known[] = { "name", "count", "input" };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)loop, key, value)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && !text_eq_nocase(known[i], key))
			i++;
		if (i == ARRAY_SIZE(known))
			return key;
	}
	return NULL;
}

/* Returns -1 with *err set. */
static json_int_t count_of(const struct scope *s, const json_t *loop, struct error *err)
{
	const json_t *raw = json_object_get(loop, "count");
	const char *name = json_text_at(loop, "name", "");
	AUTO_JSON json_t *count = NULL;

	if (unknown_key(loop))
		return error_set(
			err, FAULT_USAGE, EINVAL,
			"InvalidTemplate: '%.60s' of the copy loop '%.80s' is not known to "
			"this lab",
			unknown_key(loop), name);
	count = raw ? value_evaluate(s, raw, err) : NULL;
	if (raw && !count)
		return -1;
	if (!json_is_integer(count) || !json_object_get(loop, "input") ||
	    json_integer_value(count) < 0 || json_integer_value(count) > COPY_COUNT_MAX)
		return error_set(
			err, FAULT_USAGE, EINVAL,
			"InvalidTemplate: the copy loop '%.80s' needs an input and a count "
			"of 0 to %d",
			name, COPY_COUNT_MAX);
	return json_integer_value(count);
}

json_t *copy_values(const struct scope *s, const json_t *loop, struct error *err)
{
	AUTO_JSON json_t *list = json_array();
	json_int_t count = count_of(s, loop, err);
	struct copy_loop here = { .outer = s->loop,
				  .weight = (s->loop ? s->loop->weight : 1) *
					    (count > 1 ? count : 1),
				  .by_name = json_object_get(loop, "name") != NULL };
	struct scope inner = *s;

	if (count < 0)
		return NULL;
	if (here.weight > COPY_WEIGHT_MAX) {
		error_set(err, FAULT_USAGE, E2BIG,
			  "InvalidTemplate: copy loops inside of each other make more than %d "
			  "values",
			  COPY_WEIGHT_MAX);
		return NULL;
	}
	(void)TEXT_COPY(here.name, json_text_at(loop, "name", ""));
	inner.loop = &here;
	for (; here.index < count; here.index++)
		if (json_array_append_new(
			    list, value_evaluate(&inner, json_object_get(loop, "input"), err)) < 0)
			return NULL;
	return TAKE(list);
}

int copy_expand(const struct scope *s, const json_t *list, json_t *into, struct error *err)
{
	json_t *loop;
	size_t i;

	json_array_foreach((json_t *)list, i, loop)
	{
		const char *name = json_text_at(loop, "name", "");

		if (!*name)
			return error_set(err, FAULT_USAGE, EINVAL,
					 "InvalidTemplate: a copy loop in properties or variables "
					 "needs a name");
		if (json_object_set_new(into, name, copy_values(s, loop, err)) < 0)
			return -1;
	}
	return 0;
}

const json_t *copy_find(const json_t *list, const char *name)
{
	json_t *loop;
	size_t i;

	json_array_foreach((json_t *)list, i, loop)
	{
		if (text_eq_nocase(json_text_at(loop, "name", ""), name))
			return loop;
	}
	return NULL;
}
