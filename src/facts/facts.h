/* facts/facts.h - what is known about a machine. Plain values: no pointer, nothing to free.
 *
 * An empty string or a *_UNKNOWN value means "not known"; "not there" is a value of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

enum tristate { TRI_UNKNOWN = 0, TRI_NO = 1, TRI_YES = 2 };

enum link_layer { LINK_LAYER_UNKNOWN = 0, LINK_LAYER_INFINIBAND, LINK_LAYER_ETHERNET };

enum metadata_state {
	METADATA_STATE_UNKNOWN = 0,
	METADATA_STATE_ANSWERED,
	METADATA_STATE_SILENT,
	METADATA_STATE_NONE
};

/* The kernel's numbers (rdma/ib_verbs.h, enum ib_port_state); do not renumber. */
enum port_state {
	PORT_STATE_UNKNOWN = 0,
	PORT_DOWN = 1,
	PORT_INIT = 2,
	PORT_ARMED = 3,
	PORT_ACTIVE = 4
};

enum port_phys_state {
	PORT_PHYS_UNKNOWN = 0,
	PORT_PHYS_SLEEP = 1,
	PORT_PHYS_POLLING = 2,
	PORT_PHYS_DISABLED = 3,
	PORT_PHYS_TRAINING = 4,
	PORT_PHYS_LINK_UP = 5,
	PORT_PHYS_RECOVERY = 6,
	PORT_PHYS_TEST = 7,
};

enum driver_kind {
	DRIVER_NONE = 0,
	DRIVER_INBOX,
	DRIVER_DISTRO,
	DRIVER_MLNX_OFED,
	DRIVER_DOCA_OFED
};

enum {
	FACTS_NICS_MAX = 64,
	FACTS_PORTS_MAX = 64,
	FACTS_PKEYS_MAX = 16,
	FACTS_MODULES_MAX = 40,
	FACTS_PACKAGES_MAX = 160,
	FACTS_USERS_MAX = 16,
	FACTS_DKMS_MAX = 24,
	FACTS_SPACES_MAX = 8,
	FACTS_PACKS_MAX = 16,
	FACTS_KERNELS_MAX = 16,
	FACTS_ASSIGNED_MAX = 64,
	FACTS_OWN_FILES_MAX = 16,
	FACTS_TRAFFIC_MAX = 64,
};

struct vm_facts {
	bool azure; /* SMBIOS chassis asset tag, or metadata answered */
	enum metadata_state metadata;
	char size[64]; /* "Standard_HB120rs_v3" */
	char publisher[64], offer[64], sku[64], image_version[64];
	enum tristate secure_boot; /* as metadata's securityProfile says */
	char placement_group[48];  /* "" where metadata names none: see metadata */
};

struct os_facts {
	char id[32];      /* os-release ID: "debian" */
	char version[32]; /* VERSION_ID: "12" */
	char like[64];    /* ID_LIKE */
	char pretty[96];
};

struct kernel_facts {
	char release[96]; /* proc/sys/kernel/osrelease, never uname(2) */
	char machine[16]; /* "x86_64", "aarch64" */
	enum tristate secure_boot;
	char lockdown[24]; /* "none", "integrity", "confidentiality" */
	char flavour[16];  /* "azure", "generic", "cloud", "rt", "64k", "uek", "default"; "" if the
			      release names none */
	enum tristate signed_only; /* refuses modules that no trusted key has signed:
				      module.sig_enforce, or a lockdown other than none */
	enum tristate headers;     /* lib/modules/<release>/build leads to a tree that can build */
	enum tristate dpll_ffo; /* that tree's dpll.h has struct dpll_ffo_param (known issue 14) */
	char initramfs[20];     /* the program that makes one: "update-initramfs", "dracut"; "" if
				   there is none */
};

struct hyperv_facts {
	enum tristate vmbus; /* sys/bus/vmbus is there */
	enum tristate pci;   /* pci-hyperv is a driver of that bus, built in, or loadable */
};

struct nic_facts {
	char address[16];                    /* "0101:00:00.0" */
	uint16_t vendor, device, class_code; /* 0x15b3, 0x101c, 0x0207 */
	char generation[12];        /* "CX6"; "" if unknown. Filled by catalogue_classify */
	enum link_layer link_layer; /* by class, or by the ports of its device */
	char driver[32];            /* bound kernel driver, "" if none */
	unsigned link_gtps_x10;     /* current PCIe speed in tenths of GT/s: 160; 0 if not known */
	unsigned link_width;        /* lanes, 0 if not known */
	int numa_node;              /* -1 if there is none or it is not known */
	unsigned most_gtps_x10;     /* what the link could have; 0 if not known */
	unsigned most_width;
};

