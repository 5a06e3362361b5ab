/* tests/unit/plan/test_image.c - the facts of a builder become those of the VMs that an image is
 * for, and one plan serves all of them or none is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "machine.h"
#include "plan/image.h"

static struct facts builder, f;
static struct settings s;
static struct plan p, room;
static struct image_targets targets;

static int set_up(void **unused)
{
	(void)unused;
	machine_working(&builder);
	settings_defaults(&s);
	return 0;
}

/* What is asked for. */

static const struct {
	const char *name, *list;
	const char *names; /* NULL: refused */
	const char *what;  /* ... with these words */
} lists[] = {
	{ "a size", "Standard_HB120rs_v3", "Standard_HB120rs_v3", NULL },
	{ "spelt otherwise", "standard_hb120RS_v3", "Standard_HB120rs_v3", NULL },
	{ "a generation", "cx7", "CX7", NULL },
	{ "one of which no virtual function has an id of its own", "CX8", "CX8", NULL },
	{ "several", "CX6,Standard_HB120rs_v3,CX5", "CX6, Standard_HB120rs_v3, CX5", NULL },
	{ "the same twice", "CX6,cx6,CX6", "CX6", NULL },
	{ "nothing", "", NULL, "no VM size" },
	{ "commas", ",,", NULL, "no VM size" },
	{ "a word that nobody knows", "CX6,Standard_Nothing", NULL, "Standard_Nothing is neither" },
	{ "a size without InfiniBand", "Standard_D2s_v5", NULL, "" },
	{ "a look-alike", "Standard_HB120-16s", NULL, "" },
	{ "Network Direct", "Standard_H16r", NULL, "has no InfiniBand function" },
};

static void reads_what_is_asked_for(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct error err = { 0 };
		char names[200] = "";
		int rc = image_targets_parse(lists[i].list, &catalogue_built_in, &targets, &err);

		if (rc == 0)
			image_targets_text(&targets, names, sizeof names);
		if ((rc == 0) != (lists[i].names != NULL) ||
		    (rc == 0 && !text_eq(names, lists[i].names)) ||
		    (rc < 0 && (err.fault != FAULT_USAGE || !strstr(err.what, lists[i].what))))
			fail_msg("%s: %d %s %s", lists[i].name, rc, names, err.what);
	}
}

static void refuses_more_than_there_is_room_for(void **unused)
{
	char list[2000] = "";
	struct error err = { 0 };
	size_t n = 0;

	(void)unused;
	for (size_t i = 0; i < catalogue_built_in.nsizes && n <= IMAGE_TARGETS_MAX; i++) {
		const struct size_row *row = &catalogue_built_in.sizes[i];
		char former[sizeof list];

		if (row->kind != SIZE_SRIOV)
			continue;
		n++;
		(void)TEXT_COPY(former, list);
		(void)TEXT_FORMAT(list, "%s%s,", former, row->name);
	}
	assert_true(n > IMAGE_TARGETS_MAX);
	assert_int_equal(image_targets_parse(list, &catalogue_built_in, &targets, &err), -1);
	assert_non_null(strstr(err.what, "16 kinds"));
}

static const struct {
	const char *target, *generation;
	uint16_t device, class_code;
} devices[] = {
	{ "Standard_HB120rs_v3", "CX6", 0x101c, 0x0207 },
	{ "Standard_ND96isr_H100_v5", "CX7", 0x101e, 0x0207 },
	{ "CX8", "CX8", 0x101e, 0x0207 },
	{ "CX5", "CX5", 0x1018, 0x0207 },
	{ "CX3-Pro", "CX3-Pro", 0x1004, 0x0280 },
	{ "mlx5Gen", "mlx5Gen", 0x101e, 0x0207 },
};

