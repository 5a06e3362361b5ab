/* tests/unit/facts/test_facts.c - the questions that rooms ask of the facts, and the facts' JSON,
 * both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts/facts.h"

static const struct {
	const char *name;
	struct nic_facts nic;
	bool want;
} infiniband_rows[] = {
	{ "mlx5 function of class 0207",
	  { .vendor = 0x15b3, .device = 0x101c, .class_code = 0x0207 },
	  true },
	{ "an id that nobody knows yet",
	  { .vendor = 0x15b3, .device = 0xffff, .class_code = 0x0207 },
	  true },
	{ "accelerated networking",
	  { .vendor = 0x15b3, .device = 0x1016, .class_code = 0x0200 },
	  false },
	{ "the same id as InfiniBand elsewhere",
	  { .vendor = 0x15b3, .device = 0x1018, .class_code = 0x0200 },
	  false },
	{ "ConnectX-3 Pro shows 0280",
	  { .vendor = 0x15b3, .device = 0x1004, .class_code = 0x0280 },
	  true },
	{ "ConnectX-3 whose port is Ethernet",
	  { .vendor = 0x15b3,
	    .device = 0x1004,
	    .class_code = 0x0280,
	    .link_layer = LINK_LAYER_ETHERNET },
	  false },
	{ "ConnectX-3 as accelerated networking",
	  { .vendor = 0x15b3, .device = 0x1004, .class_code = 0x0200 },
	  false },
	{ "0280 of another family",
	  { .vendor = 0x15b3, .device = 0x101c, .class_code = 0x0280 },
	  false },
	{ "0280 of another family, but its port says so",
	  { .vendor = 0x15b3,
	    .device = 0x101c,
	    .class_code = 0x0280,
	    .link_layer = LINK_LAYER_INFINIBAND },
	  true },
	{ "MANA is never InfiniBand",
	  { .vendor = 0x1414,
	    .device = 0x00ba,
	    .class_code = 0x0200,
	    .link_layer = LINK_LAYER_INFINIBAND },
	  false },
	{ "InfiniBand of another vendor",
	  { .vendor = 0x8086, .device = 0x24f0, .class_code = 0x0207 },
	  false },
};

static void tells_infiniband_functions(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(infiniband_rows); i++) {
		if (nic_is_infiniband(&infiniband_rows[i].nic) != infiniband_rows[i].want)
			fail_msg("nic_is_infiniband: %s", infiniband_rows[i].name);
	}
}

/* With no padding that an assignment would leave as it was: the tests compare bytes. */
#define PUT(member, type, ...)                                                                     \
	do {                                                                                       \
		static const type put = __VA_ARGS__;                                               \
		memcpy(&(member), &put, sizeof put);                                               \
	} while (0)

static void fill_system(struct facts *f)
{
	PUT(f->agent, struct agent_facts, { "2.9.1.1", TRI_YES });
	PUT(f->network, struct network_facts,
	    { "eth0", "hv_netvsc", TRI_NO, TRI_YES, TRI_YES, "24.1.3", true, false, true, TRI_NO });
	f->kvp.known = f->kvp.malformed = f->kvp.network_direct = true;
	f->kvp.ipoib_pairs = 8;
	PUT(f->kvp.assigned[0], struct assigned_address, { "00155D33FF17", "172.16.1.14" });
	f->kvp.nassigned = 1;
	PUT(f->kernels[0], struct kernel_image, { "6.5.0-1025-azure", false });
	PUT(f->kernels[1], struct kernel_image, { "6.5.0-1026-azure", true });
	f->nkernels = 2;
	PUT(f->limits, struct limit_facts, { "64", "unlimited", "default", 1048576 });
	f->verbs_abi = 6;
	PUT(f->policy, struct package_policy_facts,
	    { "kernel*", "linux-azure", "dkms", "etc/environment", "centos-eol" });
	(void)TEXT_COPY(f->selinux, "enforcing");
	f->ipoib_load = TRI_NO;
	f->dpkg_interrupted = true;
	(void)TEXT_COPY(f->pending_kernel, "6.5.0-1026-azure");
	(void)TEXT_COPY(f->ofed_text, "OFED-internal-25.10-1.6.6:");
	f->systemd = true;
	PUT(f->naming, struct naming_facts, { TRI_YES, "etc/udev/rules.d/60-x.rules" });
	PUT(f->openibd, struct openibd_facts, { TRI_YES, TRI_NO });
	f->systemd_version = 252;
	PUT(f->own_files[0], struct own_file, { "etc/security/limits.d/90-ib-vmext.conf" });
	f->nown_files = 1;
}

