/* tests/unit/plan/test_worlds.c - each world of tests/worlds is judged and verified as its
 * expect.json says: {"plan": {"dotted.path": value}, "verify": {…}}. */
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
#include "host/host.h"
#include "plan/plan.h"
#include "probe/probe.h"
#include "verify/verify.h"

enum { EXPECT_MAX = 1 << 20 };

static char worlds_dir[4096];
static unsigned worlds_seen;

/* The count of the members that differ; a member that should be null may be missing. */
static unsigned differences(const char *world, const json_t *expected, const json_t *document)
{
	const char *path;
	json_t *want;
	unsigned count = 0;

	json_object_foreach((json_t *)expected, path, want)
	{
		const json_t *got = json_at(document, path);
		AUTO_FREE char *text = NULL;

		if (json_equal(want, got) || (json_is_null(want) && got == NULL))
			continue;
		text = json_dumps(got, JSON_ENCODE_ANY);
		print_error("%s: %s is %s\n", world, path, text != NULL ? text : "missing");
		count++;
	}
	return count;
}

static json_t *expectation_load(const char *world)
{
	AUTO_BUF struct buf b = { 0 };
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/%s/expect.json", worlds_dir, world);
	if (fs_read(AT_FDCWD, path, EXPECT_MAX, &b) < 0)
		return NULL;
	return json_parse(buf_text(&b), b.len, NULL, 0);
}

static bool is_world(const char *name)
{
	char path[PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/%s/world.json", worlds_dir, name);
	return fs_exists(AT_FDCWD, path);
}

static void facts_of_world(const char *world, struct facts *ret)
{
	const struct probe_options options = { .metadata = true };
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

static json_t *plan_of(const struct facts *f)
{
	static struct plan p, back;
	struct settings s;
	struct error err = { 0 };
	AUTO_JSON json_t *j = NULL;

	settings_defaults(&s);
	plan_build(f, &s, &catalogue_built_in, &p);
	j = plan_to_json(&p);
	assert_non_null(j);
	if (plan_from_json(j, &back, &err) < 0)
		fail_msg("%s", err.what);
	return plan_to_json(&back);
}

static int world_check(void *ctx, const char *world)
{
	static struct facts f;
	static struct verification v;
	AUTO_JSON json_t *expected = NULL, *plan = NULL, *verified = NULL;
	unsigned *bad = ctx;

	if (!is_world(world))
		return 0; /* a README */
	expected = expectation_load(world);
	if (expected == NULL) {
		print_error("%s: no expect.json\n", world);
		(*bad)++;
		return 0;
	}
	worlds_seen++;
	facts_of_world(world, &f);
	plan = plan_of(&f);
	verify_facts(&f, &catalogue_built_in, &v);
	verified = verify_to_json(&v);
	*bad += differences(world, json_object_get(expected, "plan"), plan);
	*bad += differences(world, json_object_get(expected, "verify"), verified);
	return 0;
}

static void judges_each_world(void **unused)
{
	unsigned bad = 0;

	(void)unused;
	assert_int_equal(fs_list(AT_FDCWD, worlds_dir, world_check, &bad), 0);
	assert_int_equal(bad, 0);
	assert_true(worlds_seen > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(judges_each_world) };

	if (argc != 2)
		return 1;
	(void)TEXT_COPY(worlds_dir, argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
