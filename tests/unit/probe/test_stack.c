/* tests/unit/probe/test_stack.c - modules and packages of the RDMA stack, and whose stack they
 * make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "probe/driver.h"
#include "probe/module.h"
#include "probe/package.h"

static const struct module_facts *module_in(const struct module_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (text_eq(set->at[i].name, name))
			return &set->at[i];
	}
	fail_msg("%s is not in the table", name);
	return NULL;
}

static void parses_loaded_modules(void **unused)
{
	static const char text[] =
		"mlx5_ib 385024 0 - Live 0x0000000000000000\n"
		"ib_core 434176 2 mlx5_ib,ib_uverbs, Live 0xffffffffc0a2d000 (OE)\n"
		"ib_uverbs 1 0 - Loading 0x0\n"
		"ib_umad 1 0 - Unloading 0x0\n"
		"mlx5_core\n" /* no more than a name */
		"\n"
		"pci_hyperv_intf 16384 1 - Live 0x0\n"
		"ib_cm 1 0 - Live";
	struct module_set set;

	(void)unused;
	module_set_init(&set);
	module_parse_loaded(text, strlen(text), &set);
	assert_true(module_in(&set, "mlx5_ib")->loaded);
	assert_true(module_in(&set, "ib_core")->loaded);
	assert_false(module_in(&set, "ib_uverbs")->loaded);
	assert_false(module_in(&set, "ib_umad")->loaded);
	assert_true(module_in(&set, "mlx5_core")->loaded);
	assert_false(module_in(&set, "pci_hyperv")->loaded);
	assert_true(module_in(&set, "ib_cm")->loaded);
}

static void parses_modules_to_be_had(void **unused)
{
	static const char built_in[] =
		"kernel/drivers/pci/controller/pci-hyperv.ko\nkernel/x/ib_core.ko.zst\n";
	static const char dep[] =
		"kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko.xz: kernel/a.ko kernel/mlx4_ib.ko\n"
		"updates/dkms/mlx-compat.ko:\n"
		"kernel/drivers/infiniband/core/ib_cm.ko\n" /* no colon: not a line of this file */
		"rdma_ucm.ko: x\n"
		"kernel/other/mlx5_ib.ko:\n"
		"extra/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
		"0123456789/"
		"0123456789/0123456789/0123456789/0123456789/0123456789/mlx4_core.ko:\n";
	struct module_set set;

	(void)unused;
	module_set_init(&set);
	module_parse_built_in(built_in, strlen(built_in), &set);
	module_parse_dep(dep, strlen(dep), &set);
	assert_true(module_in(&set, "pci_hyperv")->built_in);
	assert_true(module_in(&set, "ib_core")->built_in);
	assert_string_equal(module_in(&set, "mlx5_ib")->path,
			    "kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko.xz");
	assert_string_equal(module_in(&set, "mlx_compat")->path, "updates/dkms/mlx-compat.ko");
	assert_string_equal(module_in(&set, "rdma_ucm")->path, "rdma_ucm.ko");
	assert_string_equal(module_in(&set, "ib_cm")->path, "");
	assert_string_equal(module_in(&set, "mlx4_ib")->path, "");
	/* A path that does not fit would be another path when cut. */
	assert_string_equal(module_in(&set, "mlx4_core")->path, "");
}

#define STANZA(name, status, version)                                                              \
	"Package: " name "\nStatus: " status "\nArchitecture: amd64\nVersion: " version            \
	"\nDescription: x\n Package: perftest\n\n"

