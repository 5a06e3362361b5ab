/* tests/unit/probe/test_node.c - the node around the driver: network, agent, host, mounts, SELinux.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/agent.h"
#include "probe/cloud.h"
#include "probe/kvp.h"
#include "probe/mounts.h"
#include "probe/openib.h"
#include "probe/pci.h"
#include "probe/route.h"
#include "probe/selinux.h"

static const struct {
	const char *name, *line;
	int rc;
	const char *netdev;
	uint32_t destination;
	bool overlaps;
} route_rows[] = {
	{ "the default route", "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0", 0,
	  "eth0", 0, false },
	{ "10.0.0.0/24", "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", 0, "eth0",
	  0x0a000000, false },
	{ "172.16.1.0/24, inside", "eth0\t000110AC\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", 0,
	  "eth0", 0xac100100, true },
	{ "172.16.0.0/16, the very network",
	  "ib0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0", 0, "ib0", 0xac100000, true },
	{ "172.16.0.0/12, around it", "eth0\t000010AC\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0",
	  0, "eth0", 0xac100000, true },
	{ "172.0.0.0/8, whose address is another",
	  "eth0\t000000AC\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0", 0, "eth0", 0xac000000,
	  true },
	{ "172.17.0.0/16, beside it",
	  "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0", 0, "docker0", 0xac110000,
	  false },
	{ "one that rejects", "*\t000010AC\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0", -EINVAL,
	  "before", 0, false },
	{ "one that is down", "eth0\t000010AC\t00000000\t0000\t0\t0\t0\t0000FFFF", -EINVAL,
	  "before", 0, false },
	{ "the head line", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU",
	  -EINVAL, "before", 0, false },
	{ "cut short", "eth0\t00000000\t0100000A\t0003", -EINVAL, "before", 0, false },
	{ "a name that is longer than any",
	  "eth0123456789012\t00000000\t0100000A\t0003\t0\t0\t100\t00000000", -EINVAL, "before", 0,
	  false },
};

static void parses_routes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(route_rows); i++) {
		struct route r = { .netdev = "before" };
		int rc = route_parse(route_rows[i].line, strlen(route_rows[i].line), &r);

		if (rc != route_rows[i].rc || !text_eq(r.netdev, route_rows[i].netdev) ||
		    r.destination != route_rows[i].destination ||
		    (rc == 0 && route_overlaps_rdma(&r) != route_rows[i].overlaps))
			fail_msg("route_parse: %s: %s %08x", route_rows[i].name, r.netdev,
				 r.destination);
	}
}

static const struct {
	const char *name, *text;
	bool want;
} cloud_rows[] = {
	{ "in flow form", "network: {config: disabled}\n", true },
	{ "in block form", "# by us\nnetwork:\n  config: disabled\n", true },
	{ "quoted", "network: { 'config': \"disabled\" }", true },
	{ "of something else", "foo:\n  config: disabled\n", false },
	{ "after it ended", "network:\n  version: 2\nfoo:\n  config: disabled\n", false },
	{ "commented out", "#network: {config: disabled}\nnetwork: # {config: disabled}\n", false },
	{ "another value", "network: {config: enabled}\n", false },
	{ "empty", "", false },
};

static void tells_whether_cloud_init_leaves_the_network(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cloud_rows); i++) {
		if (cloud_parse_network_disabled(cloud_rows[i].text, strlen(cloud_rows[i].text)) !=
		    cloud_rows[i].want)
			fail_msg("cloud_parse_network_disabled: %s", cloud_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	unsigned want;
} pair_rows[] = {
	{ "one", "NUMPAIRS:1|00155D33FF17:172.16.1.14", 1 },
	{ "two, and an end", "NUMPAIRS:2|00155D33FF17:172.16.1.14|00155D33FF18:172.16.1.15|", 2 },
	{ "none", "NUMPAIRS:0", 0 },
	{ "a MAC with colons", "NUMPAIRS:1|00:15:5D:33:FF:17:172.16.1.14", 0 },
	{ "no address", "NUMPAIRS:1|00155D33FF17:", 0 },
	{ "no such address", "NUMPAIRS:1|00155D33FF17:172.16.1.256", 0 },
	{ "a MAC that only looks long enough", "NUMPAIRS:1|0x155D33FF17:172.16.1.1", 0 },
	{ "empty", "", 0 },
};

static void counts_pairs(void **unused)
{
	char many[4096] = "NUMPAIRS:70";
	struct kvp_facts kvp = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(pair_rows); i++) {
		kvp_parse_pairs(pair_rows[i].text, strlen(pair_rows[i].text), &kvp);
		if (kvp.ipoib_pairs != pair_rows[i].want || kvp.nassigned != pair_rows[i].want)
			fail_msg("kvp_parse_pairs: %s", pair_rows[i].name);
	}
	for (int i = 0; i < 70; i++) {
		size_t len = strlen(many);

		(void)text_format(many + len, sizeof many - len, "|00155D33FF%02X:172.16.1.%d", i,
				  i);
	}
	kvp_parse_pairs(many, strlen(many), &kvp);
	assert_int_equal(kvp.ipoib_pairs, FACTS_ASSIGNED_MAX);
	assert_string_equal(kvp.assigned[63].mac, "00155D33FF3F");
	assert_string_equal(kvp.assigned[63].ipv4, "172.16.1.63");
}

enum { RECORD = 2560, VALUE = 512 };

/* As in kvp_pool_3-hostinfo-sample.bin: what follows the first NUL is left over from elsewhere. */
static void put_record(char *at, const char *key, const char *value)
{
	memset(at, 0xc0, RECORD);
	(void)text_copy(at, VALUE, key);
	(void)text_copy(at + VALUE, RECORD - VALUE, value);
}

