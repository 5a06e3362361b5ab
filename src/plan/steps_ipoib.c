/* plan/steps_ipoib.c - the addresses of IPoIB interfaces: now, at each boot, and out of the reach
 * of who manages the network. */
#include "plan/steps.h"

#include "base/text.h"
#include "facts/own_files.h"

/* Has an interface of the stack that is kept no address? What is not known is left as it is, and
 * so is an address, whoever gave it: it may be a network manager that is not to let go of it. */
static bool lacks_address(const struct facts *f)
{
	for (unsigned i = 0; i < f->nports; i++) {
		const struct port_facts *p = &f->ports[i];

		if (p->netdev[0] != '\0' && p->assigned_ipv4[0] != '\0' && p->addressed == TRI_NO)
			return true;
	}
	return false;
}

/* Where the host has assigned addresses, as it will to a VM of an image, and nothing else lives in
 * their network. */
static bool wants_addresses(const struct inputs *in, const struct driver_row *row)
{
	const struct facts *f = in->facts;

	if (in->settings->ipoib != IPOIB_SELF || !f->systemd ||
	    (f->kvp.ipoib_pairs == 0 && !f->image) || f->network.overlaps_rdma == TRI_YES ||
	    f->ipoib_load == TRI_NO)
		return false;
	return in->intent == INTENT_KEEP ? lacks_address(f) : !row_lacks_module(row, f, "ib_ipoib");
}

/* A device that appears starts the unit: at boot, when a driver comes later, and after hot-plug.
 * The first may come before there is a receipt, at the restart that a run ends with. One for each
 * interface, so that none comes while the unit of another is still at work and is not looked at. */
static void boot_steps(const struct inputs *in, struct plan *ret)
{
	static const struct step_text unit = {
		"ipoib-unit", "have a unit that gives IPoIB interfaces their addresses",
		"[Unit]\n"
		"Description=Give the IPoIB interface %I the address that Azure assigned\n"
		"After=hv-kvp-daemon.service hypervkvpd.service\n"
		"\n"
		"[Service]\n"
		"Type=oneshot\n"
		"ExecStart=/usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext handler addresses\n"
	};
	static const struct step_text rule = {
		"ipoib-rule", "have it started for each IPoIB interface that appears",
		"ACTION==\"add\", SUBSYSTEM==\"net\", ATTR{type}==\"32\", TAG+=\"systemd\", "
		"ENV{SYSTEMD_WANTS}+=\"ib-vmext-ipoib@%k.service\"\n"
	};

	own_file_step(in, OWN_IPOIB_UNIT, &unit, ret);
	own_file_step(in, OWN_IPOIB_RULE, &rule, ret);
}

/* They would take the addresses away, or wait for the interfaces at every boot. */
enum { NETWORK_MANAGER, NETWORKD, MANAGERS };
static const struct {
	const char *unit, *path;
	struct step_text text;
} managers[MANAGERS] = {
	[NETWORK_MANAGER] = { "NetworkManager.service",
			      OWN_IPOIB_MANAGER,
			      { "ipoib-networkmanager",
				"have NetworkManager leave IPoIB interfaces alone",
				"[keyfile]\nunmanaged-devices=type:infiniband\n" } },
	[NETWORKD] = { "systemd-networkd.service",
		       OWN_IPOIB_NETWORKD,
		       { "ipoib-networkd", "have systemd-networkd leave IPoIB interfaces alone",
			 "[Match]\nType=infiniband\n\n[Link]\nUnmanaged=yes\n"
			 "RequiredForOnline=no\n" } },
};

static void leave_alone_steps(const struct inputs *in, struct plan *ret)
{
	const bool enabled[MANAGERS] = { in->facts->network.network_manager,
					 in->facts->network.networkd };

	for (size_t i = 0; i < MANAGERS; i++)
		if (enabled[i])
			own_file_step(in, managers[i].path, &managers[i].text, ret);
}

static bool is_step(const struct plan *p, const char *id)
{
	for (unsigned i = 0; i < p->nsteps; i++)
		if (text_eq(p->steps[i].id, id))
			return true;
	return false;
}

/* Who runs has read its files already. At the next boot it reads them anew. */
static void takeover_step(struct plan *ret)
{
	struct step *s = step_add(ret, "ipoib-takeover", STEP_TAKEOVER);

	for (size_t i = 0; i < MANAGERS; i++) {
		if (!is_step(ret, managers[i].text.id))
			continue;
		item_add(s, managers[i].unit);
		change_add(s, "%s reads its configuration anew", managers[i].unit);
	}
	(void)TEXT_COPY(s->what, "have who manages the network take that over");
	(void)TEXT_COPY(s->undo, "it reads its former configuration at the next boot");
	step_drop_if_idle(ret);
}

static bool is_given(const struct facts *f, const char *address)
{
	for (unsigned i = 0; i < f->nports; i++)
		if (text_eq(f->ports[i].ipv4, address))
			return true;
	return false;
}

static void addresses_step(const struct facts *f, struct plan *ret)
{
	struct step *s = step_add(ret, "ipoib", STEP_ADDRESSES);

	for (unsigned i = 0; i < f->kvp.nassigned; i++)
		if (!is_given(f, f->kvp.assigned[i].ipv4))
			change_add(s, "address %s/16 of the port with MAC %s",
				   f->kvp.assigned[i].ipv4, f->kvp.assigned[i].mac);
	(void)TEXT_COPY(s->what, "give IPoIB interfaces the addresses that Azure assigned to them");
	(void)TEXT_COPY(s->undo, "the addresses that were added are taken away");
}

/* The agent reads its configuration once, when it starts: it is not restarted, for it is the one
 * that carries out what the platform asks. */
static void agent_step(const struct inputs *in, struct plan *ret)
{
	struct step *s;

	if (in->settings->ipoib != IPOIB_AGENT || in->facts->agent.enable_rdma != TRI_NO)
		return;
	s = step_add(ret, "agent-rdma", STEP_SETTING);
	item_add(s, "etc/waagent.conf");
	item_add(s, "OS.EnableRDMA");
	item_add(s, "y");
	change_add(s, "OS.EnableRDMA=y in /etc/waagent.conf");
	(void)TEXT_COPY(
		s->what,
		"have the agent give IPoIB interfaces their addresses, from its next start");
	(void)TEXT_COPY(s->undo, "the line becomes what it was");
}

void ipoib_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	agent_step(in, ret);
	if (!wants_addresses(in, row))
		return;
	leave_alone_steps(in, ret);
	boot_steps(in, ret);
	if (ret->reboot || in->facts->image)
		return;
	takeover_step(ret);
	addresses_step(in->facts, ret);
}
