/* tests/unit/catalogue/test_match.c - which machine a driver row serves, and what is said where it
 * does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/version.h"

static const struct driver_row test_row = {
	.id = "test",
	.route = "inbox",
	.os_ids = "debian,devuan",
	.os_versions = "8.*,12,9.3-9.6,100.0-",
	.generations = "CX5,CX6",
	.arch = "x86_64,aarch64",
	.package_manager = "apt",
};

static const struct {
	const char *name, *os_id, *version, *machine, *manager;
	uint16_t second; /* the device id of a second function; 0: there is none */
	bool matches;
	const char *why;
} machine_rows[] = {
	{ "all is right", "debian", "12", "x86_64", "apt", 0, true, "" },
	{ "another distribution of the row", "devuan", "12", "x86_64", "apt", 0, true, "" },
	{ "another architecture of the row", "debian", "12", "aarch64", "apt", 0, true, "" },
	{ "an architecture that it lacks", "debian", "12", "riscv64", "apt", 0, false, "riscv64" },
	{ "a prefix", "debian", "8.10", "x86_64", "apt", 0, true, "" },
	{ "a prefix ends at the dot", "debian", "80.1", "x86_64", "apt", 0, false, "debian 80.1" },
	{ "the prefix alone", "debian", "8", "x86_64", "apt", 0, false, "debian 8" },
	{ "a version is not a prefix", "debian", "12.1", "x86_64", "apt", 0, false, "debian 12.1" },
	{ "a range begins", "debian", "9.3", "x86_64", "apt", 0, true, "" },
	{ "a range ends", "debian", "9.6", "x86_64", "apt", 0, true, "" },
	{ "before a range", "debian", "9.2", "x86_64", "apt", 0, false, "debian 9.2" },
	{ "behind a range, by number", "debian", "9.10", "x86_64", "apt", 0, false, "debian 9.10" },
	{ "a third part within a range", "debian", "9.6.1", "x86_64", "apt", 0, true, "" },
	{ "too short to tell", "debian", "9", "x86_64", "apt", 0, false, "debian 9" },
	{ "an open range", "debian", "101.1", "x86_64", "apt", 0, true, "" },
	{ "too short for an open range", "debian", "100", "x86_64", "apt", 0, false, "debian 100" },
	{ "no number", "debian", "sid", "x86_64", "apt", 0, false, "debian sid" },
	{ "no version", "debian", "", "x86_64", "apt", 0, false, "debian" },
	{ "another distribution", "ubuntu", "12", "x86_64", "apt", 0, false, "this is ubuntu 12" },
	{ "part of a distribution's name", "deb", "12", "x86_64", "apt", 0, false, "this is deb" },
	{ "an unknown distribution", "", "12", "x86_64", "apt", 0, false, "unknown" },
	{ "another package manager", "debian", "12", "x86_64", "dnf", 0, false, "has dnf" },
	{ "an unknown package manager", "debian", "12", "x86_64", "", 0, true, "" },
	{ "two functions of the row", "debian", "12", "x86_64", "apt", 0x1018, true, "" },
	{ "every function counts", "debian", "12", "x86_64", "apt", 0x1023, false,
	  "15b3:1023 (CX8)" },
	{ "a function that nobody knows", "debian", "12", "x86_64", "apt", 0x1099, false,
	  "15b3:1099 (unknown)" },
	{ "the distribution is named first", "ubuntu", "12", "riscv64", "dnf", 0x1099, false,
	  "this is ubuntu 12" },
};

static void machine_make(struct facts *ret, uint16_t second)
{
	*ret = (struct facts) { .nnics = second != 0 ? 3 : 2 };
	ret->nics[0] =
		(struct nic_facts) { .vendor = 0x15b3, .device = 0x1016, .class_code = 0x0200 };
	ret->nics[1] =
		(struct nic_facts) { .vendor = 0x15b3, .device = 0x101c, .class_code = 0x0207 };
	ret->nics[2] =
		(struct nic_facts) { .vendor = 0x15b3, .device = second, .class_code = 0x0207 };
	(void)TEXT_COPY(ret->os.id, "debian");
	(void)TEXT_COPY(ret->os.version, "12");
	(void)TEXT_COPY(ret->kernel.machine, "x86_64");
	(void)TEXT_COPY(ret->package_manager, "apt");
	catalogue_classify(&catalogue_built_in, ret);
}

