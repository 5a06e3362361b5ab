/* tests/unit/act/test_rpm_text.c - what rpm, dnf, yum, tdnf and zypper print is read. The outputs
 * are those of dnf 4.14, zypper 1.14 and rpm 4.18, shortened, but for those marked as made up: yum
 * of Python 2, dnf 5 and tdnf by their sources and documentation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "act/rpm/text.h"
#include "base/text.h"

#define LINE80 "================================================================================\n"

struct wanted {
	enum rpm_action action;
	const char *name, *arch, *version, *old_version;
};

static const struct {
	const char *name, *text;
	struct wanted items[6];
	bool xml;
	int rc;
} rows[] = {
	{ .name = "dnf installs",
	  .text = "Dependencies resolved.\n" LINE80 " Package             Architecture    Version  "
		  "                 Repository  Size\n" LINE80 "Installing:\n"
		  " perftest            x86_64          1:25.01.0-1.el9           t          6.4 "
		  "k\n"
		  "Installing dependencies:\n"
		  " rdma-core           x86_64          54.0-1.el9                t          6.7 "
		  "k\n"
		  "\n"
		  "Transaction Summary\n" LINE80 "Install  2 Packages\n",
	  .items = { { RPM_INSTALL, "perftest", "x86_64", "1:25.01.0-1.el9", "" },
		     { RPM_INSTALL, "rdma-core", "x86_64", "54.0-1.el9", "" } } },
	{ .name = "dnf upgrades, and makes one obsolete",
	  .text = "Package libibverbs-51.0-1.el9.i686 is already installed.\n"
		  "Installing:\n"
		  " infiniband-diags          x86_64    54.0-1.el9          t          6.5 k\n"
		  "     replacing  libibmad.x86_64 50.0-1.el9\n"
		  "Upgrading:\n"
		  " libibverbs                i686      54.0-1.el9          t          6.4 k\n"
		  "\n"
		  "Transaction Summary\n",
	  .items = { { RPM_INSTALL, "infiniband-diags", "x86_64", "54.0-1.el9", "" },
		     { RPM_REMOVE, "libibmad", "x86_64", "50.0-1.el9", "" },
		     { RPM_UPGRADE, "libibverbs", "i686", "54.0-1.el9", "" } } },
	{ .name = "a heading that goes on in the next line, and a package that does",
	  .text = " Package                                     Arch    Version        Repo\n"
		  "                                                                   Size\n" LINE80
		  "Installing:\n"
		  " a-package-with-a-really-very-long-name-that-does-not-fit-into-its-column\n"
		  "             x86_64  1.2.3.4.5-202311261200.el9_6 the-repository-of-the-vendor\n"
		  "                                                                  7.1 k\n"
		  " kernel-devel  x86_64  5.14.0-503.el9  t  6.5 k\n",
	  .items = { { RPM_INSTALL,
		       "a-package-with-a-really-very-long-name-that-does-not-fit-into-its-column",
		       "x86_64", "1.2.3.4.5-202311261200.el9_6", "" },
		     { RPM_INSTALL, "kernel-devel", "x86_64", "5.14.0-503.el9", "" } } },
	{ .name = "dnf removes",
	  .text = "Installing:\n"
		  " ofed-conflict           x86_64        1-1                      t          6.4 "
		  "k\n"
		  "Removing dependent packages:\n"
		  " perftest                x86_64        1:24.07.0-1.el9          @t         47  "
		  "\n"
		  "\n",
	  .items = { { RPM_INSTALL, "ofed-conflict", "x86_64", "1-1", "" },
		     { RPM_REMOVE, "perftest", "x86_64", "1:24.07.0-1.el9", "" } } },
	{ .name = "dnf reinstalls and downgrades; what is skipped does not count",
	  .text = "Reinstalling:\n"
		  " rdma-core          x86_64          51.0-1.el9                 t          6.7 "
		  "k\n"
		  "Downgrading:\n"
		  " perftest           noarch          1:24.07.0-1.el9            t          6.4 "
		  "k\n"
		  "Skipping packages with conflicts:\n"
		  " libibverbs         x86_64          54.0-1.el9                 t          6.4 "
		  "k\n",
	  .items = { { RPM_REINSTALL, "rdma-core", "x86_64", "51.0-1.el9", "" },
		     { RPM_UPGRADE, "perftest", "noarch", "1:24.07.0-1.el9", "" } } },
	{ .name = "nothing to do",
	  .text = "Package rdma-core-54.0-1.el9.x86_64 is already installed.\n"
		  "Dependencies resolved.\nNothing to do.\nComplete!\n" },
	{ .name = "yum (made up)",
	  .text = "--> Finished Dependency Resolution\n\nDependencies Resolved\n\n" LINE80
		  " Package          Arch     Version                Repository               "
		  "Size\n" LINE80 "Installing:\n"
		  " perftest         x86_64   4.2-1.el7              base                    134 "
		  "k\n"
		  "     replacing  mlnx-perf.x86_64 4.1-1.el7\n"
		  "Updating for dependencies:\n"
		  " libibumad        x86_64   22.4-6.el7_9           updates                  24 "
		  "k\n\n"
		  "Transaction Summary\n" LINE80
		  "Install  1 Package\nUpgrade             ( 1 Dependent package)\n",
	  .items = { { RPM_INSTALL, "perftest", "x86_64", "4.2-1.el7", "" },
		     { RPM_REMOVE, "mlnx-perf", "x86_64", "4.1-1.el7", "" },
		     { RPM_UPGRADE, "libibumad", "x86_64", "22.4-6.el7_9", "" } } },
	{ .name = "dnf 5 (made up): an upgrade replaces itself",
	  .text = "Package          Arch   Version     Repository  Size\n"
		  "Upgrading:\n"
		  " rdma-core       x86_64 54.0-1.fc41 updates  6.7 KiB\n"
		  "   replacing rdma-core x86_64 51.0-1.fc41 fedora 6.6 KiB\n"
		  "Installing:\n"
		  " infiniband-diags x86_64 54.0-1.fc41 updates 6.5 KiB\n"
		  "   replacing libibmad  x86_64 50.0-1.fc41 fedora 6.4 KiB\n",
	  .items = { { RPM_UPGRADE, "rdma-core", "x86_64", "54.0-1.fc41", "" },
		     { RPM_INSTALL, "infiniband-diags", "x86_64", "54.0-1.fc41", "" },
		     { RPM_REMOVE, "libibmad", "x86_64", "50.0-1.fc41", "" } } },
	{ .name = "tdnf (made up)",
	  .text = "\nInstalling:\n"
		  "libibverbs              x86_64      39.0-1.azl3     azurelinux-base  200.85k\n"
		  "\nTotal installed size:   2.27M\n"
		  "\nUpgrading:\n"
		  "rdma-core               x86_64      1:39.0-1.azl3   azurelinux-base   10.00k\n"
		  "\nTotal installed size:  10.00k\n"
		  "\nObsoleting:\n"
		  "libibmad                x86_64      1.3-1.azl3      @System           10.00k\n"
		  "\nTotal installed size:  10.00k\nIs this ok [y/N]:",
	  .items = { { RPM_INSTALL, "libibverbs", "x86_64", "39.0-1.azl3", "" },
		     { RPM_UPGRADE, "rdma-core", "x86_64", "1:39.0-1.azl3", "" },
		     { RPM_REMOVE, "libibmad", "x86_64", "1.3-1.azl3", "" } } },
	{ .name = "two make one obsolete",
	  .text = "Installing:\n a x86_64 1-1 t 1 k\n     replacing  c.x86_64 1-1\n"
		  " b x86_64 1-1 t 1 k\n     replacing  c.x86_64 1-1\n",
	  .items = { { RPM_INSTALL, "a", "x86_64", "1-1", "" },
		     { RPM_REMOVE, "c", "x86_64", "1-1", "" },
		     { RPM_INSTALL, "b", "x86_64", "1-1", "" } } },
	{ .name = "a package without a version",
	  .text = "Installing:\n perftest x86_64\n\n",
	  .rc = -EINVAL },
	{ .name = "a version that is none",
	  .text = "Installing:\n perftest x86_64 repository 6.4 k\n\n",
	  .rc = -EINVAL },
	{ .name = "an obsolete package without an architecture",
	  .text = "Installing:\n a x86_64 1-1 t 1 k\n     replacing  c 1-1\n",
	  .items = { { RPM_INSTALL, "a", "x86_64", "1-1", "" } },
	  .rc = -EINVAL },
	{ .name = "zypper",
	  .xml = true,
	  .text = "<?xml version='1.0'?>\n<stream>\n"
		  "<message type=\"info\">Loading repository data...</message>\n"
		  "<install-summary download-size=\"40298\" packages-to-change=\"4\">\n"
		  "<to-upgrade>\n"
		  "<solvable type=\"package\" name=\"libibverbs\" edition=\"54.0-1.el9\" "
		  "arch=\"i686\" edition-old=\"51.0-1.el9\" arch-old=\"i686\" "
		  "summary=\"test libibverbs\">\n<description>test</description></solvable>\n"
		  "</to-upgrade>\n<to-install>\n"
		  "<solvable type=\"package\" name=\"perftest\" edition=\"1:25.01.0-1.el9\" "
		  "arch=\"x86_64\" summary=\"x\">\n<description>test</description></solvable>\n"
		  "<solvable type=\"pattern\" name=\"hpc\" edition=\"1-1\" arch=\"x86_64\"/>\n"
		  "</to-install>\n<to-remove>\n"
		  "<solvable type=\"package\" name=\"libibmad\" edition=\"50.0-1.el9\" "
		  "arch=\"x86_64\" summary=\"x\"/>\n</to-remove>\n<to-reinstall>\n"
		  "<solvable type=\"package\" name=\"rdma-core\" edition=\"51.0-1.el9\" "
		  "arch=\"x86_64\" edition-old=\"51.0-1.el9\" arch-old=\"x86_64\"/>\n"
		  "</to-reinstall>\n</install-summary>\n"
		  "<solvable type=\"package\" name=\"not-of-the-summary\"/></stream>\n",
	  .items = { { RPM_UPGRADE, "libibverbs", "i686", "54.0-1.el9", "51.0-1.el9" },
		     { RPM_INSTALL, "perftest", "x86_64", "1:25.01.0-1.el9", "" },
		     { RPM_REMOVE, "libibmad", "x86_64", "50.0-1.el9", "" },
		     { RPM_REINSTALL, "rdma-core", "x86_64", "51.0-1.el9", "51.0-1.el9" } } },
	{ .name = "zypper has nothing to do",
	  .xml = true,
	  .text = "<install-summary packages-to-change=\"0\">\n</install-summary>\n"
		  "<message type=\"info\">Nothing to do.</message>\n" },
	{ .name = "zypper without an edition",
	  .xml = true,
	  .text = "<to-install><solvable type=\"package\" name=\"x\" arch=\"x86_64\"/>",
	  .rc = -EINVAL },
};

static void reads_what_would_be_done(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_RPM_ITEMS struct rpm_items items = { 0 };
		int rc = (rows[i].xml ? rpm_parse_summary : rpm_parse_table)(
			rows[i].text, strlen(rows[i].text), &items);
		size_t n = 0;

		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].name, rc);
		for (const struct wanted *w = rows[i].items; w->name; w++, n++) {
			if (n >= items.count || items.at[n].action != w->action ||
			    !text_eq(items.at[n].name, w->name) ||
			    !text_eq(items.at[n].arch, w->arch) ||
			    !text_eq(items.at[n].version, w->version) ||
			    !text_eq(items.at[n].old_version, w->old_version))
				fail_msg("%s: item %zu is not %s %s", rows[i].name, n, w->name,
					 w->version);
		}
		if (n != items.count)
			fail_msg("%s: %zu items", rows[i].name, items.count);
	}
}

static void reads_a_package(void **unused)
{
	static const char line[] = "perftest\t1:25.01.0-1.el9\tx86_64\t1795737864\t8";
	static const char file[] = "rdma-core\t0:51.0-1.el9\tx86_64\t(none)\t0";
	static const char *const bad[] = { "", "rdma-core", "a\t0:1-1\tx86_64\t1",
					   "a\t\tx86_64\t1\t1", "a\t0:\tx86_64\t1\t1" };
	struct rpm_package p;

	(void)unused;
	assert_int_equal(rpm_parse_line(line, strlen(line), &p), 0);
	assert_string_equal(p.name, "perftest");
	assert_string_equal(p.version, "1:25.01.0-1.el9");
	assert_string_equal(p.arch, "x86_64");
	assert_int_equal(p.installed_at, 1795737864);
	assert_int_equal(p.instance, 8);
	assert_int_equal(rpm_parse_line(file, strlen(file), &p), 0);
	assert_string_equal(p.version, "51.0-1.el9");
	assert_int_equal(p.installed_at, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(rpm_parse_line(bad[i], strlen(bad[i]), &p), -EINVAL);
}

static void reads_who_needs_what(void **unused)
{
	static const char line[] =
		"\tlibibverbs = 54.0 is needed by (installed) perftest-1:25.01.0-1.el9.x86_64";
	static const char *const others[] = {
		"error: Failed dependencies:",
		"",
		"\t",
		"\tlibibverbs is needed by infiniband-diags-54.0-1.el9.x86_64",
		"\t is needed by (installed) x",
	};
	struct rpm_needed n;

	(void)unused;
	assert_true(rpm_parse_needed(line, strlen(line), &n));
	assert_string_equal(n.capability, "libibverbs");
	assert_string_equal(n.by, "perftest-1:25.01.0-1.el9.x86_64");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(rpm_parse_needed(others[i], strlen(others[i]), &n));
}

static void makes_text_of_xml(void **unused)
{
	static const char xml[] = "<stream>\n<message type=\"error\">No provider of "
				  "&apos;nosuch&apos; found.</message>\n"
				  "<description>Problem: a &lt;= b &amp;&amp; c</description>\n"
				  "5 < 6\n";
	AUTO_BUF struct buf text = { 0 };

	(void)unused;
	assert_int_equal(rpm_plain_text(xml, strlen(xml), &text), 0);
	assert_string_equal(buf_text(&text), "\nError: No provider of 'nosuch' found.\n"
					     "Problem: a <= b && c\n5 < 6\n");
}

static void finds_whole_lines(void **unused)
{
	(void)unused;
	assert_true(rpm_has_line("a x86_64\nrdma-core x86_64\n", "rdma-core x86_64"));
	assert_true(rpm_has_line("a", "a"));
	assert_false(rpm_has_line("rdma-core-devel x86_64\n", "rdma-core"));
	assert_false(rpm_has_line("", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_would_be_done), cmocka_unit_test(reads_a_package),
		cmocka_unit_test(reads_who_needs_what),     cmocka_unit_test(makes_text_of_xml),
		cmocka_unit_test(finds_whole_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