/* Every member set, each to a value of its own, so that two that are mixed up show. */
static void fill(struct facts *f)
{
	memset(f, 0, sizeof *f);
	PUT(f->vm, struct vm_facts,
	    { .azure = true,
	      .metadata = METADATA_STATE_ANSWERED,
	      .size = "Standard_HB120rs_v3",
	      .publisher = "canonical",
	      .offer = "jammy",
	      .sku = "22_04",
	      .image_version = "22.04.2",
	      .secure_boot = TRI_NO,
	      .placement_group = "f67c14ab-e92c-408c-ae2d-da15866ec79a" });
	PUT(f->os, struct os_facts, { "ubuntu", "22.04", "debian", "Ubuntu 22.04.4 LTS" });
	PUT(f->kernel, struct kernel_facts,
	    { "6.5.0-1025-azure", "x86_64", TRI_YES, "integrity", "azure", TRI_YES, TRI_NO,
	      TRI_YES });
	PUT(f->hyperv, struct hyperv_facts, { TRI_YES, TRI_NO });
	PUT(f->nics[0], struct nic_facts,
	    { "0101:00:00.0", 0x15b3, 0x101c, 0x0207, "CX6", LINK_LAYER_INFINIBAND, "mlx5_core",
	      160, 16, 4, 320, 8 });
	PUT(f->nics[1], struct nic_facts,
	    { .address = "1ac5:00:02.0",
	      .vendor = 0x15b3,
	      .device = 0x1016,
	      .class_code = 0x0200,
	      .link_layer = LINK_LAYER_ETHERNET,
	      .numa_node = -1 });
	f->nnics = 2;
	PUT(f->ports[0], struct port_facts,
	    { .device = "mlx5_0",
	      .number = 1,
	      .pci = "0101:00:00.0",
	      .state = PORT_ACTIVE,
	      .phys_state = PORT_PHYS_LINK_UP,
	      .rate_gbps = 200,
	      .link_layer = LINK_LAYER_INFINIBAND,
	      .lid = 958,
	      .sm_lid = 549,
	      .pkeys = { 0x800a, 0x7fff },
	      .npkeys = 2,
	      .netdev = "ib0",
	      .guid = "0015:5dff:fe33:ff56",
	      .counters = { true, 1, 2, 3, 4, UINT32_MAX + 1ULL },
	      .uverbs = { "uverbs0", TRI_YES, 0666, 5 },
	      .umad = { "umad1", TRI_NO, 0, 0 },
	      .uverbs_abi = 1,
	      .netdev_state = "up",
	      .addressed = TRI_YES,
	      .ipv4 = "172.16.1.14",
	      .assigned_ipv4 = "172.16.1.15" });
	PUT(f->ports[1], struct port_facts,
	    { .device = "mlx5_1",
	      .number = 2,
	      .state = PORT_INIT,
	      .link_layer = LINK_LAYER_INFINIBAND,
	      .lid = UINT32_MAX });
	PUT(f->ports[2], struct port_facts,
	    { .device = "mlx5_an0",
	      .number = 1,
	      .state = PORT_ACTIVE,
	      .link_layer = LINK_LAYER_ETHERNET });
	f->nports = 3;
	PUT(f->modules[0], struct module_facts,
	    { "mlx5_ib", true, false, "kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko",
	      "6.5.0-1025-azure", TRI_YES, true, "533BB7E5866E52F63B9ACCB",
	      "0123456789ABCDEF0123456" });
	PUT(f->modules[1], struct module_facts, { .name = "ib_core", .built_in = true });
	f->nmodules = 2;
	f->modules_known = true;
	PUT(f->packages[0], struct package_facts, { "rdma-core", "44.0-2", false });
	PUT(f->packages[1], struct package_facts, { "perftest", "4.5", true });
	f->npackages = 2;
	f->packages_known = true;
	(void)TEXT_COPY(f->package_manager, "apt");
	f->driver.kind = DRIVER_INBOX;
	(void)TEXT_COPY(f->driver.version, "44.0-2");
	f->root_space.free_bytes = 1;
	f->root_space.total_bytes = (uint64_t)INT64_MAX;
	f->root_space.known = true;
	PUT(f->spaces[0], struct space_facts, { "/", 3, 4, TRI_NO, TRI_YES });
	PUT(f->spaces[1], struct space_facts, { "/tmp", 5, 6, TRI_YES, TRI_NO });
	f->nspaces = 2;
	PUT(f->users[0], struct module_user, { "ko2iblnd", "rdma_cm" });
	f->nusers = 1;
	PUT(f->dkms[0], struct dkms_facts,
	    { "mlnx-ofed-kernel", "25.10", "6.5.0-1025-azure", DKMS_INSTALLED });
	PUT(f->dkms[1], struct dkms_facts, { "iser", "25.10.1", "", DKMS_ADDED });
	f->ndkms = 2;
	fill_system(f);
}

