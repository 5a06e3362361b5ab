/* tests/unit/probe/test_machine.c - whole machines again: what only the readers can tell, from
 * trees of files and links. */
#include "fixture.h"

#include "facts/facts.h"
#include "probe/probe.h"

struct machine {
	struct world world;
	struct host host;
	struct facts facts;
};

static int setup(void **state)
{
	static struct machine m;

	memset(&m, 0, sizeof m);
	m.host.root = -1;
	world_make(&m.world);
	world_put(&m.world, "root/proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
	*state = &m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	host_close(&m->host);
	world_drop(&m->world);
	return 0;
}

static const struct facts *probe(struct machine *m, const char *members)
{
	struct error err = { 0 };

	world_start(&m->world, members, &m->host);
	if (probe_facts(&m->host, NULL, &m->facts, &err) < 0)
		fail_msg("probe_facts: %s", err.what);
	return &m->facts;
}

static const struct facts *probe_again(struct machine *m)
{
	host_close(&m->host);
	return probe(m, "");
}

static void centos_names_its_point_release_elsewhere(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, "root/etc/os-release",
		  "ID=\"centos\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n");
	world_put(&m->world, "root/etc/centos-release", "CentOS Linux release 7.6.1810 (Core)\n");
	f = probe(m, "");
	assert_string_equal(f->os.id, "centos");
	assert_string_equal(f->os.version, "7.6");
	assert_string_equal(f->os.pretty, "CentOS Linux 7 (Core)");
}

static void a_point_release_of_another_version_is_not_believed(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/etc/os-release", "ID=\"centos\"\nVERSION_ID=\"8\"\n");
	world_put(&m->world, "root/etc/centos-release", "CentOS Linux release 7.6.1810 (Core)\n");
	assert_string_equal(probe(m, "")->os.version, "8");
	host_close(&m->host);
	world_put(&m->world, "root/etc/centos-release", "CentOS Linux release 80.1 (Core)\n");
	assert_string_equal(probe(m, "")->os.version, "8");
}

static void a_machine_older_than_os_release(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/etc/redhat-release", "CentOS release 6.10 (Final)\n");
	assert_string_equal(probe(m, "")->os.id, "centos");
	assert_string_equal(m->facts.os.version, "6.10");
}

#define MODULES "root/lib/modules/6.1.0-56-amd64/"

static void headers_behind_an_absolute_link(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, MODULES "modules.dep", "");
	world_put_link(&m->world, MODULES "build", "/usr/src/kernels/x");
	world_put(&m->world, "root/usr/src/kernels/x/Makefile", "");
	world_put(&m->world, "root/usr/src/kernels/x/include/linux/dpll.h",
		  "struct dpll_ffo_param *ffo,\n");
	f = probe(m, "");
	assert_int_equal(f->kernel.headers, TRI_YES);
	assert_int_equal(f->kernel.dpll_ffo, TRI_YES);
}

static void a_link_to_headers_that_were_removed(void **state)
{
	struct machine *m = *state;

	world_put_link(&m->world, MODULES "build", "/usr/src/kernels/x");
	assert_int_equal(probe(m, "")->kernel.headers, TRI_NO);
	assert_int_equal(m->facts.kernel.dpll_ffo, TRI_UNKNOWN);
}

static void headers_of_a_kernel_that_was_not_captured(void **state)
{
	struct machine *m = *state;

	assert_int_equal(probe(m, "")->kernel.headers, TRI_UNKNOWN);
}

static void headers_that_know_no_dpll(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, MODULES "build/Makefile", "");
	assert_int_equal(probe(m, "")->kernel.dpll_ffo, TRI_UNKNOWN);
	host_close(&m->host);
	world_put(&m->world, MODULES "build/include/linux/module.h", "");
	assert_int_equal(probe(m, "")->kernel.dpll_ffo, TRI_NO);
}

static void modules_must_be_signed(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/sys/module/module/parameters/sig_enforce", "Y\n");
	assert_int_equal(probe(m, "")->kernel.signed_only, TRI_YES);
}