static void parses_pools(void **unused)
{
	static char pool[3 * RECORD];
	struct kvp_facts kvp = { .known = false };

	(void)unused;
	put_record(pool, "HostName", "SN6010319202300");
	put_record(pool + RECORD, "IPoIB_Data", "NUMPAIRS:1|00155D33FF17:172.16.1.14");
	put_record(pool + 2 * RECORD, "NdDriverVersion", "142.0");
	kvp_parse(pool, 2 * RECORD, &kvp);
	assert_true(kvp.known && !kvp.malformed && !kvp.network_direct);
	assert_int_equal(kvp.ipoib_pairs, 1);
	kvp_parse(pool + 2 * RECORD, RECORD, &kvp);
	assert_true(kvp.network_direct);
	assert_int_equal(kvp.ipoib_pairs, 1);
}

static void a_pool_that_is_cut_is_malformed(void **unused)
{
	static char pool[RECORD + 7];
	struct kvp_facts kvp = { .known = false };

	(void)unused;
	kvp_parse("", 0, &kvp); /* most pools are empty */
	assert_true(kvp.known && !kvp.malformed);
	put_record(pool, "NdDriverVersion", "142.0");
	kvp_parse(pool, sizeof pool, &kvp);
	assert_true(kvp.malformed && kvp.network_direct);
	/* Neither key nor value ends. */
	memset(pool, 'x', sizeof pool);
	kvp_parse(pool, RECORD, &kvp);
}

#define MOUNTS                                                                                     \
	"/dev/sda1 / ext4 rw,relatime 0 0\n"                                                       \
	"tmpfs /tmp tmpfs rw,nosuid,noexec 0 0\n"                                                  \
	"/dev/sda15 /boot/efi vfat rw 0 0\n"                                                       \
	"/dev/sdb1 /us ext4 ro,noexec 0 0\n"                                                       \
	"/dev/sdc1 /var\\040x ext4 ro 0 0\n"                                                       \
	"/dev/sdd1 /usr ext4 ro 0 0\n"

static const struct {
	const char *name, *path, *text;
	enum tristate noexec, read_only;
} mount_rows[] = {
	{ "the root", "/", MOUNTS, TRI_NO, TRI_NO },
	{ "a mount of its own", "/tmp", MOUNTS, TRI_YES, TRI_NO },
	{ "on the root", "/var", MOUNTS, TRI_NO, TRI_NO },
	{ "its child is another", "/boot", MOUNTS, TRI_NO, TRI_NO },
	{ "a point that only begins alike", "/usr", MOUNTS, TRI_NO, TRI_YES },
	{ "its parent is listed later", "/tmp", "x /tmp x ro 0 0\nx / x rw 0 0\n", TRI_NO,
	  TRI_YES },
	{ "the last letter is another", "/usr", "x / x rw 0 0\nx /us x ro 0 0\n", TRI_NO, TRI_NO },
	{ "mounted over", "/tmp", MOUNTS "x /tmp x rw 0 0\n", TRI_NO, TRI_NO },
	{ "an option that only begins alike", "/", "x / x rw,noexecute,rox 0 0\n", TRI_NO, TRI_NO },
	{ "lines cut short", "/", "x / x\nx /\nx\n", TRI_UNKNOWN, TRI_UNKNOWN },
	{ "an escape at the end", "/", "x /\\04 x ro 0 0\n", TRI_UNKNOWN, TRI_UNKNOWN },
	{ "a point that goes on behind a NUL", "/usr", "x /usr\\000\\000\\000 x ro 0 0\n",
	  TRI_UNKNOWN, TRI_UNKNOWN },
	{ "empty", "/", "", TRI_UNKNOWN, TRI_UNKNOWN },
};

