/* tests/unit/facts/test_rdma_names.c - which name an RDMA device is to have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts/facts.h"
#include "facts/rdma_names.h"

static struct facts f;

static void nic(const char *address, uint16_t class_code, const char *driver)
{
	struct nic_facts *n = &f.nics[f.nnics++];

	*n = (struct nic_facts) { .vendor = 0x15b3, .device = 0x101c, .class_code = class_code };
	(void)TEXT_COPY(n->address, address);
	(void)TEXT_COPY(n->driver, driver);
}

static void port(const char *device, const char *pci, enum link_layer layer)
{
	struct port_facts *p = &f.ports[f.nports++];

	*p = (struct port_facts) { .number = 1, .link_layer = layer };
	(void)TEXT_COPY(p->device, device);
	(void)TEXT_COPY(p->pci, pci);
}

/* Accelerated networking has taken mlx5_0, and the functions came in another order. */
static void make(void)
{
	memset(&f, 0, sizeof f);
	nic("0000:00:02.0", 0x0200, "mlx5_core");
	nic("0102:00:00.0", 0x0207, "mlx5_core");
	nic("0101:00:00.0", 0x0207, "mlx5_core");
	port("mlx5_0", "0000:00:02.0", LINK_LAYER_ETHERNET);
	port("mlx5_1", "0102:00:00.0", LINK_LAYER_INFINIBAND);
	port("mlx5_2", "0101:00:00.0", LINK_LAYER_INFINIBAND);
}

static void as_it_is(void)
{
}
static void other_has_no_device(void)
{
	f.nports = 2;
}
static void named_already(void)
{
	(void)TEXT_COPY(f.ports[1].device, "mlx5_ib7");
}
static void renamed_by_rdma_core(void)
{
	(void)TEXT_COPY(f.ports[1].device, "ibP258p0s0");
}
static void taken(void)
{
	(void)TEXT_COPY(f.ports[2].device, "mlx5_ib1");
}
static void function_unknown(void)
{
	f.ports[1].pci[0] = '\0';
}
static void somebody_elses(void)
{
	f.nics[1].vendor = 0x8086;
}
static void layer_unknown(void)
{
	f.ports[1].link_layer = LINK_LAYER_UNKNOWN;
}
static void older_family(void)
{
	(void)TEXT_COPY(f.ports[1].device, "mlx4_0");
}
static void older_driver(void)
{
	renamed_by_rdma_core();
	(void)TEXT_COPY(f.nics[1].driver, "mlx4_core");
}

static const struct {
	const char *name;
	void (*change)(void);
	unsigned port;
	const char *want; /* "": none */
} rows[] = {
	{ "the second by its address", as_it_is, 1, "mlx5_ib1" },
	{ "the first by its address", as_it_is, 2, "mlx5_ib0" },
	{ "Ethernet is counted for itself", as_it_is, 0, "mlx5_an0" },
	{ "a function whose device comes later has its place", other_has_no_device, 1, "mlx5_ib1" },
	{ "what has such a name keeps it", named_already, 1, "" },
	{ "whatever name it has", renamed_by_rdma_core, 1, "mlx5_ib1" },
	{ "another device has the name", taken, 1, "mlx5_ib2" },
	{ "nobody knows its function", function_unknown, 1, "" },
	{ "not Mellanox's", somebody_elses, 1, "" },
	{ "neither InfiniBand nor Ethernet, as far as is known", layer_unknown, 1, "" },
	{ "mlx4 by its name", older_family, 1, "mlx4_ib1" },
	{ "mlx4 by its driver", older_driver, 1, "mlx4_ib1" },
};

static void numbers_by_kind_and_address(void **unused)
{
	char name[64];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool wanted;

		make();
		rows[i].change();
		name[0] = '\0';
		wanted = rdma_name_wanted(&f, &f.ports[rows[i].port], name, sizeof name);
		if (wanted != (rows[i].want[0] != '\0') || (wanted && !text_eq(name, rows[i].want)))
			fail_msg("%s: %s", rows[i].name, wanted ? name : "none");
	}
}

static void knows_names_that_stay(void **unused)
{
	(void)unused;
	assert_true(rdma_name_stays("mlx5_ib0"));
	assert_true(rdma_name_stays("mlx4_an12"));
	assert_false(rdma_name_stays("mlx5_0"));
	assert_false(rdma_name_stays("mlx5_ib"));
	assert_false(rdma_name_stays("mlx5_ib0a"));
	assert_false(rdma_name_stays("ibP257s71127"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_by_kind_and_address),
		cmocka_unit_test(knows_names_that_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
