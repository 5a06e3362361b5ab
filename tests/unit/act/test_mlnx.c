/* tests/unit/act/test_mlnx.c - MLNX_OFED from nothing, over the distribution's packages, up and
 * down, what stands against it, how its installer fails; and each time the way back. */
#include "machine.h"

#include <stdlib.h>
#include <unistd.h>

#include "act/ofed/contents.h"
#include "act/ofed/end.h"
#include "base/fs.h"

static struct machine m;
static struct outcome o;

static void expect(int code, enum fault fault)
{
	if (o.exit_code != code || o.fault != fault)
		fail_msg("code %d, %s: %s\n%s", o.exit_code, fault_row(o.fault)->slug, o.message,
			 buf_text(&m.said));
}

/* The first lines in which they differ. */
static void expect_tree(const struct buf *want)
{
	AUTO_BUF struct buf now = { 0 };
	const char *a = buf_text(want), *b;

	machine_snapshot(&m, &now);
	b = buf_text(&now);
	while (*a && strcspn(a, "\n") == strcspn(b, "\n") &&
	       strncmp(a, b, strcspn(a, "\n") + 1) == 0) {
		b += strcspn(a, "\n") + 1;
		a += strcspn(a, "\n") + 1;
	}
	if (*a || *b)
		fail_msg("it was %.*s, and is %.*s\n%s", (int)strcspn(a, "\n"), a,
			 (int)strcspn(b, "\n"), b, buf_text(&m.said));
}

static void expect_state(const char *name, const char *want)
{
	char state[96];

	packages_state(&m, name, state, sizeof(state));
	assert_string_equal(state, want);
}

static void with_inbox(void)
{
	packages_put(&m, "libibverbs1", "44.0-2", "install ok installed");
	packages_put(&m, "perftest", "4.5+0.17-1", "install ok installed");
	packages_put(&m, "rdma-core", "44.0-2", "install ok installed");
}

static void comes_and_goes(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_make(&m);
	machine_offer_mlnx(&m, "5.8-1.0.1.1");
	with_inbox();
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	expect(0, FAULT_NONE);
	expect_state("libibverbs1", "installed 5.8-1.0.1.1");
	expect_state("perftest", "");
	assert_false(machine_has(&m, "var/lib/ib-vmext/downloads/unpacked"));
	assert_non_null(strstr(machine_text(&m, "etc/security/limits.conf", &now), "memlock"));
	machine_undo(&m, false, &o);
	expect(0, FAULT_NONE);
	expect_tree(&former);
	machine_drop(&m);
}

static void changes_nothing_twice(void **unused)
{
	AUTO_BUF struct buf former = { 0 };

	(void)unused;
	machine_make(&m);
	machine_offer_mlnx(&m, "5.8-1.0.1.1");
	machine_apply(&m, &o);
	expect(0, FAULT_NONE);
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	expect(0, FAULT_NONE);
	assert_false(o.changed);
	expect_tree(&former);
	machine_drop(&m);
}

static const struct {
	const char *from, *to;
} versions[] = { { "5.4-1.0.3.0", "5.8-1.0.1.1" }, { "5.8-1.0.1.1", "5.4-1.0.3.0" } };

/* Up and down, and each former one comes back by its own installer. */
static void goes_up_and_down(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		AUTO_BUF struct buf inbox = { 0 }, former = { 0 }, now = { 0 };

		machine_make(&m);
		machine_offer_mlnx(&m, versions[i].from);
		with_inbox();
		machine_snapshot(&m, &inbox);
		machine_apply(&m, &o);
		expect(0, FAULT_NONE);
		machine_snapshot(&m, &former);
		machine_offer_mlnx(&m, versions[i].to);
		m.settings.reboot = REBOOT_NEVER;
		machine_apply(&m, &o);
		expect(0, FAULT_NONE);
		assert_string_equal(machine_text(&m, "usr/bin/ofed_info", &now), versions[i].to);
		machine_undo(&m, false, &o);
		expect(0, FAULT_NONE);
		expect_tree(&inbox);
		machine_drop(&m);
	}
}

