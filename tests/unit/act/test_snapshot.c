/* tests/unit/act/test_snapshot.c - after an undo the machine is held against how it was before the
 * run, and each difference is told with its reason. */
#include "machine.h"

#include <unistd.h>

#include "act/record/snapshot.h"
#include "base/fs.h"
#include "host/run.h"

#define OURS "etc/modules-load.d/ib-vmext.conf"

static struct machine m;

static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	machine_put(&m, "etc/modprobe.d/site.conf", "options mlx5_core x=1\n");
	packages_put(&m, "vim", "9.0", "install ok installed");
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static void apply(void)
{
	struct outcome o;

	machine_apply(&m, &o);
	if (o.exit_code != 0)
		fail_msg("%s", o.message);
}

/* The one of this kind and name; "" for one that does not differ. */
static const char *why(const struct outcome *o, const char *kind, const char *name)
{
	for (unsigned i = 0; i < o->ndifferences && i < DIFFERENCES_MAX; i++)
		if (text_eq(o->differences[i].kind, kind) && text_eq(o->differences[i].name, name))
			return difference_why(&o->differences[i]);
	return "";
}

static void nothing_differs_but_loaded_modules(void **unused)
{
	struct outcome o;

	(void)unused;
	apply();
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	assert_true(o.compared);
	assert_true(o.ndifferences > 0);
	assert_int_equal(o.differ[DIFFERS_NEXT_BOOT], o.ndifferences);
	assert_string_equal(why(&o, "module", "mlx5_ib"), "next-boot");
	assert_true(text_starts(o.message, "Everything is as it was before, but modules"));
}

static void a_restart_takes_the_modules_away(void **unused)
{
	struct outcome o;

	(void)unused;
	apply();
	assert_int_equal(unlinkat(m.host.root, OURS, 0), 0);
	machine_restart(&m);
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	assert_true(o.compared);
	assert_int_equal(o.ndifferences, 0);
}

static void others_are_told_from_us(void **unused)
{
	struct outcome o;

	(void)unused;
	apply();
	machine_put(&m, OURS, "# a person's\n");
	machine_put(&m, "etc/modprobe.d/site.conf", "options mlx5_core x=2\n");
	machine_put(&m, "etc/systemd/system/site.service", "[Unit]\n");
	packages_put(&m, "vim", "9.1", "install ok installed");
	packages_put(&m, "emacs", "28", "install ok installed");
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	assert_string_equal(why(&o, "file", OURS ".ib-vmext-kept"), "kept-beside");
	assert_string_equal(why(&o, "file", "etc/modprobe.d/site.conf"), "foreign");
	assert_string_equal(why(&o, "file", "etc/systemd/system/site.service"), "foreign");
	assert_string_equal(why(&o, "package", "vim:amd64"), "foreign");
	assert_string_equal(why(&o, "package", "emacs:amd64"), "foreign");
	assert_string_equal(why(&o, "file", OURS), "");
	assert_string_equal(why(&o, "package", "rdma-core:amd64"), "");
	assert_non_null(strstr(o.message, "What others changed since stays: package vim:amd64"));
	assert_non_null(strstr(m.said.data, "undo.difference"));
}

/* Where a step's undo believes itself to be done, and it is not so. */
static int run_and_bring_back(const struct host *h, const struct run_spec *spec,
			      struct run_result *ret, struct error *err)
{
	for (const char *const *word = spec->argv; *word; word++)
		if (text_starts(*word, "--purge"))
			machine_put(&m, OURS, "back again\n");
	return machine_runner.run(h, spec, ret, err);
}

static const struct runner bringing_back = { run_and_bring_back };

static void what_we_left_is_a_failure(void **unused)
{
	struct outcome o;

	(void)unused;
	apply();
	m.host.runner = &bringing_back;
	machine_undo(&m, false, &o);
	assert_string_equal(why(&o, "file", OURS), "left");
	assert_int_equal(o.exit_code, 14);
	assert_int_equal(o.fault, FAULT_KEPT_BACK);
	assert_non_null(strstr(o.message, "file /" OURS));
}

static void a_run_that_was_turned_back_is_compared(void **unused)
{
	struct outcome o;

	(void)unused;
	m.driver_dead = true;
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_true(o.compared);
	assert_int_equal(o.differ[DIFFERS_NEXT_BOOT], o.ndifferences);
}

static int remove_one(void *ctx, const char *name)
{
	char path[200];

	(void)ctx;
	TEXT_FORMAT(path, ACT_STATE_DIR "/saved/%s/snapshot.json", name);
	return fs_remove(m.host.root, path);
}

static void without_a_snapshot_nothing_is_claimed(void **unused)
{
	struct outcome o;

	(void)unused;
	apply();
	assert_int_equal(fs_list(m.host.root, ACT_STATE_DIR "/saved", remove_one, NULL), 0);
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	assert_false(o.compared);
	assert_int_equal(o.ndifferences, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_differs_but_loaded_modules, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_restart_takes_the_modules_away, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(others_are_told_from_us, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_we_left_is_a_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_that_was_turned_back_is_compared, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(without_a_snapshot_nothing_is_claimed, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
