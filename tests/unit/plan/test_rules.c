/* tests/unit/plan/test_rules.c - each warning, by a machine that has it and by its nearest twin
 * that has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "plan/advice.h"
#include "rows.h"

static struct bench bench;
static struct facts *const f = &bench.facts;
static struct settings *const s = &bench.settings;

#define CHANGE(name, ...)                                                                          \
	static void name(void)                                                                     \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

CHANGE(as_it_is, (void)f)
CHANGE(working, {
	for (unsigned i = 0; i < f->nmodules; i++)
		f->modules[i].loaded = true;
	package_add(f, "rdma-core", "39.0-1");
	package_add(f, "ibverbs-providers", "39.0-1");
	driver_set(f, DRIVER_INBOX, "39.0-1");
	port_add(f, "mlx5_0", f->nics[1].address, 200);
})
CHANGE(working_doca, working(); driver_set(f, DRIVER_DOCA_OFED, "3.2.1"))
CHANGE(ask_inbox, s->driver = CHOICE_INBOX)
CHANGE(ask_mlnx, s->driver = CHOICE_MLNX_OFED)
CHANGE(row_builds_not, bench.rows[ROW_DOCA].builds = false)

/* The VM. */
CHANGE(size_silent, size_set(f, ""))
CHANGE(size_new, size_set(f, "Standard_HB500rs_v9"))
CHANGE(size_old, size_set(f, "Standard_HB120rs_v3"))
CHANGE(elsewhere, f->vm.azure = false)
CHANGE(seven_of_eight, size_set(f, "Standard_ND96asr_v4"))
CHANGE(eight_of_eight, {
	for (unsigned i = 2; i <= 8; i++)
		nic_add(f, "0102:00:00.0", 0x101c, 0x0207);
	catalogue_classify(&catalogue_built_in, f);
})
CHANGE(placed_nowhere, f->vm.placement_group[0] = '\0')
CHANGE(placed, (void)TEXT_COPY(f->vm.placement_group, "f67c14ab"))
CHANGE(metadata_silent, f->vm.metadata = METADATA_STATE_SILENT)

/* The kernel. */
CHANGE(no_ipoib, ask_inbox(); module_of(f, "ib_ipoib")->path[0] = '\0')
CHANGE(ipoib_built_in, module_of(f, "ib_ipoib")->built_in = true)
CHANGE(ipoib_by_vendor, s->driver = CHOICE_AUTO)
CHANGE(blacklisted, module_of(f, "mlx5_ib")->blacklisted = true)
CHANGE(blacklisted_not, module_of(f, "mlx5_ib")->blacklisted = false)
CHANGE(blacklisted_ipoib, module_of(f, "ib_ipoib")->blacklisted = true)
CHANGE(blacklisted_other, module_of(f, "ib_ipoib")->blacklisted = false;
       module_of(f, "mlx4_ib")->blacklisted = true)
CHANGE(dkms_other, dkms_add(f, "mlnx-ofed-kernel", "6.8.0-1030-azure", DKMS_INSTALLED))
CHANGE(dkms_this, dkms_add(f, "mlnx-ofed-kernel", "6.8.0-1041-azure", DKMS_INSTALLED))
CHANGE(dkms_el, dkms_add(f, "mlnx-ofa_kernel", "5.14.0-503.el9.x86_64", DKMS_BUILT))
CHANGE(dkms_only_added, f->dkms[0].state = DKMS_ADDED; f->dkms[0].kernel[0] = '\0')
CHANGE(kernel_waits, (void)TEXT_COPY(f->pending_kernel, "6.8.0-1044-azure"))
CHANGE(kernel_waits_unnamed, (void)TEXT_COPY(f->pending_kernel, "yes"))
CHANGE(kernel_waits_not, f->pending_kernel[0] = '\0')

/* The package database. */
CHANGE(half, package_add(f, "perftest", "4.5"); package_of(f, "perftest")->half_installed = true)
CHANGE(half_not, package_of(f, "perftest")->half_installed = false)
CHANGE(interrupted, f->dpkg_interrupted = true)
CHANGE(interrupted_not, f->dpkg_interrupted = false)
CHANGE(eol, (void)TEXT_COPY(f->policy.mirrors, "centos-eol"))
CHANGE(eol_not, f->policy.mirrors[0] = '\0')

