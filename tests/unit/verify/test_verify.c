/* tests/unit/verify/test_verify.c - each verdict, and each check red beside its green twin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "machine.h"
#include "verify/verify.h"

static struct facts f;
static struct verification v;

static struct port_facts *port(void)
{
	return &f.ports[1];
}

static void as_it_is(void)
{
}

static void absent(void)
{
	functions_clear(&f);
}

static void fresh(void)
{
	machine_fresh(&f);
}

static void not_bound(void)
{
	f.nics[1].driver[0] = '\0';
}

static void ethernet_only(void)
{
	port()->link_layer = LINK_LAYER_ETHERNET;
}

static void port_init(void)
{
	port()->state = PORT_INIT;
}

static void port_polling(void)
{
	port()->state = PORT_DOWN;
	port()->phys_state = PORT_PHYS_POLLING;
}

static void port_training(void)
{
	port()->phys_state = PORT_PHYS_RECOVERY;
}

static void slow(void)
{
	port()->rate_gbps = 100;
}

static void fast(void)
{
	port()->rate_gbps = 400;
}

static void rate_unknown(void)
{
	port()->rate_gbps = 0;
}

static void slow_off_azure(void)
{
	slow();
	f.vm.azure = false;
	size_set(&f, "");
}

static void slow_unknown_size(void)
{
	slow();
	size_set(&f, "Standard_HB500rs_v9");
}

static void pkey_limited(void)
{
	port()->pkeys[0] = 0x7fff;
}

static void pkey_second(void)
{
	port()->pkeys[0] = 0x7fff;
	port()->pkeys[1] = 0xffff;
}

static void pkey_empty_full(void)
{
	port()->pkeys[0] = 0x8000;
}

static void pkey_none(void)
{
	port()->npkeys = 0;
}

static void lid_zero(void)
{
	port()->lid = 0;
}

static void lid_least(void)
{
	port()->lid = 1;
}

static void lid_most(void)
{
	port()->lid = 0xbfff;
}

static void lid_multicast(void)
{
	port()->lid = 0xc000;
}

static void sm_lid_zero(void)
{
	port()->sm_lid = 0;
}

static void uverbs_missing(void)
{
	module_of(&f, "ib_uverbs")->loaded = false;
}

static void uverbs_built_in(void)
{
	uverbs_missing();
	module_of(&f, "ib_uverbs")->built_in = true;
}

static void modules_unknown(void)
{
	f.nmodules = 0;
	f.modules_known = false;
}

static void providers_missing(void)
{
	(void)TEXT_COPY(package_of(&f, "ibverbs-providers")->name, "other");
}

static void providers_half(void)
{
	package_of(&f, "ibverbs-providers")->half_installed = true;
}

static void packages_unknown(void)
{
	providers_missing();
	f.packages_known = false;
}

static void manager_unknown(void)
{
	providers_missing();
	(void)TEXT_COPY(f.package_manager, "zypper");
}

static void renamed(void)
{
	(void)TEXT_COPY(port()->device, "rocep257s0");
	(void)TEXT_COPY(port()->netdev, "ibP257p0s0");
}

static void spare_port_down(void)
{
	struct port_facts *p = port_add(&f, "mlx5_0", "0101:00:00.0", 10);

	p->number = 2;
	p->state = PORT_DOWN;
	p->phys_state = PORT_PHYS_POLLING;
}

static void eight(void)
{
	machine_nd96(&f, 8);
}

static void seven_functions(void)
{
	machine_nd96(&f, 7);
}

static void seven_ports(void)
{
	eight();
	f.nports--;
}

static void seven_active(void)
{
	eight();
	f.ports[7].state = PORT_DOWN;
}

static void unknown_size_one_of_two(void)
{
	size_set(&f, "Standard_HB500rs_v9");
	nic_add(&f, "0102:00:00.0", 0x101c, 0x0207);
}

static void network_direct(void)
{
	size_set(&f, "Standard_H16r");
}

/* Each starts from a machine that works; `red` is the first check that is not green. */
static const struct {
	const char *name;
	void (*change)(void);
	enum verdict verdict;
	const char *red, *measured;
} rows[] = {
	{ "it works", as_it_is, VERDICT_OK, NULL, NULL },
	{ "names mean nothing", renamed, VERDICT_OK, NULL, NULL },
	{ "no function", absent, VERDICT_ABSENT, "adapter-present",
	  "0 InfiniBand functions on PCI" },
	{ "no driver yet", fresh, VERDICT_DRIVER_BROKEN, "ports-present", "0 InfiniBand ports" },
	{ "an Ethernet port is none", ethernet_only, VERDICT_DRIVER_BROKEN, "ports-present",
	  "0 InfiniBand ports" },
	{ "a function without a driver", not_bound, VERDICT_DEGRADED, "driver-bound",
	  "0 of 1 bound, none to 0101:00:00.0" },
	{ "no subnet manager has been there", port_init, VERDICT_FABRIC_NOT_READY,
	  "port-active:mlx5_0/1", "INIT" },
	{ "no link", port_polling, VERDICT_FABRIC_NOT_READY, "port-active:mlx5_0/1", "DOWN" },
	{ "ACTIVE while the link recovers", port_training, VERDICT_DEGRADED,
	  "port-link-up:mlx5_0/1", "LinkErrorRecovery" },
	{ "slower than the size promises", slow, VERDICT_DEGRADED, "port-rate:mlx5_0/1",
	  "100 Gb/s" },
	{ "faster than the size promises", fast, VERDICT_OK, NULL, NULL },
	{ "a rate that cannot be read", rate_unknown, VERDICT_OK, NULL, NULL },
	{ "no promise off Azure", slow_off_azure, VERDICT_OK, NULL, NULL },
	{ "no promise of a size that nobody knows", slow_unknown_size, VERDICT_OK, NULL, NULL },
	{ "no rate is promised by Network Direct", network_direct, VERDICT_OK, NULL, NULL },
	{ "limited membership only", pkey_limited, VERDICT_DEGRADED, "pkey-full-member:mlx5_0/1",
	  "0x7fff 0x7fff" },
	{ "full membership in the second entry", pkey_second, VERDICT_OK, NULL, NULL },
	{ "an empty entry is no membership", pkey_empty_full, VERDICT_DEGRADED,
	  "pkey-full-member:mlx5_0/1", "0x7fff" },
	{ "no partition at all", pkey_none, VERDICT_DEGRADED, "pkey-full-member:mlx5_0/1", "none" },
	{ "no LID", lid_zero, VERDICT_DEGRADED, "lid-sane:mlx5_0/1", "0x0000" },
	{ "the least LID", lid_least, VERDICT_OK, NULL, NULL },
	{ "the greatest LID", lid_most, VERDICT_OK, NULL, NULL },
	{ "a multicast LID", lid_multicast, VERDICT_DEGRADED, "lid-sane:mlx5_0/1", "0xc000" },
	{ "no subnet manager", sm_lid_zero, VERDICT_DEGRADED, "sm-lid:mlx5_0/1", "0x0000" },
	{ "verbs not loaded", uverbs_missing, VERDICT_DEGRADED, "modules-loaded",
	  "ib_uverbs not loaded" },
	{ "verbs built in", uverbs_built_in, VERDICT_OK, NULL, NULL },
	{ "modules that cannot be read are not missing", modules_unknown, VERDICT_OK, NULL, NULL },
	{ "no providers", providers_missing, VERDICT_DEGRADED, "userland",
	  "ibverbs-providers missing" },
	{ "providers half there", providers_half, VERDICT_DEGRADED, "userland",
	  "ibverbs-providers half-installed" },
	{ "packages that cannot be read are not missing", packages_unknown, VERDICT_OK, NULL,
	  NULL },
	{ "packages of a manager without a row", manager_unknown, VERDICT_OK, NULL, NULL },
	{ "a second port that nobody promised", spare_port_down, VERDICT_OK, NULL, NULL },
	{ "eight of eight", eight, VERDICT_OK, NULL, NULL },
	{ "seven functions of eight", seven_functions, VERDICT_DEGRADED, "adapter-present",
	  "7 InfiniBand functions on PCI" },
	{ "seven ports of eight", seven_ports, VERDICT_DEGRADED, "ports-present",
	  "7 InfiniBand ports" },
	{ "seven ports ACTIVE of eight", seven_active, VERDICT_DEGRADED, "port-active:mlx5_8/1",
	  "DOWN" },
	{ "each function of an unknown size is expected to have a port", unknown_size_one_of_two,
	  VERDICT_DEGRADED, "ports-present", "1 InfiniBand port" },
};

