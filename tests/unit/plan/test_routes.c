/* tests/unit/plan/test_routes.c - which route is taken, when the stack is kept, and what is refused
 * as 12. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "machine.h"
#include "plan/plan.h"

static struct facts f;
static struct settings s;
static struct plan p;

static void as_it_is(void)
{
}

static void fresh(void)
{
	machine_fresh(&f);
}

static void forced(void)
{
	s.force = true;
}

static void tool_missing(void)
{
	f.npackages--;
}

static void package_missing(void)
{
	(void)TEXT_COPY(package_of(&f, "ibverbs-providers")->name, "ibverbs-other");
}

static void package_half(void)
{
	package_of(&f, "rdma-core")->half_installed = true;
}

static void module_not_loaded(void)
{
	module_of(&f, "ib_umad")->loaded = false;
}

static void module_built_in(void)
{
	module_not_loaded();
	module_of(&f, "ib_umad")->built_in = true;
}

static void driver_unknown(void)
{
	f.driver.kind = DRIVER_NONE;
	f.driver.version[0] = '\0';
}

static void port_missing(void)
{
	f.nports--;
}

static void port_is_ethernet(void)
{
	f.ports[1].link_layer = LINK_LAYER_ETHERNET;
}

static void port_down(void)
{
	f.ports[1].state = PORT_DOWN;
}

static void port_of_nobody(void)
{
	f.ports[1].pci[0] = '\0';
}

static void second_function_without_port(void)
{
	nic_add(&f, "0102:00:00.0", 0x101c, 0x0207);
	catalogue_classify(&catalogue_built_in, &f);
}

static void ask_inbox(void)
{
	s.driver = CHOICE_INBOX;
}

static void ask_doca(void)
{
	s.driver = CHOICE_DOCA_OFED;
}

static void ask_version_prefix(void)
{
	(void)TEXT_COPY(s.driver_version, "44");
}

static void ask_version_half_number(void)
{
	(void)TEXT_COPY(s.driver_version, "4");
}

static void ask_version_other(void)
{
	(void)TEXT_COPY(s.driver_version, "45.1");
}

static void fresh_doca(void)
{
	fresh();
	ask_doca();
}

static void fresh_version(void)
{
	fresh();
	ask_version_prefix();
}

static void fresh_cheapest(void)
{
	fresh();
	s.prefer = PREFER_CHEAPEST;
}

static void fresh_secure_boot(void)
{
	fresh();
	f.kernel.secure_boot = TRI_YES;
	(void)TEXT_COPY(f.kernel.lockdown, "integrity");
}

static void fresh_debian_13(void)
{
	fresh();
	(void)TEXT_COPY(f.os.version, "13");
}

static void fresh_debian_11(void)
{
	fresh();
	(void)TEXT_COPY(f.os.version, "11");
}

static void fresh_other_distribution(void)
{
	fresh();
	(void)TEXT_COPY(f.os.id, "devuan");
}

static void fresh_other_distribution_asked(void)
{
	fresh_other_distribution();
	ask_inbox();
}

static void fresh_other_architecture(void)
{
	fresh();
	(void)TEXT_COPY(f.kernel.machine, "riscv64");
}

static void fresh_other_manager(void)
{
	fresh();
	(void)TEXT_COPY(f.package_manager, "dnf");
}

static void fresh_manager_unknown(void)
{
	fresh();
	f.package_manager[0] = '\0';
	f.packages_known = false;
}

static void fresh_connectx8(void)
{
	fresh();
	size_set(&f, "Standard_ND128isr_GB300_v6");
	f.nics[1].device = 0x101e;
	catalogue_classify(&catalogue_built_in, &f);
}

static void fresh_module_missing(void)
{
	fresh();
	module_of(&f, "mlx5_ib")->path[0] = '\0';
}

static void no_ipoib(void)
{
	*module_of(&f, "ib_ipoib") = (struct module_facts) { .name = "ib_ipoib" };
}

static void ipoib_not_loaded(void)
{
	module_of(&f, "ib_ipoib")->loaded = false;
}

static void fresh_no_ipoib(void)
{
	fresh();
	no_ipoib();
}

static void fresh_ipoib_built_in(void)
{
	fresh_no_ipoib();
	module_of(&f, "ib_ipoib")->built_in = true;
}

static void fresh_modules_unknown(void)
{
	fresh();
	f.modules_known = false;
	f.nmodules = 0;
}

static void doca_working(void)
{
	f.driver.kind = DRIVER_DOCA_OFED;
	(void)TEXT_COPY(f.driver.version, "3.2.1");
}

static void doca_broken(void)
{
	doca_working();
	port_missing();
}

static void doca_but_inbox_asked(void)
{
	doca_working();
	ask_inbox();
}

static void working_elsewhere(void)
{
	fresh_other_distribution();
	machine_working(&f);
	(void)TEXT_COPY(f.os.id, "devuan");
}

/* Each starts from a working machine; `why` is a part of the reason. */
static const struct {
	const char *name;
	void (*change)(void);
	int exit_code;
	enum fault fault;
	const char *route, *why;
} rows[] = {
	{ "a working stack is kept", as_it_is, 0, FAULT_NONE, "keep", "inbox 44.0-2" },
	{ "force does not reinstall it", forced, 0, FAULT_NONE, "keep", "" },
	{ "kept when asked for by name", ask_inbox, 0, FAULT_NONE, "keep", "" },
	{ "kept when its version is asked for", ask_version_prefix, 0, FAULT_NONE, "keep", "" },
	{ "a port that is down is the fabric's fault, not the driver's", port_down, 0, FAULT_NONE,
	  "keep", "" },
	{ "a port that does not say whose it is", port_of_nobody, 0, FAULT_NONE, "keep", "" },
	{ "built in is as good as loaded", module_built_in, 0, FAULT_NONE, "keep", "" },
	{ "a missing package is installed", package_missing, 0, FAULT_NONE, "inbox", "" },
	{ "a missing tool is no reason to install", tool_missing, 0, FAULT_NONE, "keep", "" },
	{ "a half-installed package is repaired", package_half, 0, FAULT_NONE, "inbox", "" },
	{ "a module that is not loaded is loaded", module_not_loaded, 0, FAULT_NONE, "inbox", "" },
	{ "what nobody can name is not kept", driver_unknown, 0, FAULT_NONE, "inbox", "" },
	{ "no port, no keep", port_missing, 0, FAULT_NONE, "inbox", "" },
	{ "an Ethernet port is none", port_is_ethernet, 0, FAULT_NONE, "inbox", "" },
	{ "each function needs a port", second_function_without_port, 0, FAULT_NONE, "inbox",
	  "2 InfiniBand functions" },
	{ "nothing installed", fresh, 0, FAULT_NONE, "inbox", "" },
	{ "prefer does not matter where there is one route", fresh_cheapest, 0, FAULT_NONE, "inbox",
	  "" },
	{ "Secure Boot accepts the kernel's own modules", fresh_secure_boot, 0, FAULT_NONE, "inbox",
	  "" },
	{ "Debian 13", fresh_debian_13, 0, FAULT_NONE, "inbox", "" },
	{ "Debian 11", fresh_debian_11, 0, FAULT_NONE, "inbox", "" },
	{ "a package manager that cannot be read is not another", fresh_manager_unknown, 0,
	  FAULT_NONE, "inbox", "" },
	{ "modules that cannot be read are not missing", fresh_modules_unknown, 0, FAULT_NONE,
	  "inbox", "" },
	{ "Debian's cloud kernel has no ib_ipoib, but serves", fresh_no_ipoib, 0, FAULT_NONE,
	  "inbox", "Debian's kernel holds" },
	{ "nor does keep ask for an optional module", ipoib_not_loaded, 0, FAULT_NONE, "keep", "" },
	{ "the stack of a cloud kernel is kept", no_ipoib, 0, FAULT_NONE, "keep", "" },
	{ "a vendor stack that works is kept without a row", doca_working, 0, FAULT_NONE, "keep",
	  "doca-ofed 3.2.1" },
	{ "a working stack is kept on a distribution without rows", working_elsewhere, 0,
	  FAULT_NONE, "keep", "" },
	{ "a driver without a row, and what there is instead", fresh_doca, 12,
	  FAULT_UNSUPPORTED_DRIVER_CHOICE, "", "debian 12; eligible here: inbox" },
	{ "the same where the inbox driver works", ask_doca, 12, FAULT_UNSUPPORTED_DRIVER_CHOICE,
	  "", "eligible here: inbox" },
	{ "a vendor stack is not replaced by the inbox driver", doca_but_inbox_asked, 12,
	  FAULT_UNSUPPORTED_DRIVER_CHOICE, "",
	  "doca-ofed 3.2.1 is installed and must be removed first; eligible here: doca-ofed" },
	{ "a version that is not the installed one", ask_version_other, 12,
	  FAULT_UNSUPPORTED_DRIVER_VERSION, "", "44.0-2" },
	{ "a prefix ends with a number", ask_version_half_number, 12,
	  FAULT_UNSUPPORTED_DRIVER_VERSION, "", "44.0-2" },
	{ "a version of a driver that is not installed", fresh_version, 12,
	  FAULT_UNSUPPORTED_DRIVER_VERSION, "", "44" },
	{ "another distribution", fresh_other_distribution, 12, FAULT_UNSUPPORTED_IMAGE, "",
	  "devuan 12" },
	{ "another distribution is the reason, not the choice", fresh_other_distribution_asked, 12,
	  FAULT_UNSUPPORTED_IMAGE, "", "devuan 12" },
	{ "another architecture", fresh_other_architecture, 12, FAULT_UNSUPPORTED_IMAGE, "",
	  "riscv64" },
	{ "another package manager", fresh_other_manager, 12, FAULT_UNSUPPORTED_IMAGE, "", "dnf" },
	{ "an adapter that the driver is too old for", fresh_connectx8, 12, FAULT_UNSUPPORTED_IMAGE,
	  "", "15b3:101e (CX8)" },
	{ "a kernel without the module", fresh_module_missing, 12, FAULT_UNSUPPORTED_IMAGE, "",
	  "no module mlx5_ib" },
	{ "a vendor stack that does not work stands in the way", doca_broken, 12,
	  FAULT_UNSUPPORTED_IMAGE, "", "must be removed first" },
};