static void counts_and_finds(void **unused)
{
	static struct facts f;

	(void)unused;
	fill(&f);
	assert_int_equal(facts_count_infiniband_nics(&f), 1);
	assert_int_equal(facts_count_infiniband_ports(&f, PORT_STATE_UNKNOWN), 2);
	assert_int_equal(facts_count_infiniband_ports(&f, PORT_ACTIVE), 1);
	assert_ptr_equal(facts_module(&f, "ib_core"), &f.modules[1]);
	assert_null(facts_module(&f, "mlx4_ib"));
	assert_ptr_equal(facts_package(&f, "perftest"), &f.packages[1]);
	assert_null(facts_package(&f, "perf"));
}

static void round_trip(const struct facts *f)
{
	static struct facts back;
	AUTO_JSON json_t *j = facts_to_json(f);
	char why[200] = "";

	memset(&back, 0xa5, sizeof back);
	assert_non_null(j);
	if (facts_from_json(j, &back, why, sizeof why) != 0)
		fail_msg("facts_from_json: %s", why);
	assert_memory_equal(&back, f, sizeof back);
}

static void comes_back_as_it_was(void **unused)
{
	static struct facts f;

	(void)unused;
	fill(&f);
	round_trip(&f);
	memset(&f, 0, sizeof f);
	round_trip(&f);
}

static void full_arrays_come_back(void **unused)
{
	static struct facts f;

	(void)unused;
	fill(&f);
	f.nnics = FACTS_NICS_MAX;
	f.nports = FACTS_PORTS_MAX;
	f.ports[FACTS_PORTS_MAX - 1].npkeys = FACTS_PKEYS_MAX;
	f.nmodules = FACTS_MODULES_MAX;
	f.npackages = FACTS_PACKAGES_MAX;
	round_trip(&f);
}

