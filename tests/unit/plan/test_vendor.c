/* tests/unit/plan/test_vendor.c - the vendors' routes: what stands against them, which of their
 * rows is taken, and what they change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "rows.h"

static struct bench bench;
static struct facts *const f = &bench.facts;
static struct settings *const s = &bench.settings;
static const struct decision *const d = &bench.plan.decision;

#define CHANGE(name, ...)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

CHANGE(as_it_is, (void)f)
CHANGE(ask_doca, s->driver = CHOICE_DOCA_OFED)
CHANGE(ask_mlnx, s->driver = CHOICE_MLNX_OFED)
CHANGE(ask_inbox, s->driver = CHOICE_INBOX)
CHANGE(ask_distro, s->driver = CHOICE_DISTRO)
CHANGE(cheapest, s->prefer = PREFER_CHEAPEST)
CHANGE(vendors_only, bench.catalogue.ndrivers = ROW_DISTRO)
CHANGE(doca_only, bench.catalogue.ndrivers = 1)

/* What stands against a row, one change each. */
CHANGE(secure_boot, f->kernel.secure_boot = TRI_YES)
CHANGE(secure_boot_by_metadata, f->kernel.secure_boot = TRI_UNKNOWN; f->vm.secure_boot = TRI_YES)
CHANGE(secure_boot_unknown, f->kernel.secure_boot = TRI_UNKNOWN)
CHANGE(signed_only, f->kernel.signed_only = TRI_YES)
CHANGE(modules_key, secure_boot(); (void)TEXT_COPY(s->modules_key, "/root/mok.key"))
CHANGE(not_compiled, secure_boot(); bench.rows[ROW_DOCA].builds = false)
CHANGE(cx3_new_kernel, {
	generation_set(&bench, "CX3-Pro");
	for (size_t i = 0; i < ROW_COUNT; i++)
		bench.rows[i].generations = "CX3-Pro";
})
CHANGE(cx3_old_kernel, cx3_new_kernel(); (void)TEXT_COPY(f->kernel.release, "5.5.19-azure"))
CHANGE(dpll, f->kernel.dpll_ffo = TRI_YES)
CHANGE(dpll_newer, dpll(); bench.rows[ROW_DOCA].ofed = "26.01-1.0.0.0")
CHANGE(dpll_not, f->kernel.dpll_ffo = TRI_NO)
CHANGE(kernel_newer, bench.rows[ROW_MLNX].ofed = "24.01-0.3.3.1"; bench.rows[ROW_MLNX].kernels = "";
       ask_mlnx())
CHANGE(kernel_of_its_time, kernel_newer(); (void)TEXT_COPY(f->kernel.release, "6.5.0-1025-azure"))
CHANGE(kernel_named, kernel_newer(); bench.rows[ROW_MLNX].kernels = "3.10-6.8")
CHANGE(kernel_of_el, kernel_newer(); (void)TEXT_COPY(f->kernel.release, "5.14.0-503.el9.x86_64"))
CHANGE(uek, (void)TEXT_COPY(f->kernel.flavour, "uek"))
CHANGE(core_built_in, module_of(f, "mlx5_core")->built_in = true)
CHANGE(module_missing, module_of(f, "mlx5_ib")->path[0] = '\0')
CHANGE(inbox_module_missing, module_missing(); ask_inbox())
CHANGE(inbox_module_in_extra, inbox_module_missing();
       bench.rows[ROW_INBOX].packages = "rdma-core,linux-modules-extra-%r")
CHANGE(blacklisted, module_of(f, "mlx5_ib")->blacklisted = true)
CHANGE(blacklisted_but_loaded, blacklisted(); module_of(f, "mlx5_ib")->loaded = true)
CHANGE(disk_short, space_add(f, "/", 900); bench.rows[ROW_DOCA].disk_bytes = 1000LL << 20)
CHANGE(disk_enough, space_add(f, "/", 1000); bench.rows[ROW_DOCA].disk_bytes = 1000LL << 20)
CHANGE(other_stack, driver_set(f, DRIVER_MLNX_OFED, "5.4-1.0.3.0"))
CHANGE(same_stack, driver_set(f, DRIVER_DOCA_OFED, "2.10.0"))
CHANGE(secure_boot_vendors_only, secure_boot(); vendors_only())
CHANGE(secure_boot_asked, secure_boot(); ask_doca())
CHANGE(dpll_asked, dpll(); ask_doca())
CHANGE(dpll_doca_only, dpll(); doca_only())
CHANGE(blacklisted_doca_only, blacklisted(); doca_only())
CHANGE(disk_doca_only, disk_short(); doca_only())

