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
#include "facts/own_files.h"
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

static void agent_to_be_told(void)
{
	agent_assigns();
	f.agent.enable_rdma = TRI_NO;
}

static void agent_told(void)
{
	agent_assigns();
	f.agent.enable_rdma = TRI_YES;
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

static void named(void)
{
	s.persistent_names = true;
	f.naming.can_rename = TRI_YES;
}

static void named_by_others(void)
{
	named();
	(void)TEXT_COPY(f.naming.renamer, "etc/udev/rules.d/60-rdma-persistent-naming.rules");
}

static void names_to_come(void)
{
	named();
	f.naming.can_rename = TRI_NO;
}

#define LIMITS    "limits limits-services limits-users limits-manager"
#define BOOT      "ipoib-unit ipoib-rule"
#define ADDRESSES BOOT " ipoib"

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
	{ "the agent is told to", agent_to_be_told, LIMITS " agent-rdma" },
	{ "nobody does", nobody_assigns, LIMITS },
	{ "the host has assigned none", host_names_none, LIMITS },
	{ "something else lives in 172.16.0.0/16", overlap, LIMITS },
	{ "IPOIB_LOAD=no", not_meant, LIMITS },
	{ "a kernel without ib_ipoib", no_module, LIMITS },
	{ "names", named, LIMITS " names-rule names " ADDRESSES },
	{ "rdma-core is still to come", names_to_come, LIMITS " names-rule names " ADDRESSES },
	{ "somebody else gives names", named_by_others, LIMITS " " ADDRESSES },
	{ "who manages the network leaves them alone", managed,
	  LIMITS " ipoib-networkmanager ipoib-networkd " BOOT " ipoib-takeover ipoib" },
};

/* Beside a stack that is kept: what is known to be otherwise, once. */

static void limits_low(void)
{
	(void)TEXT_COPY(f.limits.session_soft, "8192");
	(void)TEXT_COPY(f.limits.session_hard, "unlimited");
	(void)TEXT_COPY(f.limits.service_soft, "default");
}

static void limits_lifted(void)
{
	(void)TEXT_COPY(f.limits.session_soft, "unlimited");
	(void)TEXT_COPY(f.limits.session_hard, "unlimited");
	(void)TEXT_COPY(f.limits.service_soft, "unlimited");
}

static void sessions_lifted(void)
{
	limits_low();
	(void)TEXT_COPY(f.limits.session_soft, "unlimited");
}

static void own(const char *path)
{
	(void)TEXT_COPY(f.own_files[f.nown_files++].path, path);
}

static void ours_overruled(void)
{
	limits_low();
	own(OWN_SESSION_LIMITS);
	own(OWN_SYSTEM_LIMITS);
}

static void ours_in_part(void)
{
	limits_low();
	own(OWN_USER_LIMITS);
}

static void unwanted(void)
{
	limits_low();
	no_limits();
}

static void without_address(void)
{
	(void)TEXT_COPY(f.ports[0].assigned_ipv4, "172.16.1.14");
	f.ports[0].addressed = TRI_NO;
}

static void unit_is_there(void)
{
	without_address();
	own(OWN_IPOIB_UNIT);
	own(OWN_IPOIB_RULE);
}

static void with_address(void)
{
	without_address();
	managed();
	f.ports[0].addressed = TRI_YES;
}

static void without_interface(void)
{
	without_address();
	f.ports[0].netdev[0] = '\0';
}

static void managed_without_address(void)
{
	without_address();
	managed();
}

static void rule_is_there(void)
{
	named();
	own(OWN_NAMES_RULE);
}

static void nobody_gives(void)
{
	without_address();
	nobody_assigns();
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *steps;
} kept_rows[] = {
	{ "what is not known is left alone", as_it_is, "" },
	{ "low limits", limits_low, LIMITS },
	{ "limits that somebody has lifted", limits_lifted, "" },
	{ "those of services alone", sessions_lifted,
	  "limits-services limits-users limits-manager" },
	{ "another file overrules ours: it is not written twice", ours_overruled, "" },
	{ "a file of ours that is there", ours_in_part, "limits limits-services limits-manager" },
	{ "limits are not asked for", unwanted, "" },
	{ "an interface without its address", without_address, ADDRESSES },
	{ "the unit is there, the address is not", unit_is_there, "ipoib" },
	{ "whoever gave the address", with_address, "" },
	{ "no interface", without_interface, "" },
	{ "names", named, "names-rule names" },
	{ "the rule for names is there", rule_is_there, "" },
	{ "nothing can give names", names_to_come, "" },
	{ "somebody else gives names", named_by_others, "" },
	{ "who manages the network", managed_without_address,
	  "ipoib-networkmanager ipoib-networkd " BOOT " ipoib-takeover ipoib" },
	{ "addresses are not asked for", nobody_gives, "" },
	{ "the agent is to give them", agent_to_be_told, "agent-rdma" },
	{ "the agent gives them", agent_told, "" },
};