/* A device node of dev/infiniband. */
struct node_facts {
	char name[16];       /* "uverbs0"; "" if the kernel has made none */
	enum tristate there; /* in dev/infiniband; UNKNOWN also where the class cannot be read */
	unsigned mode;       /* 0666, where it is there */
	unsigned group;      /* its group's number */
};

/* Counts since the function came up. Source: ports/<n>/counters/. */
struct counter_facts {
	bool known; /* link_downed could be read */
	uint64_t link_downed, link_error_recovery, symbol_error, receive_errors, transmit_discards;
};

struct port_facts {
	char device[64]; /* "mlx5_0" */
	unsigned number; /* 1-based */
	char pci[16];    /* the function that it belongs to, "" if unknown */
	enum port_state state;
	enum port_phys_state phys_state;
	uint32_t rate_gbps; /* 0 when not known */
	enum link_layer link_layer;
	uint32_t lid, sm_lid;
	uint16_t pkeys[FACTS_PKEYS_MAX];
	unsigned npkeys;
	char netdev[16]; /* "ib0", "" if none */
	char guid[20];   /* "0015:5dff:fe33:ff0c" */
	struct counter_facts counters;
	struct node_facts uverbs, umad;
	unsigned uverbs_abi;     /* of the device's own commands; 0 if not known */
	char netdev_state[16];   /* "up", "down": operstate; "" if not known */
	enum tristate addressed; /* the interface has an IPv4 address */
	char ipv4[16];           /* that address */
	char assigned_ipv4[16];  /* the one that the host names for it; "" if none */
};

/* A kernel module of the RDMA stack that matters to us. */
struct module_facts {
	char name[32];  /* "mlx5_ib", '_' and never '-' */
	bool loaded;    /* proc/modules */
	bool built_in;  /* lib/modules/<release>/modules.builtin */
	char path[128]; /* relative to lib/modules/<release>, from modules.dep; "" if there is none
			 */
	/* Of the file at `path`, where it is not compressed; of built-in ones unknown. */
	char vermagic[96]; /* its release part: "6.1.0-56-amd64" */
	enum tristate is_signed;
	bool blacklisted; /* by a "blacklist" or "install … /bin/false" line of modprobe.d */
	/* A digest of its source, in the file and in the kernel's memory; "" where it says none. */
	char srcversion[32], loaded_srcversion[32];
};

/* A loaded module that hangs on one of the stack without being of it: Lustre, BeeGFS,
 * nvidia_peermem, NFS over RDMA, ... Source: the users in proc/modules, or
 * sys/module/<name>/holders. */
struct module_user {
	char name[32];  /* "ko2iblnd" */
	char holds[32]; /* "rdma_cm" */
};

enum dkms_state { DKMS_UNKNOWN = 0, DKMS_ADDED, DKMS_BUILT, DKMS_INSTALLED };

/* Source: var/lib/dkms/<name>/<version>/<kernel>/<arch>/ and var/lib/dkms/<name>/kernel-*. */
struct dkms_facts {
	char name[48], version[64];
	char kernel[96]; /* "" where it is only added */
	enum dkms_state state;
};

/* Source: lib/modules/<release>/modules.dep. */
struct kernel_image {
	char release[96];
	bool newer; /* than the one that runs, and of its flavour */
};

/* Locked memory, as it is set: "unlimited", a number of KiB, "default" where nothing is set; "" if
 * not known. Sources: etc/security/limits.conf and limits.d, for "*"; DefaultLimitMEMLOCK of
 * etc/systemd/system.conf and its drop-ins. */
struct limit_facts {
	char session_soft[24], session_hard[24];
	char service_soft[24];
	uint64_t most_open_files; /* proc/sys/fs/nr_open; 0 if not known */
};

/* A pair of IPoIB_Data. */
struct assigned_address {
	char mac[16];  /* "00155D33FF17" */
	char ipv4[16]; /* "172.16.1.14" */
};

/* Source: what the agent's package, its directories and its configuration say. */
struct agent_facts {
	char version[24];          /* "2.9.1.1"; "" if not known */
	enum tristate enable_rdma; /* OS.EnableRDMA in waagent.conf; NO where the line is missing */
};