/* Which row. */
CHANGE(version_doca, ask_doca(); (void)TEXT_COPY(s->driver_version, "3.2"))
CHANGE(version_of_other_route, (void)TEXT_COPY(s->driver_version, "5.8"))
CHANGE(version_nowhere, ask_doca(); (void)TEXT_COPY(s->driver_version, "9.9"))
CHANGE(version_nowhere_auto, (void)TEXT_COPY(s->driver_version, "9.9"))
CHANGE(spare, bench.rows[ROW_SPARE] = bench.rows[ROW_DOCA]; bench.rows[ROW_SPARE].version = "3.1.0")
CHANGE(spare_by_digest, spare(); bench.rows[ROW_DOCA].sha256 = "")
CHANGE(spare_by_age, spare(); bench.rows[ROW_DOCA].deprecated = true)
CHANGE(old_with_digest, spare_by_age(); bench.rows[ROW_SPARE].sha256 = "")
CHANGE(spare_by_version, spare(); ask_doca(); (void)TEXT_COPY(s->driver_version, "3.1"))
CHANGE(spare_by_rule, spare(); dpll(); bench.rows[ROW_SPARE].ofed = "26.01-1.0.0.0")
CHANGE(both_alike, spare())
CHANGE(all_old, bench.rows[ROW_DOCA].deprecated = true)
CHANGE(distro, bench.rows[ROW_DISTRO].os_ids = "ubuntu"; ask_distro())
CHANGE(prebuilt, (void)TEXT_COPY(s->prebuilt, "https://example.com/packs"))

static const struct {
	const char *name;
	void (*change)(void);
	enum fault fault;
	const char *route, *version; /* of the decision */
	const char *of, *why;        /* a candidate and a part of its reason */
} rows[] = {
	{ "the vendor's driver first", as_it_is, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "holds" },
	{ "the cheapest first", cheapest, FAULT_NONE, "inbox", "", "doca-ofed", "NVIDIA's" },
	{ "as asked for", ask_mlnx, FAULT_NONE, "mlnx-ofed", "5.8-1.0.1.1", "inbox", "ask for" },
	{ "the distribution's build", distro, FAULT_NONE, "distro", "", "inbox", "ask for" },
	{ "issue 42: Secure Boot leaves inbox", secure_boot, FAULT_NONE, "inbox", "", "doca-ofed",
	  "signed by nobody" },
	{ "issue 42: metadata knows of it", secure_boot_by_metadata, FAULT_NONE, "inbox", "",
	  "mlnx-ofed", "signed modules only" },
	{ "issue 42: not known is not on", secure_boot_unknown, FAULT_NONE, "doca-ofed", "3.2.1",
	  "inbox", "" },
	{ "issue 42: enforced without Secure Boot", signed_only, FAULT_NONE, "inbox", "",
	  "doca-ofed", "signed modules only" },
	{ "issue 42: the owner's key", modules_key, FAULT_NONE, "doca-ofed", "3.2.1", "inbox", "" },
	{ "issue 42: nothing is compiled", not_compiled, FAULT_NONE, "doca-ofed", "3.2.1",
	  "mlnx-ofed", "signed by nobody" },
	{ "issue 42: nothing else serves", secure_boot_vendors_only, FAULT_SECURE_BOOT, "", "",
	  "doca-ofed", "signed by nobody" },
	{ "issue 42: asked for", secure_boot_asked, FAULT_SECURE_BOOT, "", "", "inbox", "ask for" },
	{ "issue 2: ConnectX-3 and 6.8", cx3_new_kernel, FAULT_NONE, "inbox", "", "mlnx-ofed",
	  "5.6 or later" },
	{ "issue 2: ConnectX-3 and 5.5", cx3_old_kernel, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "" },
	{ "issue 14: dpll, the other route", dpll, FAULT_NONE, "inbox", "", "doca-ofed",
	  "dpll_ffo_param" },
	{ "issue 14: OFED 26.01", dpll_newer, FAULT_NONE, "doca-ofed", "3.2.1", "mlnx-ofed",
	  "5.8-1.0.1.1 does not compile" },
	{ "issue 14: the callback as it was", dpll_not, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "" },
	{ "issue 14: asked for", dpll_asked, FAULT_UNSUPPORTED_DRIVER_CHOICE, "", "", "doca-ofed",
	  "25.10-1.6.6.0" },
	{ "issue 14: nothing else", dpll_doca_only, FAULT_UNSUPPORTED_IMAGE, "", "", "doca-ofed",
	  "dpll.h" },
	{ "issue 3: the kernel is newer", kernel_newer, FAULT_UNSUPPORTED_DRIVER_CHOICE, "", "",
	  "mlnx-ofed", "OFED 24.01-0.3.3.1 of 2024-01 was made before kernel 6.8.0-1041-azure" },
	{ "issue 3: the kernel of its time", kernel_of_its_time, FAULT_NONE, "mlnx-ofed",
	  "5.8-1.0.1.1", "inbox", "" },
	{ "issue 3: the row says so", kernel_named, FAULT_NONE, "mlnx-ofed", "5.8-1.0.1.1", "inbox",
	  "" },
	{ "issue 3: an old number with new drivers", kernel_of_el, FAULT_NONE, "mlnx-ofed",
	  "5.8-1.0.1.1", "inbox", "" },
	{ "issue 47: UEK", uek, FAULT_NONE, "inbox", "", "doca-ofed", "vanish" },
	{ "built in", core_built_in, FAULT_NONE, "inbox", "", "doca-ofed", "part of the image" },
	{ "a vendor brings the module", module_missing, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "no module mlx5_ib" },
	{ "issue 56: inbox does not", inbox_module_missing, FAULT_UNSUPPORTED_DRIVER_CHOICE, "", "",
	  "inbox", "no module mlx5_ib" },
	{ "issue 56: a package of this kernel does", inbox_module_in_extra, FAULT_NONE, "inbox", "",
	  "inbox", "the kernel holds" },
	{ "issue 56: blacklisted", blacklisted, FAULT_UNSUPPORTED_IMAGE, "", "", "doca-ofed",
	  "blacklisted" },
	{ "issue 56: but loaded", blacklisted_but_loaded, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "" },
	{ "issue 46: too little room", disk_short, FAULT_NONE, "mlnx-ofed", "5.8-1.0.1.1",
	  "doca-ofed", "1000 MiB, and / has 900 MiB free" },
	{ "issue 46: just enough", disk_enough, FAULT_NONE, "doca-ofed", "3.2.1", "inbox", "" },
	{ "another vendor's stack", other_stack, FAULT_NONE, "mlnx-ofed", "5.8-1.0.1.1",
	  "doca-ofed", "mlnx-ofed 5.4-1.0.3.0 is installed and must be removed first" },
	{ "the same stack, broken", same_stack, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "must be removed first" },
	{ "a prefix of a version", version_doca, FAULT_NONE, "doca-ofed", "3.2.1", "mlnx-ofed",
	  "" },
	{ "a version picks the route", version_of_other_route, FAULT_NONE, "mlnx-ofed",
	  "5.8-1.0.1.1", "doca-ofed", "it gives 3.2.1" },
	{ "a version that the driver asked for lacks", version_nowhere,
	  FAULT_UNSUPPORTED_DRIVER_VERSION, "", "", "doca-ofed", "it gives 3.2.1" },
	{ "a version that none has", version_nowhere_auto, FAULT_UNSUPPORTED_DRIVER_VERSION, "", "",
	  "mlnx-ofed", "it gives 5.8" },
	{ "of two alike the first", both_alike, FAULT_NONE, "doca-ofed", "3.2.1", "inbox", "" },
	{ "a digest wins", spare_by_digest, FAULT_NONE, "doca-ofed", "3.1.0", "inbox", "" },
	{ "what is maintained wins", spare_by_age, FAULT_NONE, "doca-ofed", "3.1.0", "inbox", "" },
	{ "even without a digest", old_with_digest, FAULT_NONE, "doca-ofed", "3.1.0", "inbox", "" },
	{ "a version passes rows over", spare_by_version, FAULT_NONE, "doca-ofed", "3.1.0", "inbox",
	  "" },
	{ "so does a rule", spare_by_rule, FAULT_NONE, "doca-ofed", "3.1.0", "inbox", "" },
	{ "a deprecated one rather than none", all_old, FAULT_NONE, "doca-ofed", "3.2.1", "inbox",
	  "" },
	{ "packs of a URL", prebuilt, FAULT_NONE, "doca-ofed", "3.2.1", "prebuilt",
	  "no pack has been fetched from where prebuilt leads to" },
};