/* The run of the newer one fails: the former one is back. */
static void brings_the_former_back(void **unused)
{
	AUTO_BUF struct buf former = { 0 };

	(void)unused;
	machine_make(&m);
	machine_offer_mlnx(&m, "5.4-1.0.3.0");
	machine_apply(&m, &o);
	expect(0, FAULT_NONE);
	machine_snapshot(&m, &former);
	machine_offer_mlnx(&m, "5.8-1.0.1.1");
	m.upsets[0] = (struct upset) { "modprobe", -1, "modprobe: no\n", false };
	m.upsets[1] = (struct upset) { "5.8-1.0.1.1-debian12-x86_64/mlnxofedinstall", -1,
				       "Error: x\n", true };
	machine_apply(&m, &o);
	expect(14, FAULT_INSTALLER_FAILED);
	expect_tree(&former);
	machine_drop(&m);
}

static const struct {
	int code;
	const char *says;
	enum fault fault;
	const char *what;
	const char *log; /* of DKMS' build of its modules; NULL: none */
} ends[] = {
	{ 1, "x\n", FAULT_INSTALLER_FAILED, "exit code 1: it failed: make[1]: *** [main.o] Error 1",
	  NULL },
	{ 1, "Failed to build MLNX_OFED_LINUX for 6.1.0\n", FAULT_BUILD_FAILED, "do not compile",
	  NULL },
	/* It says no more than that a package failed: DKMS' log has the reason. */
	{ 1, "Error: mlnx-ofed-kernel-dkms installation failed!\n", FAULT_BUILD_FAILED,
	  "do not compile for this kernel: mlnx-ofed-kernel 5.8: main.c:17:10: error: too few",
	  "main.c:17:10: error: too few arguments\n" },
	{ 1, "Error: mlnx-ofed-kernel-dkms installation failed!\n", FAULT_DISK_FULL,
	  "No space left on device", "cc1: fatal error: No space left on device\n" },
	{ 2, "x\n", FAULT_INSTALLER_FAILED, "no firmware", NULL },
	{ 22, "x\n", FAULT_INSTALLER_FAILED, "options", NULL },
	{ 28, "x\n", FAULT_DISK_FULL, "too little room", NULL },
	{ 171, "x\n", FAULT_ADAPTER_LOST, "finds no adapter", NULL },
	{ 172, "x\n", FAULT_INSTALLER_NEEDS, "are missing", NULL },
	{ 173, "x\n", FAULT_INSTALLER_FAILED, "mst", NULL },
	{ 174, "x\n", FAULT_PACKAGE_RESOLVE, "stand in its way", NULL },
};

static void translates_each_end(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		AUTO_BUF struct buf former = { 0 }, now = { 0 };

		machine_make(&m);
		machine_offer_mlnx(&m, "5.8-1.0.1.1");
		with_inbox();
		if (ends[i].log)
			machine_put(&m, "var/lib/dkms/mlnx-ofed-kernel/5.8/build/make.log",
				    ends[i].log);
		machine_snapshot(&m, &former);
		m.vendor_code = ends[i].code;
		m.vendor_says = ends[i].says;
		machine_apply(&m, &o);
		expect(14, ends[i].fault);
		assert_non_null(strstr(o.message, ends[i].what));
		assert_non_null(strstr(o.message, "/var/lib/ib-vmext/installer.log"));
		assert_non_null(strstr(machine_text(&m, "var/lib/ib-vmext/installer.log", &now),
				       "and more"));
		expect_tree(&former);
		machine_drop(&m);
	}
}