static const struct finding *first_red(void)
{
	for (unsigned i = 0; i < v.nchecks; i++)
		if (!v.checks[i].ok)
			return &v.checks[i];
	return NULL;
}

static const struct finding *check_of(const char *id)
{
	for (unsigned i = 0; i < v.nchecks; i++)
		if (text_eq(v.checks[i].id, id))
			return &v.checks[i];
	return NULL;
}

static void prepare(void (*change)(void))
{
	machine_working(&f);
	change();
	verify_facts(&f, &catalogue_built_in, VERIFY_ALL, &v);
}

static void gives_the_verdict(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct finding *red;

		prepare(rows[i].change);
		red = first_red();
		if (v.verdict != rows[i].verdict)
			fail_msg("%s: %s", rows[i].name, verdict_name(v.verdict));
		if (!text_eq(red != NULL ? red->id : NULL, rows[i].red) ||
		    !text_eq(red != NULL ? red->measured : NULL, rows[i].measured))
			fail_msg("%s: %s, %s", rows[i].name, red != NULL ? red->id : "no red",
				 red != NULL ? red->measured : "");
		if (red != NULL && (red->remedy[0] == '\0' || red->expected[0] == '\0'))
			fail_msg("%s: no remedy or expectation", rows[i].name);
	}
}