static void prepare(void (*change)(void))
{
	bench_reset(&bench);
	change();
	bench_plan(&bench);
}

static void takes_the_right_row(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct candidate *c;

		prepare(rows[i].change);
		c = bench_candidate(&bench, rows[i].of);
		if (d->fault != rows[i].fault || !text_eq(d->route, rows[i].route) ||
		    !text_eq(d->version, rows[i].version))
			fail_msg("%s: %s, route \"%s\" %s: %s", rows[i].name,
				 fault_row(d->fault)->slug, d->route, d->version, d->reason);
		if (strstr(c->why, rows[i].why) == NULL || text_ends(c->why, "."))
			fail_msg("%s: %s: %s", rows[i].name, c->route, c->why);
		assert_int_equal(bench.plan.nsteps > 0, rows[i].fault == FAULT_NONE);
	}
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *reason, *remedy;
} remedy_rows[] = {
	{ "what can be changed here is the remedy", blacklisted_doca_only, "blacklisted",
	  "Remove its line from /etc/modprobe.d." },
	{ "so is room", disk_doca_only, "900 MiB free", "Free space" },
	{ "else another image", dpll_doca_only, "dpll",
	  "Use an image whose distribution, version and kernel docs/support-matrix.md lists." },
	{ "Secure Boot has its own", secure_boot_asked, "The driver doca-ofed cannot be used",
	  "Give modulesKey" },
};

static void says_what_can_be_done(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(remedy_rows); i++) {
		prepare(remedy_rows[i].change);
		assert_int_equal(d->exit_code, 12);
		if (strstr(d->reason, remedy_rows[i].reason) == NULL ||
		    strstr(d->remedy, remedy_rows[i].remedy) == NULL)
			fail_msg("%s: %s. %s", remedy_rows[i].name, d->reason, d->remedy);
	}
}

/* Steps. */