static const struct step *step_of(const char *id)
{
	for (unsigned i = 0; i < p.nsteps; i++)
		if (text_eq(p.steps[i].id, id))
			return &p.steps[i];
	return NULL;
}

static void assign_one(void)
{
	f.kvp.known = true;
	f.kvp.nassigned = f.kvp.ipoib_pairs = 1;
	f.kvp.assigned[0] = (struct assigned_address) { "00155D33FF17", "172.16.1.14" };
}

static void prepare(void (*change)(void))
{
	settings_defaults(&s);
	machine_fresh(&f);
	assign_one();
	change();
	plan_build(&f, &s, &catalogue_built_in, &p);
	assert_int_equal(p.decision.exit_code, 0);
}

static void expect_steps(const char *name, unsigned at, const char *expected)
{
	char steps[600] = "";

	for (; at < p.nsteps; at++) {
		size_t len = strlen(steps);

		(void)text_format(steps + len, sizeof steps - len, "%s%s", len > 0 ? " " : "",
				  p.steps[at].id);
		if (p.steps[at].what[0] == '\0' || p.steps[at].undo[0] == '\0' ||
		    p.steps[at].nchanges == 0)
			fail_msg("%s: %s lacks something", name, p.steps[at].id);
	}
	if (!text_eq(steps, expected))
		fail_msg("%s: %s", name, steps);
}

static void follows_the_driver(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned at = 0;

		prepare(rows[i].change);
		while (at < p.nsteps && p.steps[at].kind != STEP_MODULES)
			at++;
		expect_steps(rows[i].name, at + 1, rows[i].steps);
	}
}

static void follows_what_is_kept(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(kept_rows); i++) {
		settings_defaults(&s);
		machine_working(&f);
		assign_one();
		kept_rows[i].change();
		plan_build(&f, &s, &catalogue_built_in, &p);
		assert_true(plan_keeps(&p));
		assert_false(p.reboot);
		expect_steps(kept_rows[i].name, 0, kept_rows[i].steps);
		assert_non_null(strstr(p.decision.reason,
				       p.nsteps > 0 ? "only its configuration is completed"
						    : "nothing to do"));
	}
}

static const struct {
	const char *name;
	void (*change)(void);
	bool loads;
} ipoib_rows[] = {
	{ "we give addresses", as_it_is, true },
	{ "the agent does", agent_assigns, true },
	{ "the host has none yet", host_names_none, true },
	{ "nobody does", nobody_assigns, false },
	{ "IPOIB_LOAD=no", not_meant, false },
	{ "a kernel without it", no_module, false },
};

/* Now and at each boot, or neither. */
static void loads_ipoib_where_it_is_used(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(ipoib_rows); i++) {
		const struct step *now;
		bool loads = false;

		prepare(ipoib_rows[i].change);
		now = step_of("modules");
		for (unsigned k = 0; k < now->nitems; k++)
			loads = loads || text_eq(now->items[k], "ib_ipoib");
		if (loads != ipoib_rows[i].loads)
			fail_msg("%s: now %d", ipoib_rows[i].name, loads);
		loads = strstr(step_of("modules-boot")->content, "\nib_ipoib\n") != NULL;
		if (loads != ipoib_rows[i].loads)
			fail_msg("%s: at boot %d", ipoib_rows[i].name, loads);
	}
}

/* Each file says who wrote it, and none of them is cut. */
static void files_name_their_author(void **unused)
{
	(void)unused;
	prepare(managed);
	for (unsigned i = 0; i < p.nsteps; i++) {
		const struct step *step = &p.steps[i];

		if (step->kind == STEP_FILE &&
		    (!text_starts(step->content, "# Written by ib-vmext") ||
		     strstr(step->content, "`ib-vmext undo`") == NULL))
			fail_msg("%s does not say who wrote it, or how it goes", step->id);
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
		cmocka_unit_test(follows_what_is_kept),
		cmocka_unit_test(files_name_their_author),
		cmocka_unit_test(waits_for_no_receipt),
		cmocka_unit_test(never_locks_out),
		cmocka_unit_test(loads_ipoib_where_it_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
