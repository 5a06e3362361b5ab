/* tests/unit/probe/test_policy.c - what package managers are told, form by form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/files.h"
#include "probe/package.h"
#include "probe/policy.h"

typedef void (*parser)(const char *text, size_t len, struct package_policy_facts *ret);

static const struct {
	const char *name;
	parser parse;
	const char *text, *excludes, *locks, *pins, *mirrors;
} rows[] = {
	{ "kernels excluded, as Azure's images do", policy_parse_dnf,
	  "[main]\ngpgcheck=1\nexclude=kernel* kmod-*\n", "kernel*,kmod-*", "", "", "" },
	{ "the newer word, with commas and around it spaces", policy_parse_dnf,
	  "[main]\nexcludepkgs = kernel, rdma-core,libibverbs\n", "kernel,rdma-core,libibverbs", "",
	  "", "" },
	{ "a list that goes on in the next line", policy_parse_dnf,
	  "[main]\nexclude=kernel\n  kernel-core\nx=1\n y\n", "kernel,kernel-core", "", "", "" },
	{ "twice the same", policy_parse_dnf, "exclude=a\n[b]\nexclude=a b\n", "a,b", "", "", "" },
	{ "of a repository that is off", policy_parse_dnf, "[a]\nexclude=kernel\nenabled=0\n", "",
	  "", "", "" },
	{ "commented out", policy_parse_dnf, "#exclude=kernel\n;exclude=kernel\n", "", "", "", "" },
	{ "another key", policy_parse_dnf, "excludes=kernel\n", "", "", "", "" },
	{ "CentOS without its mirrors", policy_parse_dnf,
	  "[base]\nname=x\nmirrorlist=http://mirrorlist.centos.org/?release=$releasever&repo=os\n"
	  "#baseurl=http://mirror.centos.org/centos/\n",
	  "", "", "", "centos-eol" },
	{ "the same by baseurl", policy_parse_dnf,
	  "[base]\nbaseurl=http://mirror.centos.org/centos/7/os/\n", "", "", "", "centos-eol" },
	{ "switched off", policy_parse_dnf,
	  "[base]\nmirrorlist=http://mirrorlist.centos.org/x\nenabled=0\n", "", "", "", "" },
	{ "moved to the vault", policy_parse_dnf,
	  "[base]\n#mirrorlist=http://mirrorlist.centos.org/x\nbaseurl=http://vault.centos.org/"
	  "7.6.1810/os/\n",
	  "", "", "", "" },
	{ "dnf's versionlock", policy_parse_versionlock,
	  "# Added "
	  "locks\nkernel-core-0:5.14.0-503.el9.*\nrdma-core-0:57.0-2.el9.*\nbash-0:5.1-1.*\n",
	  "", "kernel-core,rdma-core", "", "" },
	{ "yum's versionlock", policy_parse_versionlock, "0:kernel-3.10.0-957.el7.*\n", "",
	  "kernel", "", "" },
	{ "one version left out", policy_parse_versionlock, "!kernel-0:5.14.0-1.*\n", "", "kernel",
	  "", "" },
	{ "a name alone", policy_parse_versionlock, "kernel\n\n", "", "kernel", "", "" },
	{ "zypper's locks", policy_parse_zypp_locks,
	  "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: "
	  "kernel-azure\n\ntype: package\n"
	  "solvable_name: vim\n",
	  "", "kernel-azure", "", "" },
	{ "zypper's locks by pattern", policy_parse_zypp_locks, "solvable_name: rdma*\n", "",
	  "rdma*", "", "" },
	{ "DOCA's dkms pinned away", policy_parse_preferences,
	  "Package: dkms\nPin: release l=DOCA-HOST*\nPin-Priority: -1\n", "", "", "dkms", "" },
	{ "several, one by pattern", policy_parse_preferences,
	  "Package: rdma-core vim libibverbs*\n", "", "", "rdma-core,libibverbs*", "" },
	{ "all packages of a release", policy_parse_preferences,
	  "Package: *\nPin: release a=stable\n", "", "", "", "" },
	{ "an explanation", policy_parse_preferences, "Explanation: Package: dkms\n", "", "", "",
	  "" },
};

static void parses_policies(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct package_policy_facts got = { .excludes = "" };

		rows[i].parse(rows[i].text, strlen(rows[i].text), &got);
		if (!text_eq(got.excludes, rows[i].excludes) ||
		    !text_eq(got.locks, rows[i].locks) || !text_eq(got.pins, rows[i].pins) ||
		    !text_eq(got.mirrors, rows[i].mirrors))
			fail_msg("%s: excludes %s, locks %s, pins %s, mirrors %s", rows[i].name,
				 got.excludes, got.locks, got.pins, got.mirrors);
		/* Nothing of it waits for its end. */
		rows[i].parse("", 0, &got);
	}
}

