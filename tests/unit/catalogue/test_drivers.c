/* tests/unit/catalogue/test_drivers.c - which row of each route the built-in catalogue has for
 * machines that somebody has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

#define C (&catalogue_built_in)

#define X86 "x86_64"
#define ARM "aarch64"

/* Written by hand from the tables of the original extension, of Microsoft's images and of NVIDIA's
 * release notes; "" where there must be no row. */
static const struct {
	const char *os_id, *version, *arch, *release, *flavour, *generation;
	const char *doca, *mlnx, *distro, *inbox; /* ids */
} rows[] = {
	/* The original table. */
	{ "ubuntu", "16.04", X86, "4.15.0-1113-azure", "azure", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-ubuntu-16.04-x86_64", "", "inbox-ubuntu-16.04" },
	{ "ubuntu", "16.04", X86, "4.15.0-1113-azure", "azure", "CX3-Pro", "",
	  "mlnx-ofed-4.9-4.1.7.0-ubuntu-16.04-x86_64", "", "inbox-ubuntu-16.04-mlx4" },
	{ "ubuntu", "18.04", X86, "5.4.0-1109-azure", "azure", "CX5", "",
	  "mlnx-ofed-23.04-1.1.3.0-ubuntu-18.04-x86_64", "", "inbox-ubuntu-18.04" },
	{ "ubuntu", "18.04", X86, "5.4.0-1109-azure", "azure", "CX3-Pro", "",
	  "mlnx-ofed-4.9-6.0.6.0-ubuntu-18.04-x86_64", "", "inbox-ubuntu-18.04-26.04-mlx4" },
	{ "ubuntu", "20.04", X86, "5.4.0-1109-azure", "azure", "CX6",
	  "doca-2.10.0-ubuntu-20.04-x86_64", "mlnx-ofed-24.01-0.3.3.1-ubuntu-20.04-x86_64", "",
	  "inbox-ubuntu-20.04" },
	{ "ubuntu", "20.04", X86, "5.15.0-1064-azure", "azure", "CX7",
	  "doca-2.10.0-ubuntu-20.04-x86_64", "mlnx-ofed-24.01-0.3.3.1-ubuntu-20.04-x86_64", "",
	  "inbox-ubuntu-20.04-hwe" },
	{ "ubuntu", "20.04", X86, "5.4.0-1109-azure", "azure", "CX3-Pro", "",
	  "mlnx-ofed-4.9-6.0.6.0-ubuntu-20.04-x86_64", "", "inbox-ubuntu-18.04-26.04-mlx4" },
	{ "ubuntu", "20.04", X86, "5.15.0-1064-azure", "azure", "CX3-Pro", "", "", "",
	  "inbox-ubuntu-18.04-26.04-mlx4" },
	{ "centos", "7.4", X86, "3.10.0-693.21.1.el7.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-7.4-x86_64", "", "inbox-el-7" },
	{ "rhel", "7.5", X86, "3.10.0-862.11.6.el7.x86_64", "", "CX5", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-7.5-x86_64", "", "inbox-el-7" },
	{ "centos", "7.6", X86, "3.10.0-957.27.2.el7.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-7.6-x86_64", "", "inbox-el-7" },
	{ "centos", "7.6", X86, "3.10.0-957.27.2.el7.x86_64", "", "CX3-Pro", "",
	  "mlnx-ofed-4.9-4.1.7.0-el-7.6-x86_64", "", "inbox-el-7-mlx4" },
	{ "rhel", "7.7", X86, "3.10.0-1062.el7.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-7.7-x86_64", "", "inbox-el-7" },
	{ "centos", "7.8", X86, "3.10.0-1127.el7.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-7.8-x86_64", "", "inbox-el-7" },
	{ "rhel", "7.9", X86, "3.10.0-1160.el7.x86_64", "", "CX5", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-7.9-x86_64", "", "inbox-el-7" },
	{ "centos", "8.1", X86, "4.18.0-147.el8.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-8.1-x86_64", "", "inbox-el-8.0-8.5" },
	{ "rhel", "8.2", X86, "4.18.0-193.el8.x86_64", "", "CX3-Pro", "",
	  "mlnx-ofed-4.9-4.1.7.0-el-8.2-x86_64", "", "inbox-el-8-9-mlx4" },
	{ "rhel", "8.2", X86, "4.18.0-193.el8.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-el-8.2-x86_64", "", "inbox-el-8.0-8.5" },
	/* ConnectX-7 needs MLNX_OFED 5.6. */
	{ "rhel", "8.2", X86, "4.18.0-193.el8.x86_64", "", "CX7", "", "", "", "" },
	/* Beyond it. */
	{ "ubuntu", "22.04", X86, "6.8.0-1018-azure", "azure", "CX6",
	  "doca-3.2.1-ubuntu-22.04-x86_64", "mlnx-ofed-24.01-0.3.3.1-ubuntu-22.04-x86_64", "",
	  "inbox-ubuntu-22.04" },
	{ "ubuntu", "22.04", X86, "6.8.0-1018-azure", "azure", "CX4",
	  "doca-2.8.0-ubuntu-22.04-x86_64", "mlnx-ofed-24.01-0.3.3.1-ubuntu-22.04-x86_64", "",
	  "inbox-ubuntu-22.04" },
	{ "ubuntu", "22.04", X86, "6.8.0-1018-azure", "azure", "mlx5Gen",
	  "doca-3.2.1-ubuntu-22.04-x86_64", "", "", "inbox-ubuntu-22.04" },
	{ "ubuntu", "24.04", X86, "6.14.0-1014-azure", "azure", "CX6",
	  "doca-3.2.3-ubuntu-24.04-x86_64", "", "", "inbox-ubuntu-24.04" },
	{ "ubuntu", "24.04", ARM, "6.14.0-1014-azure", "azure", "CX7",
	  "doca-3.2.2-ubuntu-24.04-aarch64", "", "", "inbox-ubuntu-24.04" },
	{ "ubuntu", "24.04", ARM, "6.14.0-1014-azure-nvidia", "azure", "CX8",
	  "doca-3.2.2-ubuntu-24.04-aarch64", "", "", "inbox-ubuntu-24.04" },
	{ "ubuntu", "26.04", X86, "7.0.0-1001-azure", "azure", "CX7",
	  "doca-3.4.0-ubuntu-26.04-x86_64", "", "", "inbox-ubuntu-26.04" },
	{ "ubuntu", "26.04", ARM, "7.0.0-1001-azure", "azure", "CX7", "", "", "",
	  "inbox-ubuntu-26.04" },
	{ "rhel", "8.10", X86, "4.18.0-553.el8_10.x86_64", "", "CX6", "doca-2.8.0-rhel-8.10-x86_64",
	  "", "", "inbox-el-8.6-8.10" },
	{ "rhel", "8.10", X86, "4.18.0-553.el8_10.x86_64", "", "mlx5Gen",
	  "doca-3.2.1-rhel-8.10-x86_64", "", "", "inbox-el-8.6-8.10" },
	{ "almalinux", "8.10", X86, "4.18.0-553.el8_10.x86_64", "", "CX6",
	  "doca-3.2.1-almalinux-rocky-8.10-x86_64", "", "", "inbox-el-8.6-8.10" },
	{ "almalinux", "8.7", X86, "4.18.0-425.3.1.el8.x86_64", "", "CX6",
	  "doca-2.8.0-almalinux-8.7-x86_64", "mlnx-ofed-24.01-0.3.3.1-el-8.7-x86_64", "",
	  "inbox-el-8.6-8.10" },
	{ "rhel", "8.6", X86, "4.18.0-372.9.1.el8.x86_64", "", "CX7", "",
	  "mlnx-ofed-5.8-1.0.1.1-el-8.6-x86_64", "", "inbox-el-8.6-8.10" },
	{ "rhel", "9.8", X86, "5.14.0-700.el9_8.x86_64", "", "CX7", "doca-3.2.2-rhel-9.8-x86_64",
	  "", "", "inbox-el-9" },
	{ "rocky", "9.6", X86, "5.14.0-570.el9_6.x86_64", "", "CX6",
	  "doca-3.2.1-almalinux-rocky-9.6-9.7-x86_64", "", "", "inbox-el-9" },
	{ "rhel", "9.3", X86, "5.14.0-362.el9_3.x86_64", "", "CX6", "doca-2.9.3-el-9.3-x86_64", "",
	  "", "inbox-el-9" },
	{ "rhel", "9.5", ARM, "5.14.0-503.el9_5.aarch64", "", "CX7", "", "", "", "inbox-el-9" },
	{ "rhel", "9.5", X86, "5.14.0-503.el9_5.x86_64", "", "CX3-Pro", "", "", "",
	  "inbox-el-8-9-mlx4" },
	{ "rhel", "10.0", X86, "6.12.0-55.el10_0.x86_64", "", "CX7", "doca-3.2.1-el-10.0-x86_64",
	  "", "", "inbox-el-10" },
	{ "almalinux", "10.1", X86, "6.12.0-124.el10_1.x86_64", "", "CX7", "", "", "",
	  "inbox-el-10" },
	{ "ol", "9.5", X86, "5.14.0-503.el9_5.x86_64", "", "CX6", "doca-3.2.1-ol-9.4-9.7-x86_64",
	  "", "", "inbox-ol-9" },
	{ "ol", "9.5", X86, "5.15.0-302.167.6.el9uek.x86_64", "uek", "CX6", "", "", "",
	  "inbox-ol-8-10-uek-5.15" },
	{ "ol", "8.10", X86, "5.4.17-2136.330.7.1.el8uek.x86_64", "uek", "CX5", "", "", "",
	  "inbox-ol-8-10-uek" },
	{ "ol", "7.9", X86, "5.4.17-2136.330.7.1.el7uek.x86_64", "uek", "CX6", "", "", "",
	  "inbox-ol-7-uek" },
	{ "ol", "7.9", X86, "3.10.0-1160.el7.x86_64", "", "CX6", "",
	  "mlnx-ofed-5.5-1.0.3.2-ol-7.9-x86_64", "", "inbox-ol-7" },
	{ "sles", "15.3", X86, "5.3.18-57-azure", "azure", "CX6", "",
	  "mlnx-ofed-5.6-1.0.3.3-sles-15.3-x86_64", "", "inbox-sles-15.0-15.3" },
	{ "sles", "15.7", X86, "6.4.0-150700.20-azure", "azure", "CX7", "", "", "",
	  "inbox-sles-15.4-15.7" },
	{ "sles", "15", X86, "4.12.14-25-default", "default", "CX5", "", "", "",
	  "inbox-sles-15.0-15.3" },
	{ "sles", "12.5", X86, "4.12.14-122.37-default", "default", "CX5", "", "", "",
	  "inbox-sles-12" },
	{ "azurelinux", "3.0", X86, "6.6.96.2-2.azl3", "", "CX7", "", "",
	  "distro-azurelinux-3.0-x86_64", "inbox-azurelinux-3.0" },
	{ "azurelinux", "3.0", ARM, "6.12.57.1-2.azl3", "", "CX7", "", "",
	  "distro-azurelinux-3.0-aarch64", "inbox-azurelinux-3.0" },
	{ "mariner", "2.0", X86, "5.15.186.1-1.cm2", "", "CX6", "", "", "", "inbox-mariner-2.0" },
	{ "debian", "11", X86, "5.10.0-30-cloud-amd64", "cloud", "CX6", "", "", "",
	  "inbox-debian-11" },
	{ "debian", "13", ARM, "6.12.41-arm64", "", "CX8", "", "", "", "inbox-debian-13" },
	/* Not at all. */
	{ "ubuntu", "14.04", X86, "3.13.0-170-generic", "generic", "CX5", "", "", "", "" },
	{ "alinux", "3", X86, "5.10.134-16.al8.x86_64", "", "CX6", "", "", "", "" },
	{ "rhel", "6.10", X86, "2.6.32-754.el6.x86_64", "", "CX3-Pro", "", "", "", "" },
};

static const char *first_of(const char *route, const struct facts *f)
{
	for (size_t i = 0; i < C->ndrivers; i++)
		if (text_eq(C->drivers[i].route, route) &&
		    driver_row_matches(&C->drivers[i], f, NULL, 0))
			return C->drivers[i].id;
	return "";
}

static void machine_make(size_t i, struct facts *ret)
{
	*ret = (struct facts) { .nnics = 1 };
	ret->nics[0] = (struct nic_facts) { .vendor = 0x15b3, .class_code = 0x0207 };
	(void)TEXT_COPY(ret->nics[0].generation, rows[i].generation);
	(void)TEXT_COPY(ret->os.id, rows[i].os_id);
	(void)TEXT_COPY(ret->os.version, rows[i].version);
	(void)TEXT_COPY(ret->kernel.machine, rows[i].arch);
	(void)TEXT_COPY(ret->kernel.release, rows[i].release);
	(void)TEXT_COPY(ret->kernel.flavour, rows[i].flavour);
}

static void serves_the_machines_that_there_are(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const routes[] = { "doca-ofed", "mlnx-ofed", "distro", "inbox" };
		const char *const want[] = { rows[i].doca, rows[i].mlnx, rows[i].distro,
					     rows[i].inbox };
		struct facts f;

		machine_make(i, &f);
		for (size_t k = 0; k < ARRAY_SIZE(routes); k++)
			if (!text_eq(first_of(routes[k], &f), want[k]))
				fail_msg("%s %s %s %s: %s is \"%s\"", rows[i].os_id,
					 rows[i].version, rows[i].arch, rows[i].generation,
					 routes[k], first_of(routes[k], &f));
	}
}

/* What a vendor's row must say, so that it can be carried out. */
static void a_vendor_row_is_whole(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < C->ndrivers; i++) {
		const struct driver_row *row = &C->drivers[i];
		bool vendor = text_ends(row->route, "-ofed");
		bool mlnx = text_eq(row->route, "mlnx-ofed");

		if (vendor != (row->url[0] != '\0') || vendor != (row->version[0] != '\0') ||
		    vendor != (row->ofed[0] != '\0') ||
		    vendor != (row->build_packages[0] != '\0') || vendor != row->builds ||
		    mlnx != (row->options[0] != '\0') ||
		    vendor != text_eq(row->services, "openibd"))
			fail_msg("%s", row->id);
	}
}

static bool serves(const struct driver_row *row, const char *generation)
{
	return list_has(row->generations, generation);
}

/* Each limit is NVIDIA's: known issues 1, 2 and 20, and the notes of DOCA 2.9. */
static void no_release_serves_what_it_cannot(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < C->ndrivers; i++) {
		const struct driver_row *row = &C->drivers[i];
		bool mlnx = text_eq(row->route, "mlnx-ofed"),
		     doca = text_eq(row->route, "doca-ofed");
		bool line_4_9 = mlnx && text_starts(row->version, "4.9-");
		bool before_5_6 = line_4_9 || text_starts(row->version, "5.5-");
		bool before_2_10 = doca && (text_starts(row->version, "2.8") ||
					    text_starts(row->version, "2.9"));

		if ((mlnx || doca) && serves(row, "CX3-Pro") != line_4_9)
			fail_msg("%s and ConnectX-3", row->id);
		if (line_4_9 != text_eq(row->kernels, "3.10-5.5") && mlnx)
			fail_msg("%s and its kernels", row->id);
		if (mlnx && (serves(row, "CX8") || serves(row, "mlx5Gen") ||
			     serves(row, "CX7") == before_5_6))
			fail_msg("%s and ConnectX-7 or 8", row->id);
		if (doca &&
		    (serves(row, "CX4") != before_2_10 || serves(row, "CX8") == before_2_10))
			fail_msg("%s and ConnectX-4 or 8", row->id);
		if (text_starts(row->version, "3.3"))
			fail_msg("%s: 3.3 is no long-term release", row->id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_the_machines_that_there_are),
		cmocka_unit_test(a_vendor_row_is_whole),
		cmocka_unit_test(no_release_serves_what_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