/* Compiling. */
CHANGE(headers_none, f->kernel.headers = TRI_NO)
CHANGE(headers_there, f->kernel.headers = TRI_YES)
CHANGE(headers_unknown, f->kernel.headers = TRI_UNKNOWN)
CHANGE(headers_none_eol, headers_none(); eol())
CHANGE(el9, os_set(f, "almalinux", "9.6", "dnf"); rows_set_os(&bench, "almalinux", "9.*", "dnf"))
CHANGE(excluded, el9(); (void)TEXT_COPY(f->policy.excludes, "kernel*"))
CHANGE(locked, el9(); (void)TEXT_COPY(f->policy.locks, "kernel-devel"))
CHANGE(excluded_other, (void)TEXT_COPY(f->policy.excludes, "mlnx*"))
CHANGE(locked_not, f->policy.locks[0] = '\0')
CHANGE(tmp_noexec, space_add(f, "/tmp", 20000); f->spaces[0].noexec = TRI_YES)
CHANGE(tmp_read_only, space_add(f, "/tmp", 20000); f->spaces[0].read_only = TRI_YES)
CHANGE(tmp_exec, f->spaces[0].noexec = f->spaces[0].read_only = TRI_NO)
CHANGE(room_little, space_add(f, "/", 2048))
CHANGE(room_enough, f->spaces[0].free_bytes = 6ULL << 30)
CHANGE(room_twice, space_add(f, "/usr", 1500); bench.rows[ROW_DOCA].disk_bytes = 1024LL << 20)
CHANGE(room_twice_enough, f->spaces[0].free_bytes = 2048ULL << 20)

/* Replacing. */
CHANGE(core_loaded, module_of(f, "mlx5_core")->loaded = true)
CHANGE(mlx4_loaded, module_of(f, "mlx4_core")->loaded = true)
CHANGE(core_not_loaded, module_of(f, "mlx5_core")->loaded = false)
CHANGE(mlx4_not_loaded, module_of(f, "mlx4_core")->loaded = false)
CHANGE(distro_rdma, package_add(f, "rdma-core", "39.0-1"); package_add(f, "libibverbs1", "39.0-1"))
CHANGE(distro_rdma_not, f->npackages = 0)
CHANGE(openmpi, package_add(f, "libopenmpi3", "4.1.2"))
CHANGE(pmix, package_add(f, "libpmix2", "4.1.2"))
CHANGE(el98, os_set(f, "rocky", "9.8", "dnf");
       rows_set_os(&bench, "rocky,rhel,ubuntu", "9.*", "dnf"))
CHANGE(el910, el98(); (void)TEXT_COPY(f->os.version, "9.10"))
CHANGE(el96, (void)TEXT_COPY(f->os.version, "9.6"))
CHANGE(lustre, dkms_add(f, "lustre-client", "6.8.0-1041-azure", DKMS_INSTALLED);
       f->users[f->nusers++] = ((struct module_user) { "ko2iblnd", "rdma_cm" }))
CHANGE(lustre_not, f->nusers = f->ndkms = 0)
CHANGE(vdpa,
       f->modules[f->nmodules++] = ((struct module_facts) { .name = "mlx5_vdpa", .loaded = true }))
CHANGE(vdpa_not_loaded, module_of(f, "mlx5_vdpa")->loaded = false)
CHANGE(nvidia_dkms, dkms_add(f, "nvidia", "6.8.0-1041-azure", DKMS_INSTALLED))
CHANGE(other_dkms, (void)TEXT_COPY(f->dkms[0].name, "v4l2loopback"))
CHANGE(mana,
       f->modules[f->nmodules++] = ((struct module_facts) { .name = "mana_ib", .loaded = true }))
CHANGE(mana_user, f->users[f->nusers++] = ((struct module_user) { "mana_ib", "ib_core" }))
CHANGE(mana_not_loaded, module_of(f, "mana_ib")->loaded = false)