/* Green checks are shown as well: the reader sees what has been looked at. */
static void shows_every_check(void **unused)
{
	static const char *const ids[] = {
		"adapter-present",
		"driver-bound",
		"ports-present",
		"port-active:mlx5_0/1",
		"port-link-up:mlx5_0/1",
		"port-rate:mlx5_0/1",
		"pkey-full-member:mlx5_0/1",
		"lid-sane:mlx5_0/1",
		"sm-lid:mlx5_0/1",
		"guid-sane:mlx5_0/1",
		"ipoib-netdev:mlx5_0/1",
		"modules-loaded",
		"modules-of-stack",
		"userland",
	};

	(void)unused;
	prepare(as_it_is);
	assert_int_equal(v.nchecks, ARRAY_SIZE(ids));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (check_of(ids[i]) == NULL)
			fail_msg("%s is missing", ids[i]);
	assert_string_equal(check_of("port-rate:mlx5_0/1")->expected, "200 Gb/s");
	assert_string_equal(check_of("port-rate:mlx5_0/1")->measured, "200 Gb/s");
	assert_string_equal(check_of("lid-sane:mlx5_0/1")->measured, "0x02b9");
}

static void leaves_out_what_means_nothing(void **unused)
{
	(void)unused;
	prepare(absent);
	assert_int_equal(v.nchecks, 1);
	prepare(fresh);
	assert_true(check_of("adapter-present")->ok);
	assert_true(check_of("driver-bound")->ok);
	assert_false(check_of("modules-loaded")->ok);
	assert_false(check_of("userland")->ok);
	for (unsigned i = 0; i < v.nchecks; i++)
		assert_false(text_starts(v.checks[i].id, "port-"));
	prepare(port_init);
	assert_null(check_of("sm-lid:mlx5_0/1"));
}

/* More ports than the table has room for: the red one at the end must not be lost. */
static void more_ports_than_room(void **unused)
{
	(void)unused;
	machine_nd96(&f, 60);
	f.ports[59].sm_lid = 0;
	size_set(&f, "");
	verify_facts(&f, &catalogue_built_in, VERIFY_ALL, &v);
	assert_int_equal(v.nchecks, VERIFY_CHECKS_MAX);
	assert_int_equal(v.verdict, VERDICT_DEGRADED);
	assert_string_equal(first_red()->id, "sm-lid:mlx5_60/1");
}

static const struct {
	void (*change)(void);
	const char *summary;
} summary_rows[] = {
	{ as_it_is, "1 of 1 InfiniBand ports ACTIVE at 200 Gb/s (mlx5_0)" },
	{ rate_unknown, "1 of 1 InfiniBand ports ACTIVE (mlx5_0)" },
	{ eight, "8 of 8 InfiniBand ports ACTIVE at 200 Gb/s (mlx5_1, mlx5_2, mlx5_3, mlx5_4, "
		 "mlx5_5, mlx5_6, mlx5_7, mlx5_8)" },
	{ slow, "degraded: port-rate:mlx5_0/1: 100 Gb/s, expected 200 Gb/s" },
	{ absent, "absent: adapter-present: 0 InfiniBand functions on PCI, expected 1 InfiniBand "
		  "function on PCI" },
};

static void sums_up(void **unused)
{
	char line[320];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(summary_rows); i++) {
		prepare(summary_rows[i].change);
		verify_summary(&v, &f, line, sizeof line);
		assert_string_equal(line, summary_rows[i].summary);
	}
}

static const struct {
	void (*change)(void);
	const char *name;
	enum fault fault;
} name_rows[] = {
	{ as_it_is, "ok", FAULT_NONE },
	{ slow, "degraded", FAULT_DEGRADED },
	{ port_init, "fabric-not-ready", FAULT_FABRIC_NOT_READY },
	{ fresh, "driver-broken", FAULT_DRIVER_BROKEN },
	{ absent, "absent", FAULT_ABSENT },
};

