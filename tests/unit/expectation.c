/* tests/unit/expectation.c - reads expectations and holds documents against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>

#include "base/fs.h"
#include "base/text.h"
#include "expectation.h"

enum { EXPECT_MAX = 1 << 20 };

static const char *const parts[] = { "facts",    "plan",       "verify", "settings",
				     "warnings", "candidates", NULL };
static const char *const warning_keys[] = { "has", "lacks", NULL };
static const char *const candidate_keys[] = { "eligible", "why", NULL };

bool expectation_is_world(const char *worlds, const char *name)
{
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/%s/world.json", worlds, name);
	return fs_exists(AT_FDCWD, path);
}

static void check_keys(const char *world, const char *of, const json_t *object,
		       const char *const *known)
{
	const char *key;
	const json_t *value;

	if (object != NULL && !json_is_object(object))
		fail_msg("%s: expect.json: %s is no object", world, of);
	json_object_foreach((json_t *)object, key, value)
	{
		const char *const *k = known;

		while (*k != NULL && !text_eq(*k, key))
			k++;
		if (*k == NULL)
			fail_msg("%s: expect.json: %s may not have \"%s\"", world, of, key);
	}
}

static void check_ids(const char *world, const json_t *ids)
{
	const json_t *id;
	size_t i;

	if (ids != NULL && !json_is_array(ids))
		fail_msg("%s: expect.json: ids of warnings are no array", world);
	json_array_foreach(ids, i, id)
	{
		if (!json_is_string(id))
			fail_msg("%s: expect.json: an id of a warning is no string", world);
	}
}

static void check_shape(const char *world, const json_t *j)
{
	const json_t *warnings = json_object_get(j, "warnings"), *candidate;
	const char *key;

	check_keys(world, "it", j, parts);
	check_keys(world, "warnings", warnings, warning_keys);
	for (size_t i = 0; warning_keys[i] != NULL; i++)
		check_ids(world, json_object_get(warnings, warning_keys[i]));
	json_object_foreach(json_object_get(j, "candidates"), key, candidate)
	{
		const json_t *why = json_object_get(candidate, "why");

		check_keys(world, key, candidate, candidate_keys);
		if (why != NULL && !json_is_string(why))
			fail_msg("%s: expect.json: why of %s is no string", world, key);
	}
	for (size_t i = 0; parts[i] != NULL; i++) {
		if (json_object_get(j, parts[i]) != NULL &&
		    !json_is_object(json_object_get(j, parts[i])))
			fail_msg("%s: expect.json: %s is no object", world, parts[i]);
	}
}

json_t *expectation_load(const char *worlds, const char *name)
{
	AUTO_BUF struct buf b = { 0 };
	char path[PATH_MAX], why[200] = "";
	json_t *j;

	(void)TEXT_FORMAT(path, "%s/%s/expect.json", worlds, name);
	if (fs_read(AT_FDCWD, path, EXPECT_MAX, &b) < 0)
		fail_msg("%s cannot be read", path);
	j = json_parse(buf_text(&b), b.len, why, sizeof why);
	if (j == NULL)
		fail_msg("%s: %s", path, why);
	check_shape(name, j);
	return j;
}

static bool is_behind_list(const json_t *document, const char *path)
{
	char parent[256];
	char *dot;

	if (TEXT_COPY(parent, path) < 0 || (dot = strrchr(parent, '.')) == NULL)
		return false;
	*dot = '\0';
	return json_is_array(json_at(document, parent)) &&
	       dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

static bool is_as_wanted(const json_t *document, const char *path, const json_t *want)
{
	const json_t *got = json_at(document, path);

	if (json_is_null(want) && got == NULL)
		return is_behind_list(document, path);
	return json_equal(got, want);
}

unsigned expectation_compare(const char *world, const char *part, const json_t *expected,
			     const json_t *document)
{
	const char *path;
	json_t *want;
	unsigned wrong = 0;

	json_object_foreach((json_t *)expected, path, want)
	{
		const json_t *got = json_at(document, path);
		AUTO_BUF struct buf has = { 0 }, should = { 0 };

		if (is_as_wanted(document, path, want))
			continue;
		wrong++;
		if (got != NULL)
			(void)json_write(got, false, &has);
		(void)json_write(want, false, &should);
		print_error("%s: %s.%s is %s, should be %s\n", world, part, path,
			    got != NULL ? buf_text(&has) : "nowhere", buf_text(&should));
	}
	return wrong;
}

static bool has_warning(const json_t *plan, const json_t *id)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(plan, "warnings"), i, warning)
	{
		if (json_equal(json_object_get(warning, "id"), id))
			return true;
	}
	return false;
}

unsigned expectation_warnings(const char *world, const json_t *expected, const json_t *plan)
{
	const json_t *id;
	size_t i;
	unsigned wrong = 0;

	json_array_foreach(json_object_get(expected, "has"), i, id)
	{
		if (has_warning(plan, id))
			continue;
		wrong++;
		print_error("%s: does not warn of %s\n", world, json_string_value(id));
	}
	json_array_foreach(json_object_get(expected, "lacks"), i, id)
	{
		if (!has_warning(plan, id))
			continue;
		wrong++;
		print_error("%s: warns of %s\n", world, json_string_value(id));
	}
	return wrong;
}

static bool is_candidate(const json_t *candidate, const char *route, const json_t *want)
{
	const char *why = json_string_value(json_object_get(want, "why"));
	const json_t *eligible = json_object_get(want, "eligible");

	return text_eq(json_text_at(candidate, "route", NULL), route) &&
	       (eligible == NULL || json_equal(json_object_get(candidate, "eligible"), eligible)) &&
	       (why == NULL || strcasestr(json_text_at(candidate, "why", ""), why) != NULL);
}

static bool route_is_as_wanted(const json_t *candidates, const char *route, const json_t *want)
{
	const json_t *candidate;
	size_t i;
	bool found = false;

	json_array_foreach(candidates, i, candidate)
	{
		if (json_is_false(json_object_get(want, "eligible")) &&
		    text_eq(json_text_at(candidate, "route", NULL), route) &&
		    json_bool_at(candidate, "eligible", false))
			return false;
		found |= is_candidate(candidate, route, want);
	}
	return found;
}

unsigned expectation_candidates(const char *world, const json_t *expected, const json_t *plan)
{
	const json_t *candidates = json_object_get(plan, "candidates");
	const char *route;
	json_t *want;
	unsigned wrong = 0;

	json_object_foreach((json_t *)expected, route, want)
	{
		AUTO_BUF struct buf has = { 0 }, should = { 0 };

		if (route_is_as_wanted(candidates, route, want))
			continue;
		wrong++;
		(void)json_write(candidates, false, &has);
		(void)json_write(want, false, &should);
		print_error("%s: no %s is %s among the candidates %s\n", world, route,
			    buf_text(&should), buf_text(&has));
	}
	return wrong;
}

unsigned expectation_twin(const char *worlds, const char *name)
{
	static const char *const ends[][2] = { { "-red", "-green" }, { "-green", "-red" } };
	char twin[NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!text_ends(name, ends[i][0]))
			continue;
		(void)TEXT_FORMAT(twin, "%.*s%s", (int)(strlen(name) - strlen(ends[i][0])), name,
				  ends[i][1]);
		if (expectation_is_world(worlds, twin))
			return 0;
		print_error("%s: has no twin %s\n", name, twin);
		return 1;
	}
	return 0;
}