/* Age. */
CHANGE(cx7, generation_set(&bench, "CX7"))
CHANGE(cx6, generation_set(&bench, "CX6"))
CHANGE(old_row, cx7(); ask_mlnx(); bench.rows[ROW_MLNX].version = "5.5-1.0.3.2")
CHANGE(old_row_newer, bench.rows[ROW_MLNX].version = "5.6-1.0.3.3")
CHANGE(old_installed, cx7(); working(); driver_set(f, DRIVER_MLNX_OFED, "5.5-1.0.3.2"))
CHANGE(old_installed_newer, driver_set(f, DRIVER_MLNX_OFED, "23.10-1.1.9.0"))
CHANGE(old_asked, cx7(); ask_mlnx(); (void)TEXT_COPY(s->driver_version, "5.4"))
CHANGE(old_asked_prefix, (void)TEXT_COPY(s->driver_version, "5.6"))
CHANGE(cx3, generation_set(&bench, "CX3-Pro"))
CHANGE(cx3_installed, cx3(); driver_set(f, DRIVER_MLNX_OFED, "5.1-2.5.8.0"))
CHANGE(cx3_installed_lts, driver_set(f, DRIVER_MLNX_OFED, "4.9-4.1.7.0"))
CHANGE(cx3_lts_planned, cx3_installed(); bench.rows[ROW_MLNX].generations = "CX3-Pro";
       bench.rows[ROW_MLNX].version = "4.9-6.0.6.0"; bench.rows[ROW_MLNX].kernels = "3.10-6.8";
       (void)TEXT_COPY(f->kernel.release, "5.4.0-1109-azure"))
CHANGE(cx3_doca, cx3(); driver_set(f, DRIVER_DOCA_OFED, "3.2.1"))
CHANGE(cx3_asked, cx3(); ask_mlnx(); (void)TEXT_COPY(s->driver_version, "5.5"))
CHANGE(cx3_asked_lts, (void)TEXT_COPY(s->driver_version, "4.9"))
CHANGE(slow_boot, working(); driver_set(f, DRIVER_MLNX_OFED, "5.2-1.0.4.0");
       (void)TEXT_COPY(f->kernel.release, "5.4.0-1039-azure"))
CHANGE(slow_boot_kernel, (void)TEXT_COPY(f->kernel.release, "5.4.0-1040-azure"))
CHANGE(slow_boot_ofed, driver_set(f, DRIVER_MLNX_OFED, "5.20-1.0.4.0"))
CHANGE(ucx, cx7(); package_add(f, "libucx0", "1.12.1~rc2-1"))
CHANGE(ucx_new, (void)TEXT_COPY(package_of(f, "libucx0")->version, "1.13.0-1"))
CHANGE(deprecated, ask_mlnx(); bench.rows[ROW_MLNX].deprecated = true)
CHANGE(deprecated_not, bench.rows[ROW_MLNX].deprecated = false)

/* Trust. */
CHANGE(digest_none, bench.rows[ROW_DOCA].sha256 = "")
CHANGE(digest_known, bench.rows[ROW_DOCA].sha256 = "ab")
CHANGE(digest_of_nothing, bench.rows[ROW_DOCA].url = "")
CHANGE(signed_by_owner, f->kernel.secure_boot = TRI_YES; (void)TEXT_COPY(s->modules_key, "/k"))
CHANGE(signed_by_nobody, f->kernel.secure_boot = TRI_YES)
CHANGE(signed_no_matter, f->kernel.secure_boot = TRI_NO)
CHANGE(signed_enforced, f->kernel.signed_only = TRI_YES)
CHANGE(signed_enforced_not, f->kernel.signed_only = TRI_NO)
CHANGE(no_vendor, bench.catalogue.drivers = &bench.rows[ROW_INBOX]; bench.catalogue.ndrivers = 1)
CHANGE(selinux, (void)TEXT_COPY(f->selinux, "enforcing"))
CHANGE(selinux_permissive, (void)TEXT_COPY(f->selinux, "permissive"))
CHANGE(gpu, seven_of_eight(); eight_of_eight(); bench.rows[ROW_DOCA].peer_memory = "unknown")
CHANGE(gpu_no, seven_of_eight(); eight_of_eight(); bench.rows[ROW_DOCA].peer_memory = "no")
CHANGE(gpu_yes, bench.rows[ROW_DOCA].peer_memory = "dma-buf")