static const struct {
	const char *name, *text, *want; /* "package version half ..." */
} dpkg_rows[] = {
	{ "installed", STANZA("rdma-core", "install ok installed", "44.0-2"),
	  "rdma-core 44.0-2 0;" },
	{ "on hold", STANZA("rdma-core", "hold ok installed", "44.0-2"), "rdma-core 44.0-2 0;" },
	{ "not of the set", STANZA("bash", "install ok installed", "5"), "" },
	{ "name that only begins alike", STANZA("rdma-core-dbg", "install ok installed", "5"), "" },
	{ "removed, its configuration left",
	  STANZA("rdma-core", "deinstall ok config-files", "44.0-2"), "" },
	{ "never there", STANZA("rdma-core", "unknown ok not-installed", ""), "" },
	{ "unpacked by a power cut", STANZA("rdma-core", "install ok unpacked", "44.0-2"),
	  "rdma-core 44.0-2 1;" },
	{ "its postinst failed", STANZA("rdma-core", "install ok half-configured", "44.0-2"),
	  "rdma-core 44.0-2 1;" },
	{ "half-installed needs reinstallation",
	  STANZA("rdma-core", "install reinstreq half-installed", "44.0-2"),
	  "rdma-core 44.0-2 1;" },
	{ "triggers pending", STANZA("rdma-core", "install ok triggers-pending", "44.0-2"),
	  "rdma-core 44.0-2 1;" },
	{ "two of them",
	  STANZA("perftest", "install ok installed", "4.5+0.17-1")
		  STANZA("rdma-core", "install ok installed", "1"),
	  "perftest 4.5+0.17-1 0;rdma-core 1 0;" },
	{ "two architectures, one half-way",
	  STANZA("libibverbs1", "install ok installed", "1")
		  STANZA("libibverbs1", "install ok unpacked", "2"),
	  "libibverbs1 1 1;" },
	{ "the last stanza without an empty line",
	  "Package: rdma-core\nStatus: install ok installed\nVersion: 1", "rdma-core 1 0;" },
	{ "without a Status", "Package: rdma-core\nVersion: 1\n\n", "" },
	{ "a Status cut short", "Package: rdma-core\nStatus: install ok\nVersion: 1\n\n", "" },
	{ "empty", "", "" },
};

static void parses_dpkg_status(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(dpkg_rows); i++) {
		struct package_set set = { 0 };
		char got[256] = "";

		package_parse_dpkg(dpkg_rows[i].text, strlen(dpkg_rows[i].text), &set);
		for (size_t k = 0; k < set.count; k++) {
			size_t len = strlen(got);

			(void)text_format(got + len, sizeof got - len, "%s %s %d;", set.at[k].name,
					  set.at[k].version, set.at[k].half_installed);
		}
		if (!text_eq(got, dpkg_rows[i].want))
			fail_msg("package_parse_dpkg: %s: %s", dpkg_rows[i].name, got);
	}
}

static const struct {
	const char *name, *text;
	int rc, kind;
	const char *want;
} ofed_rows[] = {
	{ "short form", "MLNX_OFED_LINUX-5.5-1.0.3.2:\n", 0, OFED_MLNX, "5.5-1.0.3.2" },
	{ "long form", "MLNX_OFED_LINUX-4.9-4.1.7.0 (OFED-4.9-4.1.7):\nar_mgr:\n", 0, OFED_MLNX,
	  "4.9-4.1.7.0" },
	{ "DOCA's", "OFED-internal-24.10-0.7.0:\n", 0, OFED_INTERNAL, "24.10-0.7.0" },
	{ "by -n, a name of its own", "25.10-OFED.25.10.0.2.8.1\n", 0, OFED_INTERNAL,
	  "25.10-0.2.8.1" },
	{ "by -n, the line once", "25.10-OFED.0.2.8.1", 0, OFED_INTERNAL, "25.10-0.2.8.1" },
	{ "by -n, a bundle", "MLNX_OFED_LINUX-24.10-0.7.0.0\n", 0, OFED_MLNX, "24.10-0.7.0.0" },
	{ "DOCA's without a version", "OFED-internal-:\n", -EINVAL, 0, "before" },
	{ "no version", "MLNX_OFED_LINUX-:\n", -EINVAL, 0, "before" },
	{ "a name without its end", "25.10-OFED.25.10.\n", -EINVAL, 0, "before" },
	{ "a version alone", "5.5-1.0.3.2\n", -EINVAL, 0, "before" },
	{ "longer than any version",
	  "MLNX_OFED_LINUX-5.012345678901234567890123456789012345678901234567890123456789012345",
	  -EINVAL, 0, "before" },
	{ "empty", "", -EINVAL, 0, "before" },
};

