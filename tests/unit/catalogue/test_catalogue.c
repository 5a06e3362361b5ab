/* tests/unit/catalogue/test_catalogue.c - the built-in tables, and the questions asked of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

#define C (&catalogue_built_in)

static const struct {
	const char *name, *size;
	bool known;
	int kind;
	const char *generation;
	unsigned ports, rate_gbps;
} size_rows[] = {
	{ "as metadata writes it", "Standard_HB120rs_v3", true, SIZE_SRIOV, "CX6", 1, 200 },
	{ "case differs between sources", "STANDARD_hb120RS_V3", true, SIZE_SRIOV, "CX6", 1, 200 },
	{ "constrained cores", "Standard_HB176-24rs_v4", true, SIZE_SRIOV, "CX7", 1, 400 },
	{ "four ports at half of NDR", "Standard_HB368rs_v5", true, SIZE_SRIOV, "CX7", 4, 200 },
	{ "eight ports", "Standard_ND96isr_H100_v5", true, SIZE_SRIOV, "CX7", 8, 400 },
	{ "aarch64", "Standard_ND128isr_GB300_v6", true, SIZE_SRIOV, "CX8", 4, 800 },
	{ "ConnectX-3 Pro by SR-IOV", "Standard_NC24rs_v3", true, SIZE_SRIOV, "CX3-Pro", 1, 56 },
	{ "Network Direct", "Standard_H16r", true, SIZE_NETWORK_DIRECT, "CX3-Pro", 1, 56 },
	{ "a look-alike", "Standard_ND96is_H100_v5", true, SIZE_NO_INFINIBAND, "", 0, 0 },
	{ "a reserved name", "Standard_ND128isr_VR200_v6", false, 0, "", 0, 0 },
	{ "in the documents, but not in Azure", "Standard_HB120rs_v4", false, 0, "", 0, 0 },
	{ "a longer name", "Standard_HB120rs_v3x", false, 0, "", 0, 0 },
	{ "no name", "", false, 0, "", 0, 0 },
};

static void finds_sizes(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(size_rows); i++) {
		const struct size_row *row = catalogue_size(C, size_rows[i].size);

		if ((row != NULL) != size_rows[i].known)
			fail_msg("%s", size_rows[i].name);
		if (row == NULL)
			continue;
		if ((int)row->kind != size_rows[i].kind || row->ports != size_rows[i].ports ||
		    row->rate_gbps != size_rows[i].rate_gbps ||
		    !text_eq(row->generation, size_rows[i].generation))
			fail_msg("%s", size_rows[i].name);
	}
}

/* The counts are those of the collection that data/ was made from: a lost row shows here. */
static void is_complete(void **unused)
{
	unsigned kinds[3] = { 0 };

	(void)unused;
	for (size_t i = 0; i < C->nsizes; i++) {
		kinds[C->sizes[i].kind]++;
		assert_true(C->sizes[i].source[0] != '\0');
	}
	assert_int_equal(kinds[SIZE_NETWORK_DIRECT], 8);
	assert_int_equal(kinds[SIZE_NO_INFINIBAND], 25);
	assert_int_equal(kinds[SIZE_SRIOV], 57);
	assert_int_equal(C->nadapters, 30);
}

