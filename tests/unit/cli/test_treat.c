/* tests/unit/cli/test_treat.c - of each kind of file the lines that facts are read from, and
 * nothing that identifies the machine. */
#include "fixture.h"

#include "cli/treat.h"

static const struct {
	const char *name, *path;
	bool reduced;
	const char *text, *want;
} rows[] = {
	{ "modules that matter", "usr/lib/modules/6.1/modules.dep", true,
	  "kernel/a/mlx5_ib.ko.xz: kernel/a/ib_core.ko.xz\nkernel/a/zfs.ko:\nk/pci-hyperv.ko:\n",
	  "kernel/a/mlx5_ib.ko.xz: kernel/a/ib_core.ko.xz\nk/pci-hyperv.ko:\n" },
	{ "all modules when asked", "lib/modules/6.1/modules.builtin", false, "k/zfs.ko\n",
	  "k/zfs.ko\n" },
	{ "a module's file is public", "lib/modules/6.1/x.ko", true, "10.0.0.4", "10.0.0.4" },
	{ "of a program what it can", "usr/bin/rdma", false, "ELF 10.0.0.4 rdma dev set [DEV]",
	  "dev set\n" },
	{ "stanzas of packages that matter", "var/lib/dpkg/status", true,
	  "Package: bash\nStatus: a\n\nPackage: rdma-core\nMaintainer: Me <me@x>\nStatus: "
	  "install ok installed\nVersion: 1.0.3.2\n\n",
	  "Package: rdma-core\nStatus: install ok installed\nVersion: 1.0.3.2\n\n" },
	{ "the agent's settings of the OS", "etc/waagent.conf", true,
	  "# x\nOS.EnableRDMA=y\nHttpProxy.Host=proxy.corp\n", "OS.EnableRDMA=y\n" },
	{ "comments", "etc/yum.repos.d/x.repo", true,
	  "# by me\n[a]\n ; x\nbaseurl=http://vault.centos.org/\n",
	  "[a]\nbaseurl=http://vault.centos.org/\n" },
	{ "but for who wrote it", "etc/sysconfig/network", true, "# Created by cloud-init\nA=1\n",
	  "# Created by cloud-init\nA=1\n" },
	{ "never the other settings of the agent", "etc/waagent.conf", false,
	  "OS.EnableRDMA=y\nHttpProxy.Host=proxy.corp\n", "OS.EnableRDMA=y\n" },
	{ "of cloud-init whose the network is, and never its users", "etc/cloud/cloud.cfg", false,
	  "users:\n - passwd: x\nnetwork:\n  config: disabled\n  key: x\nssh_keys:\n  config: x\n",
	  "network:\n  config: disabled\n" },
	{ "of the environment a proxy alone", "etc/environment", false,
	  "API_KEY=x\nhttp_proxy=http://u:p@h.corp/\n", "http_proxy=http://host-1.example\n" },
	{ "of openibd what it waits for", "etc/systemd/system/openibd.service.d/override.conf",
	  false, "[Unit]\nAfter=systemd-udev-settle.service\n[Service]\nEnvironment=KEY=x\n",
	  "After=systemd-udev-settle.service\n" },
	{ "of the boot what decides something", "proc/cmdline", false,
	  "root=UUID=x selinux=0 password=x module.sig_enforce=1\n",
	  "selinux=0 module.sig_enforce=1\n" },
	{ "mounts of file systems that matter", "proc/1/mounts", true,
	  "/dev/a / ext4 rw 0 0\n10.1.1.1:/home /home nfs rw 0 0\n/dev/b /tmp ext4 noexec 0 0\n",
	  "/dev/a / ext4 rw 0 0\n/dev/b /tmp ext4 noexec 0 0\n" },
	{ "routes: gateways hide, the RDMA network stays", "proc/1/net/route", true,
	  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
	  "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	  "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0\n"
	  "ib0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	  "ib0\t010110AC\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n",
	  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
	  "eth0\t00000000\t010012C6\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
	  "eth0\t020012C6\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0\n"
	  "ib0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	  "ib0\t010010AC\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n" },
	{ "a version in sysfs", "sys/module/x/version", true, "5.8.2.1\n", "5.8.2.1\n" },
	{ "anything else", "run/x", true, "# 10.0.0.4\n", "# 198.18.0.1\n" },
};

static void keeps_what_matters(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf text = { 0 }, b = { 0 };
		struct aliases a;

		assert_int_equal(aliases_init(&a), 0);
		assert_int_equal(buf_add_text(&text, rows[i].text), 0);
		assert_int_equal(treat_file(&a, rows[i].path, rows[i].reduced, &text, &b), 0);
		if (!text_eq(buf_text(&b), rows[i].want))
			fail_msg("%s: \"%s\"", rows[i].name, buf_text(&b));
		aliases_free(&a);
	}
}

enum { RECORD = 2560 };

static void put_record(char *record, const char *key, const char *value)
{
	memset(record, 0, RECORD);
	memcpy(record, key, strlen(key));
	memcpy(record + 512, value, strlen(value));
	/* Rubbish behind the end, as the host's daemon leaves it. */
	memcpy(record + 512 + strlen(value) + 1, "MARKER", 6);
}

