/* tests/unit/probe/test_probe.c - whole machines made for one question each: what is unknown, what
 * is not there. */
#include "fixture.h"

#include "facts/facts.h"
#include "probe/probe.h"

static const struct probe_options with_metadata = { .metadata = true };

struct machine {
	struct world world;
	struct host host;
	struct facts facts;
};

static int setup(void **state)
{
	static struct machine m;

	memset(&m, 0, sizeof m);
	m.host.root = -1;
	world_make(&m.world);
	*state = &m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	host_close(&m->host);
	world_drop(&m->world);
	return 0;
}

static void probe(struct machine *m, const char *members)
{
	struct error err = { 0 };

	world_start(&m->world, members, &m->host);
	if (probe_facts(&m->host, &with_metadata, &m->facts, &err) < 0)
		fail_msg("probe_facts: %s", err.what);
}

static void nothing_to_read_is_an_error(void **state)
{
	struct machine *m = *state;
	struct error err = { 0 };

	world_start(&m->world, "", &m->host);
	assert_int_equal(probe_facts(&m->host, NULL, &m->facts, &err), -1);
	assert_int_equal(err.fault, FAULT_READ_FAILED);
	assert_int_equal(probe_rdma(&m->host, &m->facts, &err), -1);
}

static void a_bare_tree_leaves_all_unknown(void **state)
{
	struct machine *m = *state;
	static const struct facts none;

	world_put_dir(&m->world, "root/etc");
	probe(m, "");
	assert_int_equal(m->facts.vm.metadata, METADATA_STATE_NONE);
	m->facts.vm.metadata = METADATA_STATE_UNKNOWN;
	assert_memory_equal(&m->facts, &none, sizeof none);
}

static void a_known_sys_without_vmbus_has_none(void **state)
{
	struct machine *m = *state;

	world_put_dir(&m->world, "root/sys/bus/pci/devices");
	probe(m, "");
	assert_int_equal(m->facts.hyperv.vmbus, TRI_NO);
	/* It may still be a module that nobody has loaded. */
	assert_int_equal(m->facts.hyperv.pci, TRI_UNKNOWN);
	assert_int_equal(m->facts.kernel.secure_boot, TRI_NO);
	assert_false(m->facts.modules_known);
}

static void pass_through_may_be_built_in_or_loadable(void **state)
{
	struct machine *m = *state;

	world_put_dir(&m->world, "root/sys/bus/vmbus");
	world_put(&m->world, "root/proc/sys/kernel/osrelease", "6.1.0\n");
	world_put(&m->world, "root/lib/modules/6.1.0/modules.builtin",
		  "kernel/drivers/pci/controller/pci-hyperv.ko\n");
	probe(m, "");
	assert_int_equal(m->facts.hyperv.vmbus, TRI_YES);
	assert_int_equal(m->facts.hyperv.pci, TRI_YES);
	assert_false(m->facts.modules_known); /* modules.dep is missing */
}

static void pass_through_is_missing_only_when_all_was_read(void **state)
{
	struct machine *m = *state;

	world_put_dir(&m->world, "root/sys/bus/vmbus");
	world_put(&m->world, "root/proc/sys/kernel/osrelease", "6.1.0\n");
	world_put(&m->world, "root/lib/modules/6.1.0/modules.builtin", "");
	world_put(&m->world, "root/lib/modules/6.1.0/modules.dep", "");
	probe(m, "");
	assert_true(m->facts.modules_known);
	assert_int_equal(m->facts.hyperv.pci, TRI_NO);
}

