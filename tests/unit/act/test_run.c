/* tests/unit/act/test_run.c - whole runs: to their end, and back. */
#include "machine.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(installs_and_undoes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