static void rewrites_pools_record_by_record(void **unused)
{
	AUTO_BUF struct buf text = { 0 }, b = { 0 };
	char records[3 * RECORD];
	struct aliases a;

	(void)unused;
	put_record(records, "IPoIB_Data", "NUMPAIRS:1|00155D33FF0C:172.16.1.14");
	put_record(records + RECORD, "NdDriverVersion", "142.0.0.1");
	put_record(records + (size_t)2 * RECORD, "HostName", "RD281878F5CCDD");
	assert_int_equal(aliases_init(&a), 0);
	assert_int_equal(buf_add(&text, records, sizeof records), 0);
	assert_int_equal(buf_add(&text, "rest", 4), 0);
	assert_int_equal(treat_file(&a, "var/lib/hyperv/.kvp_pool_0", true, &text, &b), 0);
	assert_int_equal(b.len, sizeof records + 4);
	assert_string_equal(b.data, "IPoIB_Data");
	assert_string_equal(b.data + 512, "NUMPAIRS:1|00155D000001:172.16.0.1");
	assert_string_equal(b.data + RECORD + 512, "142.0.0.1");
	assert_string_equal(b.data + (size_t)2 * RECORD + 512, "value-1");
	assert_null(memmem(b.data, b.len, "MARKER", 6));
	assert_null(memmem(b.data, b.len, "rest", 4));
	aliases_free(&a);
}

static void keeps_of_a_module_what_it_is_for(void **unused)
{
	static const char file[] = "\177ELF\2\1...license=GPL\0vermagic=6.1.0 SMP \0depends=\0..."
				   "~Module signature appended~\n";
	static const char want[] = "vermagic=6.1.0 SMP \0~Module signature appended~\n";
	AUTO_BUF struct buf text = { 0 }, reduced = { 0 }, whole = { 0 };
	struct aliases a;

	(void)unused;
	assert_int_equal(aliases_init(&a), 0);
	assert_int_equal(buf_add(&text, file, sizeof file - 1), 0);
	assert_int_equal(treat_file(&a, "usr/lib/modules/6/x.ko", true, &text, &reduced), 0);
	assert_int_equal(reduced.len, sizeof want - 1);
	assert_memory_equal(reduced.data, want, sizeof want - 1);
	assert_int_equal(treat_file(&a, "usr/lib/modules/6/x.ko", false, &text, &whole), 0);
	assert_int_equal(whole.len, sizeof file - 1);
	aliases_free(&a);
}

static void shows_of_metadata_what_facts_say(void **unused)
{
	static const char text[] =
		"{\"compute\":{\"vmSize\":\"Standard_HB120rs_v3\",\"version\":\"1.2.3.4\",\"name\":"
		"\"node7\",\"location\":\"westeurope\",\"customData\":\"c2VjcmV0\",\"tagsList\":[{"
		"\"name\":\"a\"}],\"osProfile\":{\"computerName\":\"node7\",\"adminUsername\":"
		"\"jane\"},\"securityProfile\":{\"secureBootEnabled\":\"false\"}},\"network\":{"
		"\"interface\":[{\"macAddress\":\"000D3A123456\",\"n\":[\"10.0.0.4\"]}]}}";
	static const char want[] =
		"{\"compute\":{\"vmSize\":\"Standard_HB120rs_v3\",\"version\":\"1.2.3.4\",\"name\":"
		"\"name-1\",\"location\":\"value-1\",\"osProfile\":{\"computerName\":\"name-1\","
		"\"adminUsername\":\"name-2\"},\"securityProfile\":{\"secureBootEnabled\":"
		"\"false\"}},\"network\":{\"interface\":[{\"macAddress\":\"000D3A000001\",\"n\":["
		"\"198.18.0.1\"]}]}}";
	AUTO_JSON json_t *imds = json_parse(text, strlen(text), NULL, 0);
	AUTO_JSON json_t *expected = json_parse(want, strlen(want), NULL, 0);
	AUTO_JSON json_t *got = NULL;
	struct aliases a;

	(void)unused;
	assert_non_null(imds);
	assert_non_null(expected);
	assert_int_equal(aliases_init(&a), 0);
	assert_int_equal(treat_add_names(&a, imds, "debian linux"), 0);
	got = treat_metadata(&a, imds);
	if (!json_equal(got, expected)) {
		AUTO_BUF struct buf b = { 0 };

		(void)json_write(got, false, &b);
		fail_msg("%s", buf_text(&b));
	}
	aliases_free(&a);
}

static void a_name_that_the_facts_have_stays(void **unused)
{
	AUTO_BUF struct buf b = { 0 };
	struct aliases a;

	(void)unused;
	assert_int_equal(aliases_init(&a), 0);
	assert_int_equal(treat_add_name(&a, "debian", "{\"id\":\"debian\"}"), 0);
	assert_int_equal(treat_add_name(&a, "deb", "{\"id\":\"debian\"}"), 0);
	assert_int_equal(alias_text(&a, 0, "debian deb", 10, &b), 0);
	assert_string_equal(b.data, "debian name-1");
	aliases_free(&a);
}

static void versions_of_programs_stay(void **unused)
{
	static const char text[] =
		"{\"argv\":[\"rpm\",\"-qa\"],\"code\":0,\"stdout\":\"rdma-core-1.0.3.2\\n"
		"bash-5.1\\nWALinuxAgent|2.9.1.1\\n\"}";
	AUTO_JSON json_t *command = json_parse(text, strlen(text), NULL, 0);
	AUTO_JSON json_t *got = NULL;
	struct aliases a;

	(void)unused;
	assert_int_equal(aliases_init(&a), 0);
	got = treat_command(&a, true, command);
	assert_string_equal(json_text_at(got, "stdout", ""),
			    "rdma-core-1.0.3.2\nWALinuxAgent|2.9.1.1\n");
	assert_string_equal(json_text_at(got, "argv.1", ""), "-qa");
	aliases_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_matters),
		cmocka_unit_test(rewrites_pools_record_by_record),
		cmocka_unit_test(keeps_of_a_module_what_it_is_for),
		cmocka_unit_test(shows_of_metadata_what_facts_say),
		cmocka_unit_test(a_name_that_the_facts_have_stays),
		cmocka_unit_test(versions_of_programs_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