static void secure_boot_of_an_uefi_machine(void **state)
{
	struct machine *m = *state;

	world_put(&m->world,
		  "root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		  "\6\1\1\1\1");
	probe(m, "");
	assert_int_equal(m->facts.kernel.secure_boot, TRI_YES);
}

static void a_release_is_no_path(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/proc/sys/kernel/osrelease", "../../etc\n");
	world_put(&m->world, "root/etc/modules.dep", "kernel/mlx5_ib.ko:\n");
	probe(m, "");
	assert_string_equal(m->facts.kernel.release, "");
	assert_int_equal(m->facts.nmodules, 0);
}

static void os_release_of_usr(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/usr/lib/os-release", "ID=azurelinux\nVERSION_ID=3.0\n");
	world_put(&m->world, "root/usr/bin/tdnf", "");
	world_put(&m->world, "root/usr/bin/dnf", "");
	probe(m, "");
	assert_string_equal(m->facts.os.id, "azurelinux");
	assert_string_equal(m->facts.package_manager, "tdnf");
	assert_false(m->facts.packages_known);
}

static const struct {
	const char *imds;
	enum metadata_state want;
	bool azure;
} metadata_rows[] = {
	{ "\"imds\":null", METADATA_STATE_NONE, false },
	{ "\"imds\":{\"error\":\"timeout\"}", METADATA_STATE_SILENT, false },
	{ "\"imds\":{\"error\":\"429\"}", METADATA_STATE_SILENT, false },
	{ "\"imds\":{\"error\":\"404\"}", METADATA_STATE_SILENT, false },
	{ "\"imds\":{\"instance\":{}}", METADATA_STATE_SILENT,
	  false }, /* answers, but is not Azure's */
	{ "\"imds\":{\"compute\":{\"vmSize\":\"x\"}}", METADATA_STATE_ANSWERED, true },
};

static void metadata_ends_in_three_ways(void **state)
{
	struct machine *m = *state;

	world_put_dir(&m->world, "root/etc");
	for (size_t i = 0; i < ARRAY_SIZE(metadata_rows); i++) {
		probe(m, metadata_rows[i].imds);
		if (m->facts.vm.metadata != metadata_rows[i].want ||
		    m->facts.vm.azure != metadata_rows[i].azure)
			fail_msg("%s", metadata_rows[i].imds);
		host_close(&m->host);
	}
}

static void metadata_is_asked_only_on_request(void **state)
{
	struct machine *m = *state;

	world_put_dir(&m->world, "root/etc");
	world_start(&m->world, "\"imds\":{\"compute\":{\"vmSize\":\"x\"}}", &m->host);
	assert_int_equal(probe_facts(&m->host, &(struct probe_options) { 0 }, &m->facts, NULL), 0);
	assert_int_equal(m->facts.vm.metadata, METADATA_STATE_UNKNOWN);
	assert_string_equal(m->facts.vm.size, "");
}

#define CLASS    "root/sys/class/infiniband/"
#define FUNCTION "root/sys/bus/pci/devices/0101:00:00.0/"

static void put_function(struct machine *m, const char *class_code)
{
	world_put(&m->world, FUNCTION "vendor", "0x15b3\n");
	world_put(&m->world, FUNCTION "device", "0x1004\n");
	world_put(&m->world, FUNCTION "class", class_code);
}

static void ports_decide_the_link_layer(void **state)
{
	struct machine *m = *state;

	put_function(m, "0x028000\n");
	world_put_link(&m->world, CLASS "mlx4_0/device", "../../../bus/pci/devices/0101:00:00.0");
	world_put(&m->world, CLASS "mlx4_0/ports/1/link_layer", "Ethernet\n");
	probe(m, "");
	assert_int_equal(m->facts.nnics, 1);
	assert_int_equal(m->facts.nics[0].link_layer, LINK_LAYER_ETHERNET);
	assert_string_equal(m->facts.ports[0].pci, "0101:00:00.0");
	assert_int_equal(m->facts.ports[0].state, PORT_STATE_UNKNOWN);
	assert_int_equal(facts_count_infiniband_nics(&m->facts), 0);
}

static void interfaces_of_a_function_with_two_ports(void **state)
{
	struct machine *m = *state;

	put_function(m, "0x020700\n");
	world_put_link(&m->world, CLASS "mlx5_0/device", "../../../bus/pci/devices/0101:00:00.0");
	world_put(&m->world, CLASS "mlx5_0/ports/1/link_layer", "InfiniBand\n");
	world_put(&m->world, CLASS "mlx5_0/ports/2/link_layer", "InfiniBand\n");
	world_put(&m->world, FUNCTION "net/eth5/type",
		  "1\n"); /* of the same function, but Ethernet */
	world_put(&m->world, FUNCTION "net/eth5/dev_port", "0\n");
	world_put(&m->world, FUNCTION "net/ib1/type", "32\n");
	world_put(&m->world, FUNCTION "net/ib1/dev_port", "1\n");
	world_put(&m->world, FUNCTION "net/ib2.8001/type", "32\n");
	world_put(&m->world, FUNCTION "net/ib2.8001/dev_port", "0\n");
	world_put(&m->world, FUNCTION "net/ib2/type", "32\n");
	world_put(&m->world, FUNCTION "net/ib2/dev_port", "0\n");
	probe(m, "");
	assert_int_equal(m->facts.nports, 2);
	assert_string_equal(m->facts.ports[0].netdev, "ib2");
	assert_string_equal(m->facts.ports[1].netdev, "ib1");
}

static void interface_by_the_guid_in_its_address(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, CLASS "mlx5_0/ports/1/link_layer", "InfiniBand\n");
	world_put(&m->world, CLASS "mlx5_0/node_guid", "0015:5dff:fe33:ff17\n");
	world_put(&m->world, "root/sys/class/net/eth0/address", "00:15:5d:33:ff:17\n");
	world_put(&m->world, "root/sys/class/net/ibP257s429327/address",
		  "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:17\n");
	probe(m, "");
	assert_string_equal(m->facts.ports[0].netdev, "ibP257s429327");
	assert_string_equal(m->facts.ports[0].pci, "");
}

static void partition_keys_that_are_set(void **state)
{
	struct machine *m = *state;
	char path[80], text[16];

	for (int i = 0; i < 40; i++) {
		(void)TEXT_FORMAT(path, CLASS "mlx5_0/ports/1/pkeys/%d", i);
		(void)TEXT_FORMAT(text, "0x%04x\n", i % 2 ? 0x8000 + i : 0);
		world_put(&m->world, path, text);
	}
	probe(m, "");
	assert_int_equal(m->facts.ports[0].npkeys, FACTS_PKEYS_MAX);
	assert_int_equal(m->facts.ports[0].pkeys[0], 0x8001);
}