static void makes_a_document(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(name_rows); i++) {
		AUTO_JSON json_t *j = NULL;

		prepare(name_rows[i].change);
		j = verify_to_json(&v);
		assert_string_equal(json_text_at(j, "schema", ""), "ib-vmext/verify/1");
		assert_string_equal(json_text_at(j, "verdict", ""), name_rows[i].name);
		assert_int_equal(verdict_fault(v.verdict), name_rows[i].fault);
		assert_int_equal(json_array_size(json_at(j, "checks")), v.nchecks);
		assert_string_equal(json_text_at(j, "checks.0.id", ""), "adapter-present");
		assert_true(json_is_boolean(json_at(j, "checks.0.ok")));
		assert_true(json_is_string(json_at(j, "checks.0.measured")));
		assert_true(json_is_string(json_at(j, "checks.0.expected")));
		assert_non_null(json_at(j, "checks.0.remedy"));
		assert_true(json_is_string(json_at(j, "checks.0.evidence")));
		assert_non_null(json_at(j, "checks.0.issue"));
	}
}

/* What its owner may have meant otherwise is looked at only where it is asked for. */
static void keeps_to_its_scope(void **unused)
{
	(void)unused;
	prepare(as_it_is);
	(void)TEXT_COPY(f.limits.session_soft, "64");
	(void)TEXT_COPY(f.limits.session_hard, "64");
	port()->netdev[0] = '\0';
	verify_facts(&f, &catalogue_built_in, VERIFY_DRIVER, &v);
	assert_int_equal(v.verdict, VERDICT_OK);
	assert_null(check_of("memlock-sessions"));
	verify_facts(&f, &catalogue_built_in, VERIFY_LIMITS, &v);
	assert_string_equal(first_red()->id, "memlock-sessions");
	assert_null(check_of("ipoib-netdev:mlx5_0/1"));
	verify_facts(&f, &catalogue_built_in, VERIFY_IPOIB, &v);
	assert_string_equal(first_red()->id, "ipoib-netdev:mlx5_0/1");
}

/* Before the restart that brings the new stack in, the former one is in memory. */
static void lets_a_stack_wait_for_its_restart(void **unused)
{
	struct module_facts *m;

	(void)unused;
	prepare(as_it_is);
	m = (struct module_facts *)facts_module(&f, "mlx5_ib");
	assert_non_null(m);
	(void)TEXT_COPY(m->srcversion, "NEW");
	(void)TEXT_COPY(m->loaded_srcversion, "FORMER");
	verify_facts(&f, &catalogue_built_in, VERIFY_DRIVER, &v);
	assert_int_equal(v.verdict, VERDICT_OK);
	verify_facts(&f, &catalogue_built_in, VERIFY_LOADED, &v);
	assert_string_equal(first_red()->id, "modules-of-stack");
}

/* A place in the text is the thing's own. */
static void names_its_evidence(void **unused)
{
	(void)unused;
	prepare(slow);
	assert_string_equal(check_of("port-rate:mlx5_0/1")->evidence,
			    "/sys/class/infiniband/mlx5_0/ports/1/rate");
	assert_string_equal(check_of("guid-sane:mlx5_0/1")->evidence,
			    "/sys/class/infiniband/mlx5_0/node_guid");
	port()->lid = 0;
	verify_facts(&f, &catalogue_built_in, VERIFY_ALL, &v);
	assert_int_equal(check_of("lid-sane:mlx5_0/1")->issue, 49);
	assert_int_equal(check_of("sm-lid:mlx5_0/1")->issue, 0);
}

static void makes_a_document_for_a_reader_elsewhere(void **unused)
{
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	prepare(slow);
	j = verify_document(&v, &f);
	assert_string_equal(json_text_at(j, "schema", ""), "ib-vmext/verify/1");
	assert_string_equal(json_text_at(j, "size", ""), "Standard_HB120rs_v3");
	assert_string_equal(json_text_at(j, "driver.kind", ""), "inbox");
	assert_string_equal(json_text_at(j, "summary", ""),
			    "degraded: port-rate:mlx5_0/1: 100 Gb/s, expected 200 Gb/s");
	assert_int_equal(json_int_at(j, "expected.ports", 0), 1);
	assert_int_equal(json_int_at(j, "expected.rateGbps", 0), 200);
	assert_int_equal(json_array_size(json_at(j, "ports")), 1);
	assert_int_equal(json_int_at(j, "ports.0.rateGbps", 0), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_verdict),
		cmocka_unit_test(shows_every_check),
		cmocka_unit_test(leaves_out_what_means_nothing),
		cmocka_unit_test(more_ports_than_room),
		cmocka_unit_test(sums_up),
		cmocka_unit_test(makes_a_document),
		cmocka_unit_test(makes_a_document_for_a_reader_elsewhere),
		cmocka_unit_test(keeps_to_its_scope),
		cmocka_unit_test(lets_a_stack_wait_for_its_restart),
		cmocka_unit_test(names_its_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
