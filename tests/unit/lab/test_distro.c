/* The table of images holds together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "lab/vm/distro.h"

static void each_image_is_found_by_its_name(void **unused)
{
	(void)unused;
	for (const struct distro *d = distros; d->name != NULL; d++) {
		struct error err = { 0 };

		assert_ptr_equal(distro_find(d->name, &err), d);
		assert_true(strlen(d->name) < sizeof((struct vm_spec *)NULL)->image);
	}
}

static void each_image_has_what_its_family_needs(void **unused)
{
	(void)unused;
	for (const struct distro *d = distros; d->name != NULL; d++) {
		bool apt = text_eq(d->packages, "apt");

		/* The first is the root as it is; all others say another kernel. */
		assert_true((d->kernel == NULL) == (d == distros));
		assert_true((d->repository[0] == '\0') == apt);
		assert_true(d->publisher[0] != '\0' && d->offer[0] != '\0' && d->sku[0] != '\0');
	}
}

static void an_unknown_image_is_told_from_those_that_there_are(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_null(distro_find("el5", &err));
	assert_int_equal(err.sys, ENOENT);
	assert_non_null(strstr(err.what, "debian12"));
	assert_non_null(strstr(err.what, "el9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_image_is_found_by_its_name),
		cmocka_unit_test(each_image_has_what_its_family_needs),
		cmocka_unit_test(an_unknown_image_is_told_from_those_that_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
