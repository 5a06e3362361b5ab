/* plan/rules_network.c - warnings about IPoIB: its addresses, the agent, and the node's own
 * network.
 */
#include "plan/room.h"

#include "base/text.h"

/* The first version of cloud-init that takes an IPoIB interface for what it is (LP: 1874544). */
#define CLOUD_INIT_KNOWS_IPOIB "21.4"

static bool wants_ipoib(const struct inputs *in)
{
	return in->settings->ipoib != IPOIB_OFF;
}

static bool agent_assigns(const struct inputs *in)
{
	return in->settings->ipoib == IPOIB_AGENT;
}

static bool ipoib_no_address(const struct inputs *in, const struct driver_row *row, char *what,
			     size_t size)
{
	(void)row;
	if (!wants_ipoib(in) || !in->facts->kvp.known || in->facts->kvp.ipoib_pairs > 0)
		return false;
	(void)text_copy(what, size,
			"the host's key-value pools hold no IPoIB address for this VM: IPoIB "
			"interfaces stay without one");
	return true;
}

static bool agent_needs_ifconfig(const struct inputs *in, const struct driver_row *row, char *what,
				 size_t size)
{
	(void)row;
	if (!agent_assigns(in) || in->facts->network.has_ifconfig != TRI_NO ||
	    !in->facts->kvp.known || in->facts->kvp.ipoib_pairs != 1)
		return false;
	(void)text_copy(what, size,
			"the agent is to assign the one IPoIB address and calls ifconfig for it, "
			"which is not installed");
	return true;
}

static bool agent_broken(const struct inputs *in, const struct driver_row *row, char *what,
			 size_t size)
{
	(void)row;
	if (!agent_assigns(in) || !text_eq(in->facts->agent.version, "2.9.1.1"))
		return false;
	(void)text_copy(what, size,
			"the agent is to assign the IPoIB addresses, and its version 2.9.1.1 "
			"cannot");
	return true;
}

static bool agent_rdma_off(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	(void)row;
	if (!agent_assigns(in) || in->facts->agent.enable_rdma != TRI_NO)
		return false;
	(void)text_copy(what, size,
			"the agent is to assign the IPoIB addresses, and OS.EnableRDMA is not y in "
			"/etc/waagent.conf: the plan sets it, and the agent reads it at its next "
			"start");
	return true;
}

static bool cloud_init_duplicate_mac(const struct inputs *in, const struct driver_row *row,
				     char *what, size_t size)
{
	const struct network_facts *n = &in->facts->network;
	bool known = n->cloud_init_version[0] != '\0';

	(void)row;
	if (!wants_ipoib(in) || n->cloud_init != TRI_YES || n->cloud_init_network != TRI_YES)
		return false;
	if (known && version_compare(n->cloud_init_version, CLOUD_INIT_KNOWS_IPOIB) >= 0)
		return false;
	(void)text_format(
		what, size,
		"cloud-init%s%s writes the network's configuration%s: before "
		"" CLOUD_INIT_KNOWS_IPOIB " it stops a boot at a \"duplicate mac\" of ib0 and eth1",
		known ? " " : "", n->cloud_init_version, known ? "" : ", its version is not known");
	return true;
}

static bool rdma_net_overlap(const struct inputs *in, const struct driver_row *row, char *what,
			     size_t size)
{
	(void)row;
	if (!wants_ipoib(in) || in->facts->network.overlaps_rdma != TRI_YES)
		return false;
	(void)text_copy(what, size,
			"an interface that is not InfiniBand has a route into 172.16.0.0/16, which "
			"IPoIB uses");
	return true;
}

static bool ipoib_load_off(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	(void)row;
	if (!wants_ipoib(in) || in->facts->ipoib_load != TRI_NO)
		return false;
	(void)text_copy(what, size,
			"IPOIB_LOAD=no in /etc/infiniband/openib.conf: openibd makes no IPoIB "
			"interface");
	return true;
}

const struct rule rules_of_network[] = {
	{ "ipoib-no-address", RULE_WARNS, ipoib_no_address, FAULT_NONE },
	{ "ipoib-load-off", RULE_WARNS, ipoib_load_off, FAULT_NONE },
	{ "agent-needs-ifconfig", RULE_WARNS, agent_needs_ifconfig, FAULT_NONE },
	{ "agent-broken", RULE_WARNS, agent_broken, FAULT_NONE },
	{ "agent-rdma-off", RULE_WARNS, agent_rdma_off, FAULT_NONE },
	{ "cloud-init-duplicate-mac", RULE_WARNS, cloud_init_duplicate_mac, FAULT_NONE },
	{ "names-not-possible", RULE_WARNS, names_cannot_be_given, FAULT_NONE },
	{ "names-by-others", RULE_WARNS, names_are_given, FAULT_NONE },
	{ "rdma-net-overlap", RULE_WARNS, rdma_net_overlap, FAULT_NONE },
	{ 0 },
};