static void expect_steps(const char *ids)
{
	char got[240] = "", former[sizeof got];

	for (unsigned i = 0; i < bench.plan.nsteps; i++) {
		const struct step *step = &bench.plan.steps[i];

		(void)TEXT_COPY(former, got);
		(void)TEXT_FORMAT(got, "%s%s%s", former, i > 0 ? " " : "", step->id);
		if ((step->nchanges == 0) != (step->kind == STEP_NEXT_BOOT) || step->nitems == 0 ||
		    step->undo[0] == '\0')
			fail_msg("%s: no changes, items or undo", step->id);
	}
	assert_string_equal(got, ids);
}

static void plans_doca(void **unused)
{
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	bench.rows[ROW_DOCA].download_bytes = 1181116006;
	bench_plan(&bench);
	expect_steps("download build-packages repository-pin repository packages build "
		     "services modules-boot boot-unit boot-unit-wanted next-boot modules "
		     "openibd-order");
	assert_false(bench.plan.reboot);

	step = bench_step(&bench, "build-packages");
	assert_int_equal(step->kind, STEP_PACKAGES);
	assert_string_equal(step->items[1], "linux-headers-6.8.0-1041-azure");
	/* They are there: not a change. */
	assert_int_equal(step->nchanges, 1);
	assert_string_equal(step->changes[0], "package dkms, where it is not there");

	step = bench_step(&bench, "download");
	assert_int_equal(step->kind, STEP_DOWNLOAD);
	assert_int_equal(step->nitems, 2);
	assert_string_equal(step->items[0], bench.rows[ROW_DOCA].url);
	assert_true(text_starts(step->items[1], "sha256:75b8d4258b72"));
	assert_string_equal(step->what, "download doca-host_3.2.1-ubuntu2204_amd64.deb and hold it "
					"against its SHA-256");
	assert_string_equal(step->changes[1], "download of 1181116006 bytes");

	step = bench_step(&bench, "repository-pin");
	assert_int_equal(step->kind, STEP_FILE);
	assert_string_equal(step->items[0], "etc/apt/preferences.d/ib-vmext-doca");
	assert_true(text_ends(step->content, "\nPackage: dkms\nPin: release l=DOCA-HOST*\n"
					     "Pin-Priority: -1\n"));

	step = bench_step(&bench, "repository");
	assert_int_equal(step->kind, STEP_REPOSITORY);
	assert_string_equal(step->items[0], "doca-host_3.2.1-ubuntu2204_amd64.deb");
	assert_string_equal(bench_step(&bench, "packages")->what, "install doca-ofed with apt");
	assert_string_equal(bench_step(&bench, "services")->items[0], "openibd");
	assert_string_equal(bench_step(&bench, "services")->changes[0], "service openibd enabled");
}

static void plans_doca_without_digest(void **unused)
{
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	bench.rows[ROW_DOCA].sha256 = "";
	bench_plan(&bench);
	step = bench_step(&bench, "download");
	assert_int_equal(step->nitems, 1);
	assert_non_null(strstr(step->what, "over TLS only"));
}

static void tells_the_mirror(void **unused)
{
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	(void)TEXT_COPY(bench.settings.mirror, "https://me:secret@m.example.com/x/");
	bench_plan(&bench);
	step = bench_step(&bench, "download");
	assert_true(text_starts(step->items[0], "https://example.com/"));
	assert_true(text_starts(step->changes[step->nchanges - 1],
				"from https://m.example.com/x/example.com/"));
}

static void plans_doca_from_an_online_repository(void **unused)
{
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	bench.rows[ROW_DOCA].url = bench.rows[ROW_DOCA].sha256 = "";
	bench.rows[ROW_DOCA].repository = "https://example.com/doca/3.4.0/ubuntu26.04/x86_64/";
	bench.rows[ROW_DOCA].key = "https://example.com/doca/GPG-KEY.pub";
	bench_plan(&bench);
	assert_null(bench_step(&bench, "download"));
	step = bench_step(&bench, "repository");
	assert_string_equal(step->items[0], bench.rows[ROW_DOCA].repository);
	assert_string_equal(step->items[1], bench.rows[ROW_DOCA].key);
	assert_int_equal(step->nchanges, 2);
}

static void plans_doca_with_dnf(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	os_set(f, "almalinux", "9.6", "dnf");
	rows_set_os(&bench, "almalinux", "9.*", "dnf");
	bench_plan(&bench);
	expect_steps("download build-packages repository packages build services "
		     "modules-boot boot-unit boot-unit-wanted next-boot modules "
		     "openibd-order");
	assert_string_equal(bench_step(&bench, "packages")->what,
			    "install doca-ofed with dnf, kernel images excluded from this one "
			    "command");
	for (unsigned i = 0; i < bench.plan.nsteps; i++)
		for (unsigned k = 0; k < bench.plan.steps[i].nchanges; k++)
			assert_null(strstr(bench.plan.steps[i].changes[k], "dnf.conf"));
}

