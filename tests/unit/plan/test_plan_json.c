/* tests/unit/plan/test_plan_json.c - the plan as a document: the fixed keys, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "machine.h"
#include "plan/plan.h"

static struct facts f;
static struct plan p, back;

static void build(void (*machine)(struct facts *ret))
{
	struct settings s;

	settings_defaults(&s);
	machine(&f);
	plan_build(&f, &s, &catalogue_built_in, &p);
}

static void absent(struct facts *ret)
{
	machine_fresh(ret);
	functions_clear(ret);
}

static void half_installed(struct facts *ret)
{
	machine_working(ret);
	package_of(ret, "perftest")->half_installed = true;
}

static void comes_back_the_same(void **unused)
{
	static void (*const machines[])(struct facts * ret) = { machine_fresh, machine_working,
								absent, half_installed };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		AUTO_JSON json_t *j = NULL, *again = NULL;
		struct error err;

		build(machines[i]);
		p.resolved = i % 2 == 1;
		p.reboot = i % 2 == 0;
		j = plan_to_json(&p);
		assert_non_null(j);
		assert_int_equal(plan_from_json(j, &back, &err), 0);
		again = plan_to_json(&back);
		assert_true(json_equal(j, again));

		assert_memory_equal(&back.decision, &p.decision, sizeof p.decision);
		assert_int_equal(back.nsteps, p.nsteps);
		assert_memory_equal(back.steps, p.steps, sizeof p.steps);
		assert_int_equal(back.nwarnings, p.nwarnings);
		assert_int_equal(back.resolved, p.resolved);
		assert_int_equal(back.reboot, p.reboot);
	}
}

static void has_the_fixed_keys(void **unused)
{
	static const char *const texts[][2] = {
		{ "schema", "ib-vmext/plan/1" },
		{ "decision.route", "inbox" },
		{ "candidates.5.route", "inbox" },
		{ "candidates.5.peerMemory", "dma-buf" },
		{ "candidates.5.estimate.basis", "unknown" },
		{ "steps.0.id", "packages" },
		{ "steps.1.kind", "file" },
		{ "steps.2.changes.0", "module mlx5_ib loaded" },
		{ "reboot", "no" },
	};
	static const char *const nulls[] = { "decision.fault",
					     "decision.version",
					     "decision.remedy",
					     "candidates.5.version",
					     "candidates.5.estimate.seconds",
					     "candidates.5.estimate.downloadBytes",
					     "candidates.5.estimate.diskBytes" };
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	build(machine_fresh);
	j = plan_to_json(&p);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_string_equal(json_text_at(j, texts[i][0], "missing"), texts[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++)
		if (!json_is_null(json_at(j, nulls[i])))
			fail_msg("%s is not null", nulls[i]);
	assert_int_equal(json_int_at(j, "decision.exitCode", -1), 0);
	assert_true(json_is_true(json_at(j, "candidates.5.eligible")));
	assert_true(json_is_false(json_at(j, "resolved")));
	assert_true(json_is_array(json_at(j, "warnings")));
	assert_true(json_text_at(j, "steps.0.undo", "")[0] != '\0');
}

static void a_refusal_is_a_document_too(void **unused)
{
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	build(absent);
	j = plan_to_json(&p);
	assert_int_equal(json_int_at(j, "decision.exitCode", -1), 11);
	assert_string_equal(json_text_at(j, "decision.fault", ""), "adapter-absent");
	assert_true(json_is_null(json_at(j, "decision.route")));
	assert_true(json_text_at(j, "decision.remedy", "")[0] != '\0');
	assert_int_equal(json_array_size(json_at(j, "steps")), 0);
}

/* The kernel's release may hold any byte, and a reason may be cut in the middle of a letter. */
static void survives_text_that_is_not_utf8(void **unused)
{
	AUTO_JSON json_t *j = NULL;
	struct settings s;

	(void)unused;
	settings_defaults(&s);
	machine_fresh(&f);
	(void)TEXT_COPY(f.os.id, "d\xe9"
				 "bian");
	plan_build(&f, &s, &catalogue_built_in, &p);
	j = plan_to_json(&p);
	assert_non_null(j);
	assert_non_null(strstr(json_text_at(j, "decision.reason", ""), "d?bian"));
}

#define ONE  "{\"id\":\"a\",\"what\":\"b\",\"remedy\":\"c\"}"
#define FOUR ONE "," ONE "," ONE "," ONE
#define MANY FOUR "," FOUR "," FOUR "," FOUR

/* Each is a plan but for one member, which is replaced, or removed where there is no value. */
static const struct {
	const char *name, *at, *key, *value;
} bad_rows[] = {
	{ "another schema", "", "schema", "\"ib-vmext/plan/2\"" },
	{ "no decision", "", "decision", NULL },
	{ "a code that is a text", "decision", "exitCode", "\"0\"" },
	{ "a fault that nobody knows", "decision", "fault", "\"meteor\"" },
	{ "steps that are no array", "", "steps", "{}" },
	{ "a kind that nobody knows", "steps.0", "kind", "\"magic\"" },
	{ "a step without items", "steps.0", "items", NULL },
	{ "an item that is no text", "steps.0", "items", "[1]" },
	{ "an id that is too long", "steps.0", "id",
	  "\"0123456789012345678901234567890123456789\"" },
	{ "changes that are no array", "steps.0", "changes", "\"x\"" },
	{ "a candidate without estimate", "candidates.0", "estimate", NULL },
	{ "a warning that is no object", "", "warnings", "[1]" },
	{ "more warnings than there is room for", "", "warnings", "[" MANY "," MANY "," ONE "]" },
};

static void refuses_what_is_no_plan(void **unused)
{
	(void)unused;
	build(machine_fresh);
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		AUTO_JSON json_t *j = plan_to_json(&p);
		json_t *at = bad_rows[i].at[0] == '\0' ? j : json_at(j, bad_rows[i].at);
		struct error err = { 0 };

		assert_non_null(at);
		if (bad_rows[i].value == NULL)
			(void)json_object_del(at, bad_rows[i].key);
		else
			(void)json_object_set_new(
				at, bad_rows[i].key,
				json_loads(bad_rows[i].value, JSON_DECODE_ANY, NULL));
		back.nsteps = 77;
		if (plan_from_json(j, &back, &err) != -1 || back.nsteps != 77 ||
		    err.fault != FAULT_JOURNAL_DAMAGED)
			fail_msg("%s", bad_rows[i].name);
	}
	assert_int_equal(plan_from_json(NULL, &back, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_the_same),
		cmocka_unit_test(has_the_fixed_keys),
		cmocka_unit_test(a_refusal_is_a_document_too),
		cmocka_unit_test(survives_text_that_is_not_utf8),
		cmocka_unit_test(refuses_what_is_no_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
