/* tests/unit/plan/test_judge.c - every refusal before a driver is looked for, and their order. */
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

static void no_change(struct facts *f)
{
	(void)f;
}

static void no_vmbus(struct facts *f)
{
	f->hyperv.vmbus = TRI_NO;
}

static void no_pci(struct facts *f)
{
	f->hyperv.pci = TRI_NO;
}

static void hyperv_unknown(struct facts *f)
{
	f->hyperv.vmbus = f->hyperv.pci = TRI_UNKNOWN;
}

static void look_alike(struct facts *f)
{
	size_set(f, "Standard_ND96is_H100_v5");
	functions_clear(f);
}

static void look_alike_with_function(struct facts *f)
{
	size_set(f, "standard_nd96IS_h100_v5");
}

static void size_not_known(struct facts *f)
{
	size_set(f, "Standard_Z9s_v9");
	functions_clear(f);
}

static void size_not_known_with_function(struct facts *f)
{
	size_set(f, "Standard_HB500rs_v9");
}

static void placeholder(struct facts *f)
{
	size_set(f, "Standard_ND128isr_VR200_v6");
	functions_clear(f);
}

static void function_absent(struct facts *f)
{
	functions_clear(f);
}

static void network_direct(struct facts *f)
{
	size_set(f, "Standard_H16r");
	functions_clear(f);
}

static void network_direct_with_function(struct facts *f)
{
	size_set(f, "Standard_A8");
}

static void metadata_silent(struct facts *f)
{
	f->vm.metadata = METADATA_STATE_SILENT;
	size_set(f, "");
}

static void metadata_silent_without_function(struct facts *f)
{
	metadata_silent(f);
	functions_clear(f);
}

static void elsewhere(struct facts *f)
{
	f->vm.azure = false;
	f->vm.metadata = METADATA_STATE_NONE;
	size_set(f, "");
	no_vmbus(f);
}

static void elsewhere_without_function(struct facts *f)
{
	elsewhere(f);
	functions_clear(f);
}

static void other_image(struct facts *f)
{
	(void)TEXT_COPY(f->os.version, "10");
}

/* 10 before 13, 13 before 11, 11 before 12: each row is wrong in all later ways as well. */
static void wrong_from_10(struct facts *f)
{
	look_alike(f);
	no_vmbus(f);
	other_image(f);
}

static void wrong_from_13(struct facts *f)
{
	look_alike(f);
	other_image(f);
}

static void wrong_from_11(struct facts *f)
{
	functions_clear(f);
	other_image(f);
}

static void network_direct_and_10(struct facts *f)
{
	network_direct(f);
	no_pci(f);
}

static void elsewhere_and_12(struct facts *f)
{
	elsewhere(f);
	other_image(f);
}

static const struct {
	const char *name;
	void (*change)(struct facts *f);
	int exit_code;
	enum fault fault;
	bool may_change;
	const char *reason; /* a part of it: the measured fact */
} rows[] = {
	{ "as deployed", no_change, 0, FAULT_NONE, false, "1 InfiniBand function" },
	{ "no VMBus on Azure", no_vmbus, 10, FAULT_NO_VMBUS, false,
	  "This Azure VM shows no VMBus (kernel 6.1.0-56-amd64)" },
	{ "no pci-hyperv on Azure", no_pci, 10, FAULT_NO_HYPERV_PCI, false, "6.1.0-56-amd64" },
	{ "unknown is not missing", hyperv_unknown, 0, FAULT_NONE, false, "" },
	{ "a size without InfiniBand that looks like one with", look_alike, 13,
	  FAULT_SIZE_WITHOUT_INFINIBAND, false, "Standard_ND96is_H100_v5" },
	{ "the catalogue decides, in any case", look_alike_with_function, 13,
	  FAULT_SIZE_WITHOUT_INFINIBAND, false, "has no InfiniBand" },
	{ "a size that nobody knows, without a function", size_not_known, 13, FAULT_SIZE_NOT_KNOWN,
	  false, "Standard_Z9s_v9" },
	{ "a size that nobody knows, with a function", size_not_known_with_function, 0, FAULT_NONE,
	  false, "" },
	{ "a reserved name says nothing", placeholder, 13, FAULT_SIZE_NOT_KNOWN, false, "VR200" },
	{ "an RDMA size without its function", function_absent, 11, FAULT_ADAPTER_ABSENT, true,
	  "Standard_HB120rs_v3 has 1 InfiniBand function" },
	{ "Network Direct is told so", network_direct, 11, FAULT_NETWORK_DIRECT, false,
	  "Standard_H16r" },
	{ "Network Direct whatever is on PCI", network_direct_with_function, 11,
	  FAULT_NETWORK_DIRECT, false, "Standard_A8" },
	{ "metadata silent with a function", metadata_silent, 0, FAULT_NONE, false, "" },
	{ "metadata silent without one is never 13", metadata_silent_without_function, 11,
	  FAULT_SIZE_UNKNOWN_NO_ADAPTER, true, "metadata" },
	{ "off Azure there is no 10", elsewhere, 0, FAULT_NONE, false, "" },
	{ "off Azure without a function", elsewhere_without_function, 11, FAULT_NO_ADAPTER, false,
	  "not an Azure VM" },
	{ "another image", other_image, 12, FAULT_UNSUPPORTED_IMAGE, false, "debian 10" },
	{ "10 before 13, 11 and 12", wrong_from_10, 10, FAULT_NO_VMBUS, false, "" },
	{ "13 before 11 and 12", wrong_from_13, 13, FAULT_SIZE_WITHOUT_INFINIBAND, false, "" },
	{ "11 before 12", wrong_from_11, 11, FAULT_ADAPTER_ABSENT, true, "" },
	{ "10 before Network Direct's 11", network_direct_and_10, 10, FAULT_NO_HYPERV_PCI, false,
	  "" },
	{ "off Azure 12 is what is left", elsewhere_and_12, 12, FAULT_UNSUPPORTED_IMAGE, false,
	  "" },
};