static void plans_mlnx(void **unused)
{
	static const char *const items[] = {
		"MLNX_OFED_LINUX-5.8-1.0.1.1-ubuntu22.04-x86_64.tgz",
		"5.8-1.0.1.1",
		"--add-kernel-support",
		"--kernel",
		"6.8.0-1041-azure",
		"--without-fw-update",
	};
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	ask_mlnx();
	package_add(f, "rdma-core", "39.0-1");
	bench_plan(&bench);
	expect_steps("download build-packages installer services modules-boot boot-unit "
		     "boot-unit-wanted next-boot modules openibd-order");
	step = bench_step(&bench, "installer");
	assert_int_equal(step->kind, STEP_INSTALLER);
	assert_int_equal(step->nitems, ARRAY_SIZE(items));
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		assert_string_equal(step->items[i], items[i]);
	assert_non_null(strstr(step->what, "compiles and installs"));
	assert_string_equal(step->changes[0], "packages of MLNX_OFED 5.8-1.0.1.1, in the place of "
					      "the distribution's ");
}

/* What is there by then must be able to come back. */
static void has_the_former_to_hand(void **unused)
{
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	ask_mlnx();
	driver_set(f, DRIVER_MLNX_OFED, "5.4-1.0.3.0");
	(void)TEXT_COPY(s->driver_version, "5.8");
	bench.rows[ROW_SPARE] = bench.rows[ROW_MLNX];
	bench.rows[ROW_SPARE].version = "5.4-1.0.3.0";
	bench.rows[ROW_SPARE].url = "https://example.com/MLNX_OFED_LINUX-5.4.tgz";
	bench_plan(&bench);
	expect_steps("former-download download build-packages installer services "
		     "modules-boot boot-unit boot-unit-wanted next-boot modules "
		     "openibd-order");
	step = bench_step(&bench, "former-download");
	assert_int_equal(step->kind, STEP_DOWNLOAD);
	assert_string_equal(step->items[0], bench.rows[ROW_SPARE].url);
	assert_string_equal(bench_step(&bench, "installer")->items[1], "5.8-1.0.1.1");
	bench.rows[ROW_SPARE].version = "5.3-1.0.0.1";
	bench_plan(&bench);
	assert_null(bench_step(&bench, "former-download"));
}

static void renews_the_initramfs(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	ask_mlnx();
	(void)TEXT_COPY(f->kernel.initramfs, "dracut");
	bench_plan(&bench);
	expect_steps("initramfs-keep download build-packages installer services modules-boot "
		     "boot-unit boot-unit-wanted initramfs next-boot modules openibd-order");
	assert_string_equal(bench_step(&bench, "initramfs")->items[1], "dracut");
	ask_inbox();
	bench_plan(&bench);
	assert_null(bench_step(&bench, "initramfs"));
}

/* Known issue 45. */
static void builds_from_the_vault(void **unused)
{
	const struct step *step;

	(void)unused;
	bench_reset(&bench);
	ask_mlnx();
	os_set(f, "centos", "7.9", "yum");
	rows_set_os(&bench, "centos", "7.9", "yum");
	bench.rows[ROW_MLNX].repository =
		"https://vault.example/os/,https://vault.example/updates/";
	bench.rows[ROW_MLNX].key = "file:///etc/pki/rpm-gpg/KEY";
	bench_plan(&bench);
	assert_null(bench_step(&bench, "vault-repository"));
	(void)TEXT_COPY(f->policy.mirrors, "centos-eol");
	bench_plan(&bench);
	expect_steps("download vault-repository build-packages vault-repository-end "
		     "installer services modules-boot boot-unit boot-unit-wanted next-boot "
		     "modules openibd-order");
	step = bench_step(&bench, "vault-repository");
	assert_string_equal(step->items[0], "etc/yum.repos.d/ib-vmext-vault.repo");
	assert_non_null(strstr(step->content, "baseurl=https://vault.example/os/\n"));
	assert_non_null(strstr(step->content, "[ib-vmext-vault-2]\nname=Archive 2\n"
					      "baseurl=https://vault.example/updates/\n"));
	assert_non_null(strstr(step->content, "gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/KEY\n"));
	assert_string_equal(bench_step(&bench, "vault-repository-end")->content, "");
	(void)TEXT_COPY(bench.settings.mirror, "https://mirror.example/files");
	bench_plan(&bench);
	assert_non_null(strstr(bench_step(&bench, "vault-repository")->content,
			       "baseurl=https://mirror.example/files/vault.example/os/\n"));
}

/* Each name once, whatever number of kernels DKMS has it for; what does not hang on the stack, or
 * is not installed, is left alone. */
