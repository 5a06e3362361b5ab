/* tests/unit/probe/test_kernel.c - what a release says, which of two is newer, and what a kernel
 * lets in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/kernel.h"
#include "probe/pending.h"
#include "probe/release.h"

static const struct {
	const char *release, *want;
} flavour_rows[] = {
	{ "5.15.0-1064-azure", "azure" },
	{ "5.15.0-1064-azure-fde", "azure" },
	{ "6.8.0-31-generic", "generic" },
	{ "6.1.0-56-cloud-amd64", "cloud" },
	{ "6.1.0-56-amd64", "" },
	{ "6.1.0-56-rt-amd64", "rt" },
	{ "5.14.0-503.el9.x86_64", "" },
	{ "5.14.0-503.el9.x86_64+rt", "rt" },
	{ "4.18.0-553.rt7.342.el8_10.x86_64", "rt" },
	{ "5.14.0-503.el9.aarch64+64k", "64k" },
	{ "6.8.0-1041-nvidia-64k", "64k" },
	{ "5.4.17-2136.el7uek.x86_64", "uek" },
	{ "5.15.0-302.167.6.el9uek.x86_64", "uek" },
	{ "5.3.18-150300.38.62-azure", "azure" },
	{ "5.3.18-150300.59-default", "default" },
	{ "6.6.35.1-5.azl3", "" },
	{ "6.1.0-azurelike", "" }, /* a word, not the beginning of one */
	{ "", "" },
};

static void tells_flavours(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(flavour_rows); i++) {
		char got[16] = "before";

		release_flavour(flavour_rows[i].release, got, sizeof got);
		if (!text_eq(got, flavour_rows[i].want))
			fail_msg("release_flavour: %s: %s", flavour_rows[i].release, got);
	}
}

static const struct {
	const char *name, *a, *b;
	int want;
} compare_rows[] = {
	{ "equal", "6.1.0-56-amd64", "6.1.0-56-amd64", 0 },
	{ "numbers, not text", "6.1.0-9-amd64", "6.1.0-10-amd64", -1 },
	{ "leading zeros", "6.1.09", "6.1.9", 0 },
	{ "longer numbers than any type holds", "1.99999999999999999999999",
	  "1.100000000000000000000000", -1 },
	{ "an update of a minor release", "5.14.0-503.14.1.el9_5.x86_64", "5.14.0-503.el9.x86_64",
	  1 },
	{ "another minor release", "5.14.0-427.el9.x86_64", "5.14.0-503.el9.x86_64", -1 },
	{ "more parts are newer", "6.6.35.1", "6.6.35", 1 },
	{ "versions of the agent", "2.9.1.1", "2.15.0.1", -1 },
	{ "nothing is older than anything", "", "1", -1 },
};

static void compares_releases(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(compare_rows); i++) {
		int got = release_compare(compare_rows[i].a, compare_rows[i].b);
		int back = release_compare(compare_rows[i].b, compare_rows[i].a);

		if ((got > 0) - (got < 0) != compare_rows[i].want ||
		    (back > 0) - (back < 0) != -compare_rows[i].want)
			fail_msg("release_compare: %s", compare_rows[i].name);
	}
}

static const struct {
	const char *name;
	enum tristate enforce;
	const char *lockdown;
	enum tristate secure_boot, want;
} signed_rows[] = {
	{ "told to enforce", TRI_YES, "none", TRI_NO, TRI_YES },
	{ "locked down", TRI_NO, "integrity", TRI_YES, TRI_YES },
	{ "locked down, the parameter unknown", TRI_UNKNOWN, "confidentiality", TRI_UNKNOWN,
	  TRI_YES },
	{ "neither", TRI_NO, "none", TRI_YES, TRI_NO },
	{ "a kernel without lockdown, without Secure Boot", TRI_NO, "", TRI_NO, TRI_NO },
	{ "lockdown cannot be seen, with Secure Boot", TRI_NO, "", TRI_YES, TRI_UNKNOWN },
	{ "nothing known", TRI_UNKNOWN, "", TRI_UNKNOWN, TRI_UNKNOWN },
	{ "the parameter cannot be seen", TRI_UNKNOWN, "none", TRI_NO, TRI_UNKNOWN },
};

static void tells_whether_modules_must_be_signed(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(signed_rows); i++) {
		if (kernel_signed_only(signed_rows[i].enforce, signed_rows[i].lockdown,
				       signed_rows[i].secure_boot) != signed_rows[i].want)
			fail_msg("kernel_signed_only: %s", signed_rows[i].name);
	}
}

static void finds_the_new_dpll_callback(void **unused)
{
	static const char with[] =
		"int (*ffo_get)(const struct dpll_pin *pin,\n\tstruct dpll_ffo_param *ffo,";
	static const char without[] = "int (*ffo_get)(const struct dpll_pin *pin, s64 *ffo,";

	(void)unused;
	assert_true(kernel_has_dpll_ffo(with, strlen(with)));
	assert_false(kernel_has_dpll_ffo(without, strlen(without)));
	assert_false(kernel_has_dpll_ffo("", 0));
}

static const struct {
	const char *name, *text, *running, *want;
} pending_rows[] = {
	{ "a newer kernel", "linux-image-6.8.0-1041-azure\nlinux-base\n", "6.8.0-1040-azure",
	  "6.8.0-1041-azure" },
	{ "the newest of two", "linux-image-6.8.0-1041-azure\nlinux-image-6.8.0-1042-azure\n",
	  "6.8.0-1040-azure", "6.8.0-1042-azure" },
	{ "the running one, after the reboot", "linux-image-6.8.0-1040-azure\nlinux-base\n",
	  "6.8.0-1040-azure", "" },
	{ "no kernel", "libc6\ndbus\n", "6.8.0-1040-azure", "" },
	{ "a kernel without its name", "libc6\nlinux-base\n", "6.8.0-1040-azure", "yes" },
	{ "a meta package alone", "linux-image-azure\n", "6.8.0-1040-azure", "" },
	{ "empty", "", "6.8.0-1040-azure", "" },
};

static void finds_kernels_that_wait(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(pending_rows); i++) {
		char got[96] = "";

		pending_parse_packages(pending_rows[i].text, strlen(pending_rows[i].text),
				       pending_rows[i].running, got, sizeof got);
		if (!text_eq(got, pending_rows[i].want))
			fail_msg("pending_parse_packages: %s: %s", pending_rows[i].name, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_flavours),
		cmocka_unit_test(compares_releases),
		cmocka_unit_test(tells_whether_modules_must_be_signed),
		cmocka_unit_test(finds_the_new_dpll_callback),
		cmocka_unit_test(finds_kernels_that_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