static void prepare(void (*change)(void))
{
	settings_defaults(&s);
	s.limits = false; /* what follows the driver: test_after.c */
	machine_working(&f);
	change();
	plan_build(&f, &s, &catalogue_built_in, &p);
}

static void chooses_the_route(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct decision *d = &p.decision;

		prepare(rows[i].change);
		if (d->exit_code != rows[i].exit_code || d->fault != rows[i].fault ||
		    !text_eq(d->route, rows[i].route) || strstr(d->reason, rows[i].why) == NULL ||
		    plan_may_change(&p, &f))
			fail_msg("%s: exit code %d, %s, route \"%s\": %s", rows[i].name,
				 d->exit_code, fault_row(d->fault)->slug, d->route, d->reason);
		if ((p.nsteps > 0) != text_eq(d->route, "inbox"))
			fail_msg("%s: %u steps", rows[i].name, p.nsteps);
		/* Who shows it adds the full stop. */
		if (islower((unsigned char)d->reason[0]) || text_ends(d->reason, "."))
			fail_msg("%s: not as a reason is written: %s", rows[i].name, d->reason);
		for (unsigned k = 0; k < p.ncandidates; k++)
			assert_false(text_ends(p.candidates[k].why, "."));
	}
}

static void lists_every_route(void **unused)
{
	static const char *const routes[] = { "keep",      "prebuilt", "doca-ofed",
					      "mlnx-ofed", "distro",   "inbox" };

	(void)unused;
	prepare(fresh);
	assert_int_equal(p.ncandidates, ARRAY_SIZE(routes));
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		const struct candidate *c = &p.candidates[i];

		assert_string_equal(c->route, routes[i]);
		assert_int_equal(c->eligible, text_eq(c->route, "inbox"));
		assert_true(c->why[0] != '\0');
		assert_int_equal(c->estimate.seconds, -1);
		assert_string_equal(c->estimate.basis, "unknown");
	}
	assert_string_equal(p.candidates[1].why, "no row of the catalogue for debian 12");
	assert_string_equal(p.candidates[5].peer_memory, "dma-buf");
	prepare(fresh_cheapest);
	assert_string_equal(p.candidates[1].route, "inbox");
	/* The remedy of a wrong choice sends the reader to what is eligible. */
	prepare(fresh_doca);
	assert_true(p.candidates[5].eligible);
}

