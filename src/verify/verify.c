/* verify/verify.c - holds the ports of a machine against what its size promises. */
#include "verify/verify.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

enum { LID_LEAST = 1, LID_MOST = 0xbfff, PKEY_FULL_MEMBER = 0x8000, PKEY_BASE = 0x7fff };

/* What has been found so far. */
struct review {
	const struct facts *facts;
	struct verification *ret;
	unsigned functions, ports, active;           /* of InfiniBand, on this machine */
	unsigned expected_ports, expected_rate_gbps; /* rate 0: not known */
	bool red; /* a check is, also one that found no place in the table */
};

/* What a finding says, but for its measured value. */
struct claim {
	const char *id; /* "port-active" */
	const char *expected;
	const char *remedy; /* shown when the check is red */
};

static PRINTF(4, 5) void check_add(struct review *r, const struct claim *claim, bool ok,
				   const char *fmt, ...)
{
	struct verification *v = r->ret;
	struct finding *f;
	va_list ap;

	r->red |= !ok;
	/* A machine with more ports than the table has room for still shows what is wrong. */
	if (v->nchecks == VERIFY_CHECKS_MAX && ok)
		return;
	f = &v->checks[v->nchecks < VERIFY_CHECKS_MAX ? v->nchecks++ : VERIFY_CHECKS_MAX - 1];
	*f = (struct finding) { .ok = ok };
	(void)TEXT_COPY(f->id, claim->id);
	(void)TEXT_COPY(f->expected, claim->expected);
	(void)TEXT_COPY(f->remedy, ok ? "" : claim->remedy);
	va_start(ap, fmt);
	(void)vsnprintf(f->measured, sizeof f->measured, fmt, ap);
	va_end(ap);
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

/* The machine as a whole. */

/* Off Azure, or with a size that nobody knows, each function is expected to have one port. */
static void expectation_set(struct review *r, const struct catalogue *c)
{
	const struct size_row *size = NULL;

	if (r->facts->vm.azure)
		size = catalogue_size(c, r->facts->vm.size);
	if (size != NULL && size->kind == SIZE_SRIOV) {
		r->expected_ports = size->ports;
		r->expected_rate_gbps = size->rate_gbps;
	} else {
		r->expected_ports = r->functions;
	}
}

static void adapter_check(struct review *r)
{
	unsigned expected = r->expected_ports > 0 ? r->expected_ports : 1;
	char text[40];
	struct claim claim = { "adapter-present", text,
			       "Stop (deallocate) and start the VM, so that it moves to another "
			       "host; check that its size has InfiniBand." };

	(void)TEXT_FORMAT(text, "%u InfiniBand function%s on PCI", expected, plural(expected));
	check_add(r, &claim, r->functions >= expected, "%u InfiniBand function%s on PCI",
		  r->functions, plural(r->functions));
}

static void driver_check(struct review *r)
{
	static const struct claim claim = { "driver-bound", "each InfiniBand function has a driver",
					    "Load it with `modprobe mlx5_core` (ConnectX-3: "
					    "mlx4_core); look at dmesg for why it did not bind." };
	const struct nic_facts *without = NULL;
	unsigned bound = 0;

	for (unsigned i = 0; i < r->facts->nnics; i++) {
		const struct nic_facts *nic = &r->facts->nics[i];

		if (!nic_is_infiniband(nic))
			continue;
		if (nic->driver[0] != '\0')
			bound++;
		else if (without == NULL)
			without = nic;
	}
	if (without == NULL)
		check_add(r, &claim, true, "%u of %u bound", bound, r->functions);
	else
		check_add(r, &claim, false, "%u of %u bound, none to %s", bound, r->functions,
			  without->address);
}

static void ports_check(struct review *r)
{
	char text[40];
	struct claim claim = {
		"ports-present", text,
		"Load mlx5_ib (ConnectX-3: mlx4_ib) with modprobe; look at dmesg; run "
		"`ib-vmext apply`."
	};

	(void)TEXT_FORMAT(text, "%u InfiniBand port%s", r->expected_ports,
			  plural(r->expected_ports));
	check_add(r, &claim, r->ports > 0 && r->ports >= r->expected_ports, "%u InfiniBand port%s",
		  r->ports, plural(r->ports));
}

static void modules_check(struct review *r)
{
	static const struct claim claim = {
		"modules-loaded", "ib_uverbs loaded",
		"Load it with `modprobe ib_uverbs`; run `ib-vmext apply` "
		"to have it loaded at every boot."
	};
	const struct module_facts *module = facts_module(r->facts, "ib_uverbs");
	bool loaded = module != NULL && (module->loaded || module->built_in);

	if (r->facts->nmodules == 0 && !r->facts->modules_known)
		return;
	check_add(r, &claim, loaded, "ib_uverbs %s", loaded ? "loaded" : "not loaded");
}

/* The packages that hold libibverbs and its providers, by package manager. */
static const struct {
	const char *manager, *packages[2];
} userlands[] = {
	{ "apt", { "rdma-core", "ibverbs-providers" } },
	{ "dnf", { "rdma-core", "libibverbs" } },
	{ "yum", { "rdma-core", "libibverbs" } },
};

static bool is_whole(const struct facts *f, const char *name)
{
	const struct package_facts *package = facts_package(f, name);

	return package != NULL && !package->half_installed;
}

static void userland_check_of(struct review *r, const char *const packages[2])
{
	char expected[96], missing[96] = "";
	struct claim claim = { "userland", expected, "Install them: run `ib-vmext apply`." };

	(void)TEXT_FORMAT(expected, "%s and %s installed", packages[0], packages[1]);
	for (size_t i = 0; i < 2; i++) {
		if (is_whole(r->facts, packages[i]))
			continue;
		if (missing[0] == '\0')
			(void)TEXT_FORMAT(missing, "%s %s", packages[i],
					  facts_package(r->facts, packages[i]) == NULL
						  ? "missing"
						  : "half-installed");
	}
	check_add(r, &claim, missing[0] == '\0', "%s", missing[0] == '\0' ? "installed" : missing);
}

/* MLNX_OFED 4.9 brings a library for each family of adapters, and no rdma-core (worlds
 * ncv3-centos76-mlnxofed). */
static bool has_libraries_of_49(const struct facts *f)
{
	return f->driver.kind == DRIVER_MLNX_OFED &&
	       (is_whole(f, "libibverbs") || is_whole(f, "libibverbs1")) &&
	       (is_whole(f, "libmlx4") || is_whole(f, "libmlx4-1") || is_whole(f, "libmlx5") ||
		is_whole(f, "libmlx5-1"));
}

static void userland_check(struct review *r)
{
	if (!r->facts->packages_known || has_libraries_of_49(r->facts))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(userlands); i++)
		if (text_eq(userlands[i].manager, r->facts->package_manager))
			userland_check_of(r, userlands[i].packages);
}

