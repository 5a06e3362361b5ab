/* tests/unit/verify/test_worlds.c - each overlay of tests/worlds is verified as it says; each check
 * is red in one and green in another, and each verdict is given. See overlay.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/traffic/traffic.h"
#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/names.h"
#include "host/host.h"
#include "overlay.h"
#include "probe/probe.h"
#include "verify/check.h"

enum { WORLDS_LEAST = 60 };

static const char *worlds_dir;

struct tally {
	json_t *overlays;
	unsigned worlds, wrong;
	json_t *red, *green, *verdicts; /* sets, over all worlds */
	char dir[64];
};

static void set_add(json_t *set, const char *key)
{
	assert_int_equal(json_object_set_new(set, key, json_true()), 0);
}

/* "port-rate" of "port-rate:mlx5_0/1" */
static void set_add_check(json_t *set, const char *id)
{
	char check[64];

	(void)TEXT_FORMAT(check, "%.*s", (int)strcspn(id, ":"), id);
	set_add(set, check);
}

static const struct finding *finding_of(const struct verification *v, const char *id)
{
	for (unsigned i = 0; i < v->nchecks; i++)
		if (text_eq(v->checks[i].id, id))
			return &v->checks[i];
	return NULL;
}

static bool holds(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (text_eq(json_string_value(item), text))
			return true;
	}
	return false;
}

static int test_traffic(const struct host *h, const char *kind, struct facts *f, struct error *err)
{
	const struct traffic_options o = {
		.kind = (enum traffic_kind)(kind != NULL ? name_value(&names_traffic_kind, kind)
							 : TRAFFIC_KIND_UNKNOWN),
		.peer = text_eq(kind, "peer") ? "10.0.0.5" : NULL,
		.seconds = TRAFFIC_SECONDS_DEFAULT,
	};

	return kind == NULL ? 0 : traffic_test(h, &o, f, err);
}

static void verify_world(const char *dir, const char *traffic, struct facts *f,
			 struct verification *ret)
{
	const struct probe_options options = { .metadata = true };
	struct error err = { 0 };
	struct host h;

	if (host_open_world(&h, dir, NULL, &err) < 0 || probe_facts(&h, &options, f, &err) < 0 ||
	    test_traffic(&h, traffic, f, &err) < 0)
		fail_msg("%s: %s", dir, err.what);
	host_close(&h);
	catalogue_classify(&catalogue_built_in, f);
	verify_facts(f, &catalogue_built_in, VERIFY_ALL, ret);
}

/* What is red is all of the list; each names its evidence and what to do. */
static unsigned compare_red(const char *world, const json_t *red, const struct verification *v)
{
	const json_t *id;
	unsigned wrong = 0;
	size_t i;

	for (unsigned k = 0; k < v->nchecks; k++) {
		const struct finding *f = &v->checks[k];

		if (!f->ok && !holds(red, f->id)) {
			print_error("%s: %s is red: %s, expected %s\n", world, f->id, f->measured,
				    f->expected);
			wrong++;
		}
		if (f->evidence[0] == '\0' || f->expected[0] == '\0' || f->measured[0] == '\0' ||
		    (f->remedy[0] == '\0') != f->ok)
			fail_msg("%s: %s lacks something", world, f->id);
	}
	json_array_foreach(red, i, id)
	{
		const struct finding *f = finding_of(v, json_string_value(id));

		if (f != NULL && !f->ok)
			continue;
		print_error("%s: %s is not red\n", world, json_string_value(id));
		wrong++;
	}
	return wrong;
}

static unsigned compare_others(const char *world, const json_t *want, const struct verification *v)
{
	const json_t *id;
	const char *key;
	json_t *text;
	unsigned wrong = 0;
	size_t i;

	json_array_foreach(json_object_get(want, "green"), i, id)
	{
		const struct finding *f = finding_of(v, json_string_value(id));

		if (f != NULL && f->ok)
			continue;
		print_error("%s: %s is not green\n", world, json_string_value(id));
		wrong++;
	}
	json_array_foreach(json_object_get(want, "absent"), i, id)
	{
		if (finding_of(v, json_string_value(id)) == NULL)
			continue;
		print_error("%s: %s is there\n", world, json_string_value(id));
		wrong++;
	}
	json_object_foreach(json_object_get(want, "measured"), key, text)
	{
		const struct finding *f = finding_of(v, key);

		if (f != NULL && text_eq(f->measured, json_string_value(text)))
			continue;
		print_error("%s: %s measured %s\n", world, key,
			    f != NULL ? f->measured : "nothing");
		wrong++;
	}
	return wrong;
}