static void parses_ofed_info(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(ofed_rows); i++) {
		struct ofed_info got = { .version = "before" };
		int rc = driver_parse_ofed_info(ofed_rows[i].text, strlen(ofed_rows[i].text), &got);

		if (rc != ofed_rows[i].rc || (int)got.kind != ofed_rows[i].kind ||
		    !text_eq(got.version, ofed_rows[i].want))
			fail_msg("driver_parse_ofed_info: %s: %s", ofed_rows[i].name, got.version);
	}
}

#define NO_INFO NULL
#define INFO(kind, version)                                                                        \
	&(const struct ofed_info)                                                                  \
	{                                                                                          \
		kind, version                                                                      \
	}

static const struct {
	const char *name, *os;
	struct package_facts packages[3];
	const char *module;
	const struct ofed_info *ofed;
	enum driver_kind kind;
	const char *version;
} driver_rows[] = {
	{ "nothing installed", "debian", { { "" } }, "mlx5_ib", NO_INFO, DRIVER_NONE, "" },
	{ "user space and a module",
	  "debian",
	  { { "rdma-core", "44.0-2", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_INBOX,
	  "44.0-2" },
	{ "the same for ConnectX-3",
	  "debian",
	  { { "rdma-core", "44.0-2", false } },
	  "mlx4_ib",
	  NO_INFO,
	  DRIVER_INBOX,
	  "44.0-2" },
	{ "the same by rpm",
	  "rhel",
	  { { "rdma-core", "48.0-1.el8", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_INBOX,
	  "48.0-1.el8" },
	{ "user space for a kernel without the module",
	  "debian",
	  { { "rdma-core", "44.0-2", false } },
	  "ib_core",
	  NO_INFO,
	  DRIVER_NONE,
	  "" },
	{ "MLNX_OFED by its kernel package",
	  "ubuntu",
	  { { "rdma-core", "55mlnx37-1", false },
	    { "mlnx-ofed-kernel-dkms", "5.5-OFED.5.5.1.0.3.1", false } },
	  "mlx5_ib",
	  INFO(OFED_MLNX, "5.5-1.0.3.2"),
	  DRIVER_MLNX_OFED,
	  "5.5-1.0.3.2" },
	{ "MLNX_OFED by rpm, its installer stopped half-way",
	  "centos",
	  { { "mlnx-ofa_kernel", "5.5-OFED.5.5.1.0.3.1.rhel7u6", true } },
	  "ib_core",
	  NO_INFO,
	  DRIVER_MLNX_OFED,
	  "" },
	{ "MLNX_OFED by modules made for this kernel",
	  "centos",
	  { { "kmod-mlnx-ofa_kernel", "5.5-OFED.5.5.1.0.3.1", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_MLNX_OFED,
	  "" },
	{ "MLNX_OFED where the packages cannot be read",
	  "ubuntu",
	  { { "" } },
	  "mlx5_ib",
	  INFO(OFED_MLNX, "4.9-4.1.7.0"),
	  DRIVER_MLNX_OFED,
	  "4.9-4.1.7.0" },
	{ "ofed_info is there and says nothing",
	  "ubuntu",
	  { { "" } },
	  "mlx5_ib",
	  INFO(OFED_NONE, ""),
	  DRIVER_MLNX_OFED,
	  "" },
	{ "MLNX_OFED with the package source of DOCA beside it",
	  "ubuntu",
	  { { "doca-host", "3.2.1-044000-25.10-ubuntu2204", false },
	    { "ofed-scripts", "24.10", false } },
	  "mlx5_ib",
	  INFO(OFED_MLNX, "24.10-0.7.0.0"),
	  DRIVER_MLNX_OFED,
	  "24.10-0.7.0.0" },
	{ "DOCA",
	  "ubuntu",
	  { { "doca-ofed", "3.2.1-044000", false }, { "mlnx-ofed-kernel-dkms", "25.10", false } },
	  "mlx5_ib",
	  INFO(OFED_INTERNAL, "25.10-1.6.6"),
	  DRIVER_DOCA_OFED,
	  "3.2.1" },
	{ "DOCA by rpm",
	  "rhel",
	  { { "doca-ofed", "3.2.1-044000.el9", false },
	    { "mlnx-ofa_kernel", "25.10-OFED.25.10.1.6.6.1.rhel9", false } },
	  "mlx5_ib",
	  INFO(OFED_INTERNAL, "25.10-1.6.6"),
	  DRIVER_DOCA_OFED,
	  "3.2.1" },
	{ "DOCA without its meta package",
	  "ubuntu",
	  { { "doca-host", "3.2.1-044000-25.10-ubuntu2204", false },
	    { "ofed-scripts", "25.10", false } },
	  "mlx5_ib",
	  INFO(OFED_NONE, ""),
	  DRIVER_DOCA_OFED,
	  "3.2.1" },
	{ "DOCA's kernel package by rpm, without its meta package",
	  "rhel",
	  { { "doca-host", "3.2.1-044000_25.10_rhel9", false },
	    { "mlnx-ofa_kernel", "25.10", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_DOCA_OFED,
	  "3.2.1" },
	{ "DOCA by what ofed_info says alone",
	  "ubuntu",
	  { { "" } },
	  "mlx5_ib",
	  INFO(OFED_INTERNAL, "24.10-0.7.0"),
	  DRIVER_DOCA_OFED,
	  "" },
	{ "doca-host alone is a package source, not a driver",
	  "ubuntu",
	  { { "doca-host", "3.2.1-044000-25.10-ubuntu2204", false },
	    { "rdma-core", "44.0-2", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_INBOX,
	  "44.0-2" },
	{ "Azure Linux' own stack, which says that it is MLNX_OFED",
	  "azurelinux",
	  { { "mlnx-ofa_kernel", "24.10-20.azl3", false }, { "rdma-core", "55.0-1.azl3", false } },
	  "mlx5_ib",
	  INFO(OFED_MLNX, "24.10-0.7.0.0"),
	  DRIVER_DISTRO,
	  "24.10-20.azl3" },
	{ "the same on its hwe kernel",
	  "azurelinux",
	  { { "mlnx-ofa_kernel-hwe-modules", "24.10-20.azl3", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_DISTRO,
	  "24.10-20.azl3" },
	{ "DOCA on Azure Linux",
	  "azurelinux",
	  { { "doca-ofed", "3.2.1-044000", false }, { "mlnx-ofa_kernel", "25.10", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_DOCA_OFED,
	  "3.2.1" },
	{ "Azure Linux without it",
	  "azurelinux",
	  { { "rdma-core", "55.0-1.azl3", false } },
	  "mlx5_ib",
	  NO_INFO,
	  DRIVER_INBOX,
	  "55.0-1.azl3" },
};

static void tells_whose_driver_it_is(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(driver_rows); i++) {
		static struct facts f;

		memset(&f, 0, sizeof f);
		memcpy(f.packages, driver_rows[i].packages, sizeof driver_rows[i].packages);
		f.npackages = ARRAY_SIZE(driver_rows[i].packages);
		(void)TEXT_COPY(f.os.id, driver_rows[i].os);
		(void)TEXT_COPY(f.modules[0].name, driver_rows[i].module);
		f.nmodules = 1;
		driver_classify(&f, driver_rows[i].ofed);
		if (f.driver.kind != driver_rows[i].kind ||
		    !text_eq(f.driver.version, driver_rows[i].version))
			fail_msg("driver_classify: %s: %s %s", driver_rows[i].name,
				 driver_kind_name(f.driver.kind), f.driver.version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_loaded_modules),
		cmocka_unit_test(parses_modules_to_be_had),
		cmocka_unit_test(parses_dpkg_status),
		cmocka_unit_test(parses_ofed_info),
		cmocka_unit_test(tells_whose_driver_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
