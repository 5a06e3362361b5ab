/* tests/unit/act/test_carry.c - what can be planned but not carried out is refused before anything
 * is changed. */
#include "machine.h"

#include <stdlib.h>

#include "act/carry.h"
#include "act/judge.h"
#include "catalogue/catalogue.h"

static const struct {
	const char *name;
	enum step_kind kind;
	const char *manager;
	bool possible;
	const char *item;
} rows[] = {
	{ "packages with apt", STEP_PACKAGES, "apt", true },
	{ "packages with a manager that nobody named", STEP_PACKAGES, "", true },
	{ "packages with dnf", STEP_PACKAGES, "dnf", true },
	{ "packages with yum", STEP_PACKAGES, "yum", true },
	{ "packages with tdnf", STEP_PACKAGES, "tdnf", true },
	{ "packages with zypper", STEP_PACKAGES, "zypper", true },
	{ "packages with a manager that is not known", STEP_PACKAGES, "pacman", false },
	{ "a file, whatever the package manager", STEP_FILE, "dnf", true },
	{ "modules, whatever the package manager", STEP_MODULES, "zypper", true },
	{ "a download, whatever the package manager", STEP_DOWNLOAD, "dnf", true },
	{ "a repository in a package", STEP_REPOSITORY, "apt", true, "doca-host.deb" },
	{ "a repository that is online", STEP_REPOSITORY, "apt", false,
	  "https://example.com/doca" },
	{ "a build", STEP_BUILD, "apt", true },
	{ "an installer", STEP_INSTALLER, "apt", true },
	{ "an initramfs", STEP_INITRAMFS, "apt", true },
	{ "services", STEP_SERVICES, "apt", true },
};

static void knows_what_it_can_do(void **unused)
{
	static struct plan p;
	static struct facts f;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		int rc;

		p = (struct plan) { .nsteps = 2, .decision.route = "doca-ofed" };
		p.steps[0].kind = STEP_FILE;
		p.steps[1].kind = rows[i].kind;
		if (rows[i].item)
			(void)TEXT_COPY(p.steps[1].items[0], rows[i].item);
		(void)TEXT_COPY(f.package_manager, rows[i].manager);
		rc = carry_possible(&p, &f, &err);
		if ((rc == 0) != rows[i].possible)
			fail_msg("%s: %s", rows[i].name, err.what);
		carry_limit(&f, &p);
		if (rows[i].possible != (p.decision.exit_code == 0))
			fail_msg("%s: exit code %d", rows[i].name, p.decision.exit_code);
		if (rows[i].possible)
			continue;
		assert_int_equal(err.fault, FAULT_ROUTE_NOT_CARRIED_OUT);
		assert_int_equal(p.decision.exit_code, 12);
		assert_int_equal(p.nsteps, 0);
		assert_non_null(strstr(p.decision.remedy, "{\"driver\": \"inbox\"}"));
	}
}

static void leaves_a_refusal_as_it_is(void **unused)
{
	static struct plan p;
	static struct facts f;

	(void)unused;
	p.decision = (struct decision) { .exit_code = 11, .fault = FAULT_NO_ADAPTER };
	carry_limit(&f, &p);
	assert_int_equal(p.decision.fault, FAULT_NO_ADAPTER);
}

/* A vendor's row for the machine that the fixture makes. */
static const struct driver_row online = {
	.id = "doca-test",
	.route = "doca-ofed",
	.os_ids = "debian",
	.os_versions = "12",
	.generations = "CX6",
	.arch = "x86_64",
	.kernels = "",
	.flavours = "",
	.sizes = "",
	.package_manager = "apt",
	.packages = "doca-ofed",
	.build_packages = "dkms,linux-headers-%r",
	.modules = "mlx5_ib,ib_uverbs",
	.optional_modules = "ib_ipoib",
	.services = "openibd",
	.version = "3.4.0",
	.ofed = "",
	.url = "",
	.sha256 = "",
	.repository = "https://example.com/doca",
	.key = "https://example.com/key",
	.options = "",
	.peer_memory = "yes",
	.builds = true,
	.seconds = -1,
	.download_bytes = -1,
	.disk_bytes = -1,
	.source = "a test",
	.why = "the vendor's driver",
};

static void changes_nothing(void **unused)
{
	static struct machine m;
	static struct outcome o;
	AUTO_BUF struct buf former = { 0 }, now = { 0 };
	struct catalogue c = catalogue_built_in;

	(void)unused;
	machine_make(&m);
	c.drivers = &online;
	c.ndrivers = 1;
	m.catalogue = &c;
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	machine_snapshot(&m, &now);
	assert_int_equal(o.exit_code, 12);
	assert_int_equal(o.fault, FAULT_ROUTE_NOT_CARRIED_OUT);
	assert_false(o.changed);
	assert_string_equal(o.run, "");
	assert_non_null(strstr(o.message, "doca-ofed"));
	assert_non_null(strstr(o.message, "{\"driver\": \"inbox\"}"));
	assert_string_equal(buf_text(&now), buf_text(&former));
	machine_drop(&m);
}

static void asks_no_package_manager(void **unused)
{
	static struct machine m;
	static struct facts f;
	static struct plan p;
	AUTO_TRANSACTION struct transaction t = { 0 };
	struct catalogue c = catalogue_built_in;
	struct error err = { 0 };
	unsigned ran;

	(void)unused;
	machine_make(&m);
	c.drivers = &online;
	c.ndrivers = 1;
	assert_int_equal(act_judge(&m.host, &c, &m.settings, &f, &p, &err), 0);
	assert_string_equal(p.decision.route, "doca-ofed");
	ran = m.nruns;
	assert_int_equal(act_resolve(&m.host, &m.settings, &f, &p, &t, &err), -1);
	assert_int_equal(err.fault, FAULT_ROUTE_NOT_CARRIED_OUT);
	assert_int_equal(m.nruns, ran);
	machine_drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_it_can_do),
		cmocka_unit_test(leaves_a_refusal_as_it_is),
		cmocka_unit_test(changes_nothing),
		cmocka_unit_test(asks_no_package_manager),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