/* The keys that design.md fixes, and how each value is written. */
static const struct {
	const char *path, *want;
} key_rows[] = {
	{ "schema", "\"ib-vmext/facts/1\"" },
	{ "vm.azure", "true" },
	{ "vm.size", "\"Standard_HB120rs_v3\"" },
	{ "vm.publisher", "\"canonical\"" },
	{ "vm.offer", "\"jammy\"" },
	{ "vm.sku", "\"22_04\"" },
	{ "vm.imageVersion", "\"22.04.2\"" },
	{ "os.id", "\"ubuntu\"" },
	{ "os.version", "\"22.04\"" },
	{ "os.like", "\"debian\"" },
	{ "kernel.release", "\"6.5.0-1025-azure\"" },
	{ "kernel.machine", "\"x86_64\"" },
	{ "kernel.secureBoot", "true" },
	{ "kernel.lockdown", "\"integrity\"" },
	{ "hyperv.vmbus", "true" },
	{ "hyperv.pci", "false" },
	{ "nics.0",
	  "{\"address\":\"0101:00:00.0\",\"vendor\":\"15b3\",\"device\":\"101c\",\"class\":"
	  "\"0207\","
	  "\"generation\":\"CX6\",\"linkLayer\":\"InfiniBand\",\"driver\":\"mlx5_core\","
	  "\"linkGtpsX10\":160,\"linkWidth\":16,\"numaNode\":4,\"mostGtpsX10\":320,"
	  "\"mostWidth\":8}" },
	{ "nics.1.generation", "null" },
	{ "nics.1.driver", "null" },
	{ "ports.0", "{\"device\":\"mlx5_0\",\"port\":1,\"pci\":\"0101:00:00.0\",\"state\":"
		     "\"ACTIVE\",\"physState\":\"LinkUp\","
		     "\"rateGbps\":200,\"linkLayer\":\"InfiniBand\",\"lid\":958,\"smLid\":549,"
		     "\"pkeys\":[\"0x800a\",\"0x7fff\"],\"netdev\":\"ib0\",\"guid\":\"0015:5dff:"
		     "fe33:ff56\",\"counters\":{\"known\":true,\"linkDowned\":1,"
		     "\"linkErrorRecovery\":2,\"symbolError\":3,\"receiveErrors\":4,"
		     "\"transmitDiscards\":4294967296},\"uverbs\":{\"name\":\"uverbs0\","
		     "\"there\":true,\"mode\":438,\"group\":5},\"umad\":{\"name\":\"umad1\","
		     "\"there\":false,\"mode\":0,\"group\":0},\"uverbsAbi\":1,"
		     "\"netdevState\":\"up\",\"addressed\":true,\"ipv4\":\"172.16.1.14\","
		     "\"assignedIpv4\":\"172.16.1.15\"}" },
	{ "ports.1.lid", "4294967295" },
	{ "vm.placementGroup", "\"f67c14ab-e92c-408c-ae2d-da15866ec79a\"" },
	{ "kernel.flavour", "\"azure\"" },
	{ "kernel.signedOnly", "true" },
	{ "kernel.headers", "false" },
	{ "kernel.dpllFfo", "true" },
	{ "nics.1.linkGtpsX10", "0" },
	{ "nics.1.numaNode", "null" },
	{ "modules.0.vermagic", "\"6.5.0-1025-azure\"" },
	{ "modules.0.isSigned", "true" },
	{ "modules.0.blacklisted", "true" },
	{ "modules.1.isSigned", "null" },
	{ "spaces.1", "{\"path\":\"/tmp\",\"freeBytes\":5,\"totalBytes\":6,\"noexec\":true,"
		      "\"readOnly\":false}" },
	{ "users", "[{\"name\":\"ko2iblnd\",\"holds\":\"rdma_cm\"}]" },
	{ "dkms.0", "{\"name\":\"mlnx-ofed-kernel\",\"version\":\"25.10\",\"kernel\":"
		    "\"6.5.0-1025-azure\",\"state\":\"installed\"}" },
	{ "dkms.1.kernel", "null" },
	{ "dkms.1.state", "\"added\"" },
	{ "agent", "{\"version\":\"2.9.1.1\",\"enableRdma\":true}" },
	{ "network",
	  "{\"defaultNetdev\":\"eth0\",\"defaultDriver\":\"hv_netvsc\",\"overlapsRdma\":false,"
	  "\"cloudInit\":true,\"cloudInitNetwork\":true,\"cloudInitVersion\":\"24.1.3\","
	  "\"networkManager\":true,\"networkd\":false,\"netplan\":true,\"hasIfconfig\":false}" },
	{ "kvp", "{\"malformed\":true,\"ipoibPairs\":8,\"networkDirect\":true,"
		 "\"assigned\":[{\"mac\":\"00155D33FF17\",\"ipv4\":\"172.16.1.14\"}]}" },
	{ "policy", "{\"excludes\":\"kernel*\",\"locks\":\"linux-azure\",\"pins\":\"dkms\","
		    "\"proxy\":\"etc/environment\",\"mirrors\":\"centos-eol\"}" },
	{ "selinux", "\"enforcing\"" },
	{ "ipoibLoad", "false" },
	{ "dpkgInterrupted", "true" },
	{ "pendingKernel", "\"6.5.0-1026-azure\"" },
	{ "ofedText", "\"OFED-internal-25.10-1.6.6:\"" },
	{ "driver", "{\"kind\":\"inbox\",\"version\":\"44.0-2\"}" },
	{ "rootSpace", "{\"freeBytes\":1,\"totalBytes\":9223372036854775807}" },
};

static void writes_the_fixed_keys(void **unused)
{
	static struct facts f;
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	fill(&f);
	j = facts_to_json(&f);
	for (size_t i = 0; i < ARRAY_SIZE(key_rows); i++) {
		AUTO_BUF struct buf b = { 0 };

		assert_non_null(json_at(j, key_rows[i].path));
		assert_int_equal(json_write(json_at(j, key_rows[i].path), false, &b), 0);
		assert_string_equal(buf_text(&b), key_rows[i].want);
	}
}

static void unknown_is_null(void **unused)
{
	static const char *const paths[] = { "vm.metadata",
					     "vm.size",
					     "vm.secureBoot",
					     "kernel.secureBoot",
					     "hyperv.vmbus",
					     "driver.version",
					     "rootSpace",
					     "packageManager",
					     "kernel.signedOnly",
					     "kernel.headers",
					     "kernel.flavour",
					     "agent.enableRdma",
					     "network.overlapsRdma",
					     "kvp",
					     "ipoibLoad",
					     "selinux",
					     "pendingKernel" };
	static const struct facts f;
	AUTO_JSON json_t *j = facts_to_json(&f);

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!json_is_null(json_at(j, paths[i])))
			fail_msg("%s is not null", paths[i]);
	}
	assert_string_equal(json_text_at(j, "driver.kind", ""), "none");
}

