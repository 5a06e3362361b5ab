/* tests/unit/probe/test_pci.c - attributes, names and classes of PCI functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "probe/pci.h"

static const struct {
	const char *name, *text;
	int rc;
	uint32_t want;
} number_rows[] = {
	{ "a vendor", "0x15b3\n", 0, 0x15b3 },
	{ "a class", "0x020700\n", 0, 0x020700 },
	{ "the greatest", "0xffffff", 0, 0xffffff },
	{ "more than 24 bits", "0x1000000", -ERANGE, 1 },
	{ "without its mark", "15b3\n", -EINVAL, 1 },
	{ "not a number", "0xzz\n", -EINVAL, 1 },
	{ "empty", "\n", -EINVAL, 1 },
};

static void parses_numbers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(number_rows); i++) {
		uint32_t got = 1;
		int rc = pci_parse_number(number_rows[i].text, strlen(number_rows[i].text), &got);

		if (rc != number_rows[i].rc || got != number_rows[i].want)
			fail_msg("pci_parse_number: %s", number_rows[i].name);
	}
}

static const struct {
	const char *text;
	bool want;
} address_rows[] = {
	{ "0000:00:00.0", true },
	{ "0101:00:00.0", true },
	{ "d3f4:00:02.0", true },
	{ "10000:e1:00.0", true }, /* VMD */
	{ "0101:00:00.8", false },
	{ "0101:00:00", false },
	{ "101:00:00.0", false },
	{ "0101:00:00.0x", false },
	{ "VMBUS:01", false },
	{ "vmbus:00:00.0", false },
	{ "", false },
	{ "eth0", false },
};

static void tells_addresses(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(address_rows); i++) {
		if (pci_is_address(address_rows[i].text) != address_rows[i].want)
			fail_msg("pci_is_address: %s", address_rows[i].text);
	}
}

static const struct {
	const char *name;
	uint32_t vendor, device, class_code;
	bool listed;
	enum link_layer layer;
} class_rows[] = {
	{ "InfiniBand", 0x15b3, 0x101c, 0x020700, true, LINK_LAYER_INFINIBAND },
	{ "accelerated networking", 0x15b3, 0x1016, 0x020000, true, LINK_LAYER_ETHERNET },
	{ "ConnectX-3 Pro", 0x15b3, 0x1004, 0x028000, true, LINK_LAYER_INFINIBAND },
	{ "another one of class 0280", 0x15b3, 0x1018, 0x028000, true, LINK_LAYER_UNKNOWN },
	{ "MANA", 0x1414, 0x00ba, 0x020000, true, LINK_LAYER_ETHERNET },
	{ "something else by Microsoft", 0x1414, 0x5353, 0x020000, false, LINK_LAYER_UNKNOWN },
	{ "BlueField's PCI bridge", 0x15b3, 0x1978, 0x060400, false, LINK_LAYER_UNKNOWN },
	{ "another vendor's InfiniBand", 0x8086, 0x24f0, 0x020700, false, LINK_LAYER_UNKNOWN },
};

static void tells_what_belongs_here(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(class_rows); i++) {
		const struct nic_facts nic = { .vendor = (uint16_t)class_rows[i].vendor,
					       .device = (uint16_t)class_rows[i].device,
					       .class_code = (uint16_t)(class_rows[i].class_code >>
									8) };
		bool listed = pci_is_listed(class_rows[i].vendor, class_rows[i].device,
					    class_rows[i].class_code);

		if (listed != class_rows[i].listed ||
		    (listed && pci_link_layer(&nic) != class_rows[i].layer))
			fail_msg("%s", class_rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_numbers),
		cmocka_unit_test(tells_addresses),
		cmocka_unit_test(tells_what_belongs_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
