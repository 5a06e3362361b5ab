/* tests/unit/act/test_names.c - RDMA devices are renamed, unless a program has one open, and get
 * their former names back. */
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/names.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "facts/facts.h"
#include "host/run.h"
#include "probe/probe.h"

#define DEVICES "sys/class/infiniband/"

static struct machine m;
static struct step_context c;
static const struct step step = { .id = "names", .kind = STEP_NAMES };
static bool rdma_is_old;
static struct buf asked;

static int fail_program(struct run_result *ret)
{
	ret->code = 1;
	return buf_add_text(&ret->err, "Unknown\n");
}

/* The kernel's part: the device's directory has another name. */
static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	const char *const *a = spec->argv;
	bool by_rdma = text_eq(a[0], "rdma");
	char from[80], to[80];

	(void)err;
	ret->end = RUN_EXITED;
	assert_int_equal(buf_add_format(&asked, "%s;", a[0]), 0);
	if (by_rdma && rdma_is_old)
		return fail_program(ret);
	assert_string_equal(by_rdma ? a[4] : a[2], by_rdma ? "name" : "NAME_FIXED");
	TEXT_FORMAT(from, DEVICES "%s", by_rdma ? a[3] : a[1]);
	TEXT_FORMAT(to, DEVICES "%s", by_rdma ? a[5] : a[3]);
	assert_int_equal(renameat(h->root, from, h->root, to), 0);
	return 0;
}

static const struct runner player = { .run = play };

static int make(void **unused)
{
	(void)unused;
	buf_clear(&asked);
	rdma_is_old = false;
	machine_make(&m);
	(void)!fs_remove(m.host.root, "sys/class/infiniband");
	machine_show_port(&m);
	m.host.runner = &player;
	c = (struct step_context) { .host = &m.host, .settings = &m.settings };
	return 0;
}

static int drop(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static json_t *apply(void)
{
	struct error err = { 0 };
	json_t *before = NULL;

	assert_false(step_names.check(&c, &step));
	assert_int_equal(step_names.prepare(&c, &step, &before, &err), 0);
	assert_int_equal(step_names.apply(&c, &step, before, &err), 0);
	return before;
}

static void names_and_takes_back(void **unused)
{
	AUTO_JSON json_t *before = apply();
	struct error err = { 0 };

	(void)unused;
	assert_true(machine_has(&m, DEVICES "mlx5_ib0"));
	assert_false(machine_has(&m, DEVICES "mlx5_0"));
	assert_true(step_names.check(&c, &step));
	assert_int_equal(step_names.undo(&c, &step, before, &err), 0);
	assert_true(machine_has(&m, DEVICES "mlx5_0"));
	/* A boot has given the kernel's name back: nothing is done twice. */
	buf_clear(&asked);
	assert_int_equal(step_names.undo(&c, &step, before, &err), 0);
	assert_int_equal(asked.len, 0);
}

static void falls_back_on_rdma_core(void **unused)
{
	AUTO_JSON json_t *before = NULL;

	(void)unused;
	rdma_is_old = true;
	machine_put(&m, "usr/lib/udev/rdma_rename", "");
	before = apply();
	assert_true(machine_has(&m, DEVICES "mlx5_ib0"));
	assert_string_equal(buf_text(&asked), "rdma;/usr/lib/udev/rdma_rename;");
}

static void what_fails_is_said(void **unused)
{
	AUTO_JSON json_t *before = NULL;

	(void)unused;
	rdma_is_old = true;
	before = apply();
	assert_true(machine_has(&m, DEVICES "mlx5_0"));
	assert_non_null(strstr(buf_text(&m.said), "names.failed"));
}

static void leaves_a_device_in_use(void **unused)
{
	AUTO_JSON json_t *before = NULL;

	(void)unused;
	machine_put(&m, "proc/812/comm", "mpirun\n");
	machine_put(&m, "proc/812/fd/x", "");
	assert_int_equal(symlinkat("/dev/infiniband/uverbs0", m.host.root, "proc/812/fd/5"), 0);
	before = apply();
	assert_true(machine_has(&m, DEVICES "mlx5_0"));
	assert_int_equal(asked.len, 0);
	assert_non_null(strstr(buf_text(&m.said), "pid 812 (mpirun)"));
}

static void other_functions_are_left_alone(void **unused)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_JSON json_t *of_all = NULL, *of_another = NULL;

	(void)unused;
	assert_int_equal(probe_facts(&m.host, NULL, f, NULL), 0);
	of_all = names_missing(f, NULL);
	of_another = names_missing(f, "0102:00:00.0");
	assert_int_equal(json_array_size(of_all), 1);
	assert_int_equal(json_array_size(of_another), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_and_takes_back, make, drop),
		cmocka_unit_test_setup_teardown(falls_back_on_rdma_core, make, drop),
		cmocka_unit_test_setup_teardown(what_fails_is_said, make, drop),
		cmocka_unit_test_setup_teardown(leaves_a_device_in_use, make, drop),
		cmocka_unit_test_setup_teardown(other_functions_are_left_alone, make, drop),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&asked);
	return rc;
}
