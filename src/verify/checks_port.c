/* verify/checks_port.c - checks of one InfiniBand port. */
#include "verify/check.h"

#include <string.h>

#include "base/text.h"

enum { LID_LEAST = 1, LID_MOST = 0xbfff, PKEY_FULL_MEMBER = 0x8000, PKEY_BASE = 0x7fff };
enum { OTHERS_MAY = 0006, GROUP_MAY = 0060, OWNER_MAY = 0600, SDR_MOST_GBPS = 10 };

static const struct port_facts *port_at(const struct review *r, unsigned at)
{
	return &r->facts->ports[at];
}

/* A port more than the size promises may be down: the second one of a dual-port adapter often is.
 */
static bool is_spare(const struct review *r, const struct port_facts *p, struct judgement *ret)
{
	if (p->state == PORT_ACTIVE || r->active < r->expected_ports)
		return false;
	(void)TEXT_COPY(ret->expected, "any: enough other ports are ACTIVE");
	return true;
}

bool check_port_active(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);
	bool spare = is_spare(r, p, ret);

	ret->remedy = p->phys_state == PORT_PHYS_LINK_UP
			      ? "The link is up, but no subnet manager has set the port ACTIVE: "
				"wait some minutes; redeploy the VM if it stays so."
			      : "The port has no link: wait some minutes; redeploy the VM or open "
				"an Azure support request if it stays so.";
	return judge(ret, p->state == PORT_ACTIVE || spare, "%s", port_state_name(p->state));
}

bool check_port_link(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);
	bool spare = is_spare(r, p, ret);

	if (p->phys_state == PORT_PHYS_UNKNOWN)
		return false;
	return judge(ret, p->phys_state == PORT_PHYS_LINK_UP || spare, "%s",
		     port_phys_state_name(p->phys_state));
}

/* A driver that does not know the speed shows the slowest (known issue 20). */
bool check_port_rate(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);

	if (r->expected_rate_gbps == 0 || p->rate_gbps == 0)
		return false;
	(void)TEXT_FORMAT(ret->expected, "%u Gb/s", r->expected_rate_gbps);
	if (p->rate_gbps < SDR_MOST_GBPS)
		ret->remedy = "The driver does not know this link's speed: update it "
			      "(`ib-vmext plan` shows to what); redeploy the VM if it stays so.";
	return judge(ret, p->rate_gbps >= r->expected_rate_gbps, "%u Gb/s", p->rate_gbps);
}

bool check_port_pkey(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);
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
	return judge(ret, full, "%s", measured[0] != '\0' ? measured : "none");
}

static bool judge_lid(struct judgement *ret, uint32_t lid)
{
	return judge(ret, lid >= LID_LEAST && lid <= LID_MOST, "0x%04x", (unsigned)lid);
}

bool check_port_lid(const struct review *r, unsigned at, struct judgement *ret)
{
	return judge_lid(ret, port_at(r, at)->lid);
}

bool check_port_sm_lid(const struct review *r, unsigned at, struct judgement *ret)
{
	return judge_lid(ret, port_at(r, at)->sm_lid);
}

/* The first other device with the same GUID; a device's ports share theirs. */
static const char *find_twin(const struct review *r, const struct port_facts *p)
{
	for (unsigned i = 0; i < r->facts->nports; i++) {
		const struct port_facts *other = port_at(r, i);

		if (other->link_layer == LINK_LAYER_INFINIBAND && text_eq(other->guid, p->guid) &&
		    !text_eq(other->device, p->device))
			return other->device;
	}
	return NULL;
}

bool check_port_guid(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);
	bool empty = strspn(p->guid, "0:") == strlen(p->guid) ||
		     strspn(p->guid, "fF:") == strlen(p->guid);
	const char *twin = find_twin(r, p);

	if (p->guid[0] == '\0')
		return false;
	if (!empty && twin != NULL)
		return judge(ret, false, "%s, as %.48s has it", p->guid, twin);
	return judge(ret, !empty, "%s", p->guid);
}

/* One time is what taking the function over may cost. */
bool check_port_flaps(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct counter_facts *c = &port_at(r, at)->counters;
	unsigned long long times = c->link_downed;

	if (!c->known)
		return false;
	return judge(ret, times <= 1, "%llu time%s", times, times == 1 ? "" : "s");
}

/* Device nodes. */

static bool judge_node(struct judgement *ret, const struct node_facts *n, bool may)
{
	if (n->there == TRI_YES)
		return judge(ret, may, "%s, mode %04o, group %u", n->name, n->mode, n->group);
	return judge(ret, false, "%s%s",
		     n->name[0] != '\0' ? n->name : "no node of the kernel's for it",
		     n->name[0] != '\0' ? " is not in /dev/infiniband" : "");
}

/* rdma-core and the kernel let everybody in; a site may keep it to a group. */
bool check_port_uverbs(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct node_facts *n = &port_at(r, at)->uverbs;
	bool everybody = (n->mode & OTHERS_MAY) == OTHERS_MAY;
	bool group = (n->mode & GROUP_MAY) == GROUP_MAY && n->group != 0;

	if (n->there == TRI_UNKNOWN)
		return false;
	(void)TEXT_COPY(ret->expected, "readable and writable by users, mode 0666");
	return judge_node(ret, n, everybody || group);
}

/* Management datagrams are root's: the kernel makes the node 0600. */
bool check_port_umad(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct node_facts *n = &port_at(r, at)->umad;

	if (n->there == TRI_UNKNOWN)
		return false;
	(void)TEXT_COPY(ret->expected, "readable and writable by root, mode 0600");
	return judge_node(ret, n, (n->mode & OWNER_MAY) == OWNER_MAY);
}

/* IPoIB. */

/* Where ib_ipoib is not loaded, no interface is meant to be: the plan warns of that. */
bool check_ipoib_netdev(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct module_facts *module = facts_module(r->facts, "ib_ipoib");
	const struct port_facts *p = port_at(r, at);

	if (p->netdev[0] != '\0')
		return judge(ret, true, "%s", p->netdev);
	if (module == NULL || !(module->loaded || module->built_in))
		return false;
	return judge(ret, false, "none, though ib_ipoib is loaded");
}

/* The kernel says "unknown" where the driver does not tell; an interface whose addresses nobody can
 * tell is none that the kernel has here. */
bool check_ipoib_up(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);

	if (p->addressed == TRI_UNKNOWN || p->netdev_state[0] == '\0' ||
	    text_eq(p->netdev_state, "unknown"))
		return false;
	return judge(ret, text_eq(p->netdev_state, "up"), "%s %s", p->netdev, p->netdev_state);
}

/* Without an address from the host none is expected. */
bool check_ipoib_address(const struct review *r, unsigned at, struct judgement *ret)
{
	const struct port_facts *p = port_at(r, at);

	if (p->addressed == TRI_UNKNOWN || (p->addressed == TRI_NO && p->assigned_ipv4[0] == '\0'))
		return false;
	(void)TEXT_FORMAT(ret->expected, "%s",
			  p->assigned_ipv4[0] != '\0' ? p->assigned_ipv4 : "any address");
	if (p->addressed == TRI_NO)
		return judge(ret, false, "%s has none", p->netdev);
	return judge(ret, p->assigned_ipv4[0] == '\0' || text_eq(p->ipv4, p->assigned_ipv4),
		     "%s %s", p->netdev, p->ipv4);
}
