/* tests/unit/act/test_wrong_clock.c - what a clock that is far off makes of a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "act/wrong_clock.h"
#include "base/text.h"
#include "host/host.h"

#define YEAR_MS (365.25 * 86400 * 1000)

static int64_t now_ms;
static int64_t tell(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static void a_clock_that_is_far_off(void **unused)
{
	static const struct row {
		const char *name;
		double year;
		enum fault fault;
		const char *what;
		enum fault wanted;
		const char *says; /* NULL: as it was */
	} rows[] = {
		{ "apt, in the past", 2015.5, FAULT_PACKAGE_UPDATE,
		  "Release file is not valid yet (invalid for another 11y)", FAULT_CLOCK_OFF,
		  "says 2015-" },
		{ "a signature of the future", 2015.5, FAULT_PACKAGE_SIGNATURE, "BADSIG",
		  FAULT_CLOCK_OFF, "BADSIG" },
		{ "a certificate of the future", 1970.1, FAULT_DOWNLOAD_TLS,
		  "curl: (60) certificate is not yet valid", FAULT_CLOCK_OFF, "says 1970-" },
		{ "apt, in the future", 2060.5, FAULT_PACKAGE_UPDATE, "Release file is expired",
		  FAULT_PACKAGE_UPDATE, "says 2060-" },
		{ "a certificate of the past", 2060.5, FAULT_DOWNLOAD_TLS,
		  "certificate has expired", FAULT_DOWNLOAD_TLS, "says 2060-" },
		{ "a bad signature, the clock is right", 2027.5, FAULT_PACKAGE_SIGNATURE, "BADSIG",
		  FAULT_PACKAGE_SIGNATURE, NULL },
		{ "no clock's fault", 2015.5, FAULT_DISK_FULL, "No space left on device",
		  FAULT_DISK_FULL, NULL },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct clock clock = { .realtime_ms = tell };
		const struct host h = { .clock = &clock };
		struct error err = { 0 };

		print_message("%s\n", rows[i].name);
		now_ms = (int64_t)((rows[i].year - 1970) * YEAR_MS);
		(void)error_set(&err, rows[i].fault, 0, "%s", rows[i].what);
		wrong_clock_explain(&h, &err);
		assert_int_equal(err.fault, rows[i].wanted);
		assert_non_null(strstr(err.what, rows[i].what));
		if (rows[i].says)
			assert_non_null(strstr(err.what, rows[i].says));
		else
			assert_string_equal(err.what, rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_clock_that_is_far_off) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