static const struct {
	const char *name, *text;
	bool want;
} proxy_rows[] = {
	{ "environment", "PATH=\"/bin\"\nhttps_proxy=\"http://10.0.0.4:3128\"\n", true },
	{ "in capitals", "HTTP_PROXY=http://p\n", true },
	{ "apt", "Acquire::http::Proxy \"http://p:3128\";\n", true },
	{ "apt, as a block", "Acquire { http { Proxy \"http://p\"; }; };\n", true },
	{ "apt, for one host not", "Acquire::http::Proxy::mirror.local \"DIRECT\";\n", false },
	{ "apt, none", "Acquire::http::Proxy \"false\";\nAcquire::https::Proxy \"DIRECT\";\n",
	  false },
	{ "dnf", "[main]\nproxy=http://p:3128\n", true },
	{ "dnf, none", "proxy=_none_\nproxy =\n", false },
	{ "a unit", "[Service]\nEnvironment=\"http_proxy=http://p\"\n", true },
	{ "what goes around it", "no_proxy=169.254.169.254\nNO_PROXY=x\n", false },
	{ "who uses it", "proxy_username=x\nproxy_password=y\n", false },
	{ "commented out", "# http_proxy=x\n// Acquire::http::Proxy \"x\";\n; proxy=x\n", false },
	{ "empty value", "http_proxy=\nhttp_proxy=\"\"\n", false },
	{ "the end of the text", "http_proxy", false },
	{ "empty", "", false },
};

static void tells_that_a_proxy_is_set(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(proxy_rows); i++) {
		if (policy_sets_proxy(proxy_rows[i].text, strlen(proxy_rows[i].text)) !=
		    proxy_rows[i].want)
			fail_msg("policy_sets_proxy: %s", proxy_rows[i].name);
	}
}

static void a_word_that_does_not_fit_is_left_out_whole(void **unused)
{
	char list[12] = "";

	(void)unused;
	files_add((struct slice) { "kernel", 6 }, list, sizeof list);
	files_add((struct slice) { "rdma-core", 9 }, list, sizeof list);
	assert_string_equal(list, "kernel");
	files_add((struct slice) { "dkms", 4 }, list, sizeof list);
	assert_string_equal(list, "kernel,dkms");
	files_add((struct slice) { "kern", 4 }, list, sizeof list);
	assert_string_equal(list, "kernel,dkms");
}

static void holds_of_dpkg(void **unused)
{
	static const char text[] = "Package: linux-azure\nStatus: hold ok installed\nVersion: 1\n\n"
				   "Package: rdma-core\nStatus: hold ok installed\nVersion: 1\n\n"
				   "Package: vim\nStatus: hold ok installed\nVersion: 1\n\n"
				   "Package: perftest\nStatus: install ok installed\nVersion: 1\n\n"
				   "Package: ibacm\nStatus: hold ok config-files\nVersion: 1\n\n";
	static struct package_set set;

	(void)unused;
	package_parse_dpkg(text, strlen(text), &set);
	assert_string_equal(set.holds, "linux-azure,rdma-core");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_policies),
		cmocka_unit_test(tells_that_a_proxy_is_set),
		cmocka_unit_test(a_word_that_does_not_fit_is_left_out_whole),
		cmocka_unit_test(holds_of_dpkg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