static void expect(const struct driver_row *row, const struct facts *f, bool matches,
		   const char *text, const char *name)
{
	char why[240] = "";

	if (driver_row_matches(row, f, why, sizeof why) != matches ||
	    driver_row_matches(row, f, NULL, 0) != matches || strstr(why, text) == NULL)
		fail_msg("%s: %s", name, why);
}

static void matches_machines(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(machine_rows); i++) {
		struct facts f;

		machine_make(&f, machine_rows[i].second);
		(void)TEXT_COPY(f.os.id, machine_rows[i].os_id);
		(void)TEXT_COPY(f.os.version, machine_rows[i].version);
		(void)TEXT_COPY(f.kernel.machine, machine_rows[i].machine);
		(void)TEXT_COPY(f.package_manager, machine_rows[i].manager);
		expect(&test_row, &f, machine_rows[i].matches, machine_rows[i].why,
		       machine_rows[i].name);
	}
}

static const struct {
	const char *name, *kernels, *release;
	bool matches;
	const char *why;
} kernel_rows[] = {
	{ "within", "3.10-5.5", "4.18.0-193.el8.x86_64", true, "" },
	{ "the first", "3.10-5.5", "3.10.0-693.el7.x86_64", true, "" },
	{ "before the first, by number", "3.10-5.5", "3.9.11", false,
	  "kernel 3.9.11 is older than 3.10, the first that MLNX_OFED 4.9-4.1.7.0 builds on" },
	{ "a patch of the last", "3.10-5.5", "5.5.19-azure", true, "" },
	{ "newer, by number", "3.10-5.5", "5.14.0-503.el9.x86_64", false,
	  "kernel 5.14.0-503.el9.x86_64 is newer than 5.5, the last that MLNX_OFED 4.9-4.1.7.0 "
	  "builds on" },
	{ "another first number", "3.10-5.5", "6.1.0", false, "is newer than 5.5" },
	{ "a patch counts where the range has one", "5.4.2-5.5", "5.4.1-1", false,
	  "older than 5.4.2" },
	{ "no patch is patch 0", "5.4.0-5.5", "5.4-1", true, "" },
	{ "an open end", "5.6-", "6.8.0-1018-azure", true, "" },
	{ "before an open end", "5.6-", "5.4.0-1100-azure", false, "older than 5.6" },
	{ "an open beginning", "-5.5", "2.6.32", true, "" },
	{ "behind an open beginning", "-5.5", "5.6.0", false, "newer than 5.5" },
	{ "one alone", "5.4", "5.4.17-2136.el7uek", true, "" },
	{ "older than the one", "5.4", "5.3.9", false, "older than 5.4" },
	{ "newer than the one", "5.4", "5.5.0", false, "newer than 5.4" },
	{ "an unknown release", "3.10-5.5", "", false, "not known" },
	{ "a release that is no number", "3.10-5.5", "azure", false, "not known" },
	{ "half a release", "3.10-5.5", "4", false, "not known" },
	{ "an unknown release where any will do", "", "", true, "" },
	{ "a row that makes no sense", "5.5-3.10", "4.18.0", false, "make no range" },
	{ "a row of one dash", "-", "4.18.0", false, "make no range" },
};

static void matches_kernels(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(kernel_rows); i++) {
		struct driver_row row = test_row;
		struct facts f;

		row.route = "mlnx-ofed";
		row.version = "4.9-4.1.7.0";
		row.builds = true;
		row.kernels = kernel_rows[i].kernels;
		machine_make(&f, 0);
		(void)TEXT_COPY(f.kernel.release, kernel_rows[i].release);
		expect(&row, &f, kernel_rows[i].matches, kernel_rows[i].why, kernel_rows[i].name);
	}
}