static void more_functions_than_there_is_room_for(void **state)
{
	struct machine *m = *state;
	char path[80];

	for (int i = 0; i < FACTS_NICS_MAX + 2; i++) {
		(void)TEXT_FORMAT(path, "root/sys/bus/pci/devices/%04x:00:00.0/vendor", i);
		world_put(&m->world, path, "0x15b3\n");
		(void)TEXT_FORMAT(path, "root/sys/bus/pci/devices/%04x:00:00.0/device", i);
		world_put(&m->world, path, "0x101c\n");
		(void)TEXT_FORMAT(path, "root/sys/bus/pci/devices/%04x:00:00.0/class", i);
		world_put(&m->world, path, "0x020700\n");
		(void)TEXT_FORMAT(path, CLASS "mlx5_%d/ports/1/state", i);
		world_put(&m->world, path, "4: ACTIVE\n");
	}
	probe(m, "");
	assert_int_equal(m->facts.nnics, FACTS_NICS_MAX);
	assert_int_equal(m->facts.nports, FACTS_PORTS_MAX);
}

static void only_rdma_is_read_again(void **state)
{
	struct machine *m = *state;

	put_function(m, "0x020700\n");
	world_put(&m->world, "root/etc/os-release", "ID=debian\n");
	world_put(&m->world, "root/proc/modules", "mlx5_core 1 0 - Live 0x0\n");
	probe(m, "");
	assert_int_equal(m->facts.nports, 0);
	world_put(&m->world, "root/etc/os-release", "ID=other\n");
	world_put(&m->world, "root/proc/modules",
		  "mlx5_ib 1 0 - Live 0x0\nmlx5_core 1 0 - Live 0x0\n");
	world_put(&m->world, CLASS "mlx5_0/ports/1/state", "4: ACTIVE\n");
	assert_int_equal(probe_rdma(&m->host, &m->facts, NULL), 0);
	assert_int_equal(m->facts.nnics, 1);
	assert_int_equal(m->facts.nports, 1);
	assert_non_null(facts_module(&m->facts, "mlx5_ib"));
	assert_string_equal(m->facts.os.id, "debian");
}

static void modules_of_a_container_without_their_list(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/proc/sys/kernel/osrelease", "6.1.0\n");
	world_put(&m->world, "root/lib/modules/6.1.0/modules.dep", "kernel/mlx5_ib.ko:\n");
	world_put(&m->world, "root/sys/module/mlx5_ib/initstate", "live\n");
	world_put(&m->world, "root/sys/module/mlx5_core/initstate", "coming\n");
	world_start(&m->world, "", &m->host);
	/* Nothing was read before: the release is, for modules.dep. */
	memset(&m->facts, 0, sizeof m->facts);
	assert_int_equal(probe_rdma(&m->host, &m->facts, NULL), 0);
	assert_int_equal(m->facts.nmodules, 1);
	assert_true(facts_module(&m->facts, "mlx5_ib")->loaded);
	assert_string_equal(facts_module(&m->facts, "mlx5_ib")->path, "kernel/mlx5_ib.ko");
}

#define OFED                                                                                       \
	"\"commands\":[{\"argv\":[\"ofed_info\",\"-s\"],\"code\":0,\"stdout\":\"MLNX_OFED_LINUX-"  \
	"5.5-1.0.3.2:\\n\"}]"

static void asks_ofed_info_where_it_is_installed(void **state)
{
	struct machine *m = *state;

	world_put_dir(&m->world, "root/etc");
	probe(m, OFED);
	assert_int_equal(m->facts.driver.kind, DRIVER_NONE);
	host_close(&m->host);
	world_put(&m->world, "root/usr/bin/ofed_info", "");
	probe(m, OFED);
	assert_int_equal(m->facts.driver.kind, DRIVER_MLNX_OFED);
	assert_string_equal(m->facts.driver.version, "5.5-1.0.3.2");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_to_read_is_an_error),
		TEST(a_bare_tree_leaves_all_unknown),
		TEST(a_known_sys_without_vmbus_has_none),
		TEST(pass_through_may_be_built_in_or_loadable),
		TEST(pass_through_is_missing_only_when_all_was_read),
		TEST(secure_boot_of_an_uefi_machine),
		TEST(a_release_is_no_path),
		TEST(os_release_of_usr),
		TEST(metadata_ends_in_three_ways),
		TEST(metadata_is_asked_only_on_request),
		TEST(ports_decide_the_link_layer),
		TEST(interfaces_of_a_function_with_two_ports),
		TEST(interface_by_the_guid_in_its_address),
		TEST(partition_keys_that_are_set),
		TEST(more_functions_than_there_is_room_for),
		TEST(only_rdma_is_read_again),
		TEST(modules_of_a_container_without_their_list),
		TEST(asks_ofed_info_where_it_is_installed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