static void files_of_modules(void **state)
{
	struct machine *m = *state;
	const struct module_facts *module;

	world_put(&m->world, MODULES "modules.dep",
		  "kernel/mlx5_ib.ko:\nkernel/mlx5_core.ko:\nkernel/ib_core.ko.xz:\n");
	world_put(&m->world, MODULES "kernel/mlx5_ib.ko",
		  "vermagic=6.1.0-55-amd64 SMP\n~Module signature appended~\n");
	world_put(&m->world, MODULES "kernel/mlx5_core.ko", "nothing\n");
	world_put(&m->world, MODULES "kernel/ib_core.ko.xz", "vermagic=6.1.0-56-amd64 SMP\n");
	(void)probe(m, "");
	module = facts_module(&m->facts, "mlx5_ib");
	assert_string_equal(module->vermagic, "6.1.0-55-amd64");
	assert_int_equal(module->is_signed, TRI_YES);
	/* No module, or one that would have to be unpacked first. */
	assert_int_equal(facts_module(&m->facts, "mlx5_core")->is_signed, TRI_UNKNOWN);
	assert_string_equal(facts_module(&m->facts, "ib_core")->vermagic, "");
}

static void a_file_of_modprobe_hides_its_namesakes(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, MODULES "modules.dep",
		  "kernel/mlx5_ib.ko:\nkernel/mlx4_ib.ko:\nkernel/ib_core.ko:\n");
	world_put_link(&m->world, "root/etc/modprobe.d/a.conf", "/dev/null");
	world_put(&m->world, "root/usr/lib/modprobe.d/a.conf", "blacklist mlx5_ib\n");
	world_put(&m->world, "root/usr/lib/modprobe.d/b.conf", "blacklist mlx4_ib\n");
	world_put(&m->world, "root/usr/lib/modprobe.d/c.conf.dpkg-old", "blacklist ib_core\n");
	(void)probe(m, "");
	assert_false(facts_module(&m->facts, "mlx5_ib")->blacklisted);
	assert_true(facts_module(&m->facts, "mlx4_ib")->blacklisted);
	assert_false(facts_module(&m->facts, "ib_core")->blacklisted);
}

static void who_names_rdma_devices(void **state)
{
	struct machine *m = *state;

	assert_int_equal(probe(m, "")->naming.can_rename, TRI_UNKNOWN);
	world_put(&m->world, "root/usr/bin/rdma", "Usage: rdma dev show [DEV]\n");
	assert_int_equal(probe_again(m)->naming.can_rename, TRI_NO);
	world_put(&m->world, "root/usr/lib/udev/rdma_rename", "NAME_GUID\0NAME_FIXED");
	world_put(&m->world, "root/usr/lib/udev/rules.d/60-rdma-persistent-naming.rules",
		  "ACTION==\"add\", PROGRAM=\"rdma_rename %k NAME_FALLBACK\"\n");
	world_put(&m->world, "root/etc/udev/rules.d/70-x.rules", "# rdma_rename\n");
	world_put(&m->world, "root/etc/udev/rules.d/90-ib-vmext-names.rules",
		  "# rdma_rename\nRUN+=\"ib-vmext handler names\"\n");
	assert_string_equal(probe_again(m)->naming.renamer, "");
	world_put(&m->world, "root/etc/udev/rules.d/60-rdma-persistent-naming.rules",
		  "ACTION==\"add\", PROGRAM=\"rdma_rename %k NAME_KERNEL\"\n");
	assert_string_equal(probe_again(m)->naming.renamer,
			    "etc/udev/rules.d/60-rdma-persistent-naming.rules");
	assert_true(facts_has_own_file(&m->facts, "etc/udev/rules.d/90-ib-vmext-names.rules"));
	world_put_link(&m->world, "root/etc/systemd/system/azure_persistent_rdma_naming.service",
		       "/opt/azurehpc/x");
	assert_string_equal(probe_again(m)->naming.renamer,
			    "etc/systemd/system/azure_persistent_rdma_naming.service");
}

