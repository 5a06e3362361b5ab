/* plan/steps_after.c - what has to follow the driver, so that a job can run: limits, and the
 * addresses of IPoIB. */
#include "plan/steps.h"

#include "base/text.h"

#define HEAD "# Written by ib-vmext; `ib-vmext undo` takes this file away.\n"

#define SESSION_LIMITS "etc/security/limits.d/90-ib-vmext.conf"
#define SYSTEM_LIMITS  "etc/systemd/system.conf.d/90-ib-vmext.conf"
#define USER_LIMITS    "etc/systemd/user.conf.d/90-ib-vmext.conf"

#define IPOIB_UNIT     "etc/systemd/system/ib-vmext-ipoib@.service"
#define IPOIB_RULE     "etc/udev/rules.d/90-ib-vmext-ipoib.rules"
#define IPOIB_MANAGER  "etc/NetworkManager/conf.d/90-ib-vmext-ipoib.conf"
#define IPOIB_NETWORKD "etc/systemd/network/05-ib-vmext-ipoib.network"

enum { OPEN_FILES = 1048576 };

static void file_step(const char *id, const char *path, const char *what, const char *content,
		      struct plan *ret)
{
	struct step *s = step_add(ret, id, STEP_FILE);

	item_add(s, path);
	change_add(s, "file /%s", path);
	(void)TEXT_COPY(s->what, what);
	(void)TEXT_COPY(s->undo, "the file is removed, or gets its former content back");
	(void)TEXT_COPY(s->content, content);
}

/* A limit above fs.nr_open would keep everybody from logging in (pam_limits(8)). */
static void session_limits_step(const struct facts *f, struct plan *ret)
{
	bool fits = f->limits.most_open_files >= OPEN_FILES;

	file_step("limits", SESSION_LIMITS, "lift locked memory, open files and stack of sessions",
		  fits ? HEAD "* soft memlock unlimited\n"
			      "* hard memlock unlimited\n"
			      "* soft stack unlimited\n"
			      "* hard stack unlimited\n"
			      "* soft nofile 1048576\n"
			      "* hard nofile 1048576\n"
		       : HEAD "* soft memlock unlimited\n"
			      "* hard memlock unlimited\n"
			      "* soft stack unlimited\n"
			      "* hard stack unlimited\n",
		  ret);
}

/* limits.conf says nothing to services: slurmd hands systemd's limit to its jobs. */
static void service_limits_steps(struct plan *ret)
{
	struct step *s;

	file_step("limits-services", SYSTEM_LIMITS, "lift locked memory of services",
		  HEAD "[Manager]\nDefaultLimitMEMLOCK=infinity\n", ret);
	file_step("limits-users", USER_LIMITS, "lift locked memory of users' own services",
		  HEAD "[Manager]\nDefaultLimitMEMLOCK=infinity\n", ret);
	s = step_add(ret, "limits-manager", STEP_MANAGER);
	item_add(s, "DefaultLimitMEMLOCK");
	change_add(s, "systemd executed anew (systemctl daemon-reexec)");
	(void)TEXT_COPY(s->what,
			"have systemd take the limits over; services that run keep theirs until "
			"they are restarted");
	(void)TEXT_COPY(s->undo, "it takes the former limits over at the next boot");
}

/* Where the host has assigned addresses, and nothing else lives in their network. */
static bool wants_addresses(const struct inputs *in)
{
	const struct facts *f = in->facts;

	return in->settings->ipoib == IPOIB_SELF && f->systemd && f->kvp.ipoib_pairs > 0 &&
	       f->network.overlaps_rdma != TRI_YES && f->ipoib_load != TRI_NO;
}

/* A device that appears starts the unit: at boot, when a driver comes later, and after hot-plug.
 * The first may come before there is a receipt, at the restart that a run ends with. One for each
 * interface, so that none comes while the unit of another is still at work and is not looked at. */
static void ipoib_boot_steps(struct plan *ret)
{
	file_step("ipoib-unit", IPOIB_UNIT,
		  "have a unit that gives IPoIB interfaces their addresses",
		  HEAD "[Unit]\n"
		       "Description=Give the IPoIB interface %I the address that Azure assigned\n"
		       "After=hv-kvp-daemon.service hypervkvpd.service\n"
		       "\n"
		       "[Service]\n"
		       "Type=oneshot\n"
		       "ExecStart=/usr/libexec/ib-vmext/" IB_VMEXT_VERSION
		       "/ib-vmext handler addresses\n",
		  ret);
	file_step("ipoib-rule", IPOIB_RULE, "have it started for each IPoIB interface that appears",
		  HEAD "ACTION==\"add\", SUBSYSTEM==\"net\", ATTR{type}==\"32\", "
		       "TAG+=\"systemd\", "
		       "ENV{SYSTEMD_WANTS}+=\"ib-vmext-ipoib@%k.service\"\n",
		  ret);
}

/* They would take the addresses away, or wait for the interfaces at every boot. */
static void ipoib_leave_alone_steps(const struct facts *f, struct plan *ret)
{
	if (f->network.network_manager)
		file_step("ipoib-networkmanager", IPOIB_MANAGER,
			  "have NetworkManager leave IPoIB interfaces alone",
			  HEAD "[keyfile]\nunmanaged-devices=type:infiniband\n", ret);
	if (f->network.networkd)
		file_step("ipoib-networkd", IPOIB_NETWORKD,
			  "have systemd-networkd leave IPoIB interfaces alone",
			  HEAD "[Match]\nType=infiniband\n\n[Link]\nUnmanaged=yes\n"
			       "RequiredForOnline=no\n",
			  ret);
}

static void addresses_step(const struct facts *f, struct plan *ret)
{
	struct step *s = step_add(ret, "ipoib", STEP_ADDRESSES);

	for (unsigned i = 0; i < f->kvp.nassigned; i++)
		change_add(s, "address %s/16 of the port with MAC %s", f->kvp.assigned[i].ipv4,
			   f->kvp.assigned[i].mac);
	(void)TEXT_COPY(s->what, "give IPoIB interfaces the addresses that Azure assigned to them");
	(void)TEXT_COPY(s->undo, "the addresses that were added are taken away");
}

void after_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	if (in->settings->limits) {
		session_limits_step(in->facts, ret);
		if (in->facts->systemd)
			service_limits_steps(ret);
	}
	if (!wants_addresses(in) || row_lacks_module(row, in->facts, "ib_ipoib"))
		return;
	ipoib_leave_alone_steps(in->facts, ret);
	ipoib_boot_steps(ret);
	if (!ret->reboot)
		addresses_step(in->facts, ret);
}