/* A package of somebody's hangs on the distribution's library. */
static void takes_nothing_of_others(void **unused)
{
	static const struct archive_package archive[] = {
		{ "libibverbs1", "44.0-2", { NULL } },
		{ "user-tool", "1-1", { "libibverbs1" } },
	};
	AUTO_BUF struct buf former = { 0 };

	(void)unused;
	machine_make(&m);
	machine_offer_mlnx(&m, "5.8-1.0.1.1");
	m.archive = archive;
	m.narchive = ARRAY_SIZE(archive);
	packages_put(&m, "libibverbs1", "44.0-2", "install ok installed");
	packages_put(&m, "user-tool", "1-1", "install ok installed");
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	expect(14, FAULT_PACKAGE_UNSAFE);
	assert_non_null(strstr(o.message, "user-tool"));
	assert_false(o.changed);
	expect_tree(&former);
	machine_drop(&m);
}

/* An installed version that no archive has. */
static void asks_before_what_cannot_come_back(void **unused)
{
	(void)unused;
	machine_make(&m);
	machine_offer_mlnx(&m, "5.8-1.0.1.1");
	packages_put(&m, "libibverbs1", "43.0-1", "install ok installed");
	machine_apply(&m, &o);
	expect(12, FAULT_IRREVERSIBLE);
	assert_false(o.changed);
	m.settings.force = true;
	machine_apply(&m, &o);
	expect(0, FAULT_NONE);
	machine_drop(&m);
}

static void keeps_a_persons_limits(void **unused)
{
	AUTO_BUF struct buf text = { 0 };

	(void)unused;
	machine_make(&m);
	machine_offer_mlnx(&m, "5.8-1.0.1.1");
	machine_apply(&m, &o);
	expect(0, FAULT_NONE);
	machine_put(&m, "etc/security/limits.conf", "# by hand\n* soft memlock unlimited\n");
	machine_undo(&m, false, &o);
	expect(0, FAULT_NONE);
	assert_non_null(strstr(machine_text(&m, "etc/security/limits.conf", &text), "# by hand"));
	machine_drop(&m);
}

static void knows_names_of_packages(void **unused)
{
	static const struct {
		const char *file, *name;
	} rows[] = {
		{ "libibverbs1_58mlnx43-1.58101_amd64.deb", "libibverbs1" },
		{ "mlnx-ofa_kernel-5.8-OFED.5.8.1.0.1.1.rhel8u6.x86_64.rpm", "mlnx-ofa_kernel" },
		{ "kmod-mlnx-ofa_kernel-5.8-OFED.5.8.1.x86_64.rpm", "kmod-mlnx-ofa_kernel" },
		{ "mlnx-ofa_kernel-5.8-OFED.src.rpm", NULL },
		{ "x.deb", NULL },
		{ "README", NULL },
	};
	char name[96];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int rc = contents_name(rows[i].file, name, sizeof(name));

		assert_int_equal(rc == 0, rows[i].name != NULL);
		if (rc == 0)
			assert_string_equal(name, rows[i].name);
	}
}

static void reads_what_it_says(void **unused)
{
	char text[120];

	(void)unused;
	assert_true(end_log("See log file /tmp/x/mlnx_iso.14699_logs/mlnx.log\nmore", text,
			    sizeof(text)));
	assert_string_equal(text, "/tmp/x/mlnx_iso.14699_logs/mlnx.log");
	assert_false(end_log("See log file below", text, sizeof(text)));
	assert_true(end_is_progress("Building MLNX_OFED_LINUX DEBS . Please wait..."));
	assert_false(end_is_progress("Logs dir: /tmp/x"));
	end_lines("ok\n/tmp/a.c:1:2: error: no\nERROR: Failed executing \"x\"\n", text,
		  sizeof(text));
	assert_string_equal(text, "/tmp/a.c:1:2: error: no; ERROR: Failed executing \"x\"");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_and_goes),
		cmocka_unit_test(changes_nothing_twice),
		cmocka_unit_test(goes_up_and_down),
		cmocka_unit_test(brings_the_former_back),
		cmocka_unit_test(translates_each_end),
		cmocka_unit_test(takes_nothing_of_others),
		cmocka_unit_test(asks_before_what_cannot_come_back),
		cmocka_unit_test(keeps_a_persons_limits),
		cmocka_unit_test(knows_names_of_packages),
		cmocka_unit_test(reads_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
