/* verify/checks.c - the table of checks. */
#include "verify/check.h"

#include "base/text.h"

#define SUPPORT "redeploy the VM; open an Azure support request if it stays so."
#define PORT    "/sys/class/infiniband/{device}/ports/{port}/"

const struct check checks[] = {
	{ "adapter-present", CHECK_MACHINE, VERIFY_DRIVER, check_adapter, "",
	  "/sys/bus/pci/devices, vendor 15b3, class 0207 or 0280",
	  "Stop (deallocate) and start the VM, so that it moves to another host; check that its "
	  "size has InfiniBand.",
	  40, true },
	{ "driver-bound", CHECK_MACHINE, VERIFY_DRIVER, check_driver,
	  "each InfiniBand function has a driver", "/sys/bus/pci/devices/*/driver",
	  "Load it with `modprobe mlx5_core` (ConnectX-3: mlx4_core); look at dmesg for why it did "
	  "not bind.",
	  56, false },
	{ "ports-present", CHECK_MACHINE, VERIFY_DRIVER, check_ports, "",
	  "/sys/class/infiniband/*/ports/*/link_layer",
	  "Load mlx5_ib (ConnectX-3: mlx4_ib) with modprobe; look at dmesg; run `ib-vmext apply`.",
	  56, false },

	{ "port-active", CHECK_PORT, VERIFY_DRIVER, check_port_active, "ACTIVE", PORT "state", "",
	  49, false },
	{ "port-link-up", CHECK_PORT, VERIFY_DRIVER, check_port_link, "LinkUp", PORT "phys_state",
	  "The port has no link to the fabric: redeploy the VM or open an Azure support request.",
	  50, false },
	{ "port-rate", CHECK_ACTIVE_PORT, VERIFY_DRIVER, check_port_rate, "", PORT "rate",
	  "The link came up slower than this VM size promises: " SUPPORT, 0, false },
	{ "pkey-full-member", CHECK_ACTIVE_PORT, VERIFY_DRIVER, check_port_pkey,
	  "a partition key with 0x8000 set", PORT "pkeys/*",
	  "Without full membership two VMs cannot talk: redeploy the VM or open an Azure support "
	  "request.",
	  0, false },
	{ "lid-sane", CHECK_ACTIVE_PORT, VERIFY_DRIVER, check_port_lid, "0x0001 to 0xbfff",
	  PORT "lid",
	  "The subnet manager has not given the port a place in the fabric: wait some minutes; "
	  "redeploy the VM if it stays so.",
	  49, false },
	{ "sm-lid", CHECK_ACTIVE_PORT, VERIFY_DRIVER, check_port_sm_lid, "0x0001 to 0xbfff",
	  PORT "sm_lid",
	  "The port knows of no subnet manager: wait some minutes; redeploy the VM if it stays so.",
	  0, false },
	{ "guid-sane", CHECK_PORT, VERIFY_DRIVER, check_port_guid,
	  "a GUID of its own, not all zeros or ones", "/sys/class/infiniband/{device}/node_guid",
	  "The host has not set up the function: stop (deallocate) and start the VM.", 0, false },
	{ "link-flaps", CHECK_ACTIVE_PORT, VERIFY_DRIVER, check_port_flaps, "at most 1 time",
	  PORT "counters/link_downed",
	  "The link has gone down and come back since the driver was loaded: watch it; " SUPPORT, 0,
	  false },
	{ "uverbs-usable", CHECK_PORT, VERIFY_DRIVER, check_port_uverbs, "",
	  "/sys/class/infiniband_verbs/*/ibdev, /dev/infiniband/{uverbs}",
	  "Users cannot open the device: run `udevadm trigger --subsystem-match=infiniband_verbs`; "
	  "look for a udev rule that sets another mode than rdma-core's.",
	  0, false },
	{ "umad-usable", CHECK_PORT, VERIFY_DRIVER, check_port_umad, "",
	  "/sys/class/infiniband_mad/*/ibdev, /dev/infiniband/{umad}",
	  "Tools such as ibstat cannot open the port: run `udevadm trigger "
	  "--subsystem-match=infiniband_mad`.",
	  0, false },
	{ "ipoib-netdev", CHECK_PORT, VERIFY_IPOIB, check_ipoib_netdev,
	  "a network interface of the port",
	  "/sys/class/infiniband/{device}/device/net, /sys/class/net/*/address",
	  "Restart the VM: after a live restart of the driver the interfaces do not come back on "
	  "Hyper-V.",
	  32, false },
	{ "ipoib-up", CHECK_ACTIVE_PORT, VERIFY_IPOIB, check_ipoib_up, "up",
	  "/sys/class/net/{netdev}/operstate",
	  "Take it up with `ip link set NAME up`; run `ib-vmext apply` to have it so at every "
	  "boot.",
	  25, false },
	{ "ipoib-address", CHECK_ACTIVE_PORT, VERIFY_IPOIB, check_ipoib_address, "",
	  "the address of {netdev}, IPoIB_Data in /var/lib/hyperv/.kvp_pool_*",
	  "Run `ib-vmext apply`, which gives the interface the address that Azure assigned to it, "
	  "now and at every boot.",
	  25, false },

	{ "pcie-link", CHECK_FUNCTION, VERIFY_DRIVER, check_pcie, "",
	  "/sys/bus/pci/devices/{pci}/current_link_speed, current_link_width",
	  "The adapter sits in a slower slot than it could use: " SUPPORT, 0, false },

	{ "modules-loaded", CHECK_MACHINE, VERIFY_DRIVER, check_modules, "",
	  "/proc/modules, modules.builtin",
	  "Load it with `modprobe`; run `ib-vmext apply` to have it loaded at every boot.", 56,
	  false },
	{ "modules-of-stack", CHECK_MACHINE, VERIFY_LOADED, check_stack, "",
	  "/proc/modules, modules.dep, /sys/module/*/srcversion",
	  "What is loaded is not what is installed: restart the VM; if it stays so, renew the "
	  "initramfs and run `ib-vmext apply`.",
	  34, false },
	{ "abi-agrees", CHECK_MACHINE, VERIFY_DRIVER, check_abi, "",
	  "/sys/class/infiniband_verbs/abi_version, /sys/class/infiniband_verbs/*/abi_version",
	  "libibverbs cannot talk to this kernel's driver: install the user space that belongs to "
	  "the driver; run `ib-vmext apply`.",
	  0, false },
	{ "userland", CHECK_MACHINE, VERIFY_DRIVER, check_userland, "", "the package database",
	  "Install them: run `ib-vmext apply`.", 0, false },
	{ "userland-matches", CHECK_MACHINE, VERIFY_DRIVER, check_userland_match, "",
	  "the package database",
	  "libibverbs loads providers of its own version only: bring both to one version with the "
	  "package manager.",
	  16, false },
	{ "peer-memory", CHECK_MACHINE, VERIFY_DRIVER, check_peer_memory, "",
	  "/proc/modules, /proc/sys/kernel/osrelease",
	  "RDMA cannot reach the GPUs' memory: load it with `modprobe nvidia-peermem`, and have it "
	  "loaded at boot by a file of /etc/modules-load.d.",
	  37, false },
	{ "dkms", CHECK_KERNEL, VERIFY_DRIVER, check_dkms, "",
	  "/var/lib/dkms, /lib/modules/{kernel}",
	  "This kernel has no driver of this stack: install its headers and run `dkms autoinstall "
	  "-k "
	  "KERNEL` before it boots.",
	  10, false },

	{ "memlock-sessions", CHECK_MACHINE, VERIFY_LIMITS, check_memlock_session,
	  "unlimited, soft and hard", "memlock of * in /etc/security/limits.conf and limits.d",
	  "Programs cannot register memory for RDMA: run `ib-vmext apply`, or set memlock to "
	  "unlimited in a file of /etc/security/limits.d and log in anew.",
	  48, false },
	{ "memlock-services", CHECK_MACHINE, VERIFY_LIMITS, check_memlock_service, "unlimited",
	  "DefaultLimitMEMLOCK in /etc/systemd/system.conf and system.conf.d",
	  "Services such as slurmd hand this limit to their jobs: run `ib-vmext apply`, or set "
	  "DefaultLimitMEMLOCK=infinity in a file of /etc/systemd/system.conf.d and restart them.",
	  48, false },

	{ "loopback", CHECK_LOOPBACK, VERIFY_DRIVER, check_traffic, "data from the port to itself",
	  "{command}", "", 0, true },
	{ "peer", CHECK_PEER, VERIFY_DRIVER, check_traffic, "data to the other node", "{command}",
	  "", 0, true },
	{ "listen", CHECK_LISTEN, VERIFY_DRIVER, check_traffic, "data from another node",
	  "{command}", "", 0, true },
};
const unsigned checks_count = ARRAY_SIZE(checks);
