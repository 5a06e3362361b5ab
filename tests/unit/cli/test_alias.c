/* tests/unit/cli/test_alias.c - what identifies a machine is replaced, the same by the same; what
 * only looks so stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/alias.h"

/* Each row has aliases of its own, with the names "node7" and "hpc-head-01". */
static const struct {
	const char *name;
	unsigned flags;
	const char *text, *want;
} rows[] = {
	{ "nothing to hide", 0, "4: ACTIVE\n", "4: ACTIVE\n" },
	{ "the empty text", 0, "", "" },
	{ "a name as a word", 0, "on node7, NODE7.", "on name-1, name-1." },
	{ "a short name is no part of a word", 0, "node71 anode7", "node71 anode7" },
	{ "a long name anywhere", 0, "xhpc-head-01x", "xname-2x" },
	{ "a MAC keeps its vendor", 0, "00:0d:3a:12:34:56", "00:0d:3a:00:00:01" },
	{ "the same MAC the same, another another", 0,
	  "00:0d:3a:12:34:56 00:0d:3a:65:43:21 00:0d:3a:12:34:56",
	  "00:0d:3a:00:00:01 00:0d:3a:00:00:02 00:0d:3a:00:00:01" },
	{ "no MAC is nobody's", 0, "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff",
	  "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff" },
	{ "a GUID", 0, "0015:5dff:fe33:ff0c\n", "0015:5dff:fe00:0001\n" },
	{ "a GUID that no MAC was made into", 0, "b859:9f11:2233:4455", "b859:9f00:0100:0001" },
	{ "an IPoIB address ends in its port's GUID", 0,
	  "0015:5dff:fe33:ff0c 00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:0c",
	  "0015:5dff:fe00:0001 00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:00:00:01" },
	{ "KVP's pair of a port's MAC and its address", 0, "NUMPAIRS:1|00155D33FF0C:172.16.1.14|",
	  "NUMPAIRS:1|00155D000001:172.16.0.1|" },
	{ "a MAC without colons that was met with them", 0, "00:0d:3a:12:34:56 000D3A123456",
	  "00:0d:3a:00:00:01 000D3A000001" },
	{ "twelve digits may be anything", 0, "20240131-abcdef123456", "20240131-abcdef123456" },
	{ "an interface named by its MAC", 0, "enx000d3a123456", "enx000d3a000001" },
	{ "a PCI function is no address", 0, "0101:00:00.0 pci0101:00", "0101:00:00.0 pci0101:00" },
	{ "a time is no address", 0, "12:34:56", "12:34:56" },
	{ "a UUID in any case", 0,
	  "{A1b2c3d4-0000-1111-2222-333344445555} a1B2c3d4-0000-1111-2222-333344445555",
	  "{00000000-0000-4000-8000-000000000001} 00000000-0000-4000-8000-000000000001" },
	{ "a class of VMBus devices stays", 0, "{44c4f61d-4444-4400-9d52-802e27ede19f}",
	  "{44c4f61d-4444-4400-9d52-802e27ede19f}" },
	{ "an EFI variable stays", 0, "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
	  "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c" },
	{ "a machine id", 0, "0123456789abcdef0123456789abcdef\n",
	  "00000000000000000000000000000001\n" },
	{ "a certificate's thumbprint", 0, "0123456789ABCDEF0123456789ABCDEF01234567.crt",
	  "0000000000000000000000000000000000000001.crt" },
	{ "an address", 0, "via 10.1.2.3 dev eth0", "via 198.18.0.1 dev eth0" },
	{ "the RDMA network keeps its prefix", 0, "172.16.1.14/16 172.16.9.9",
	  "172.16.0.1/16 172.16.0.2" },
	{ "a network that has the RDMA network in it", 0, "172.16.0.0/12 172.0.0.0/8 172.20.0.0/16",
	  "172.16.0.0/12 172.0.0.0/8 198.18.0.1/16" },
	{ "Azure's own, loopback and masks", 0,
	  "169.254.169.254 168.63.129.16 127.0.0.1 0.0.0.0 255.255.240.0",
	  "169.254.169.254 168.63.129.16 127.0.0.1 0.0.0.0 255.255.240.0" },
	{ "a range of addresses", 0, "10.0.0.1-10.0.0.9", "198.18.0.1-198.18.0.2" },
	{ "a version of five numbers", 0, "5.15.0.1064.63", "5.15.0.1064.63" },
	{ "an agent's version", 0, "WALinuxAgent-2.9.1.1", "WALinuxAgent-2.9.1.1" },
	{ "a package's version", 0, "2.7.0.6-1.el8", "2.7.0.6-1.el8" },
	{ "what says that it is one", 0, "AGENT_VERSION = '2.9.1.1'", "AGENT_VERSION = '2.9.1.1'" },
	{ "where all are versions", ALIAS_KEEP_QUADS, "1.0.3.2", "1.0.3.2" },
	{ "no part of it is above 255", 0, "1.2.3.256 1.2.3.4567", "1.2.3.256 1.2.3.4567" },
	{ "an IPv6 address", 0,
	  "fe80::215:5dff:fe33:ff0c/64 2001:1::", "2001:db8::1/64 2001:db8::2" },
	{ "IPv6 of every machine", 0, "::1 :: ff02::1", "::1 :: ff02::1" },
	{ "the colons of apt", 0, "Acquire::Retries \"3\";", "Acquire::Retries \"3\";" },
	{ "a proxy with a password", 0, "http://me:p@ss@proxy.corp:3128/x?y=1 z",
	  "http://host-1.example:3128 z" },
	{ "a proxy by its address", 0, "http://10.1.2.3:3128/", "http://198.18.0.1:3128" },
	{ "a distribution's host", 0, "http://vault.centos.org/7.9/",
	  "http://vault.centos.org/7.9/" },
	{ "one that only ends like it", 0, "http://notcentos.org/7.9", "http://host-1.example" },
	{ "a signature", 0, "https://a.azure.com/b?sig=abcdef&x=1",
	  "https://a.azure.com/b?sig=***&x=1" },
	{ "a user at a distribution's host", 0, "https://me:pass@esm.ubuntu.com/a",
	  "https://esm.ubuntu.com/a" },
	{ "a name where a port should be", 0, "http://p.corp:x~hpc-head-01ff/a",
	  "http://host-1.example" },
	{ "a port that is longer than a port", 0, "http://p.corp:123456/a",
	  "http://host-1.example" },
	{ "a URL without an end", 0, "http://", "http://" },
	{ "a password that is set", ALIAS_SETTINGS, "a=1\nproxy_password = 's e c' \nb=2\n",
	  "a=1\nproxy_password = '***' \nb=2\n" },
	{ "a proxy without a scheme", ALIAS_SETTINGS, "http_proxy=proxy.corp:3128\n",
	  "http_proxy=***\n" },
	{ "a proxy of apt", ALIAS_SETTINGS, "Acquire::http::Proxy \"http://u:p@h.corp:1/\";",
	  "Acquire::http::Proxy \"http://host-1.example:1\";" },
	{ "a setting in a setting", ALIAS_SETTINGS, "Environment=\"https_proxy=proxy.corp:3128\"\n",
	  "Environment=\"https_proxy=***\"\n" },
	{ "no proxy", ALIAS_SETTINGS, "proxy=_none_\nproxy=\n", "proxy=_none_\nproxy=\n" },
	{ "a password that looks like a URL", ALIAS_SETTINGS, "password=x://y", "password=***" },
	{ "what is no file of settings", 0, "secretmem=1 password: x", "secretmem=1 password: x" },
};