static void plans_the_steps_of_inbox(void **unused)
{
	(void)unused;
	prepare(fresh);
	assert_int_equal(p.nsteps, 3);
	assert_string_equal(p.steps[0].id, "packages");
	assert_int_equal(p.steps[0].kind, STEP_PACKAGES);
	assert_int_equal(p.steps[0].nitems, 4);
	assert_string_equal(p.steps[0].items[0], "rdma-core");
	assert_string_equal(p.steps[0].what,
			    "install rdma-core, ibverbs-providers, infiniband-diags, perftest with "
			    "apt");
	assert_string_equal(p.steps[0].changes[3], "package perftest");
	assert_string_equal(p.steps[1].id, "modules-boot");
	assert_int_equal(p.steps[1].kind, STEP_FILE);
	assert_string_equal(p.steps[1].items[0], "etc/modules-load.d/ib-vmext.conf");
	assert_true(text_starts(p.steps[1].content, "# Written by ib-vmext"));
	assert_true(text_ends(p.steps[1].content,
			      "\nmlx5_ib\nib_uverbs\nib_umad\nrdma_ucm\nib_ipoib\n"));
	assert_string_equal(p.steps[2].id, "modules");
	assert_int_equal(p.steps[2].kind, STEP_MODULES);
	assert_int_equal(p.steps[2].nitems, 5);
	assert_string_equal(p.steps[2].items[0], "mlx5_ib");
	for (unsigned i = 0; i < p.nsteps; i++)
		assert_true(p.steps[i].undo[0] != '\0' && p.steps[i].nchanges > 0);
	assert_false(p.reboot);
	assert_false(p.resolved);
}

