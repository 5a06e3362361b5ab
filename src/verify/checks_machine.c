/* verify/checks_machine.c - checks of the machine's functions, its limits and its kernels. */
#include "verify/check.h"

#include "base/text.h"

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

bool check_adapter(const struct review *r, unsigned at, struct judgement *ret)
{
	unsigned expected = r->expected_ports > 0 ? r->expected_ports : 1;

	(void)at;
	(void)TEXT_FORMAT(ret->expected, "%u InfiniBand function%s on PCI", expected,
			  plural(expected));
	return judge(ret, r->functions >= expected, "%u InfiniBand function%s on PCI", r->functions,
		     plural(r->functions));
}

bool check_driver(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct nic_facts *without = NULL;
	unsigned bound = 0;

	(void)at;
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
		return judge(ret, true, "%u of %u bound", bound, r->functions);
	return judge(ret, false, "%u of %u bound, none to %s", bound, r->functions,
		     without->address);
}

bool check_ports(const struct review *r, unsigned at, struct judgement *ret)
{
	(void)at;
	(void)TEXT_FORMAT(ret->expected, "%u InfiniBand port%s", r->expected_ports,
			  plural(r->expected_ports));
	return judge(ret, r->ports > 0 && r->ports >= r->expected_ports, "%u InfiniBand port%s",
		     r->ports, plural(r->ports));
}

/* Of a virtual function the kernel often says nothing: then there is nothing to hold against it. */
bool check_pcie(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct nic_facts *n = &r->facts->nics[at];
	bool speeds = n->link_gtps_x10 > 0 && n->most_gtps_x10 > 0;
	bool widths = n->link_width > 0 && n->most_width > 0;

	if (!speeds && !widths)
		return false;
	(void)TEXT_FORMAT(ret->expected, "%u.%u GT/s, %u lanes", n->most_gtps_x10 / 10,
			  n->most_gtps_x10 % 10, n->most_width);
	return judge(ret,
		     (!speeds || n->link_gtps_x10 >= n->most_gtps_x10) &&
			     (!widths || n->link_width >= n->most_width),
		     "%u.%u GT/s, %u lanes", n->link_gtps_x10 / 10, n->link_gtps_x10 % 10,
		     n->link_width);
}

/* Limits. */

static bool is_unlimited(const char *limit)
{
	return text_eq(limit, "unlimited");
}

static void limit_text(const char *limit, char *ret, size_t size)
{
	if (text_eq(limit, "default"))
		(void)text_copy(ret, size, "the system's default");
	else if (is_unlimited(limit))
		(void)text_copy(ret, size, limit);
	else
		(void)text_format(ret, size, "%s KiB", limit);
}

bool check_memlock_session(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct limit_facts *l = &r->facts->limits;
	char soft[40], hard[40];

	(void)at;
	if (l->session_soft[0] == '\0' && l->session_hard[0] == '\0')
		return false;
	limit_text(l->session_soft, soft, sizeof soft);
	limit_text(l->session_hard, hard, sizeof hard);
	if (text_eq(soft, hard))
		return judge(ret, is_unlimited(l->session_soft), "%s", soft);
	return judge(ret, false, "soft %s, hard %s", soft, hard);
}

bool check_memlock_service(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct limit_facts *l = &r->facts->limits;
	char text[40];

	(void)at;
	if (l->service_soft[0] == '\0')
		return false;
	limit_text(l->service_soft, text, sizeof text);
	return judge(ret, is_unlimited(l->service_soft), "%s", text);
}

/* DKMS. */

/* The package of the stack's core: Debian's and Red Hat's names for it. */
static bool is_core(const struct dkms_facts *d)
{
	return text_eq(d->name, "mlnx-ofed-kernel") || text_eq(d->name, "mlnx-ofa_kernel");
}

static const char *state_text(enum dkms_state state)
{
	return state == DKMS_INSTALLED ? "installed" : state == DKMS_BUILT ? "built" : "not built";
}

/* A kernel that is neither running nor newer will not boot by itself. */
bool check_dkms(const struct review *r, unsigned at, struct judgement *ret)
{
	const char *release = r->facts->kernels[at].release;
	const struct dkms_facts *core = NULL;
	enum dkms_state best = DKMS_UNKNOWN;

	for (unsigned i = 0; i < r->facts->ndkms; i++) {
		const struct dkms_facts *d = &r->facts->dkms[i];

		if (!is_core(d))
			continue;
		core = d;
		if (text_eq(d->kernel, release) && d->state > best)
			best = d->state;
	}
	if (core == NULL)
		return false;
	(void)TEXT_FORMAT(ret->expected, "%s installed", core->name);
	return judge(ret, best == DKMS_INSTALLED, "%s %s", core->name, state_text(best));
}