static void builds_what_hangs_on_it_anew(void **unused)
{
	static const struct dkms_facts dkms[] = {
		{ "lustre-client", "2.15.5", "6.8.0-1040-azure", DKMS_INSTALLED },
		{ "lustre-client", "2.15.5", "6.8.0-1041-azure", DKMS_INSTALLED },
		{ "nvidia", "550", "6.8.0-1040-azure", DKMS_INSTALLED },
		{ "nvidia", "550", "6.8.0-1041-azure", DKMS_INSTALLED },
		{ "weka", "4", "6.8.0-1041-azure", DKMS_BUILT },
		{ "zfs", "2", "6.8.0-1041-azure", DKMS_INSTALLED },
	};
	static const char *const ids[] = { "foreign-keep", "foreign-rebuild" };

	(void)unused;
	bench_reset(&bench);
	ask_doca();
	bench_plan(&bench);
	assert_null(bench_step(&bench, "foreign-keep"));
	memcpy(f->dkms, dkms, sizeof dkms);
	f->ndkms = ARRAY_SIZE(dkms);
	bench_plan(&bench);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const struct step *step = bench_step(&bench, ids[i]);

		assert_non_null(step);
		assert_string_equal(step->items[0], i == 0 ? "keep" : "rebuild");
		assert_string_equal(step->items[1], "lustre-client");
		assert_string_equal(step->items[2], "nvidia");
		assert_int_equal(step->nitems, 3);
		assert_int_equal(step->nchanges, 2);
	}
}

/* Known issues 35 and 37: the plan stops where nobody would build them anew. */
static const struct {
	const char *module, *dkms, *route, *options;
	bool force, stops;
} foreign[] = {
	{ "ko2iblnd", NULL, "mlnx-ofed", "", false, true },
	{ "ko2iblnd", "lustre-client", "mlnx-ofed", "", false, false },
	{ "ko2iblnd", "beegfs", "mlnx-ofed", "", false, true },
	{ "ko2iblnd", NULL, "mlnx-ofed", "", true, false },
	{ "beegfs", NULL, "doca-ofed", "", false, true },
	{ "beegfs", "beegfs", "doca-ofed", "", false, false },
	{ "nvidia_peermem", NULL, "mlnx-ofed", "", false, true },
	{ "nvidia_peermem", "nvidia", "mlnx-ofed", "", false, false },
	{ "rpcrdma", NULL, "mlnx-ofed", "", false, true },
	{ "rpcrdma", NULL, "mlnx-ofed", "--with-nfsrdma", false, false },
	{ "rpcrdma", NULL, "doca-ofed", "", false, false },
	{ "ko2iblnd", NULL, "inbox", "", false, false },
	{ "mana_ib", NULL, "mlnx-ofed", "", false, false },
};

static void stops_at_foreign_modules(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		bench_reset(&bench);
		s->force = foreign[i].force;
		s->driver = text_eq(foreign[i].route, "mlnx-ofed")   ? CHOICE_MLNX_OFED
			    : text_eq(foreign[i].route, "doca-ofed") ? CHOICE_DOCA_OFED
								     : CHOICE_INBOX;
		bench.rows[ROW_MLNX].options = foreign[i].options;
		f->nusers = 1;
		(void)TEXT_COPY(f->users[0].name, foreign[i].module);
		(void)TEXT_COPY(f->users[0].holds, "ib_core");
		if (foreign[i].dkms != NULL)
			dkms_add(f, foreign[i].dkms, f->kernel.release, DKMS_INSTALLED);
		bench_plan(&bench);
		if ((d->fault == FAULT_FOREIGN_MODULES) != foreign[i].stops ||
		    d->exit_code != (foreign[i].stops ? 12 : 0))
			fail_msg("row %zu: %d: %s", i, d->exit_code, d->reason);
		if (foreign[i].stops)
			assert_non_null(strstr(d->reason, foreign[i].module));
	}
}

static void leaves_the_firmware_once(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	ask_mlnx();
	bench.rows[ROW_MLNX].options = "--without-fw-update --force";
	bench_plan(&bench);
	assert_int_equal(bench_step(&bench, "installer")->nitems, 4);
}

/* Issues 31, 32, 34, 35. */
static void waits_for_the_boot(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	module_of(f, "mlx5_core")->loaded = true;
	bench_plan(&bench);
	expect_steps("download build-packages repository-pin repository packages build "
		     "services modules-boot boot-unit boot-unit-wanted next-boot "
		     "openibd-order");
	assert_true(bench.plan.reboot);
	s->driver = CHOICE_INBOX;
	bench_plan(&bench);
	expect_steps("packages modules-boot modules");
	assert_false(bench.plan.reboot);
}