/* Packs. */
CHANGE(pack, f->npacks = 1; f->packs[0].fits = true; f->packs[0].driver = DRIVER_DOCA_OFED;
       (void)TEXT_COPY(f->packs[0].version, "3.2.1");
       (void)TEXT_COPY(f->packs[0].kernel, f->kernel.release))
CHANGE(pack_not, f->packs[0].fits = false)

/* IPoIB. */
CHANGE(ipoib_off, s->ipoib = IPOIB_OFF)
CHANGE(ipoib_self, s->ipoib = IPOIB_SELF)
CHANGE(no_pairs, f->kvp.known = true)
CHANGE(a_pair, f->kvp.ipoib_pairs = 1)
CHANGE(kvp_unknown, f->kvp.known = false)
CHANGE(by_agent, s->ipoib = IPOIB_AGENT)
CHANGE(no_ifconfig, by_agent(); no_pairs(); a_pair(); f->network.has_ifconfig = TRI_NO)
CHANGE(ifconfig, f->network.has_ifconfig = TRI_YES)
CHANGE(two_pairs, f->kvp.ipoib_pairs = 2)
CHANGE(agent_2911, by_agent(); (void)TEXT_COPY(f->agent.version, "2.9.1.1"))
CHANGE(agent_newer, (void)TEXT_COPY(f->agent.version, "2.10.0.8"))
CHANGE(rdma_off, by_agent(); f->agent.enable_rdma = TRI_NO)
CHANGE(rdma_on, f->agent.enable_rdma = TRI_YES)
CHANGE(rdma_unknown, f->agent.enable_rdma = TRI_UNKNOWN)
CHANGE(cloud_init, f->network.cloud_init = f->network.cloud_init_network = TRI_YES;
       (void)TEXT_COPY(f->network.cloud_init_version, "19.4-33-gbb4131a2"))
CHANGE(cloud_init_new, (void)TEXT_COPY(f->network.cloud_init_version, "21.4-0ubuntu1"))
CHANGE(cloud_init_no_network, f->network.cloud_init_network = TRI_NO)
CHANGE(cloud_init_unnamed, cloud_init(); f->network.cloud_init_version[0] = '\0')
CHANGE(names_asked, s->persistent_names = true)
CHANGE(names_kept, working(); names_asked(); f->naming.can_rename = TRI_NO)
CHANGE(names_can, f->naming.can_rename = TRI_YES)
CHANGE(names_not_asked, s->persistent_names = false)
CHANGE(names_installed, f->nports = 0; driver_set(f, DRIVER_NONE, ""))
CHANGE(names_old_kernel, names_asked(); (void)TEXT_COPY(f->kernel.release, "4.15.0-1113-azure"))
CHANGE(names_el8, (void)TEXT_COPY(f->kernel.release, "4.18.0-553.el8_10.x86_64"))
CHANGE(names_no_systemd, names_asked(); f->systemd = false)
CHANGE(names_systemd, f->systemd = true)
CHANGE(names_others, names_asked();
       (void)TEXT_COPY(f->naming.renamer, "etc/udev/rules.d/60-rdma-persistent-naming.rules"))
CHANGE(names_nobody, f->naming.renamer[0] = '\0')
CHANGE(overlap, f->network.overlaps_rdma = TRI_YES)
CHANGE(overlap_not, f->network.overlaps_rdma = TRI_NO)
CHANGE(ipoib_load_no, f->ipoib_load = TRI_NO)
CHANGE(ipoib_load_yes, f->ipoib_load = TRI_YES)

