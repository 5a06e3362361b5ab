/* tests/unit/plan/test_worlds.c - each world of tests/worlds is judged, with the settings of its
 * expect.json, and verified as that file says: see expectation.h. */
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
#include "catalogue/catalogue.h"
#include "expectation.h"
#include "host/host.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "verify/verify.h"

static char worlds_dir[4096];

struct tally {
	unsigned worlds, wrong;
	json_t *had, *lacked; /* ids of warnings, over all worlds */
};

static void settings_of_world(const char *world, const json_t *expected, struct settings *ret)
{
	struct error err = { 0 };

	settings_defaults(ret);
	if (settings_read_public(json_object_get(expected, "settings"), ret, &err) < 0)
		fail_msg("%s: expect.json: %s", world, err.what);
}

static void facts_of_world(const char *world, const struct settings *s, struct facts *ret)
{
	const struct probe_options options = { .metadata = true, .settings = s };
	char path[PATH_MAX];
	struct error err = { 0 };
	struct host h;

	(void)TEXT_FORMAT(path, "%s/%s", worlds_dir, world);
	if (host_open_world(&h, path, NULL, &err) < 0)
		fail_msg("%s: %s", world, err.what);
	if (probe_facts(&h, &options, ret, &err) < 0)
		fail_msg("%s: %s", world, err.what);
	host_close(&h);
	catalogue_classify(&catalogue_built_in, ret);
}

static json_t *plan_of(const struct facts *f, const struct settings *s)
{
	static struct plan p, back;
	struct error err = { 0 };
	AUTO_JSON json_t *j = NULL;

	plan_build(f, s, &catalogue_built_in, &p);
	j = plan_to_json(&p);
	assert_non_null(j);
	if (plan_from_json(j, &back, &err) < 0)
		fail_msg("%s", err.what);
	return plan_to_json(&back);
}

static void ids_add(json_t *set, const json_t *ids)
{
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
		assert_int_equal(json_object_set_new(set, json_string_value(id), json_true()), 0);
}

static int world_check(void *ctx, const char *world)
{
	static struct facts f;
	static struct verification v;
	AUTO_JSON json_t *expected = NULL, *plan = NULL, *verified = NULL;
	struct tally *tally = ctx;
	struct settings s;

	if (!expectation_is_world(worlds_dir, world))
		return 0; /* a README */
	expected = expectation_load(worlds_dir, world);
	tally->worlds++;
	settings_of_world(world, expected, &s);
	facts_of_world(world, &s, &f);
	plan = plan_of(&f, &s);
	verify_facts(&f, &catalogue_built_in, VERIFY_ALL, &v);
	verified = verify_to_json(&v);
	tally->wrong += expectation_compare(world, "plan", json_at(expected, "plan"), plan);
	tally->wrong += expectation_compare(world, "verify", json_at(expected, "verify"), verified);
	tally->wrong += expectation_warnings(world, json_at(expected, "warnings"), plan);
	tally->wrong += expectation_candidates(world, json_at(expected, "candidates"), plan);
	tally->wrong += expectation_twin(worlds_dir, world);
	ids_add(tally->had, json_at(expected, "warnings.has"));
	ids_add(tally->lacked, json_at(expected, "warnings.lacks"));
	return 0;
}

/* What no world is warned of is no warning's id, so that its absence says nothing. */
static unsigned count_misspelt(const struct tally *tally)
{
	const char *id;
	json_t *value;
	unsigned count = 0;

	json_object_foreach(tally->lacked, id, value)
	{
		if (json_object_get(tally->had, id) != NULL)
			continue;
		print_error("a world lacks %s, and none has it\n", id);
		count++;
	}
	return count;
}

static void judges_each_world(void **unused)
{
	AUTO_JSON json_t *had = json_object(), *lacked = json_object();
	struct tally tally = { .had = had, .lacked = lacked };

	(void)unused;
	assert_int_equal(fs_list(AT_FDCWD, worlds_dir, world_check, &tally), 0);
	tally.wrong += count_misspelt(&tally);
	assert_int_equal(tally.wrong, 0);
	assert_true(tally.worlds > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(judges_each_world) };

	if (argc != 2)
		return 1;
	(void)TEXT_COPY(worlds_dir, argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