/* In the place of a restart, off Hyper-V, where nobody hangs on the stack. */
static void reloads_off_hyperv(void **unused)
{
	struct error err = { 0 };
	unsigned n;

	(void)unused;
	bench_reset(&bench);
	module_of(f, "mlx5_core")->loaded = true;
	bench_plan(&bench);
	n = bench.plan.nsteps;
	assert_int_equal(plan_reload(&bench.plan, f, &err), -1);
	assert_int_equal(err.fault, FAULT_RELOAD_REFUSED);
	assert_non_null(strstr(err.what, "Hyper-V"));
	f->vm.azure = false;
	assert_int_equal(plan_reload(&bench.plan, f, &err), -1);
	f->hyperv.vmbus = TRI_UNKNOWN;
	assert_int_equal(plan_reload(&bench.plan, f, &err), -1);
	assert_non_null(strstr(err.what, "whether this is Hyper-V is not known"));
	f->hyperv.vmbus = TRI_NO;
	f->nusers = 1;
	(void)TEXT_COPY(f->users[0].name, "ko2iblnd");
	(void)TEXT_COPY(f->users[0].holds, "rdma_cm");
	assert_int_equal(plan_reload(&bench.plan, f, &err), -1);
	assert_non_null(strstr(err.what, "ko2iblnd hangs on rdma_cm"));
	f->nusers = 0;
	assert_true(bench.plan.reboot);
	assert_int_equal(plan_reload(&bench.plan, f, &err), 0);
	assert_false(bench.plan.reboot);
	assert_int_equal(bench.plan.nsteps, n + 1);
	assert_int_equal(bench.plan.steps[n].kind, STEP_RELOAD);
	assert_int_equal(plan_reload(&bench.plan, f, &err), 0);
	assert_int_equal(bench.plan.nsteps, n + 1);
}

static void plans_the_distributions_build(void **unused)
{
	(void)unused;
	prepare(distro);
	expect_steps("packages modules-boot modules");
	bench.rows[ROW_DISTRO].packages = "mlnx-ofa_kernel-modules,rdma-core";
	module_of(f, "mlx5_core")->loaded = true;
	bench_plan(&bench);
	expect_steps("packages modules-boot boot-unit boot-unit-wanted next-boot");
	assert_true(bench.plan.reboot);
}

static void names_as_many_packages_as_fit(void **unused)
{
	(void)unused;
	prepare(distro);
	bench.rows[ROW_DISTRO].packages =
		"mlnx-ofa_kernel,mlnx-ofa_kernel-modules,rdma-core,libibverbs,libibverbs-utils,"
		"librdmacm,librdmacm-utils,libibumad,infiniband-diags";
	bench_plan(&bench);
	assert_string_equal(bench.plan.steps[0].what,
			    "install mlnx-ofa_kernel, mlnx-ofa_kernel-modules, rdma-core, "
			    "libibverbs, libibverbs-utils, librdmacm and 3 more with apt");
	assert_int_equal(bench.plan.steps[0].nitems, 9);
	assert_int_equal(bench.plan.steps[0].nchanges, 9);
}

static void names_a_package_of_the_kernel(void **unused)
{
	(void)unused;
	prepare(inbox_module_in_extra);
	assert_string_equal(bench_step(&bench, "packages")->items[1],
			    "linux-modules-extra-6.8.0-1041-azure");
	assert_non_null(strstr(bench_step(&bench, "modules-boot")->content, "\nmlx5_ib\n"));
}

static void tells_the_costs(void **unused)
{
	const struct candidate *c;

	(void)unused;
	bench_reset(&bench);
	bench.rows[ROW_DOCA].seconds = 900;
	bench.rows[ROW_DOCA].disk_bytes = 3LL << 30;
	bench_plan(&bench);
	c = bench_candidate(&bench, "doca-ofed");
	assert_int_equal(c->estimate.seconds, 900);
	assert_int_equal(c->estimate.download_bytes, -1);
	assert_int_equal(c->estimate.disk_bytes, 3LL << 30);
	assert_string_equal(c->estimate.basis, "catalogue");
	assert_string_equal(c->peer_memory, "yes");
	assert_string_equal(bench_candidate(&bench, "inbox")->estimate.basis, "unknown");
}

/* A vendor's stack that works is kept, however it came, and however new the row is. */
#define OPENIBD_ORDER "etc/systemd/system/openibd.service.d/90-ib-vmext.conf"

/* No Restart= for a systemd that would refuse the service for it, or is not known. */
static const struct {
	const char *name;
	unsigned systemd;
	bool restarts;
} systemd_rows[] = {
	{ "RHEL 7's, which does not say", 0, false },
	{ "RHEL 8's", 239, false },
	{ "the last that refuses", 243, false },
	{ "the first that takes it", 244, true },
	{ "Debian 12's", 252, true },
};

static void orders_openibd(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(systemd_rows); i++) {
		const struct step *step;

		bench_reset(&bench);
		f->systemd_version = systemd_rows[i].systemd;
		bench_plan(&bench);
		step = bench_step(&bench, "openibd-order");
		assert_non_null(step);
		assert_int_equal(step->kind, STEP_FILE);
		assert_string_equal(step->items[0], OPENIBD_ORDER);
		assert_non_null(strstr(step->content, "\n[Unit]\n"
						      "Wants=systemd-udev-settle.service\n"
						      "After=systemd-udev-settle.service\n"));
		if ((strstr(step->content, "[Service]\nRestart=on-failure\n") != NULL) !=
			    systemd_rows[i].restarts ||
		    (strstr(step->content, "StartLimitBurst=10\n\n[Service]") != NULL) !=
			    systemd_rows[i].restarts)
			fail_msg("%s: %s", systemd_rows[i].name, step->content);
	}
}