static void when_openibd_starts(void **state)
{
	struct machine *m = *state;
	static const char *const unit = "root/lib/systemd/system/openibd.service";
	static const char *const drop_in =
		"root/etc/systemd/system/openibd.service.d/override.conf";

	assert_int_equal(probe(m, "")->openibd.enabled, TRI_UNKNOWN);
	assert_int_equal(m->facts.openibd.settles, TRI_UNKNOWN);
	world_put(&m->world, unit, "[Unit]\nAfter=local-fs.target\n[Service]\nType=oneshot\n");
	assert_int_equal(probe_again(m)->openibd.enabled, TRI_NO);
	assert_int_equal(m->facts.openibd.settles, TRI_NO);
	world_put_link(&m->world, "root/etc/systemd/system/sysinit.target.wants/openibd.service",
		       "/lib/systemd/system/openibd.service");
	assert_int_equal(probe_again(m)->openibd.enabled, TRI_YES);
	/* Ours does not count, an order without the unit is none, and neither is a remark. */
	world_put(&m->world, "root/etc/systemd/system/openibd.service.d/90-ib-vmext.conf",
		  "[Unit]\nAfter=systemd-udev-settle.service\nWants=systemd-udev-settle.service\n");
	world_put(&m->world, drop_in,
		  "[Unit]\nAfter=a.service systemd-udev-settle.service\n"
		  "#Wants=systemd-udev-settle.service\n");
	assert_int_equal(probe_again(m)->openibd.settles, TRI_NO);
	world_put(&m->world, drop_in,
		  "[Unit]\nAfter=systemd-udev-settle.service\nWants=systemd-udev-settle.service\n");
	assert_int_equal(probe_again(m)->openibd.settles, TRI_YES);
}

static const struct {
	const char *name, *file;
	unsigned version;
} systemd_rows[] = {
	{ "Debian's and Ubuntu's", "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so",
	  252 },
	{ "Enterprise Linux 8", "usr/lib/systemd/libsystemd-shared-239.so", 239 },
	{ "with the package's release", "usr/lib/systemd/libsystemd-shared-255.4-1.fc40.so", 255 },
	{ "another library", "usr/lib/systemd/libsystemd-core-252.so", 0 },
	{ "no number", "usr/lib/systemd/libsystemd-shared-.so", 0 },
	{ "no version", "usr/lib/systemd/libsystemd-shared-25200.so", 0 },
	{ "no library", "usr/lib/systemd/libsystemd-shared-252", 0 },
};

static void which_systemd(void **state)
{
	struct machine *m = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(systemd_rows); i++) {
		(void)teardown(state);
		(void)setup(state);
		(void)TEXT_FORMAT(path, "root/%s", systemd_rows[i].file);
		world_put(&m->world, path, "");
		if (probe(m, "")->systemd_version != systemd_rows[i].version)
			fail_msg("%s: %u", systemd_rows[i].name, m->facts.systemd_version);
	}
}

static void users_of_a_container_without_their_list(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put_dir(&m->world, "root/sys/module/ib_core/holders/ko2iblnd");
	world_put_dir(&m->world, "root/sys/module/ib_core/holders/ib_uverbs");
	world_put_dir(&m->world, "root/sys/module/rdma_cm/holders/rpcrdma");
	world_put(&m->world, "root/sys/module/rpcrdma/refcnt", "0\n");
	f = probe(m, "");
	assert_int_equal(f->nusers, 1);
	assert_string_equal(f->users[0].name, "ko2iblnd");
	assert_string_equal(f->users[0].holds, "ib_core");
}

#define DKMS "root/var/lib/dkms/"

static void dkms_in_its_three_states(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put_link(&m->world, DKMS "iser/25.10/source", "/usr/src/iser-25.10");
	world_put_dir(&m->world, DKMS "mlnx-ofed-kernel/25.10/6.1.0-55-amd64/x86_64");
	world_put_dir(&m->world, DKMS "mlnx-ofed-kernel/25.10/6.1.0-56-amd64/x86_64");
	world_put_dir(&m->world, DKMS "mlnx-ofed-kernel/25.10/build");
	world_put_dir(&m->world, DKMS "mlnx-ofed-kernel/25.07/6.1.0-56-amd64/x86_64");
	world_put_link(&m->world, DKMS "mlnx-ofed-kernel/kernel-6.1.0-56-amd64-x86_64",
		       "25.10/6.1.0-56-amd64/x86_64");
	world_put(&m->world, DKMS "mok.pub", "");
	f = probe(m, "");
	assert_int_equal(f->ndkms, 4);
	assert_string_equal(f->dkms[0].name, "iser");
	assert_string_equal(f->dkms[0].kernel, "");
	assert_int_equal(f->dkms[0].state, DKMS_ADDED);
	assert_string_equal(f->dkms[1].version, "25.07");
	assert_int_equal(f->dkms[1].state, DKMS_BUILT);
	assert_string_equal(f->dkms[2].kernel, "6.1.0-55-amd64");
	assert_int_equal(f->dkms[2].state, DKMS_BUILT);
	assert_int_equal(f->dkms[3].state, DKMS_INSTALLED);
}