/* How the node's own network is made, and whether it depends on the stack. */
struct network_facts {
	char default_netdev[16];     /* of the default route */
	char default_driver[32];     /* the kernel driver beneath it: "hv_netvsc", "mlx5_core" */
	enum tristate overlaps_rdma; /* an interface that is not IPoIB has a route into
					172.16.0.0/16 */
	enum tristate cloud_init;    /* cloud-init is installed and not disabled */
	enum tristate cloud_init_network; /* it writes the network's configuration */
	char cloud_init_version[24];
	bool network_manager, networkd, netplan; /* enabled */
	enum tristate has_ifconfig;              /* net-tools, which old agents call */
};

/* var/lib/hyperv/.kvp_pool_*: what the host tells the guest. */
struct kvp_facts {
	bool known;
	bool malformed;       /* a pool file that is no whole number of records */
	unsigned ipoib_pairs; /* MAC:IP pairs of IPoIB_Data */
	bool network_direct;  /* NdDriverVersion is there */
	struct assigned_address assigned[FACTS_ASSIGNED_MAX];
	unsigned nassigned;
};

/* Room on a file system that the work needs. */
struct space_facts {
	char path[24]; /* "/", "/tmp", "/var", "/boot", "/usr" */
	uint64_t free_bytes, total_bytes;
	enum tristate noexec, read_only;
};

/* What the owner of the machine laid down for the package manager. Lists are comma separated. */
struct package_policy_facts {
	char excludes[160]; /* exclude= and excludepkgs= of dnf and yum, cut */
	char locks[160];    /* versionlock, zypper locks, apt holds: names of the kernel or the RDMA
			       set */
	char pins[160];     /* packages of the RDMA set in apt preferences */
	char proxy[64];     /* where a proxy is set: "etc/environment"; never its address */
	char mirrors[64];   /* "vault.centos.org"-like end-of-life hint: "centos-eol", "" */
};

struct package_facts {
	char name[48];
	char version[64];
	bool half_installed; /* unpacked, half-configured, ... */
};

/* Source: probe/naming.h. */
struct naming_facts {
	enum tristate can_rename; /* a program that gives RDMA devices names is there */
	char renamer[96];         /* somebody's rule or unit that names them already; "" if none */
};

/* The vendor's service that loads its modules at boot. Source: probe/openibd.h. */
struct openibd_facts {
	enum tristate enabled; /* UNKNOWN: there is no such unit */
	enum tristate settles; /* its unit, or a drop-in of somebody else, has it wait for udev */
};

/* A file of configuration that ib-vmext has written (facts/own_files.h), whatever is in it now. */
struct own_file {
	char path[64];
};

/* A pack of prebuilt modules, where the settings say that there are some (facts/pack.h). */
struct pack_facts {
	char file[160]; /* "ib-vmext-pack_doca-ofed-3.2.1_5.15.0-1064-azure_x86_64.tar" */
	char path[192]; /* of that file, from "/" */
	enum driver_kind driver;
	char version[64];
	char kernel[96];         /* the release that it was built for */
	bool fits;               /* this machine; signed by a trusted key; whole */
	char why[240];           /* it does not: a clause that begins with "it" or with a path */
	enum tristate is_signed; /* by a trusted key; looked at only where all else fits */
	enum tristate modules_signed; /* each module bears a signature for the kernel */
	unsigned nmodules;
	uint64_t bytes; /* of all modules */
};

enum traffic_kind {
	TRAFFIC_KIND_UNKNOWN = 0,
	TRAFFIC_LOOPBACK, /* a port against itself */
	TRAFFIC_PEER,     /* against another node, which listens */
	TRAFFIC_LISTEN,   /* the same, seen from there */
};

enum traffic_end {
	TRAFFIC_END_UNKNOWN = 0,
	TRAFFIC_PASSED,
	TRAFFIC_FAILED,      /* `why` says how */
	TRAFFIC_NO_PORT,     /* none is ACTIVE */
	TRAFFIC_NO_PROGRAM,  /* none that could do it is installed */
	TRAFFIC_UNREACHABLE, /* the peer's address */
	TRAFFIC_NOBODY,      /* no one listens there, or no one came */
};

