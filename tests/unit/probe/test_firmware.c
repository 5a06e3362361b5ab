/* tests/unit/probe/test_firmware.c - Secure Boot, lockdown and SMBIOS: what firmware and kernel say
 * of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "probe/kernel.h"
#include "probe/smbios.h"

static const struct {
	const char *name, *bytes;
	size_t len;
	enum tristate want;
} secure_boot_rows[] = {
	{ "on", "\6\0\0\0\1", 5, TRI_YES },
	{ "off", "\6\0\0\0\0", 5, TRI_NO },
	{ "a value that the specification does not know", "\6\0\0\0\2", 5, TRI_UNKNOWN },
	{ "attributes only", "\6\0\0\0", 4, TRI_UNKNOWN },
	{ "longer than the variable is", "\6\0\0\0\1\0", 6, TRI_UNKNOWN },
	{ "empty", "", 0, TRI_UNKNOWN },
};

static void parses_secure_boot(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(secure_boot_rows); i++) {
		if (kernel_parse_secure_boot(secure_boot_rows[i].bytes, secure_boot_rows[i].len) !=
		    secure_boot_rows[i].want)
			fail_msg("kernel_parse_secure_boot: %s", secure_boot_rows[i].name);
	}
}

static const struct {
	const char *name, *text;
	int rc;
	const char *want;
} lockdown_rows[] = {
	{ "none", "[none] integrity confidentiality\n", 0, "none" },
	{ "in the middle", "none [integrity] confidentiality\n", 0, "integrity" },
	{ "no brackets", "none integrity\n", -EINVAL, "before" },
	{ "brackets that do not end", "[none", -EINVAL, "before" },
	{ "nothing in them", "[] none\n", -EINVAL, "before" },
	{ "longer than any such word", "[0123456789012345678901234567890]\n", -EINVAL, "before" },
	{ "empty", "", -EINVAL, "before" },
};

static void parses_lockdown(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(lockdown_rows); i++) {
		char got[24] = "before";
		int rc = kernel_parse_lockdown(lockdown_rows[i].text, strlen(lockdown_rows[i].text),
					       got, sizeof got);

		if (rc != lockdown_rows[i].rc || !text_eq(got, lockdown_rows[i].want))
			fail_msg("kernel_parse_lockdown: %s", lockdown_rows[i].name);
	}
}

static void tells_azure_by_its_tag(void **unused)
{
	static const char azure[] = "7783-7084-3265-9085-8269-3286-77\n";

	(void)unused;
	assert_true(smbios_is_azure(azure, strlen(azure)));
	assert_false(smbios_is_azure(azure, strlen(azure) - 2));
	assert_false(smbios_is_azure("7783-7084-3265-9085-8269-3286-771", 33));
	assert_false(smbios_is_azure("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_secure_boot),
		cmocka_unit_test(parses_lockdown),
		cmocka_unit_test(tells_azure_by_its_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