static void finds_the_mount_of_a_path(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(mount_rows); i++) {
		struct space_facts s = { .free_bytes = 0 };

		(void)TEXT_COPY(s.path, mount_rows[i].path);
		mounts_parse(mount_rows[i].text, strlen(mount_rows[i].text), &s);
		if (s.noexec != mount_rows[i].noexec || s.read_only != mount_rows[i].read_only)
			fail_msg("mounts_parse: %s", mount_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	enum tristate want;
} agent_rows[] = {
	{ "on", "# Enable RDMA\nOS.EnableRDMA=y\n", TRI_YES },
	{ "on, with a comment behind it", "OS.EnableRDMA=y # for MPI\n", TRI_YES },
	{ "off", "OS.EnableRDMA=n\n", TRI_NO },
	{ "as it is delivered", "# OS.EnableRDMA=y\n", TRI_NO },
	{ "by the older key", "OS.UpdateRdmaDriver=y\n", TRI_YES },
	{ "a word that the agent does not know", "OS.EnableRDMA=yes\n", TRI_NO },
	{ "another key", "OS.EnableRDMAx=y\n", TRI_NO },
	{ "no such line", "", TRI_NO },
};

static void parses_waagent_conf(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(agent_rows); i++) {
		if (agent_parse_conf(agent_rows[i].text, strlen(agent_rows[i].text)) !=
		    agent_rows[i].want)
			fail_msg("agent_parse_conf: %s", agent_rows[i].name);
	}
}

static void parses_directories_of_the_agent(void **unused)
{
	char got[24] = "before";

	(void)unused;
	assert_int_equal(agent_parse_dir("WALinuxAgent-2.15.0.1", got, sizeof got), 0);
	assert_string_equal(got, "2.15.0.1");
	assert_int_equal(agent_parse_dir("WALinuxAgent-2.15.0.1.zip", got, sizeof got), -EINVAL);
	assert_int_equal(agent_parse_dir("WALinuxAgent-", got, sizeof got), -EINVAL);
	assert_int_equal(agent_parse_dir("history", got, sizeof got), -EINVAL);
	assert_int_equal(
		agent_parse_dir("WALinuxAgent-1.2.3.4.5.6.7.8.9.10.11.12", got, sizeof got),
		-EINVAL);
	assert_string_equal(got, "2.15.0.1");
}

static const struct {
	const char *name, *text;
	int rc;
	const char *want;
} selinux_rows[] = {
	{ "enforcing", "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n", 0, "enforcing" },
	{ "the last one", "SELINUX=enforcing\nSELINUX=disabled\n", 0, "disabled" },
	{ "no such word", "SELINUX=maybe\n", -EINVAL, "before" },
	{ "another key", "SELINUXTYPE=enforcing\n", -EINVAL, "before" },
	{ "empty", "", -EINVAL, "before" },
};

static void parses_selinux_config(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(selinux_rows); i++) {
		char got[12] = "before";
		int rc = selinux_parse_config(selinux_rows[i].text, strlen(selinux_rows[i].text),
					      got, sizeof got);

		if (rc != selinux_rows[i].rc || !text_eq(got, selinux_rows[i].want))
			fail_msg("selinux_parse_config: %s: %s", selinux_rows[i].name, got);
	}
}

static const struct {
	const char *name, *text;
	enum tristate want;
} openib_rows[] = {
	{ "as delivered", "ONBOOT=yes\nIPOIB_LOAD=yes\n", TRI_YES },
	{ "added at the end", "IPOIB_LOAD=yes\nIPOIB_LOAD=no\n", TRI_NO },
	{ "commented out", "#IPOIB_LOAD=no\n", TRI_UNKNOWN },
	{ "no word that we know", "IPOIB_LOAD=perhaps\n", TRI_UNKNOWN },
	{ "empty", "", TRI_UNKNOWN },
};

static void parses_openib_conf(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(openib_rows); i++) {
		if (openib_parse_ipoib(openib_rows[i].text, strlen(openib_rows[i].text)) !=
		    openib_rows[i].want)
			fail_msg("openib_parse_ipoib: %s", openib_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	int rc;
	unsigned want;
} speed_rows[] = {
	{ "today's form", "16.0 GT/s PCIe\n", 0, 160 },
	{ "the form before 5.8", "8 GT/s\n", 0, 80 },
	{ "half a transfer", "2.5 GT/s PCIe\n", 0, 25 },
	{ "unknown", "Unknown\n", -EINVAL, 7 },
	{ "unknown, in the older words", "Unknown speed\n", -EINVAL, 7 },
	{ "another unit", "16.0 Gb/s\n", -EINVAL, 7 },
	{ "two digits behind the dot", "16.00 GT/s\n", -EINVAL, 7 },
	{ "more than there is", "99999 GT/s\n", -EINVAL, 7 },
	{ "empty", "", -EINVAL, 7 },
};

static void parses_link_speeds(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(speed_rows); i++) {
		unsigned got = 7;
		int rc = pci_parse_speed(speed_rows[i].text, strlen(speed_rows[i].text), &got);

		if (rc != speed_rows[i].rc || got != speed_rows[i].want)
			fail_msg("pci_parse_speed: %s: %u", speed_rows[i].name, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_routes),
		cmocka_unit_test(tells_whether_cloud_init_leaves_the_network),
		cmocka_unit_test(counts_pairs),
		cmocka_unit_test(parses_pools),
		cmocka_unit_test(a_pool_that_is_cut_is_malformed),
		cmocka_unit_test(finds_the_mount_of_a_path),
		cmocka_unit_test(parses_waagent_conf),
		cmocka_unit_test(parses_directories_of_the_agent),
		cmocka_unit_test(parses_selinux_config),
		cmocka_unit_test(parses_openib_conf),
		cmocka_unit_test(parses_link_speeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