static void the_agent_that_updated_itself(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/usr/bin/apt-get", "");
	world_put(
		&m->world, "root/var/lib/dpkg/status",
		"Package: walinuxagent\nStatus: install ok installed\nVersion: 2.9.1.1-0ubuntu1\n");
	world_put_dir(&m->world, "root/var/lib/waagent/WALinuxAgent-2.10.0.8");
	world_put_dir(&m->world, "root/var/lib/waagent/WALinuxAgent-2.9.0.4");
	world_put(&m->world, "root/etc/waagent.conf", "OS.EnableRDMA=y\n");
	(void)probe(m, "");
	assert_string_equal(m->facts.agent.version, "2.10.0.8");
	assert_int_equal(m->facts.agent.enable_rdma, TRI_YES);
	/* The package database is known and has no net-tools, no cloud-init. */
	assert_int_equal(m->facts.network.has_ifconfig, TRI_NO);
	assert_int_equal(m->facts.network.cloud_init, TRI_NO);
}

#define RPM(list)                                                                                  \
	"\"commands\":[{\"argv\":[\"rpm\",\"-qa\",\"--qf\",\"%{NAME} %{VERSION}-%{RELEASE}\\n\"]," \
	"\"code\":0,\"stdout\":\"" list "\"}]"

static void packages_of_rpm(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, "root/usr/bin/dnf", "");
	world_put(&m->world, "root/proc/modules", "mlx5_ib 1 0 - Live 0x0\n");
	f = probe(m, RPM("rdma-core 57.0-2.el9\\nWALinuxAgent 2.7.0.6-8.el9\\n"));
	assert_true(f->packages_known);
	assert_int_equal(f->npackages, 2);
	assert_int_equal(f->driver.kind, DRIVER_INBOX);
	assert_string_equal(f->driver.version, "57.0-2.el9");
	assert_string_equal(f->agent.version, "2.7.0.6");
}

#define ROUTE(netdev, destination, mask, metric)                                                   \
	netdev "\t" destination "\t00000000\t0001\t0\t0\t" metric "\t" mask "\t0\t0\t0\n"

static void routes_of_a_node_with_ipoib(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, "root/proc/net/route",
		  "Iface\tDestination\n" ROUTE("eth1", "00000000", "00000000", "200")
			  ROUTE("eth0", "00000000", "00000000", "100")
				  ROUTE("ibP1", "000010AC", "0000FFFF", "0"));
	world_put(&m->world, "root/sys/class/net/ibP1/type", "32\n");
	world_put_link(&m->world, "root/sys/class/net/eth0/device/driver",
		       "../../../bus/vmbus/drivers/hv_netvsc");
	f = probe(m, "");
	assert_string_equal(f->network.default_netdev, "eth0");
	assert_string_equal(f->network.default_driver, "hv_netvsc");
	assert_int_equal(f->network.overlaps_rdma, TRI_NO);
}

static void a_network_that_overlaps(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/proc/net/route", ROUTE("ib0", "000010AC", "0000F0FF", "0"));
	assert_int_equal(probe(m, "")->network.overlaps_rdma, TRI_NO); /* by its name */
	host_close(&m->host);
	world_put(&m->world, "root/sys/class/net/ib0/type", "1\n");
	assert_int_equal(probe(m, "")->network.overlaps_rdma, TRI_YES);
}

#define WANTS "root/etc/systemd/system/multi-user.target.wants/"