static void make(struct aliases *a)
{
	assert_int_equal(aliases_init(a), 0);
	assert_int_equal(alias_add_name(a, "node7"), 0);
	assert_int_equal(alias_add_name(a, "HPC-head-01"), 0);
	assert_int_equal(alias_add_name(a, "x"), 0);
}

static void hides_what_identifies(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf b = { 0 };
		struct aliases a;

		make(&a);
		assert_int_equal(
			alias_text(&a, rows[i].flags, rows[i].text, strlen(rows[i].text), &b), 0);
		if (!text_eq(buf_text(&b), rows[i].want))
			fail_msg("%s: \"%s\"", rows[i].name, buf_text(&b));
		aliases_free(&a);
	}
}

static const struct {
	const char *name, *text, *want;
} values[] = {
	{ "nothing", "", "" },
	{ "a truth value", "True", "True" },
	{ "a small number", "24", "24" },
	{ "a word", "westeurope", "value-1" },
	{ "the same word", "WestEurope", "value-1" },
	{ "a name that is known", "node7", "name-1" },
	{ "what only begins with one", "node7/disk", "value-2" },
	{ "an address", "10.0.0.4", "198.18.0.1" },
	{ "a MAC as metadata has it", "000D3A123456", "000D3A000001" },
	{ "a UUID", "a1b2c3d4-0000-1111-2222-333344445555",
	  "00000000-0000-4000-8000-000000000001" },
	{ "an id with a UUID in it", "/subscriptions/a1b2c3d4-0000-1111-2222-333344445555/x",
	  "value-3" },
};

static void hides_whole_values(void **unused)
{
	struct aliases a;

	(void)unused;
	make(&a);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		AUTO_BUF struct buf b = { 0 };

		assert_int_equal(alias_value(&a, values[i].text, &b), 0);
		if (!text_eq(buf_text(&b), values[i].want))
			fail_msg("%s: \"%s\"", values[i].name, buf_text(&b));
	}
	aliases_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hides_what_identifies),
		cmocka_unit_test(hides_whole_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
