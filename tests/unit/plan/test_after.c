/* tests/unit/plan/test_after.c - what follows the driver: limits and IPoIB's addresses, as the
 * settings ask for them and as far as they do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "machine.h"
#include "plan/plan.h"

static struct facts f;
static struct settings s;
static struct plan p;

static void as_it_is(void)
{
}

static void no_limits(void)
{
	s.limits = false;
}

static void no_systemd(void)
{
	f.systemd = false;
}

static void agent_assigns(void)
{
	s.ipoib = IPOIB_AGENT;
}

static void nobody_assigns(void)
{
	s.ipoib = IPOIB_OFF;
}

static void host_names_none(void)
{
	f.kvp.nassigned = f.kvp.ipoib_pairs = 0;
}

static void overlap(void)
{
	f.network.overlaps_rdma = TRI_YES;
}

static void not_meant(void)
{
	f.ipoib_load = TRI_NO;
}

static void no_module(void)
{
	(void)TEXT_COPY(module_of(&f, "ib_ipoib")->name, "other");
}

static void managed(void)
{
	f.network.network_manager = f.network.networkd = true;
}

#define LIMITS    "limits limits-services limits-users limits-manager"
#define ADDRESSES "ipoib-unit ipoib-rule ipoib"

/* Each begins with a fresh machine whose host has assigned an address. */
static const struct {
	const char *name;
	void (*change)(void);
	const char *steps; /* behind those of the driver */
} rows[] = {
	{ "both", as_it_is, LIMITS " " ADDRESSES },
	{ "no limits", no_limits, ADDRESSES },
	{ "no systemd: sessions alone", no_systemd, "limits" },
	{ "the agent assigns the addresses", agent_assigns, LIMITS },
	{ "nobody does", nobody_assigns, LIMITS },
	{ "the host has assigned none", host_names_none, LIMITS },
	{ "something else lives in 172.16.0.0/16", overlap, LIMITS },
	{ "IPOIB_LOAD=no", not_meant, LIMITS },
	{ "a kernel without ib_ipoib", no_module, LIMITS },
	{ "who manages the network leaves them alone", managed,
	  LIMITS " ipoib-networkmanager ipoib-networkd " ADDRESSES },
};

static const struct step *step_of(const char *id)
{
	for (unsigned i = 0; i < p.nsteps; i++)
		if (text_eq(p.steps[i].id, id))
			return &p.steps[i];
	return NULL;
}

static void prepare(void (*change)(void))
{
	settings_defaults(&s);
	machine_fresh(&f);
	f.kvp.known = true;
	f.kvp.nassigned = f.kvp.ipoib_pairs = 1;
	f.kvp.assigned[0] = (struct assigned_address) { "00155D33FF17", "172.16.1.14" };
	change();
	plan_build(&f, &s, &catalogue_built_in, &p);
	assert_int_equal(p.decision.exit_code, 0);
}

static void follows_the_driver(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char steps[600] = "";
		unsigned at = 0;

		prepare(rows[i].change);
		while (at < p.nsteps && p.steps[at].kind != STEP_MODULES)
			at++;
		for (at++; at < p.nsteps; at++) {
			size_t len = strlen(steps);

			(void)text_format(steps + len, sizeof steps - len, "%s%s",
					  len > 0 ? " " : "", p.steps[at].id);
			if (p.steps[at].what[0] == '\0' || p.steps[at].undo[0] == '\0' ||
			    p.steps[at].nchanges == 0)
				fail_msg("%s: %s lacks something", rows[i].name, p.steps[at].id);
		}
		if (!text_eq(steps, rows[i].steps))
			fail_msg("%s: %s", rows[i].name, steps);
	}
}

/* Each file says who wrote it, and none of them is cut. */
static void files_name_their_author(void **unused)
{
	(void)unused;
	prepare(managed);
	for (unsigned i = 0; i < p.nsteps; i++) {
		const struct step *step = &p.steps[i];

		if (step->kind == STEP_FILE && !text_starts(step->content, "# Written by ib-vmext"))
			fail_msg("%s does not say who wrote it", step->id);
		if (step->kind == STEP_FILE && !text_ends(step->content, "\n"))
			fail_msg("%s is cut", step->id);
	}
	assert_string_equal(step_of("ipoib")->changes[0],
			    "address 172.16.1.14/16 of the port with MAC 00155D33FF17");
	assert_non_null(strstr(step_of("ipoib-rule")->content, "ATTR{type}==\"32\""));
}

/* A run that ends with a restart has no receipt yet when the interfaces come. */
static void waits_for_no_receipt(void **unused)
{
	(void)unused;
	prepare(as_it_is);
	assert_null(strstr(step_of("ipoib-unit")->content, "receipt"));
}

/* pam_limits refuses every login where a limit is above fs.nr_open. */
static void never_locks_out(void **unused)
{
	(void)unused;
	prepare(as_it_is);
	assert_null(strstr(step_of("limits")->content, "nofile"));
	f.limits.most_open_files = 1048575;
	plan_build(&f, &s, &catalogue_built_in, &p);
	assert_null(strstr(step_of("limits")->content, "nofile"));
	f.limits.most_open_files = 1048576;
	plan_build(&f, &s, &catalogue_built_in, &p);
	assert_non_null(strstr(step_of("limits")->content, "* hard nofile 1048576\n"));
	assert_non_null(strstr(step_of("limits")->content, "* hard memlock unlimited\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_driver),
		cmocka_unit_test(files_name_their_author),
		cmocka_unit_test(waits_for_no_receipt),
		cmocka_unit_test(never_locks_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