static void names_what_a_kernel_is_too_new_for(void **unused)
{
	static const struct {
		const char *name, *route, *version;
		bool builds;
		const char *why;
	} rows[] = {
		{ "DOCA-OFED, built", "doca-ofed", "3.2.1", true, "DOCA-OFED 3.2.1 builds on" },
		{ "prebuilt modules", "doca-ofed", "3.2.1", false, "DOCA-OFED 3.2.1 serves" },
		{ "no release to name", "inbox", "", false, "test serves" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct driver_row row = test_row;
		struct facts f;

		row.route = rows[i].route;
		row.version = rows[i].version;
		row.builds = rows[i].builds;
		row.kernels = "-5.5";
		machine_make(&f, 0);
		(void)TEXT_COPY(f.kernel.release, "6.1.0");
		expect(&row, &f, false, rows[i].why, rows[i].name);
	}
}

static const struct {
	const char *name, *flavours, *release, *flavour;
	bool matches;
	const char *why;
} flavour_rows[] = {
	{ "any will do", "", "5.15.0", "uek", true, "" },
	{ "all but one, another", "!uek", "5.15.0", "azure", true, "" },
	{ "all but one, no name", "!uek", "5.14.0-503.el9.x86_64", "", true, "" },
	{ "all but one, that one", "!uek", "5.15.0-3.el9uek", "uek", false,
	  "not for kernels of the flavour uek, as 5.15.0-3.el9uek is" },
	{ "one, that one", "uek", "5.15.0-3.el9uek", "uek", true, "" },
	{ "one of two", "rt,uek", "5.15.0-3.el9uek", "uek", true, "" },
	{ "one, another", "uek", "6.8.0-1018-azure", "azure", false, "flavour uek, not for 6.8.0" },
	{ "one, no name", "uek", "5.14.0-503.el9.x86_64", "", false, "not for 5.14.0-503" },
	{ "two that it is not", "!uek,!rt", "5.15.0", "rt", false, "flavour rt" },
	{ "part of a name", "uek", "5.15.0", "ue", false, "flavour uek" },
	{ "an unknown kernel", "!uek", "", "", false, "this kernel is not known" },
	{ "an unknown kernel where any will do", "", "", "", true, "" },
};

static void matches_flavours(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(flavour_rows); i++) {
		struct driver_row row = test_row;
		struct facts f;

		row.flavours = flavour_rows[i].flavours;
		machine_make(&f, 0);
		(void)TEXT_COPY(f.kernel.release, flavour_rows[i].release);
		(void)TEXT_COPY(f.kernel.flavour, flavour_rows[i].flavour);
		expect(&row, &f, flavour_rows[i].matches, flavour_rows[i].why,
		       flavour_rows[i].name);
	}
}

static const struct {
	const char *name, *sizes, *size;
	bool matches;
	const char *why;
} size_rows[] = {
	{ "any will do", "", "Standard_HX176rs", true, "" },
	{ "that one, case ignored", "Standard_HX176rs", "standard_hx176RS", true, "" },
	{ "one of two", "Standard_HC44rs,Standard_HX176rs", "Standard_HX176rs", true, "" },
	{ "another", "Standard_HX176rs", "Standard_HC44rs", false, "this is Standard_HC44rs" },
	{ "unknown", "Standard_HX176rs", "", false, "of an unknown size" },
};

static void matches_sizes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(size_rows); i++) {
		struct driver_row row = test_row;
		struct facts f;

		row.sizes = size_rows[i].sizes;
		machine_make(&f, 0);
		(void)TEXT_COPY(f.vm.size, size_rows[i].size);
		expect(&row, &f, size_rows[i].matches, size_rows[i].why, size_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	bool ok;
} range_rows[] = {
	{ "both ends", "3.10-5.5", true },
	{ "an open end", "5.6-", true },
	{ "an open beginning", "-5.5", true },
	{ "one alone", "5.4", true },
	{ "the same twice", "5.4-5.4", true },
	{ "a longer end", "5.4-5.4.2", true },
	{ "backwards", "5.5-3.10", false },
	{ "backwards, by number", "5.10-5.9", false },
	{ "nothing", "", false },
	{ "a dash", "-", false },
	{ "three ends", "3.1-4.1-5.1", false },
	{ "words", "old-new", false },
	{ "something behind", "3.1-4.1x", false },
	{ "no digit behind a dot", "3.-4.1", false },
	{ "five parts", "1.2.3.4.5-6", false },
	{ "beyond all reason", "1-99999999999", false },
};

static void reads_ranges(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(range_rows); i++) {
		struct version_range range;

		if (version_range_parse(range_rows[i].text, &range) != range_rows[i].ok)
			fail_msg("%s", range_rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_machines),
		cmocka_unit_test(matches_kernels),
		cmocka_unit_test(matches_flavours),
		cmocka_unit_test(names_what_a_kernel_is_too_new_for),
		cmocka_unit_test(matches_sizes),
		cmocka_unit_test(reads_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
