/* tests/unit/act/test_run.c - whole runs: to their end, and back. */
#include "machine.h"

#include "act/outcome.h"
#include "base/fault.h"
#include "base/fs.h"
#include "facts/own_files.h"

static struct machine m;
static struct outcome o;

static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static void installs_and_undoes(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	machine_snapshot(&m, &now);
	assert_string_not_equal(buf_text(&now), buf_text(&former));
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
}

/* Somebody else's stack works, and nothing is configured beside it. */
static void make_foreign_stack(void)
{
	static const char *const ours[] = { "var/lib/ib-vmext", "usr/libexec/ib-vmext",
					    OWN_SESSION_LIMITS, OWN_SYSTEM_LIMITS,
					    OWN_USER_LIMITS };

	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		assert_true(machine_has(&m, ours[i]));
		assert_int_equal(fs_remove(m.host.root, ours[i]), 0);
	}
}

static void a_kept_stack_is_configured_once(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, configured = { 0 }, now = { 0 };

	(void)unused;
	make_foreign_stack();
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	assert_true(o.changed && plan_keeps(&o.plan));
	assert_non_null(strstr(o.message, "kept as it was"));
	assert_true(machine_has(&m, OWN_SESSION_LIMITS));
	machine_snapshot(&m, &configured);
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	assert_int_equal(o.plan.nsteps, 0);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&configured));
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
}

/* The adapter leaves the bus in the middle of the run; nobody stops it. */
static bool adapter_goes(void *ctx)
{
	static const char function[] = "sys/bus/pci/devices/0101:00:00.0";

	(void)ctx;
	if (machine_has(&m, OWN_SYSTEM_LIMITS) && machine_has(&m, function))
		assert_int_equal(fs_remove(m.host.root, function), 0);
	return false;
}

/* What does not work is no reason to leave something behind. */
static void a_kept_stack_that_dies_meanwhile_stays_as_it_was(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	make_foreign_stack();
	machine_snapshot(&m, &former);
	m.stop = adapter_goes;
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_non_null(strstr(o.message, "the driver was kept"));
	assert_false(machine_has(&m, OWN_SESSION_LIMITS));
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
}

/* 11 judges a machine before the work; what goes wrong after it began is 14. */
static void an_adapter_that_goes_is_a_failure(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	m.adapter_goes = true;
	assert_int_equal(fs_remove(m.host.root, "sys/class/infiniband"), 0);
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_int_equal(o.fault, FAULT_ADAPTER_LOST);
	machine_snapshot(&m, &now);
	assert_string_equal(buf_text(&now), buf_text(&former));
}

/* The same on a machine where nothing has to be changed any more. */
static void a_kept_stack_may_lose_its_adapter(void **unused)
{
	struct outcome kept = { .verification = { .verdict = VERDICT_ABSENT } };

	(void)unused;
	outcome_of_verification(&kept, true);
	assert_int_equal(kept.exit_code, 14);
	assert_int_equal(fault_row(kept.fault)->exit_code, 14);
}

/* verify: loopback. No program could send anything here: there is no proof, in a new stack and in
 * one that is kept; the driver stays. */
static void traffic_is_part_of_the_proof_where_it_is_asked_for(void **unused)
{
	static const char why[] = "loopback:mlx5_0/1: neither ib_write_bw nor ibv_rc_pingpong";

	(void)unused;
	m.settings.verify = VERIFY_LOOPBACK;
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_int_equal(o.fault, FAULT_DEGRADED);
	assert_non_null(strstr(o.message, why));
	assert_true(machine_has(&m, OWN_SESSION_LIMITS));
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_true(plan_keeps(&o.plan));
	assert_non_null(strstr(o.message, why));
	m.settings.verify = VERIFY_PORTS;
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(installs_and_undoes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_kept_stack_is_configured_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_kept_stack_that_dies_meanwhile_stays_as_it_was,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_adapter_that_goes_is_a_failure, set_up,
						tear_down),
		cmocka_unit_test(a_kept_stack_may_lose_its_adapter),
		cmocka_unit_test_setup_teardown(traffic_is_part_of_the_proof_where_it_is_asked_for,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