static const struct {
	const char *name, *size;
	uint16_t vendor, device, class_code;
	uint32_t rate_gbps; /* of an InfiniBand port of the function; 0: there is none */
	const char *generation;
	enum link_layer link_layer;
} classify_rows[] = {
	{ "the id tells", "", 0x15b3, 0x101c, 0x0207, 0, "CX6", LINK_LAYER_INFINIBAND },
	{ "ConnectX-3 shows another class", "", 0x15b3, 0x1004, 0x0280, 0, "CX3-Pro",
	  LINK_LAYER_INFINIBAND },
	{ "the same id as accelerated networking", "", 0x15b3, 0x1004, 0x0200, 0, "CX3-Pro",
	  LINK_LAYER_ETHERNET },
	{ "101e on HBv4", "Standard_HB176rs_v4", 0x15b3, 0x101e, 0x0207, 0, "CX7",
	  LINK_LAYER_INFINIBAND },
	{ "101e on GB300", "standard_nd128isr_gb300_v6", 0x15b3, 0x101e, 0x0207, 0, "CX8",
	  LINK_LAYER_INFINIBAND },
	{ "the size outweighs the rate", "Standard_HB368rs_v5", 0x15b3, 0x101e, 0x0207, 800, "CX7",
	  LINK_LAYER_INFINIBAND },
	{ "101e where nothing tells", "", 0x15b3, 0x101e, 0x0207, 0, "mlx5Gen",
	  LINK_LAYER_INFINIBAND },
	{ "a rate of more than one generation", "", 0x15b3, 0x101e, 0x0207, 200, "mlx5Gen",
	  LINK_LAYER_INFINIBAND },
	{ "NDR", "", 0x15b3, 0x101e, 0x0207, 400, "CX7", LINK_LAYER_INFINIBAND },
	{ "XDR", "Standard_X", 0x15b3, 0x101e, 0x0207, 800, "CX8", LINK_LAYER_INFINIBAND },
	{ "101e for Ethernet beside InfiniBand", "Standard_HB176rs_v4", 0x15b3, 0x101e, 0x0200, 0,
	  "mlx5Gen", LINK_LAYER_ETHERNET },
	{ "101e of a size without InfiniBand", "Standard_ND96is_H100_v5", 0x15b3, 0x101e, 0x0207, 0,
	  "mlx5Gen", LINK_LAYER_INFINIBAND },
	{ "accelerated networking", "", 0x15b3, 0x1016, 0x0200, 0, "CX4", LINK_LAYER_ETHERNET },
	{ "an id that nobody knows", "", 0x15b3, 0x1099, 0x0207, 0, "", LINK_LAYER_INFINIBAND },
	{ "MANA", "", 0x1414, 0x00ba, 0x0200, 0, "", LINK_LAYER_ETHERNET },
	{ "a class that says nothing", "", 0x15b3, 0x101c, 0x0280, 0, "CX6", LINK_LAYER_UNKNOWN },
};

static void classifies_adapters(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(classify_rows); i++) {
		struct facts f = { .nnics = 1, .nports = classify_rows[i].rate_gbps > 0 };
		struct nic_facts *nic = &f.nics[0];

		(void)TEXT_COPY(f.vm.size, classify_rows[i].size);
		(void)TEXT_COPY(nic->address, "0101:00:00.0");
		nic->vendor = classify_rows[i].vendor;
		nic->device = classify_rows[i].device;
		nic->class_code = classify_rows[i].class_code;
		(void)TEXT_COPY(f.ports[0].pci, nic->address);
		f.ports[0].link_layer = LINK_LAYER_INFINIBAND;
		f.ports[0].rate_gbps = classify_rows[i].rate_gbps;
		catalogue_classify(C, &f);
		catalogue_classify(C, &f); /* a second time changes nothing */
		if (!text_eq(nic->generation, classify_rows[i].generation) ||
		    nic->link_layer != classify_rows[i].link_layer)
			fail_msg("%s: %s, %d", classify_rows[i].name, nic->generation,
				 nic->link_layer);
	}
}

/* The ports know better than the class. */
static void leaves_a_known_link_layer(void **unused)
{
	struct facts f = { .nnics = 1 };

	(void)unused;
	f.nics[0] = (struct nic_facts) { .vendor = 0x15b3,
					 .device = 0x101c,
					 .class_code = 0x0207,
					 .link_layer = LINK_LAYER_ETHERNET };
	catalogue_classify(C, &f);
	assert_int_equal(f.nics[0].link_layer, LINK_LAYER_ETHERNET);
}

static void walks_lists(void **unused)
{
	const char *rest = "a,bc,d";
	char word[3];

	(void)unused;
	assert_true(list_next(&rest, word, sizeof word));
	assert_string_equal(word, "a");
	assert_true(list_next(&rest, word, sizeof word));
	assert_string_equal(word, "bc");
	assert_true(list_next(&rest, word, sizeof word));
	assert_string_equal(word, "d");
	assert_false(list_next(&rest, word, sizeof word));
	assert_true(list_has("CX6,CX7", "CX7"));
	assert_false(list_has("CX3-Pro", "CX3"));
	assert_false(list_has("CX6", ""));
	assert_false(list_has("", "CX6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_sizes),         cmocka_unit_test(is_complete),
		cmocka_unit_test(classifies_adapters), cmocka_unit_test(leaves_a_known_link_layer),
		cmocka_unit_test(walks_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
