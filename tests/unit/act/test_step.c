/* tests/unit/act/test_step.c - what it means that a kind of step leaves something out. */
#include "machine.h"

#include <stdlib.h>

#include "act/step/step.h"

static struct machine m;
static struct step_context c;

static void prepare(void)
{
	machine_make(&m);
	c = (struct step_context) { .host = &m.host, .settings = &m.settings };
}

static void each_kind_is_carried_out(void **unused)
{
	(void)unused;
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		if (!step_ops((enum step_kind)kind))
			fail_msg("nothing carries out %s", step_kind_name((enum step_kind)kind));
}

/* A look at the machine changes nothing, and there is nothing to take back. */
static void a_look_is_a_confirmation_alone(void **unused)
{
	static const struct step look = { .id = "next-boot",
					  .kind = STEP_NEXT_BOOT,
					  .items = { "no_such_module" },
					  .nitems = 1 };
	AUTO_JSON json_t *before = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	machine_put(&m, "boot/vmlinuz-6.1.0-18-amd64", "");
	assert_false(step_check(&c, &look));
	assert_int_equal(step_prepare(&c, &look, &before, &err), 0);
	assert_true(json_is_object(before));
	assert_int_equal(step_apply(&c, &look, before, &err), -1);
	assert_int_equal(err.fault, FAULT_NEXT_BOOT);
	assert_int_equal(step_undo(&c, &look, before, &err), 0);
	machine_drop(&m);
}

/* Whoever died before systemctl was called must not take it for done. */
static void what_does_not_show_is_done_again(void **unused)
{
	static const struct step reexec = { .id = "limits-manager",
					    .kind = STEP_MANAGER,
					    .items = { "DefaultLimitMEMLOCK" },
					    .nitems = 1 };
	static const struct step addresses = { .id = "ipoib", .kind = STEP_ADDRESSES };

	(void)unused;
	prepare();
	assert_false(step_was_done(&c, &reexec));
	assert_false(step_was_done(&c, &addresses));
	machine_drop(&m);
}

static void what_shows_is_not_done_again(void **unused)
{
	static const struct step file = { .id = "file",
					  .kind = STEP_FILE,
					  .items = { "etc/x.conf" },
					  .nitems = 1,
					  .content = "x\n" };

	(void)unused;
	prepare();
	assert_false(step_was_done(&c, &file));
	machine_put(&m, "etc/x.conf", "x\n");
	assert_true(step_was_done(&c, &file));
	machine_drop(&m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_carried_out),
		cmocka_unit_test(a_look_is_a_confirmation_alone),
		cmocka_unit_test(what_does_not_show_is_done_again),
		cmocka_unit_test(what_shows_is_not_done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