/* One port. */

static void port_check_add(struct review *r, const struct port_facts *p, struct claim claim,
			   bool ok, const char *measured)
{
	char id[sizeof r->ret->checks[0].id];

	(void)TEXT_FORMAT(id, "%s:%s/%u", claim.id, p->device, p->number);
	claim.id = id;
	check_add(r, &claim, ok, "%s", measured);
}

/* A port more than the size promises may be down: the second one of a dual-port adapter often is.
 */
static void port_state_checks(struct review *r, const struct port_facts *p)
{
	bool spare = p->state != PORT_ACTIVE && r->active >= r->expected_ports;
	struct claim active = {
		"port-active", spare ? "any: enough other ports are ACTIVE" : "ACTIVE",
		p->phys_state == PORT_PHYS_LINK_UP
			? "The link is up, but no subnet manager has set the port "
			  "ACTIVE: wait some minutes; redeploy the VM if it stays so."
			: "The port has no link: wait some minutes; redeploy the VM "
			  "or open an Azure support request if it stays so."
	};
	struct claim link = {
		"port-link-up", spare ? "any: enough other ports are ACTIVE" : "LinkUp",
		"The port has no link to the fabric: redeploy the VM or open an Azure "
		"support request."
	};

	port_check_add(r, p, active, p->state == PORT_ACTIVE || spare, port_state_name(p->state));
	if (p->phys_state != PORT_PHYS_UNKNOWN)
		port_check_add(r, p, link, p->phys_state == PORT_PHYS_LINK_UP || spare,
			       port_phys_state_name(p->phys_state));
}