static void world_check(struct tally *t, const char *name, const json_t *want)
{
	static struct facts f, back;
	static struct verification v;
	AUTO_JSON json_t *j = NULL;
	char path[PATH_MAX], why[200] = "";

	(void)TEXT_FORMAT(path, "%s/world", t->dir);
	overlay_make(worlds_dir, t->overlays, name, path);
	verify_world(path, json_text_at(want, "traffic", NULL), &f, &v);
	assert_int_equal(fs_remove(AT_FDCWD, path), 0);
	j = facts_to_json(&f);
	if (facts_from_json(j, &back, why, sizeof why) < 0)
		fail_msg("%s: %s", name, why);
	t->worlds++;
	if (!text_eq(json_text_at(want, "verdict", NULL), verdict_name(v.verdict))) {
		print_error("%s: the verdict is %s\n", name, verdict_name(v.verdict));
		t->wrong++;
	}
	t->wrong += compare_red(name, json_object_get(want, "red"), &v);
	t->wrong += compare_others(name, want, &v);
	set_add(t->verdicts, verdict_name(v.verdict));
	for (unsigned i = 0; i < v.nchecks; i++)
		set_add_check(v.checks[i].ok ? t->green : t->red, v.checks[i].id);
}

/* The twin of X-red is X-green, and what is red there is not here. */
static unsigned twin_check(const struct tally *t, const char *name, const json_t *want)
{
	char twin[NAME_MAX];
	const json_t *other;

	if (!text_ends(name, "-red"))
		return 0;
	(void)TEXT_FORMAT(twin, "%.*s-green", (int)(strlen(name) - strlen("-red")), name);
	other = json_object_get(t->overlays, twin);
	if (other != NULL &&
	    !json_equal(json_at(other, "verify.red"), json_object_get(want, "red")))
		return 0;
	print_error("%s: has no twin %s\n", name, twin);
	return 1;
}

static unsigned count_missing(const struct tally *t)
{
	static const enum verdict verdicts[] = { VERDICT_ABSENT, VERDICT_DRIVER_BROKEN,
						 VERDICT_FABRIC_NOT_READY, VERDICT_DEGRADED,
						 VERDICT_OK };
	unsigned missing = 0;

	for (unsigned i = 0; i < checks_count; i++) {
		if (json_object_get(t->red, checks[i].id) != NULL &&
		    json_object_get(t->green, checks[i].id) != NULL)
			continue;
		print_error("no world shows %s red and another shows it green\n", checks[i].id);
		missing++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (json_object_get(t->verdicts, verdict_name(verdicts[i])) != NULL)
			continue;
		print_error("no world is %s\n", verdict_name(verdicts[i]));
		missing++;
	}
	return missing;
}

static void verifies_each_world(void **unused)
{
	struct tally t = { .overlays = overlays_load(worlds_dir),
			   .red = json_object(),
			   .green = json_object(),
			   .verdicts = json_object(),
			   .dir = "/tmp/ib-vmext-test-XXXXXX" };
	const char *name;
	json_t *overlay;

	(void)unused;
	assert_non_null(mkdtemp(t.dir));
	json_object_foreach(t.overlays, name, overlay)
	{
		const json_t *want = json_object_get(overlay, "verify");

		if (want == NULL)
			continue; /* a base alone */
		world_check(&t, name, want);
		t.wrong += twin_check(&t, name, want);
	}
	t.wrong += count_missing(&t);
	assert_int_equal(fs_remove(AT_FDCWD, t.dir), 0);
	assert_int_equal(t.wrong, 0);
	assert_true(t.worlds >= WORLDS_LEAST);
	json_decref(t.overlays);
	json_decref(t.red);
	json_decref(t.green);
	json_decref(t.verdicts);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verifies_each_world) };

	if (argc != 2)
		return 2;
	worlds_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
