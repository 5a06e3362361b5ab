/* tests/unit/probe/test_worlds.c - each machine of tests/worlds gives the facts that its
 * expect.json names, and none of them says anything that its JSON cannot carry. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "expectation.h"
#include "host/host.h"
#include "probe/probe.h"

static const char *worlds;

struct tally {
	unsigned worlds, wrong;
};

static void check_round_trip(const char *world, const struct facts *f, const json_t *j)
{
	static struct facts back;
	char why[200] = "";

	if (facts_from_json(j, &back, why, sizeof why) != 0 || memcmp(&back, f, sizeof back) != 0)
		fail_msg("%s: its facts do not come back from JSON: %s", world, why);
}

static int check_world(void *ctx, const char *name)
{
	const struct probe_options options = { .metadata = true };
	static struct facts f;
	AUTO_JSON json_t *expectations = NULL, *got = NULL;
	struct tally *tally = ctx;
	struct error err = { 0 };
	struct host h;
	char dir[512];

	if (!expectation_is_world(worlds, name))
		return 0; /* a README */
	(void)TEXT_FORMAT(dir, "%s/%s", worlds, name);
	if (host_open_world(&h, dir, NULL, &err) < 0)
		fail_msg("%s: %s", name, err.what);
	if (probe_facts(&h, &options, &f, &err) < 0)
		fail_msg("%s: %s", name, err.what);
	host_close(&h);
	expectations = expectation_load(worlds, name);
	got = facts_to_json(&f);
	tally->worlds++;
	tally->wrong += expectation_compare(name, "facts", json_at(expectations, "facts"), got);
	assert_true(json_object_size(json_at(expectations, "facts")) > 0);
	check_round_trip(name, &f, got);
	(void)TEXT_FORMAT(dir, "%s/%s/SOURCE", worlds, name);
	assert_true(fs_exists(AT_FDCWD, dir));
	return 0;
}

static void each_world_is_seen_as_it_is(void **unused)
{
	struct tally tally = { 0 };

	(void)unused;
	assert_int_equal(fs_list(AT_FDCWD, worlds, check_world, &tally), 0);
	assert_true(tally.worlds >= 12);
	assert_int_equal(tally.wrong, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_world_is_seen_as_it_is) };

	if (argc != 2)
		return 2;
	worlds = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
