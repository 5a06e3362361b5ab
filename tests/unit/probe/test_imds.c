/* tests/unit/probe/test_imds.c - the answer of instance metadata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "facts/facts.h"
#include "probe/imds.h"

static const struct {
	const char *name, *text;
	int rc;
	const char *size, *offer;
	enum tristate secure_boot;
} rows[] = {
	{ "as it is documented",
	  "{\"compute\":{\"vmSize\":\"Standard_HB120rs_v3\",\"offer\":\"ubuntu-hpc\","
	  "\"securityProfile\":{\"secureBootEnabled\":"
	  "\"true\"}},\"network\":{}}",
	  0, "Standard_HB120rs_v3", "ubuntu-hpc", TRI_YES },
	{ "an older version without securityProfile",
	  "{\"compute\":{\"vmSize\":\"Standard_D2_V2\"}}", 0, "Standard_D2_V2", "", TRI_UNKNOWN },
	{ "a custom image has no offer", "{\"compute\":{\"vmSize\":\"x\",\"offer\":\"\"}}", 0, "x",
	  "", TRI_UNKNOWN },
	{ "booleans in odd case",
	  "{\"compute\":{\"securityProfile\":{\"secureBootEnabled\":\"False\"}}}", 0, "", "",
	  TRI_NO },
	{ "booleans of JSON, should they ever come",
	  "{\"compute\":{\"securityProfile\":{\"secureBootEnabled\":false}}}", 0, "", "", TRI_NO },
	{ "an empty boolean", "{\"compute\":{\"securityProfile\":{\"secureBootEnabled\":\"\"}}}", 0,
	  "", "", TRI_UNKNOWN },
	{ "null and numbers for text", "{\"compute\":{\"vmSize\":null,\"offer\":5}}", 0, "", "",
	  TRI_UNKNOWN },
	{ "what is no printable text", "{\"compute\":{\"vmSize\":\" a\\u001b\\u00e9 \"}}", 0,
	  "a\?\?\?", "", TRI_UNKNOWN },
	{ "another service at this address", "{\"instance\":{}}", -EINVAL, "before", "",
	  TRI_UNKNOWN },
	{ "compute is no object", "{\"compute\":\"\"}", -EINVAL, "before", "", TRI_UNKNOWN },
	{ "not JSON", "<html>", -EINVAL, "before", "", TRI_UNKNOWN },
	{ "cut off", "{\"compute\":{", -EINVAL, "before", "", TRI_UNKNOWN },
	{ "empty", "", -EINVAL, "before", "", TRI_UNKNOWN },
};

static void parses_metadata(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vm_facts vm = { .size = "before" };
		int rc = imds_parse(rows[i].text, strlen(rows[i].text), &vm);

		if (rc != rows[i].rc || !text_eq(vm.size, rows[i].size) ||
		    !text_eq(vm.offer, rows[i].offer) || vm.secure_boot != rows[i].secure_boot)
			fail_msg("imds_parse: %s: size %s", rows[i].name, vm.size);
	}
}

/* What images of a gallery have, and how Azure writes things today: facts/real-outputs,
 * imds-full-2021schema-guestproxyagent.json, cut. */
static void parses_the_whole_schema(void **unused)
{
	static const char text[] = "{\"compute\":{\"vmSize\":\"standard_hb120RS_v3\",\"offer\":"
				   "\"\",\"publisher\":\"\","
				   "\"sku\":\"\",\"version\":\"\","
				   "\"placementGroupId\":\"f67c14ab-e92c-408c-ae2d-da15866ec79a\","
				   "\"isHostCompatibilityLayerVm\":\"true\",\"securityProfile\":{"
				   "\"secureBootEnabled\":"
				   "\"TRUE\"},\"storageProfile\":{\"imageReference\":{\"id\":\"/"
				   "subscriptions/x\",\"offer\":"
				   "\"\"}}}}";
	struct vm_facts vm = { .size = "" };

	(void)unused;
	assert_int_equal(imds_parse(text, strlen(text), &vm), 0);
	assert_string_equal(vm.size, "standard_hb120RS_v3");
	assert_string_equal(vm.publisher, "");
	assert_string_equal(vm.placement_group, "f67c14ab-e92c-408c-ae2d-da15866ec79a");
	assert_int_equal(vm.secure_boot, TRI_YES);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parses_metadata),
					    cmocka_unit_test(parses_the_whole_schema) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