/* The name of a row begins with the known issue that it is about, if it is about one. */
static const struct {
	const char *name, *id;
	void (*red)(void), (*green)(void);
	const char *what; /* a part of what is said */
} rows[] = {
	{ "metadata silent", "size-unknown", size_silent, elsewhere, "metadata" },
	{ "a size that nobody knows", "size-not-in-catalogue", size_new, size_old, "HB500rs_v9" },
	{ "a function is missing", "functions-missing", seven_of_eight, eight_of_eight, "only 1" },
	{ "issue 52: no placement group", "placement", placed_nowhere, placed, "HB120rs_v3" },
	{ "issue 52: metadata does not say", "placement", placed_nowhere, metadata_silent, "" },
	{ "issue 52: off Azure", "placement", placed_nowhere, elsewhere, "" },
	{ "a cloud kernel", "no-ipoib", no_ipoib, ipoib_built_in, "ib_ipoib" },
	{ "a vendor brings it", "no-ipoib", no_ipoib, ipoib_by_vendor, "6.8.0-1041-azure" },
	{ "issue 56: blacklisted", "module-blacklisted", blacklisted, blacklisted_not, "mlx5_ib" },
	{ "issue 56: an optional one", "module-blacklisted", blacklisted_ipoib, blacklisted_other,
	  "ib_ipoib" },
	{ "issue 10: another kernel", "dkms-other-kernel", dkms_other, dkms_this, "1030-azure" },
	{ "issue 11: the name of EL", "dkms-other-kernel", dkms_el, dkms_only_added, "el9" },
	{ "issue 10: a kernel waits", "pending-kernel", kernel_waits, kernel_waits_not, "1044" },
	{ "issue 60: its name is not known", "pending-kernel", kernel_waits_unnamed,
	  kernel_waits_not, "a newer kernel waits" },
	{ "issue 60: inbox has its own modules", "pending-kernel", kernel_waits, working, "" },
	{ "issue 62: half-installed", "half-installed", half, half_not, "perftest" },
	{ "issue 62: dpkg", "dpkg-interrupted", interrupted, interrupted_not, "dpkg" },
	{ "issue 45: end of life", "eol-repositories", eol, eol_not, "centos-eol" },
	{ "issue 45: nothing is installed", "eol-repositories", eol, working, "" },
	{ "issue 45: headers", "headers-from-vault", headers_none_eol, eol_not, "1041" },
	{ "issue 45: headers are there", "headers-from-vault", headers_none_eol, headers_there,
	  "" },
	{ "issue 6: no headers", "headers-missing", headers_none, headers_there, "1041-azure" },
	{ "issue 6: not known", "headers-missing", headers_none, headers_unknown, "" },
	{ "issue 6: nothing is compiled", "headers-missing", headers_none, row_builds_not, "" },
	{ "issue 6: inbox", "headers-missing", headers_none, ask_inbox, "" },
	{ "issue 7: exclude", "kernel-excluded", excluded, excluded_other, "kernel*" },
	{ "issue 7: versionlock", "kernel-excluded", locked, locked_not, "kernel-devel" },
	{ "issue 7: inbox", "kernel-excluded", excluded, ask_inbox, "" },
	{ "issue 46: noexec", "tmp-noexec", tmp_noexec, tmp_exec, "noexec" },
	{ "issue 46: read-only", "tmp-noexec", tmp_read_only, tmp_exec, "read-only" },
	{ "issue 46: inbox", "tmp-noexec", tmp_noexec, ask_inbox, "" },
	{ "issue 46: what is needed is not known", "disk-space", room_little, room_enough, "2048" },
	{ "issue 46: just enough", "disk-space", room_twice, room_twice_enough, "/usr has 1500" },
	{ "issue 31: loaded", "reload-at-boot", core_loaded, core_not_loaded, "mlx5_core" },
	{ "issue 32: ConnectX-3", "reload-at-boot", mlx4_loaded, mlx4_not_loaded, "mlx4_core" },
	{ "issue 34: inbox replaces nothing", "reload-at-boot", core_loaded, ask_inbox, "" },
	{ "issue 16: distro", "replaces-distro-rdma", distro_rdma, distro_rdma_not, "libibverbs1" },
	{ "issue 16: inbox", "replaces-distro-rdma", distro_rdma, ask_inbox, "doca-ofed" },
	{ "issue 17: openmpi", "openmpi-conflict", openmpi, distro_rdma_not, "libopenmpi3" },
	{ "issue 17: pmix", "openmpi-conflict", pmix, ask_mlnx, "libpmix2" },
	{ "issue 15: EL 9.8", "baseos-conflict", el98, el96, "rocky 9.8" },
	{ "issue 15: EL 9.10", "baseos-conflict", el910, ask_mlnx, "9.10" },
	{ "issue 35: Lustre", "foreign-modules", lustre, lustre_not, "ko2iblnd" },
	{ "issue 35: inbox", "foreign-modules", lustre, ask_inbox, "" },
	{ "issue 35: of the kernel itself", "foreign-modules", vdpa, vdpa_not_loaded, "mlx5_vdpa" },
	{ "issue 37: nvidia's DKMS", "foreign-modules", nvidia_dkms, other_dkms, "nvidia" },
	{ "issue 36: MANA", "mana-ib", mana, mana_not_loaded, "mana_ib" },
	{ "issue 36: seen as a user", "mana-ib", mana_user, ask_inbox, "doca-ofed" },
	{ "issue 20: planned", "driver-too-old", old_row, old_row_newer, "5.5-1.0.3.2" },
	{ "issue 20: planned for CX6", "driver-too-old", old_row, cx6, "" },
	{ "issue 20: installed", "driver-too-old", old_installed, old_installed_newer, "5.5" },
	{ "issue 20: asked for", "driver-too-old", old_asked, old_asked_prefix, "5.4" },
	{ "issue 1: installed", "cx3-dropped", cx3_installed, cx3_installed_lts, "5.1" },
	{ "issue 1: what mends it is planned", "cx3-dropped", cx3_lts_planned, cx3_installed_lts,
	  "5.1" },
	{ "issue 1: DOCA", "cx3-dropped", cx3_doca, cx3_installed_lts, "DOCA" },
	{ "issue 1: asked for", "cx3-dropped", cx3_asked, cx3_asked_lts, "5.5" },
	{ "issue 1: CX6", "cx3-dropped", cx3_installed, cx6, "" },
	{ "issue 38: kernel", "ofed52-slow-boot", slow_boot, slow_boot_kernel, "1039" },
	{ "issue 38: OFED", "ofed52-slow-boot", slow_boot, slow_boot_ofed, "5.2-1" },
	{ "issue 19: UCX", "ucx-old", ucx, ucx_new, "1.12.1" },
	{ "issue 19: CX6", "ucx-old", ucx, cx6, "" },
	{ "deprecated", "deprecated-driver", deprecated, deprecated_not, "mlnx-ofed 5.8" },
	{ "no digest", "no-digest", digest_none, digest_known, "doca-host_3.2.1" },
	{ "no file, no digest", "no-digest", digest_none, digest_of_nothing, "" },
	{ "issue 42: the owner's key", "secure-boot", signed_by_owner, signed_no_matter,
	  "modulesKey" },
	{ "issue 42: passed over", "secure-boot", signed_by_nobody, signed_no_matter, "doca-ofed" },
	{ "issue 42: nothing to pass over", "secure-boot", signed_by_nobody, no_vendor, "" },
	{ "issue 42: enforced", "secure-boot", signed_enforced, signed_enforced_not, "signed" },
	{ "SELinux", "selinux-enforcing", selinux, selinux_permissive, "doca-ofed" },
	{ "SELinux and inbox", "selinux-enforcing", selinux, ask_inbox, "" },
	{ "GPUs, not known", "peer-memory", gpu, gpu_yes, "ND96asr_v4" },
	{ "GPUs, no", "peer-memory", gpu_no, gpu_yes, "no direct access" },
	{ "no GPU", "peer-memory", gpu_no, size_old, "" },
	{ "modules of a pack", "prebuilt-one-kernel", pack, pack_not, "kernel 6.8.0-1041-azure" },
	{ "issue 25: no pairs", "ipoib-no-address", no_pairs, a_pair, "key-value" },
	{ "issue 28: not known", "ipoib-no-address", no_pairs, kvp_unknown, "" },
	{ "issue 25: not wanted", "ipoib-no-address", no_pairs, ipoib_off, "" },
	{ "issue 26: no ifconfig", "agent-needs-ifconfig", no_ifconfig, ifconfig, "ifconfig" },
	{ "issue 26: not for two", "agent-needs-ifconfig", no_ifconfig, two_pairs, "" },
	{ "issue 26: not by the agent", "agent-needs-ifconfig", no_ifconfig, ipoib_self, "" },
	{ "issue 27: 2.9.1.1", "agent-broken", agent_2911, agent_newer, "2.9.1.1" },
	{ "issue 27: not by the agent", "agent-broken", agent_2911, ipoib_self, "" },
	{ "issue 25: EnableRDMA", "agent-rdma-off", rdma_off, rdma_on, "EnableRDMA" },
	{ "issue 25: not known whether", "agent-rdma-off", rdma_off, rdma_unknown, "" },
	{ "issue 24: cloud-init", "cloud-init-duplicate-mac", cloud_init, cloud_init_new, "19.4" },
	{ "issue 24: off", "cloud-init-duplicate-mac", cloud_init, cloud_init_no_network, "" },
	{ "issue 24: its version is not known", "cloud-init-duplicate-mac", cloud_init_unnamed,
	  ipoib_off, "not known" },
	{ "no program renames", "names-not-possible", names_kept, names_can, "rdma_rename" },
	{ "names are not asked for", "names-not-possible", names_kept, names_not_asked, "" },
	{ "the plan brings rdma-core", "names-not-possible", names_kept, names_installed, "" },
	{ "a kernel that cannot", "names-not-possible", names_old_kernel, names_el8,
	  "4.15.0-1113-azure" },
	{ "no systemd", "names-not-possible", names_no_systemd, names_systemd, "no systemd" },
	{ "somebody names them", "names-by-others", names_others, names_nobody,
	  "/etc/udev/rules.d/60-rdma-persistent-naming.rules" },
	{ "issue 51: overlap", "rdma-net-overlap", overlap, overlap_not, "172.16.0.0/16" },
	{ "issue 61: IPOIB_LOAD", "ipoib-load-off", ipoib_load_no, ipoib_load_yes, "IPOIB_LOAD" },
	{ "issue 61: not wanted", "ipoib-load-off", ipoib_load_no, ipoib_off, "" },
};

