/* tests/unit/host/test_node.c - device nodes and addresses, of a world and of the machine we run
 * on. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>

#include "host/node.h"
#include "host/recorder.h"

static void a_world_tells_of_nodes(void **unused)
{
	struct node n = { 0 };
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_start(
		&w,
		"\"nodes\":{\"dev/a\":{\"mode\":\"0660\",\"group\":7},\"dev/b\":{\"mode\":\"9\"}}",
		&h);
	assert_int_equal(host_node(&h, "dev/a", &n), 0);
	assert_int_equal(n.mode, 0660);
	assert_int_equal(n.group, 7);
	assert_int_equal(host_node(&h, "dev/b", &n), -ENODATA);
	assert_int_equal(host_node(&h, "dev/c", &n), -ENOENT);
	host_close(&h);
	world_start(&w, "", &h);
	assert_int_equal(host_node(&h, "dev/a", &n), -ENODATA);
	host_close(&h);
	world_drop(&w);
}

static void a_world_tells_of_addresses(void **unused)
{
	struct world w;
	struct host h;
	char text[16] = "";

	(void)unused;
	world_make(&w);
	world_start(&w, "\"addresses\":{\"ib0\":\"172.16.1.14\"}", &h);
	assert_int_equal(host_ipv4(&h, "ib0", text, sizeof text), 0);
	assert_string_equal(text, "172.16.1.14");
	assert_int_equal(host_ipv4(&h, "ib1", text, sizeof text), -EADDRNOTAVAIL);
	host_close(&h);
	world_start(&w, "", &h);
	assert_int_equal(host_ipv4(&h, "ib0", text, sizeof text), -ENODATA);
	host_close(&h);
	world_drop(&w);
}

static void this_machine_tells(void **unused)
{
	struct node n = { 0 };
	struct error err;
	struct host h;
	char text[16];

	(void)unused;
	assert_int_equal(host_open_live(&h, NULL, &err), 0);
	assert_int_equal(host_node(&h, "dev/null", &n), 0);
	assert_int_equal(n.mode & 0666, 0666);
	assert_int_equal(host_node(&h, "dev/infiniband/none", &n), -ENOENT);
	assert_int_equal(host_ipv4(&h, "no-such-netdev0", text, sizeof text), -ENODATA);
	host_close(&h);
}

/* What is known to be missing is noted by a member that has it not; what is not known by none. */
static void a_recorder_notes_both(void **unused)
{
	struct recorder r;
	struct node n;
	struct world w;
	struct host h;
	char text[16];

	(void)unused;
	assert_int_equal(recorder_init(&r), 0);
	world_make(&w);
	world_start(&w, "\"nodes\":{\"dev/a\":{\"mode\":\"0666\",\"group\":0}}", &h);
	h.recorder = &r;
	assert_int_equal(host_node(&h, "dev/a", &n), 0);
	assert_int_equal(host_node(&h, "dev/b", &n), -ENOENT);
	assert_int_equal(host_ipv4(&h, "ib0", text, sizeof text), -ENODATA);
	assert_true(json_equal(r.nodes, json_object_get(h.world, "nodes")));
	assert_null(r.addresses);
	h.recorder = NULL;
	host_close(&h);
	world_drop(&w);
	recorder_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_world_tells_of_nodes),
		cmocka_unit_test(a_world_tells_of_addresses),
		cmocka_unit_test(this_machine_tells),
		cmocka_unit_test(a_recorder_notes_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