static void plans_only_what_changes(void **unused)
{
	(void)unused;
	prepare(module_not_loaded);
	assert_int_equal(p.nsteps, 2);
	assert_string_equal(p.steps[0].id, "modules-boot");
	assert_int_equal(p.steps[1].nitems, 5);
	assert_int_equal(p.steps[1].nchanges, 1);
	assert_string_equal(p.steps[1].changes[0], "module ib_umad loaded");
	prepare(package_half);
	assert_int_equal(p.steps[0].nitems, 4);
	assert_int_equal(p.steps[0].nchanges, 1);
	assert_string_equal(p.steps[0].changes[0], "package rdma-core (repaired)");
}

static void plans_no_module_that_the_kernel_lacks(void **unused)
{
	(void)unused;
	prepare(fresh_no_ipoib);
	assert_int_equal(p.nsteps, 3);
	assert_true(text_ends(p.steps[1].content, "\nmlx5_ib\nib_uverbs\nib_umad\nrdma_ucm\n"));
	assert_int_equal(p.steps[2].nitems, 4);
	assert_string_equal(p.steps[2].what, "load mlx5_ib, ib_uverbs, ib_umad, rdma_ucm");
	prepare(fresh_modules_unknown);
	assert_int_equal(p.steps[2].nitems, 5);
	assert_string_equal(p.steps[2].items[4], "ib_ipoib");
}

static void connectx3(void)
{
	fresh();
	size_set(&f, "Standard_NC24rs_v3");
	functions_clear(&f);
	nic_add(&f, "0001:00:02.0", 0x1004, 0x0280);
	catalogue_classify(&catalogue_built_in, &f);
}

static void gives_connectx3_mlx4(void **unused)
{
	(void)unused;
	prepare(connectx3);
	assert_string_equal(p.decision.route, "inbox");
	assert_string_equal(p.steps[2].items[0], "mlx4_ib");
	assert_null(strstr(p.steps[1].content, "mlx5_ib"));
}

static void size_unknown(void)
{
	fresh();
	size_set(&f, "Standard_HB500rs_v9");
}

static void metadata_silent(void)
{
	fresh();
	size_set(&f, "");
}

static void seven_of_eight(void)
{
	machine_nd96(&f, 7);
}

static void eight_of_eight(void)
{
	machine_nd96(&f, 8);
}

static void elsewhere(void)
{
	f.vm.azure = false;
	size_set(&f, "");
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *id, *what;
} warning_rows[] = {
	{ "nothing to say", as_it_is, NULL, NULL },
	{ "nothing to say off Azure", elsewhere, NULL, NULL },
	{ "all eight functions", eight_of_eight, NULL, NULL },
	{ "a size that nobody knows is served with a warning", size_unknown,
	  "size-not-in-catalogue", "Standard_HB500rs_v9" },
	{ "metadata silent", metadata_silent, "size-unknown", "metadata" },
	{ "a function is missing", seven_of_eight, "functions-missing", "only 7" },
	{ "an interrupted installation", package_half, "half-installed", "rdma-core" },
	{ "a cloud kernel makes no ib0", fresh_no_ipoib, "no-ipoib", "6.1.0-56-amd64 has no" },
	{ "the same once its stack is there", no_ipoib, "no-ipoib", "MPI over verbs works" },
	{ "built in is as good as a file", fresh_ipoib_built_in, NULL, NULL },
	{ "modules that cannot be read are not missing", fresh_modules_unknown, NULL, NULL },
};

static void warns(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(warning_rows); i++) {
		prepare(warning_rows[i].change);
		if (p.nwarnings != (warning_rows[i].id != NULL))
			fail_msg("%s: %u warnings", warning_rows[i].name, p.nwarnings);
		if (p.nwarnings == 0)
			continue;
		assert_string_equal(p.warnings[0].id, warning_rows[i].id);
		assert_non_null(strstr(p.warnings[0].what, warning_rows[i].what));
		assert_true(p.warnings[0].remedy[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_the_route),
		cmocka_unit_test(lists_every_route),
		cmocka_unit_test(plans_the_steps_of_inbox),
		cmocka_unit_test(plans_only_what_changes),
		cmocka_unit_test(plans_no_module_that_the_kernel_lacks),
		cmocka_unit_test(gives_connectx3_mlx4),
		cmocka_unit_test(warns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