/* A test of traffic that was made, by programs of others. None is made unasked. */
struct traffic_facts {
	enum traffic_kind kind;
	enum traffic_end end;
	char device[64]; /* "" where there was no port to test */
	unsigned port;
	char peer[64];
	char program[24];   /* "ib_write_bw" */
	char command[192];  /* as it was run here; cut */
	uint32_t rate_mbps; /* average, as the program says */
	uint64_t messages;
	unsigned seconds; /* how long it was measured; 0: messages were counted */
	bool checked;     /* what came was compared with what was sent */
	char why[160];    /* a clause; "" where it passed */
};

struct facts {
	struct vm_facts vm;
	struct os_facts os;
	struct kernel_facts kernel;
	struct hyperv_facts hyperv;
	struct nic_facts nics[FACTS_NICS_MAX];
	unsigned nnics;
	struct port_facts ports[FACTS_PORTS_MAX];
	unsigned nports;
	struct module_facts modules[FACTS_MODULES_MAX];
	unsigned nmodules;
	bool modules_known; /* false: what is not listed may be to be had all the same */
	struct package_facts packages[FACTS_PACKAGES_MAX]; /* installed packages of the RDMA set */
	unsigned npackages;
	bool packages_known;      /* false: what is not listed may be installed all the same */
	char package_manager[16]; /* "apt", "dnf", "yum", "tdnf", "zypper", "" */
	struct {
		enum driver_kind kind;
		char version[64];
	} driver;
	struct {
		uint64_t free_bytes, total_bytes;
		bool known;
	} root_space;
	struct space_facts spaces[FACTS_SPACES_MAX]; /* of each path that is known, "/" included */
	unsigned nspaces;
	struct module_user users[FACTS_USERS_MAX];
	unsigned nusers;
	struct dkms_facts dkms[FACTS_DKMS_MAX];
	unsigned ndkms;
	struct kernel_image kernels[FACTS_KERNELS_MAX]; /* with modules, the running one included */
	unsigned nkernels;
	struct limit_facts limits;
	unsigned verbs_abi; /* sys/class/infiniband_verbs/abi_version; 0 if not known */
	struct agent_facts agent;
	struct network_facts network;
	struct kvp_facts kvp;
	struct package_policy_facts policy;
	char selinux[12]; /* "enforcing", "permissive", "disabled" */
	enum tristate
		ipoib_load;    /* IPOIB_LOAD in etc/infiniband/openib.conf; UNKNOWN: no such line */
	bool dpkg_interrupted; /* var/lib/dpkg/updates holds something */
	char pending_kernel[96];  /* a newer kernel waits for a reboot: its release, or "yes" */
	char ofed_text[64];       /* what ofed_info -s printed, cut */
	bool systemd;             /* run/systemd/system is there */
	unsigned systemd_version; /* 252, as its shared library is named; 0 if not known */
	struct openibd_facts openibd;
	struct naming_facts naming;
	struct own_file own_files[FACTS_OWN_FILES_MAX];
	unsigned nown_files;
	bool image; /* planned for, not read (plan/image.h): it boots elsewhere, and nothing of it
		       is loaded or running now */
	struct pack_facts packs[FACTS_PACKS_MAX]; /* read only where settings are at hand */
	unsigned npacks;
	char packs_why[240]; /* why none could be fetched of a web address; a clause */
	struct traffic_facts traffic[FACTS_TRAFFIC_MAX];
	unsigned ntraffic;
};

/* ib-vmext/facts/1, and back. facts_from_json returns 0, or -EINVAL with the place at fault in
 * `why`. */
json_t *facts_to_json(const struct facts *f);
int facts_from_json(const json_t *j, struct facts *ret, char *why, size_t why_size);

/* Is it an InfiniBand function? mlx5: class 0207; ConnectX-3 family: 0280; never 0200
 * (facts/nics.tsv, rule 1). */
bool nic_is_infiniband(const struct nic_facts *nic);
unsigned facts_count_infiniband_nics(const struct facts *f);
unsigned facts_count_infiniband_ports(const struct facts *f, enum port_state at_least);
const struct module_facts *facts_module(const struct facts *f, const char *name);
const struct package_facts *facts_package(const struct facts *f, const char *name);
bool facts_has_own_file(const struct facts *f, const char *path);

const char *driver_kind_name(enum driver_kind kind);          /* "mlnx-ofed" */
const char *link_layer_name(enum link_layer layer);           /* "InfiniBand", NULL if unknown */
const char *port_state_name(enum port_state state);           /* "ACTIVE" */
const char *port_phys_state_name(enum port_phys_state state); /* "LinkUp" */