static bool row_holds(const struct plan *p, const struct facts *f, size_t i)
{
	const struct decision *d = &p->decision;

	if (d->exit_code != rows[i].exit_code || d->fault != rows[i].fault ||
	    plan_may_change(p, f) != rows[i].may_change)
		return false;
	if (strstr(d->reason, rows[i].reason) == NULL || d->reason[0] == '\0')
		return false;
	if (islower((unsigned char)d->reason[0]) || text_ends(d->reason, "."))
		return false;
	if (rows[i].exit_code == 0)
		return d->route[0] != '\0';
	return d->route[0] == '\0' && p->nsteps == 0 && d->remedy[0] != '\0' &&
	       fault_row(d->fault)->exit_code == rows[i].exit_code;
}

static void judges_in_order(void **unused)
{
	static struct facts f;
	static struct plan p;
	struct settings s;

	(void)unused;
	settings_defaults(&s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		machine_fresh(&f);
		rows[i].change(&f);
		plan_build(&f, &s, &catalogue_built_in, &p);
		if (!row_holds(&p, &f, i))
			fail_msg("%s: exit code %d, %s: %s", rows[i].name, p.decision.exit_code,
				 fault_row(p.decision.fault)->slug, p.decision.reason);
	}
}

static const struct {
	const char *name, *what, *reason;
} sentence_rows[] = {
	{ "a sentence begins with a capital, its stop is for who shows it",
	  "the settings cannot be read.", "The settings cannot be read" },
	{ "the name of a setting is none of our words", "reboot: \"maybe\" is not a value",
	  "reboot: \"maybe\" is not a value" },
	{ "nor is its path, and a question stays one",
	  "settings.driverVerison: unknown setting; did you mean driverVersion?",
	  "settings.driverVerison: unknown setting; did you mean driverVersion?" },
	{ "nor is a path", "/etc/os-release is missing", "/etc/os-release is missing" },
	{ "dots are full stops too", "it ended with: and so on...", "It ended with: and so on" },
	{ "one word", "refused", "Refused" },
	{ "nothing", "", "" },
};

static void refuses_in_sentences(void **unused)
{
	static struct plan p;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(sentence_rows); i++) {
		struct error err;

		(void)error_set(&err, FAULT_SETTINGS, 0, "%s", sentence_rows[i].what);
		plan_refuse(&err, &p);
		if (!text_eq(p.decision.reason, sentence_rows[i].reason))
			fail_msg("%s: %s", sentence_rows[i].name, p.decision.reason);
	}
}

static void refuses_by_an_error(void **unused)
{
	static struct plan p;
	struct error err;

	(void)unused;
	(void)error_set(&err, FAULT_SETTINGS, 0, "reboot: \"maybe\" is not a value");
	plan_refuse(&err, &p);
	assert_int_equal(p.decision.exit_code, 1);
	assert_int_equal(p.decision.fault, FAULT_SETTINGS);
	assert_string_equal(p.decision.reason, err.what);
	assert_true(p.decision.remedy[0] != '\0');
	assert_int_equal(p.nsteps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_in_order),
		cmocka_unit_test(refuses_by_an_error),
		cmocka_unit_test(refuses_in_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