static void port_rate_check(struct review *r, const struct port_facts *p)
{
	char expected[40], measured[40];
	struct claim claim = {
		"port-rate", expected,
		"The link came up slower than this VM size promises: redeploy the VM; "
		"open an Azure support request if it stays so."
	};

	if (r->expected_rate_gbps == 0 || p->rate_gbps == 0)
		return;
	(void)TEXT_FORMAT(expected, "%u Gb/s", r->expected_rate_gbps);
	(void)TEXT_FORMAT(measured, "%u Gb/s", p->rate_gbps);
	port_check_add(r, p, claim, p->rate_gbps >= r->expected_rate_gbps, measured);
}

static void port_pkey_check(struct review *r, const struct port_facts *p)
{
	static const struct claim claim = { "pkey-full-member", "a partition key with 0x8000 set",
					    "Without full membership two VMs cannot talk: redeploy "
					    "the VM or open an Azure support request." };
	char measured[96] = "", former[96];
	bool full = false;

	for (unsigned i = 0; i < p->npkeys; i++) {
		if ((p->pkeys[i] & PKEY_BASE) == 0)
			continue; /* an empty entry */
		full |= (p->pkeys[i] & PKEY_FULL_MEMBER) != 0;
		(void)TEXT_COPY(former, measured);
		(void)TEXT_FORMAT(measured, "%s%s0x%04x", former, former[0] != '\0' ? " " : "",
				  p->pkeys[i]);
	}
	port_check_add(r, p, claim, full, measured[0] != '\0' ? measured : "none");
}

static void port_lid_check(struct review *r, const struct port_facts *p, const char *id,
			   uint32_t lid)
{
	struct claim claim = {
		id, "0x0001 to 0xbfff",
		"The subnet manager has not given the port a place in the fabric: wait "
		"some minutes; redeploy the VM if it stays so."
	};
	char measured[16];

	(void)TEXT_FORMAT(measured, "0x%04x", (unsigned)lid);
	port_check_add(r, p, claim, lid >= LID_LEAST && lid <= LID_MOST, measured);
}

static void port_checks(struct review *r, const struct port_facts *p)
{
	port_state_checks(r, p);
	if (p->state != PORT_ACTIVE)
		return; /* the rest is the subnet manager's, which has not been there */
	port_rate_check(r, p);
	port_pkey_check(r, p);
	port_lid_check(r, p, "lid-sane", p->lid);
	port_lid_check(r, p, "sm-lid", p->sm_lid);
}

static enum verdict verdict_of(const struct review *r)
{
	if (r->functions == 0)
		return VERDICT_ABSENT;
	if (r->ports == 0)
		return VERDICT_DRIVER_BROKEN;
	if (r->active == 0)
		return VERDICT_FABRIC_NOT_READY;
	return r->red ? VERDICT_DEGRADED : VERDICT_OK;
}

void verify_facts(const struct facts *f, const struct catalogue *c, struct verification *ret)
{
	struct review r = {
		.facts = f,
		.ret = ret,
		.functions = facts_count_infiniband_nics(f),
		.ports = facts_count_infiniband_ports(f, PORT_STATE_UNKNOWN),
		.active = facts_count_infiniband_ports(f, PORT_ACTIVE),
	};

	*ret = (struct verification) { 0 };
	expectation_set(&r, c);
	adapter_check(&r);
	if (r.functions > 0) {
		driver_check(&r);
		ports_check(&r);
		for (unsigned i = 0; i < f->nports; i++)
			if (f->ports[i].link_layer == LINK_LAYER_INFINIBAND)
				port_checks(&r, &f->ports[i]);
		modules_check(&r);
		userland_check(&r);
	}
	ret->verdict = verdict_of(&r);
}