static void who_makes_the_network(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put_link(&m->world, WANTS "NetworkManager.service",
		       "/usr/lib/systemd/system/NetworkManager.service");
	world_put(&m->world, "root/etc/netplan/50-cloud-init.yaml", "");
	world_put(&m->world, "root/usr/bin/cloud-init", "");
	f = probe(m, "");
	assert_true(f->network.network_manager);
	assert_false(f->network.networkd);
	assert_true(f->network.netplan);
	assert_int_equal(f->network.cloud_init, TRI_YES);
	assert_int_equal(f->network.cloud_init_network, TRI_YES);
	assert_int_equal(f->network.has_ifconfig, TRI_UNKNOWN);
}

static void cloud_init_off_the_network(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/usr/bin/cloud-init", "");
	world_put(&m->world, "root/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg",
		  "network: {config: disabled}\n");
	assert_int_equal(probe(m, "")->network.cloud_init, TRI_YES);
	assert_int_equal(m->facts.network.cloud_init_network, TRI_NO);
	host_close(&m->host);
	world_put(&m->world, "root/proc/cmdline", "root=/dev/sda1 cloud-init=disabled\n");
	assert_int_equal(probe(m, "")->network.cloud_init, TRI_NO);
}

static void pools_of_another_length(void **state)
{
	struct machine *m = *state;

	assert_false(probe(m, "")->kvp.known);
	host_close(&m->host);
	world_put(&m->world, "root/var/lib/hyperv/.kvp_pool_0", "short");
	assert_true(probe(m, "")->kvp.known);
	assert_true(m->facts.kvp.malformed);
}

static void room_and_mounts(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, "root/proc/mounts",
		  "/dev/sda1 / ext4 rw 0 0\ntmpfs /tmp tmpfs rw,noexec 0 0\n");
	f = probe(m, "\"statfs\":{\"/\":{\"freeBytes\":10,\"totalBytes\":20},\"/"
		     "tmp\":{\"freeBytes\":1,\"totalBytes\":2}}");
	assert_int_equal(f->nspaces, 5);
	assert_string_equal(f->spaces[0].path, "/");
	assert_int_equal(f->spaces[0].free_bytes, 10);
	assert_int_equal(f->spaces[0].noexec, TRI_NO);
	assert_string_equal(f->spaces[1].path, "/tmp");
	assert_int_equal(f->spaces[1].total_bytes, 2);
	assert_int_equal(f->spaces[1].noexec, TRI_YES);
	assert_string_equal(f->spaces[2].path, "/var");
	assert_int_equal(f->spaces[2].free_bytes, 10);
}

static void what_the_owner_laid_down(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, "root/etc/dnf/dnf.conf",
		  "[main]\nexclude=kernel*\nproxy=http://user:secret@p:3128\n");
	world_put(&m->world, "root/etc/yum.repos.d/x.repo",
		  "[x]\nmirrorlist=http://mirrorlist.centos.org/?x\n");
	world_put(&m->world, "root/etc/apt/preferences.d/doca-dkms-pin",
		  "Package: dkms\nPin: release l=DOCA-HOST*\n");
	world_put(&m->world, "root/etc/zypp/locks", "solvable_name: kernel-azure\n");
	world_put(&m->world, "root/etc/infiniband/openib.conf", "IPOIB_LOAD=no\n");
	world_put(&m->world, "root/etc/selinux/config", "SELINUX=permissive\n");
	f = probe(m, "");
	assert_string_equal(f->policy.excludes, "kernel*");
	assert_string_equal(f->policy.proxy, "etc/dnf/dnf.conf");
	assert_string_equal(f->policy.mirrors, "centos-eol");
	assert_string_equal(f->policy.pins, "dkms");
	assert_string_equal(f->policy.locks, "kernel-azure");
	assert_int_equal(f->ipoib_load, TRI_NO);
	assert_string_equal(f->selinux, "permissive");
}

static void what_the_kernel_enforces(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/etc/selinux/config", "SELINUX=permissive\n");
	world_put(&m->world, "root/sys/fs/selinux/enforce", "1");
	assert_string_equal(probe(m, "")->selinux, "enforcing");
}