static void shows_the_adapter_that_a_vm_sees(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		assert_int_equal(
			image_targets_parse(devices[i].target, &catalogue_built_in, &targets, NULL),
			0);
		image_facts(&builder, &targets.at[0], &f);
		if (f.nnics != 1 || f.nics[0].device != devices[i].device ||
		    f.nics[0].class_code != devices[i].class_code ||
		    !text_eq(f.nics[0].generation, devices[i].generation) ||
		    !nic_is_infiniband(&f.nics[0]))
			fail_msg("%s: %04x %04x %s", devices[i].target, f.nics[0].device,
				 f.nics[0].class_code, f.nics[0].generation);
	}
}

/* What is this machine's, and what is the image's. */
static void nothing_of_the_builder_is_left_and_all_of_the_image(void **unused)
{
	(void)unused;
	builder.systemd = false;
	builder.kvp = (struct kvp_facts) { .known = true, .ipoib_pairs = 1, .nassigned = 1 };
	builder.nusers = 1;
	builder.network.overlaps_rdma = TRI_YES;
	builder.network.network_manager = true;
	(void)TEXT_COPY(builder.pending_kernel, "9.9");
	assert_int_equal(image_targets_parse("CX7", &catalogue_built_in, &targets, NULL), 0);
	image_facts(&builder, &targets.at[0], &f);
	assert_true(f.image && f.systemd && !f.vm.azure);
	assert_string_equal(f.vm.size, "");
	assert_string_equal(f.vm.placement_group, "");
	assert_int_equal(f.nports + f.nusers + f.kvp.nassigned + f.kvp.ipoib_pairs, 0);
	assert_int_equal(f.network.overlaps_rdma, TRI_UNKNOWN);
	assert_string_equal(f.pending_kernel, "");
	for (unsigned i = 0; i < f.nmodules; i++)
		assert_false(f.modules[i].loaded);
	assert_true(f.network.network_manager);
	assert_string_equal(f.os.id, "debian");
	assert_string_equal(f.kernel.release, "6.1.0-56-amd64");
	assert_int_equal(f.npackages, builder.npackages);
	assert_int_equal(f.nmodules, builder.nmodules);
}

/* One plan. */

static void make_plan(const char *list)
{
	struct image_inputs in = { &builder, &targets, &s, &catalogue_built_in, &f, &room };
	struct error err = { 0 };

	if (image_targets_parse(list, &catalogue_built_in, &targets, &err) < 0)
		fail_msg("%s", err.what);
	image_plan(&in, &p);
}

static const struct step *step_of(const char *id)
{
	for (unsigned i = 0; i < p.nsteps; i++)
		if (text_eq(p.steps[i].id, id))
			return &p.steps[i];
	return NULL;
}

static void plans_without_anything_live(void **unused)
{
	static const char *const live[] = { "modules", "limits-manager", "ipoib", "names" };
	static const char *const kept[] = { "packages",        "modules-boot", "limits",
					    "limits-services", "ipoib-unit",   "names-rule",
					    "ipoib-rule" };

	(void)unused;
	machine_fresh(&builder);
	builder.nnics = 0;
	builder.systemd = false;
	s.persistent_names = true;
	make_plan("Standard_HB120rs_v3");
	assert_int_equal(p.decision.exit_code, 0);
	assert_string_equal(p.decision.route, "inbox");
	assert_non_null(strstr(p.decision.reason, "For Standard_HB120rs_v3: "));
	assert_false(p.reboot);
	for (size_t i = 0; i < ARRAY_SIZE(live); i++)
		assert_null(step_of(live[i]));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_non_null(step_of(kept[i]));
}

/* 10, 13 and 11 are judgements of a machine, and this one is none of those that are meant. */
static void skips_what_judges_this_machine(void **unused)
{
	static const char *const sizes[] = { "Standard_D2s_v5", "Standard_HB120rs_v3", "" };

	(void)unused;
	machine_fresh(&builder);
	builder.nnics = 0;
	builder.hyperv = (struct hyperv_facts) { TRI_NO, TRI_NO };
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_set(&builder, sizes[i]);
		make_plan("CX6");
		assert_int_equal(p.decision.exit_code, 0);
	}
}

