/* tests/unit/probe/test_verified.c - what verify looks at beside ports and packages: limits,
 * counters, the MACs of IPoIB_Data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "base/text.h"
#include "probe/counter.h"
#include "probe/ipoib.h"
#include "probe/limits.h"

static const struct {
	const char *name, *text, *soft, *hard;
} session_rows[] = {
	{ "both by a dash", "* - memlock unlimited", "unlimited", "unlimited" },
	{ "one each", "* soft memlock 64\n* hard memlock unlimited\n", "64", "unlimited" },
	{ "the last one counts", "* - memlock unlimited\n* - memlock 64\n", "64", "64" },
	{ "tabs and a comment behind it", "*\thard\tmemlock\t-1 # all\n", "", "unlimited" },
	{ "commented out", "#* - memlock unlimited\n", "", "" },
	{ "another item", "* - nofile unlimited\n", "", "" },
	{ "a group", "@mpi - memlock unlimited\n", "", "" },
	{ "root alone", "root - memlock unlimited\n", "", "" },
	{ "no value", "* - memlock\n", "", "" },
	{ "no number", "* - memlock lots\n", "", "" },
	{ "no such type", "* firm memlock 64\n", "", "" },
	{ "empty", "", "", "" },
};

static void parses_limits_of_sessions(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(session_rows); i++) {
		struct limit_facts l = { .session_soft = "" };

		limits_parse_session(session_rows[i].text, strlen(session_rows[i].text), &l);
		if (!text_eq(l.session_soft, session_rows[i].soft) ||
		    !text_eq(l.session_hard, session_rows[i].hard))
			fail_msg("limits_parse_session: %s: %s %s", session_rows[i].name,
				 l.session_soft, l.session_hard);
	}
}

static const struct {
	const char *name, *text, *soft;
} service_rows[] = {
	{ "infinity", "[Manager]\nDefaultLimitMEMLOCK=infinity\n", "unlimited" },
	{ "a size in bytes", "DefaultLimitMEMLOCK=8388608", "8192" },
	{ "with a unit", "DefaultLimitMEMLOCK=64M", "65536" },
	{ "soft and hard", "DefaultLimitMEMLOCK=1G:infinity", "1048576" },
	{ "spaces around it", " DefaultLimitMEMLOCK = infinity ", "unlimited" },
	{ "the last one counts", "DefaultLimitMEMLOCK=infinity\nDefaultLimitMEMLOCK=1K\n", "1" },
	{ "set back", "DefaultLimitMEMLOCK=infinity\nDefaultLimitMEMLOCK=\n", "default" },
	{ "commented out", "#DefaultLimitMEMLOCK=infinity\n", "" },
	{ "another limit", "DefaultLimitNOFILE=infinity\n", "" },
	{ "no size", "DefaultLimitMEMLOCK=much\n", "" },
	{ "no size with a unit", "DefaultLimitMEMLOCK=M\n", "" },
};

static void parses_limits_of_services(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(service_rows); i++) {
		struct limit_facts l = { .session_soft = "" };

		limits_parse_services(service_rows[i].text, strlen(service_rows[i].text), &l);
		if (!text_eq(l.service_soft, service_rows[i].soft))
			fail_msg("limits_parse_services: %s: %s", service_rows[i].name,
				 l.service_soft);
	}
}

static const struct {
	const char *text;
	int rc;
	uint64_t want;
} counter_rows[] = {
	{ "0\n", 0, 0 },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, 7 },
	{ "", -EINVAL, 7 },
	{ "-1", -EINVAL, 7 },
	{ "0x1", -EINVAL, 7 },
};

static void parses_counters(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(counter_rows); i++) {
		uint64_t got = 7;

		assert_int_equal(
			counter_parse(counter_rows[i].text, strlen(counter_rows[i].text), &got),
			counter_rows[i].rc);
		assert_true(got == counter_rows[i].want);
	}
}

static const struct {
	const char *mac, *guid;
	bool same;
} mac_rows[] = {
	{ "00155D33FF17", "0015:5dff:fe33:ff17", true },
	{ "00155d33ff17", "0015:5DFF:FE33:FF17", true },
	{ "00155D33FF17", "0015:5dff:fd33:ff17", true }, /* the port's own has fd there */
	{ "00155D33FF18", "0015:5dff:fe33:ff17", false },
	{ "00155D33FF1", "0015:5dff:fe33:ff17", false },
	{ "00155D33FF177", "0015:5dff:fe33:ff17", false },
	{ "00155D33FF17", "0015:5dff:fe33", false },
	{ "", "", false },
};

static void matches_macs(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(mac_rows); i++)
		if (ipoib_mac_is_of_guid(mac_rows[i].mac, mac_rows[i].guid) != mac_rows[i].same)
			fail_msg("ipoib_mac_is_of_guid: %s %s", mac_rows[i].mac, mac_rows[i].guid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_limits_of_sessions),
		cmocka_unit_test(parses_limits_of_services),
		cmocka_unit_test(parses_counters),
		cmocka_unit_test(matches_macs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