static void keep_doca(void)
{
	bench_reset(&bench);
	for (unsigned i = 0; i < f->nmodules; i++)
		f->modules[i].loaded = true;
	driver_set(f, DRIVER_DOCA_OFED, "2.10.0");
	port_add(f, "mlx5_0", f->nics[1].address, 200);
	f->openibd = (struct openibd_facts) { TRI_YES, TRI_NO };
}

CHANGE(openibd_waits, f->openibd.settles = TRI_YES)
CHANGE(openibd_is_off, f->openibd.enabled = TRI_NO)
CHANGE(openibd_is_not_there, f->openibd = (struct openibd_facts) { 0 })
CHANGE(openibd_is_ours, (void)TEXT_COPY(f->own_files[f->nown_files++].path, OPENIBD_ORDER))
CHANGE(stack_is_inbox, driver_set(f, DRIVER_INBOX, "39.0-1"); package_add(f, "rdma-core", "39.0-1");
       package_add(f, "ibverbs-providers", "39.0-1"); ask_inbox())
CHANGE(no_systemd, f->systemd = false)

static const struct {
	const char *name;
	void (*change)(void);
	unsigned nsteps;
} kept_rows[] = {
	{ "a service without an order", as_it_is, 1 },
	{ "somebody has ordered it", openibd_waits, 0 },
	{ "it is not enabled", openibd_is_off, 0 },
	{ "it is not there", openibd_is_not_there, 0 },
	{ "our drop-in is there", openibd_is_ours, 0 },
	{ "left over from a driver that is no more", stack_is_inbox, 0 },
	{ "no systemd", no_systemd, 0 },
};

static void orders_openibd_of_a_kept_stack(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(kept_rows); i++) {
		keep_doca();
		kept_rows[i].change();
		bench_plan(&bench);
		assert_string_equal(d->route, "keep");
		if (bench.plan.nsteps != kept_rows[i].nsteps)
			fail_msg("%s: %u steps", kept_rows[i].name, bench.plan.nsteps);
	}
}

/* Who has ordered it keeps their order, whatever driver comes. */
static void leaves_anothers_order(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	f->openibd.settles = TRI_YES;
	bench_plan(&bench);
	assert_string_equal(d->route, "doca-ofed");
	assert_null(bench_step(&bench, "openibd-order"));
}

static void keeps_a_vendors_stack(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	for (unsigned i = 0; i < f->nmodules; i++)
		f->modules[i].loaded = true;
	driver_set(f, DRIVER_DOCA_OFED, "2.10.0");
	port_add(f, "mlx5_0", f->nics[1].address, 200);
	bench_plan(&bench);
	assert_string_equal(d->route, "keep");
	assert_string_equal(d->version, "2.10.0");
	assert_int_equal(bench.plan.nsteps, 0);
	(void)TEXT_COPY(s->driver_version, "3.2");
	bench_plan(&bench);
	assert_string_equal(d->route, "doca-ofed");
	assert_true(bench.plan.reboot);
}

/* What shows its ports is completed, not replaced by what is preferred. */
static void completes_what_lacks_a_part(void **unused)
{
	(void)unused;
	bench_reset(&bench);
	for (unsigned i = 0; i < f->nmodules; i++)
		f->modules[i].loaded = !text_eq(f->modules[i].name, "ib_umad");
	driver_set(f, DRIVER_INBOX, "39.0-1");
	package_add(f, "rdma-core", "39.0-1");
	package_add(f, "ibverbs-providers", "39.0-1");
	port_add(f, "mlx5_0", f->nics[1].address, 200);
	bench_plan(&bench);
	assert_string_equal(d->route, "inbox");
	expect_steps("modules-boot modules");
	f->nports = 0;
	bench_plan(&bench);
	assert_string_equal(d->route, "doca-ofed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_right_row),
		cmocka_unit_test(says_what_can_be_done),
		cmocka_unit_test(plans_doca),
		cmocka_unit_test(plans_doca_without_digest),
		cmocka_unit_test(tells_the_mirror),
		cmocka_unit_test(plans_doca_from_an_online_repository),
		cmocka_unit_test(plans_doca_with_dnf),
		cmocka_unit_test(plans_mlnx),
		cmocka_unit_test(has_the_former_to_hand),
		cmocka_unit_test(renews_the_initramfs),
		cmocka_unit_test(builds_from_the_vault),
		cmocka_unit_test(builds_what_hangs_on_it_anew),
		cmocka_unit_test(stops_at_foreign_modules),
		cmocka_unit_test(leaves_the_firmware_once),
		cmocka_unit_test(waits_for_the_boot),
		cmocka_unit_test(reloads_off_hyperv),
		cmocka_unit_test(plans_the_distributions_build),
		cmocka_unit_test(names_as_many_packages_as_fit),
		cmocka_unit_test(names_a_package_of_the_kernel),
		cmocka_unit_test(tells_the_costs),
		cmocka_unit_test(orders_openibd),
		cmocka_unit_test(orders_openibd_of_a_kept_stack),
		cmocka_unit_test(leaves_anothers_order),
		cmocka_unit_test(keeps_a_vendors_stack),
		cmocka_unit_test(completes_what_lacks_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