static const struct warning *warning_after(void (*first)(void), void (*second)(void),
					   const char *id)
{
	bench_reset(&bench);
	first();
	second();
	bench_plan(&bench);
	return bench_warning(&bench, id);
}

static void warns_where_it_must_and_not_beside(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct warning *w = warning_after(rows[i].red, as_it_is, rows[i].id);
		const struct warning_row *row = warning_row(rows[i].id);

		if (w == NULL)
			fail_msg("%s: no %s: %s", rows[i].name, rows[i].id,
				 bench.plan.decision.reason);
		if (strstr(w->what, rows[i].what) == NULL || text_ends(w->what, "."))
			fail_msg("%s: %s", rows[i].name, w->what);
		assert_non_null(row);
		assert_string_equal(w->remedy, row->remedy);
		if (warning_after(rows[i].red, rows[i].green, rows[i].id) != NULL)
			fail_msg("%s: its twin has %s too", rows[i].name, rows[i].id);
	}
}

static void says_nothing_without_a_reason(void **unused)
{
	static void (*const quiet[])(void) = { as_it_is, ask_inbox, ask_mlnx, working,
					       working_doca };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		(void)warning_after(quiet[i], as_it_is, "");
		assert_int_equal(bench.plan.decision.exit_code, 0);
		if (bench.plan.nwarnings > 0)
			fail_msg("machine %zu: %s: %s", i, bench.plan.warnings[0].id,
				 bench.plan.warnings[0].what);
	}
}

/* irreversible is a fault that act adds; all else that a plan can warn of has a rule here. */
static void tries_every_warning(void **unused)
{
	const struct warning_row *row;

	(void)unused;
	for (size_t i = 0; (row = warning_row_at(i)) != NULL; i++) {
		bool tried = false;

		for (size_t k = 0; k < ARRAY_SIZE(rows) && !tried; k++)
			tried = text_eq(rows[k].id, row->id);
		if (!tried)
			fail_msg("no row for %s", row->id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(warns_where_it_must_and_not_beside),
		cmocka_unit_test(says_nothing_without_a_reason),
		cmocka_unit_test(tries_every_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