static void a_newer_kernel_waits(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, MODULES "modules.dep", "");
	world_put(&m->world, "root/lib/modules/6.1.0-57-amd64/modules.dep", "");
	world_put(&m->world, "root/lib/modules/6.1.0-60-cloud-amd64/modules.dep", "");
	world_put(&m->world, "root/lib/modules/6.1.0-9-amd64/modules.dep", "");
	world_put_dir(&m->world, "root/lib/modules/6.1.0-58-amd64"); /* removed, its rest left */
	world_put(&m->world, "root/var/lib/dpkg/updates/0001", "");
	assert_string_equal(probe(m, "")->pending_kernel, "6.1.0-57-amd64");
	assert_true(m->facts.dpkg_interrupted);
}

static void a_kernel_that_asked_for_a_reboot(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/var/run/reboot-required.pkgs", "linux-image-6.1.0-58-amd64\n");
	world_put_dir(&m->world, "root/var/lib/dpkg/updates");
	assert_string_equal(probe(m, "")->pending_kernel, "6.1.0-58-amd64");
	assert_false(m->facts.dpkg_interrupted);
}

#define FUNCTION "root/sys/bus/pci/devices/0101:00:00.0/"

static void where_a_function_sits(void **state)
{
	struct machine *m = *state;
	const struct facts *f;

	world_put(&m->world, FUNCTION "vendor", "0x15b3\n");
	world_put(&m->world, FUNCTION "device", "0x101c\n");
	world_put(&m->world, FUNCTION "class", "0x020700\n");
	f = probe(m, "");
	assert_int_equal(f->nics[0].numa_node, -1);
	assert_int_equal(f->nics[0].link_gtps_x10, 0);
	host_close(&m->host);
	world_put(&m->world, FUNCTION "numa_node", "4\n");
	world_put(&m->world, FUNCTION "current_link_speed", "16.0 GT/s PCIe\n");
	world_put(&m->world, FUNCTION "current_link_width", "16\n");
	f = probe(m, "");
	assert_int_equal(f->nics[0].numa_node, 4);
	assert_int_equal(f->nics[0].link_gtps_x10, 160);
	assert_int_equal(f->nics[0].link_width, 16);
	host_close(&m->host);
	world_put(&m->world, FUNCTION "numa_node", "-1\n");
	world_put(&m->world, FUNCTION "current_link_width", "255\n");
	f = probe(m, "");
	assert_int_equal(f->nics[0].numa_node, -1);
	assert_int_equal(f->nics[0].link_width, 0);
}

static void text_of_ofed_info(void **state)
{
	struct machine *m = *state;

	world_put(&m->world, "root/usr/bin/ofed_info", "");
	(void)probe(m, "\"commands\":[{\"argv\":[\"ofed_info\",\"-s\"],\"code\":0,\"stdout\":"
		       "\"OFED-internal-24.10-0.7.0:\\n\"}]");
	assert_string_equal(m->facts.ofed_text, "OFED-internal-24.10-0.7.0:");
	assert_int_equal(m->facts.driver.kind, DRIVER_DOCA_OFED);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(centos_names_its_point_release_elsewhere),
		TEST(a_point_release_of_another_version_is_not_believed),
		TEST(a_machine_older_than_os_release),
		TEST(headers_behind_an_absolute_link),
		TEST(a_link_to_headers_that_were_removed),
		TEST(headers_of_a_kernel_that_was_not_captured),
		TEST(headers_that_know_no_dpll),
		TEST(modules_must_be_signed),
		TEST(files_of_modules),
		TEST(a_file_of_modprobe_hides_its_namesakes),
		TEST(who_names_rdma_devices),
		TEST(when_openibd_starts),
		TEST(which_systemd),
		TEST(users_of_a_container_without_their_list),
		TEST(dkms_in_its_three_states),
		TEST(the_agent_that_updated_itself),
		TEST(packages_of_rpm),
		TEST(routes_of_a_node_with_ipoib),
		TEST(a_network_that_overlaps),
		TEST(who_makes_the_network),
		TEST(cloud_init_off_the_network),
		TEST(pools_of_another_length),
		TEST(room_and_mounts),
		TEST(what_the_owner_laid_down),
		TEST(what_the_kernel_enforces),
		TEST(a_newer_kernel_waits),
		TEST(a_kernel_that_asked_for_a_reboot),
		TEST(where_a_function_sits),
		TEST(text_of_ofed_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