static void writes_text_that_is_no_utf8(void **unused)
{
	static struct facts f;
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	(void)TEXT_COPY(f.os.pretty, "D\xe9"
				     "bian");
	j = facts_to_json(&f);
	assert_non_null(j);
	assert_string_equal(json_text_at(j, "os.pretty", ""), "D?bian");
}

static const struct {
	const char *name, *text, *why;
} bad_rows[] = {
	{ "not an object", "[]", "document: is not an object" },
	{ "another document", "{\"schema\":\"ib-vmext/plan/1\"}",
	  "schema: is not ib-vmext/facts/1" },
	{ "text of another type", "{\"vm\":{\"size\":1}}", "vm.size: is not text" },
	{ "text too long", "{\"os\":{\"id\":\"0123456789012345678901234567890x\"}}",
	  "os.id: is too long" },
	{ "a part of another type", "{\"vm\":[]}", "vm: is not an object" },
	{ "a truth of another type", "{\"kernel\":{\"secureBoot\":\"true\"}}",
	  "kernel.secureBoot: is neither true nor false" },
	{ "no such word", "{\"driver\":{\"kind\":\"inbux\"}}",
	  "driver.kind: is none of the words for it" },
	{ "an id out of range", "{\"nics\":[{},{\"device\":\"10000\"}]}",
	  "nics[1].device: is not a hexadecimal number of 16 bits, as text" },
	{ "a negative number", "{\"ports\":[{\"lid\":-1}]}",
	  "ports[0].lid: is not a whole number in range" },
	{ "a number beyond 32 bits", "{\"ports\":[{\"lid\":4294967296}]}",
	  "ports[0].lid: is not a whole number in range" },
	{ "a node below none", "{\"nics\":[{\"numaNode\":-1}]}",
	  "nics[0].numaNode: is not a whole number in range" },
	{ "a state that DKMS has not", "{\"dkms\":[{\"state\":\"broken\"}]}",
	  "dkms[0].state: is none of the words for it" },
	{ "a list of another type", "{\"nics\":{}}", "nics: is not a list" },
	{ "more than there is room for",
	  "{\"ports\":[{\"pkeys\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\","
	  "\"b\",\"c\",\"d\",\"e\",\"f\",\"10\",\"11\"]}]}",
	  "ports[0].pkeys: has too many elements" },
};

static void names_what_is_wrong(void **unused)
{
	static struct facts f, before;

	(void)unused;
	fill(&f);
	fill(&before);
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		AUTO_JSON json_t *j = json_parse(bad_rows[i].text, strlen(bad_rows[i].text), NULL,
						 0);
		char why[200] = "";

		if (facts_from_json(j, &f, why, sizeof why) == 0 || !text_eq(why, bad_rows[i].why))
			fail_msg("%s: \"%s\"", bad_rows[i].name, why);
		assert_memory_equal(&f, &before, sizeof f);
	}
}

static void ignores_keys_of_later_versions(void **unused)
{
	static struct facts f;
	const char *text = "{\"schema\":\"ib-vmext/facts/"
			   "1\",\"later\":{},\"os\":{\"id\":\"debian\",\"later\":[1]}}";
	AUTO_JSON json_t *j = json_parse(text, strlen(text), NULL, 0);
	char why[200] = "";

	(void)unused;
	assert_int_equal(facts_from_json(j, &f, why, sizeof why), 0);
	assert_string_equal(f.os.id, "debian");
}

static void names_of_values(void **unused)
{
	(void)unused;
	assert_string_equal(driver_kind_name(DRIVER_MLNX_OFED), "mlnx-ofed");
	assert_string_equal(driver_kind_name((enum driver_kind)99), "none");
	assert_string_equal(link_layer_name(LINK_LAYER_INFINIBAND), "InfiniBand");
	assert_null(link_layer_name(LINK_LAYER_UNKNOWN));
	assert_string_equal(port_state_name(PORT_ACTIVE), "ACTIVE");
	assert_string_equal(port_state_name(PORT_STATE_UNKNOWN), "unknown");
	assert_string_equal(port_phys_state_name(PORT_PHYS_LINK_UP), "LinkUp");
	assert_string_equal(port_phys_state_name((enum port_phys_state)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_infiniband_functions),
		cmocka_unit_test(counts_and_finds),
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(full_arrays_come_back),
		cmocka_unit_test(writes_the_fixed_keys),
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(writes_text_that_is_no_utf8),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(ignores_keys_of_later_versions),
		cmocka_unit_test(names_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
