/* tests/unit/probe/test_port.c - attributes of RDMA ports, and the interface that belongs to one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "probe/netdev.h"
#include "probe/port.h"

static const struct {
	const char *name, *text;
	int rc;
	enum port_state want;
} state_rows[] = {
	{ "active, as HDR ports print it", "4: ACTIVE\n", 0, PORT_ACTIVE },
	{ "down", "1: DOWN\n", 0, PORT_DOWN },
	{ "name missing is still a number", "1:", 0, PORT_DOWN },
	{ "empty file", "", -EINVAL, PORT_ARMED },
	{ "a name without a number", "ACTIVE\n", -EINVAL, PORT_ARMED },
	{ "number out of the kernel's set", "9: WEIRD\n", -EINVAL, PORT_ARMED },
	{ "a negative number", "-1: X\n", -EINVAL, PORT_ARMED },
};

static void parses_state(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(state_rows); i++) {
		enum port_state got = PORT_ARMED;
		int rc = port_parse_state(state_rows[i].text, strlen(state_rows[i].text), &got);

		if (rc != state_rows[i].rc || got != state_rows[i].want)
			fail_msg("port_parse_state: %s", state_rows[i].name);
	}
}

static void parses_phys_state(void **unused)
{
	enum port_phys_state got = PORT_PHYS_TEST;

	(void)unused;
	assert_int_equal(port_parse_phys_state("5: LinkUp\n", 10, &got), 0);
	assert_int_equal(got, PORT_PHYS_LINK_UP);
	/* Network Direct shows this: real-outputs/h16r-endure-phys_state. */
	assert_int_equal(port_parse_phys_state("0: <unknown>\n", 13, &got), 0);
	assert_int_equal(got, PORT_PHYS_UNKNOWN);
	assert_int_equal(port_parse_phys_state("8: x", 4, &got), -EINVAL);
	assert_int_equal(port_parse_phys_state("LinkUp", 6, &got), -EINVAL);
}

static const struct {
	const char *text;
	int rc;
	uint32_t want;
} rate_rows[] = {
	{ "200 Gb/sec (4X HDR)\n", 0, 200 },
	{ "100 Gb/sec (4X EDR)\n", 0, 100 },
	{ "800 Gb/sec (4X XDR)\n", 0, 800 },
	{ "2.5 Gb/sec (1X SDR)\n", 0, 2 },
	{ "5 Gb/sec (1X DDR)\n", 0, 5 }, /* real-outputs/h16r-endure-rate */
	{ "54.5 Gb/sec", 0, 54 },
	{ "200 Mb/sec", -EINVAL, 7 },
	{ "200", -EINVAL, 7 },
	{ "-200 Gb/sec", -EINVAL, 7 },
	{ ". Gb/sec", -EINVAL, 7 },
	{ "99999999999 Gb/sec", -EINVAL, 7 },
	{ "", -EINVAL, 7 },
};

static void parses_rate(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rate_rows); i++) {
		uint32_t got = 7;
		int rc = port_parse_rate(rate_rows[i].text, strlen(rate_rows[i].text), &got);

		if (rc != rate_rows[i].rc || got != rate_rows[i].want)
			fail_msg("port_parse_rate: %s", rate_rows[i].text);
	}
}

static void parses_link_layer(void **unused)
{
	enum link_layer got = LINK_LAYER_UNKNOWN;

	(void)unused;
	assert_int_equal(port_parse_link_layer("InfiniBand\n", 11, &got), 0);
	assert_int_equal(got, LINK_LAYER_INFINIBAND);
	assert_int_equal(port_parse_link_layer("Ethernet\n", 9, &got), 0);
	assert_int_equal(got, LINK_LAYER_ETHERNET);
	assert_int_equal(port_parse_link_layer("Unspecified\n", 12, &got), -EINVAL);
	assert_int_equal(port_parse_link_layer("", 0, &got), -EINVAL);
	assert_int_equal(got, LINK_LAYER_ETHERNET);
}

static void parses_lids_and_pkeys(void **unused)
{
	uint32_t lid = 0;
	uint16_t pkey = 0;

	(void)unused;
	assert_int_equal(port_parse_lid("0x1a5\n", 6, &lid), 0);
	assert_int_equal(lid, 0x1a5);
	assert_int_equal(port_parse_lid("421\n", 4, &lid), -EINVAL);
	assert_int_equal(port_parse_lid("0x100000000", 11, &lid), -EINVAL);
	assert_int_equal(port_parse_pkey("0x800a\n", 7, &pkey), 0);
	assert_int_equal(pkey, 0x800a);
	assert_int_equal(port_parse_pkey("0x10000\n", 8, &pkey), -EINVAL);
	assert_int_equal(port_parse_pkey("", 0, &pkey), -EINVAL);
	assert_int_equal(pkey, 0x800a);
}

static const struct {
	const char *name, *address, *guid;
	bool want;
} guid_rows[] = {
	{ "as Azure has it: fd for fe",
	  "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:17", "0015:5dff:fe33:ff17",
	  true },
	{ "as it is elsewhere", "80:00:02:08:fe:80:00:00:00:00:00:00:E4:1D:2D:03:00:50:0F:11",
	  "e41d:2d03:0050:0f11", true },
	{ "another port", "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:18",
	  "0015:5dff:fe33:ff17", false },
	{ "an Ethernet address", "00:15:5d:33:ff:17", "0015:5dff:fe33:ff17", false },
	{ "no GUID", "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:17", "", false },
	{ "a GUID that is none", "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:17",
	  "0015:5dff:fe33:xx17", false },
	{ "an address that is too long",
	  "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:33:ff:17:00", "0015:5dff:fe33:ff17",
	  false },
};

static void matches_addresses_by_guid(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(guid_rows); i++) {
		if (netdev_address_has_guid(guid_rows[i].address, guid_rows[i].guid) !=
		    guid_rows[i].want)
			fail_msg("netdev_address_has_guid: %s", guid_rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_state),
		cmocka_unit_test(parses_phys_state),
		cmocka_unit_test(parses_rate),
		cmocka_unit_test(parses_link_layer),
		cmocka_unit_test(parses_lids_and_pkeys),
		cmocka_unit_test(matches_addresses_by_guid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
