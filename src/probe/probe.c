/* probe/probe.c - calls the reader of each source, in the order in which they need each other's
 * facts. */
#include "probe/probe.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/agent.h"
#include "probe/cloud.h"
#include "probe/counter.h"
#include "probe/dkms.h"
#include "probe/driver.h"
#include "probe/hyperv.h"
#include "probe/image.h"
#include "probe/imds.h"
#include "probe/ipoib.h"
#include "probe/kernel.h"
#include "probe/kvp.h"
#include "probe/limits.h"
#include "probe/modinfo.h"
#include "probe/modprobe.h"
#include "probe/module.h"
#include "probe/naming.h"
#include "probe/network.h"
#include "probe/openib.h"
#include "probe/openibd.h"
#include "probe/os.h"
#include "probe/own.h"
#include "probe/pack.h"
#include "probe/package.h"
#include "probe/pci.h"
#include "probe/pending.h"
#include "probe/policy.h"
#include "probe/port.h"
#include "probe/selinux.h"
#include "probe/smbios.h"
#include "probe/space.h"
#include "probe/systemd.h"
#include "probe/user.h"
#include "probe/uverbs.h"

enum { ONLY_WITH_METADATA = 1 << 0, CHANGES_WITH_DRIVER = 1 << 1 };

static const struct {
	void (*read)(const struct host *h, struct facts *ret);
	unsigned flags;
} sources[] = {
	{ os_read, 0 },
	{ kernel_read, 0 },
	{ smbios_read, 0 },
	{ imds_read, ONLY_WITH_METADATA },
	{ module_read, CHANGES_WITH_DRIVER },
	{ modinfo_read, CHANGES_WITH_DRIVER },
	{ modprobe_read, CHANGES_WITH_DRIVER },
	{ user_read, CHANGES_WITH_DRIVER },
	{ hyperv_read, 0 },
	{ pci_read, CHANGES_WITH_DRIVER },
	{ port_read, CHANGES_WITH_DRIVER },
	{ counter_read, CHANGES_WITH_DRIVER },
	{ uverbs_read, CHANGES_WITH_DRIVER },
	{ package_read, 0 },
	{ driver_read, 0 },
	{ dkms_read, 0 },
	{ policy_read, 0 },
	{ pending_read, 0 },
	{ openib_read, 0 },
	{ openibd_read, 0 },
	{ selinux_read, 0 },
	{ agent_read, 0 },
	{ cloud_read, 0 },
	{ network_read, 0 },
	{ kvp_read, 0 },
	{ ipoib_read, CHANGES_WITH_DRIVER },
	{ image_read, CHANGES_WITH_DRIVER },
	{ space_read, 0 },
	{ systemd_read, 0 },
	{ limits_read, CHANGES_WITH_DRIVER },
	{ naming_read, 0 },
	{ own_read, 0 },
};

/* Without any of these there is nothing to read: an empty or unreadable root. */
static int check_readable(const struct host *h, struct error *err)
{
	static const char *const places[] = { "etc", "proc", "sys", "usr" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (host_exists(h, places[i]))
			return 0;
	}
	return error_set(err, FAULT_READ_FAILED, ENOENT,
			 "this machine cannot be read: it has no /etc, /proc, /sys or /usr");
}

int probe_facts(const struct host *h, const struct probe_options *options, struct facts *ret,
		struct error *err)
{
	bool metadata = options != NULL && options->metadata;

	if (check_readable(h, err) < 0)
		return -1;
	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (metadata || !(sources[i].flags & ONLY_WITH_METADATA))
			sources[i].read(h, ret);
	}
	if (options != NULL)
		pack_read(h, options->settings, ret);
	return 0;
}

int probe_rdma(const struct host *h, struct facts *into, struct error *err)
{
	if (check_readable(h, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (sources[i].flags & CHANGES_WITH_DRIVER)
			sources[i].read(h, into);
	}
	return 0;
}