/* A driver that works here is no reason to leave anything out. */
static void keeps_nothing(void **unused)
{
	(void)unused;
	make_plan("CX6");
	assert_string_equal(p.decision.route, "inbox");
	assert_non_null(step_of("modules-boot"));
}

static void one_driver_with_the_modules_of_all(void **unused)
{
	const struct step *boot;

	(void)unused;
	machine_fresh(&builder);
	make_plan("CX6,CX3-Pro,CX7");
	assert_int_equal(p.decision.exit_code, 0);
	assert_string_equal(p.decision.route, "inbox");
	boot = step_of("modules-boot");
	assert_non_null(boot);
	assert_non_null(strstr(boot->content, "\nmlx5_ib\n"));
	assert_non_null(strstr(boot->content, "\nmlx4_ib\n"));
	assert_null(strstr(strstr(boot->content, "\nib_uverbs\n") + 2, "ib_uverbs"));
	assert_non_null(strstr(p.decision.reason, "For CX6, CX3-Pro, CX7: "));
}

static void ubuntu(void)
{
	machine_fresh(&builder);
	(void)TEXT_COPY(builder.os.id, "ubuntu");
	(void)TEXT_COPY(builder.os.version, "22.04");
	(void)TEXT_COPY(builder.kernel.release, "5.15.0-1064-azure");
	(void)TEXT_COPY(builder.kernel.flavour, "azure");
	builder.kernel.headers = TRI_YES;
}

static void names_who_takes_what(void **unused)
{
	(void)unused;
	ubuntu();
	make_plan("Standard_HB120rs_v3,CX3-Pro");
	assert_int_equal(p.decision.exit_code, 12);
	assert_int_equal(p.decision.fault, FAULT_IMAGE_CONFLICT);
	assert_int_equal(p.nsteps, 0);
	assert_non_null(strstr(p.decision.reason, "Standard_HB120rs_v3 takes doca-ofed "));
	assert_non_null(strstr(p.decision.reason, "CX3-Pro takes "));
	assert_non_null(strstr(p.decision.reason, "; eligible for all: inbox"));
	s.driver = CHOICE_INBOX;
	make_plan("Standard_HB120rs_v3,CX3-Pro");
	assert_int_equal(p.decision.exit_code, 0);
	assert_string_equal(p.decision.route, "inbox");
}

/* What no target has keeps its own reason; where one of several has none, it is named. */
static void says_why_there_is_none(void **unused)
{
	(void)unused;
	machine_fresh(&builder);
	(void)TEXT_COPY(builder.os.id, "plan9");
	make_plan("CX6");
	assert_int_equal(p.decision.fault, FAULT_UNSUPPORTED_IMAGE);
	make_plan("CX6,CX7");
	assert_int_equal(p.decision.fault, FAULT_IMAGE_CONFLICT);
	assert_non_null(strstr(p.decision.reason, "CX6 takes none ("));
	machine_fresh(&builder);
	make_plan("CX6,CX8");
	assert_int_equal(p.decision.fault, FAULT_IMAGE_CONFLICT);
	assert_non_null(strstr(p.decision.reason, "CX8 takes none ("));
	assert_null(step_of("packages"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_asked_for),
		cmocka_unit_test(refuses_more_than_there_is_room_for),
		cmocka_unit_test_setup(shows_the_adapter_that_a_vm_sees, set_up),
		cmocka_unit_test_setup(nothing_of_the_builder_is_left_and_all_of_the_image, set_up),
		cmocka_unit_test_setup(plans_without_anything_live, set_up),
		cmocka_unit_test_setup(skips_what_judges_this_machine, set_up),
		cmocka_unit_test_setup(keeps_nothing, set_up),
		cmocka_unit_test_setup(one_driver_with_the_modules_of_all, set_up),
		cmocka_unit_test_setup(names_who_takes_what, set_up),
		cmocka_unit_test_setup(says_why_there_is_none, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
