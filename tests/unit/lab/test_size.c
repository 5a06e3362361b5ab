/* What a size has, and what --pci means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/text.h"
#include "lab/vm/vm.h"

static const struct {
	const char *name, *size;
	size_t npci;
	uint16_t first;
	unsigned rate;
} size_rows[] = {
	{ "one HDR adapter and accelerated networking", "Standard_HB120rs_v3", 2, 0x101c, 200 },
	{ "constrained cores keep the adapter", "Standard_HB120-16rs_v3", 2, 0x101c, 200 },
	{ "names are told apart whatever their case", "standard_hb120RS_V3", 2, 0x101c, 200 },
	{ "eight adapters", "Standard_ND96asr_v4", 9, 0x101c, 200 },
	{ "eight NDR adapters", "Standard_ND96isr_H100_v5", 9, 0x101e, 400 },
	{ "the mlx4 generation", "Standard_NC24rs_v3", 1, 0x1004, 56 },
	{ "no InfiniBand, only an Ethernet function", "Standard_D4s_v5", 1, 0x1016, 100 },
	{ "a look-alike has nothing", "Standard_HB120", 0, 0, 100 },
};

static void sizes_have_their_hardware(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(size_rows); i++) {
		struct vm_spec spec = { 0 };

		(void)TEXT_COPY(spec.size, size_rows[i].size);
		vm_spec_defaults(&spec);
		if (spec.npci != size_rows[i].npci || spec.pci[0].device != size_rows[i].first ||
		    spec.rate_gbps != size_rows[i].rate)
			fail_msg("%s", size_rows[i].name);
	}
}

static void what_was_asked_for_stays(void **unused)
{
	struct vm_spec spec = { .rate_gbps = 7, .port = VM_PORT_INIT };

	(void)unused;
	(void)TEXT_COPY(spec.size, "Standard_ND96asr_v4");
	assert_int_equal(vm_spec_pci(&spec, "15b3:1018:0207"), 0);
	vm_spec_defaults(&spec);
	assert_int_equal(spec.npci, 1);
	assert_int_equal(spec.rate_gbps, 7);
	assert_int_equal(spec.port, VM_PORT_INIT);
}

static const struct {
	const char *name, *text;
	int rc;
	size_t npci;
	uint32_t class_code;
} pci_rows[] = {
	{ "base class and subclass", "15b3:101c:0207", 0, 1, 0x020700 },
	{ "with the programming interface", "15b3:101c:020701", 0, 1, 0x020701 },
	{ "two", "15b3:101c:0207,1414:00ba:0200", 0, 2, 0x020700 },
	{ "five digits are neither", "15b3:101c:02070", -EINVAL, 0, 0 },
	{ "nothing", "", -EINVAL, 0, 0 },
	{ "no class", "15b3:101c", -EINVAL, 0, 0 },
	{ "something after it", "15b3:101c:0207x", -EINVAL, 0, 0 },
	{ "an empty item", "15b3:101c:0207,", -EINVAL, 0, 0 },
};

static void parses_pci_lists(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(pci_rows); i++) {
		struct vm_spec spec = { 0 };

		if (vm_spec_pci(&spec, pci_rows[i].text) != pci_rows[i].rc ||
		    spec.npci != pci_rows[i].npci ||
		    spec.pci[0].class_code != pci_rows[i].class_code)
			fail_msg("%s", pci_rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_their_hardware),
		cmocka_unit_test(what_was_asked_for_stays),
		cmocka_unit_test(parses_pci_lists),
	};

	return cmocka_run_group_tests_name("lab/size", tests, NULL, NULL);
}
