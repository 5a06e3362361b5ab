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
	FACTS_MODULES_MAX = 24,
	FACTS_PACKAGES_MAX = 64
};

struct vm_facts {
	bool azure; /* SMBIOS chassis asset tag, or metadata answered */
	enum metadata_state metadata;
	char size[64]; /* "Standard_HB120rs_v3" */
	char publisher[64], offer[64], sku[64], image_version[64];
	enum tristate secure_boot; /* as metadata's securityProfile says */
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
};

/* A kernel module of the RDMA stack that matters to us. */
struct module_facts {
	char name[32];  /* "mlx5_ib", '_' and never '-' */
	bool loaded;    /* proc/modules */
	bool built_in;  /* lib/modules/<release>/modules.builtin */
	char path[128]; /* relative to lib/modules/<release>, from modules.dep; "" if there is none
			 */
};

struct package_facts {
	char name[48];
	char version[64];
	bool half_installed; /* unpacked, half-configured, ... */
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
	bool systemd; /* run/systemd/system is there */
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

const char *driver_kind_name(enum driver_kind kind);          /* "mlnx-ofed" */
const char *link_layer_name(enum link_layer layer);           /* "InfiniBand", NULL if unknown */
const char *port_state_name(enum port_state state);           /* "ACTIVE" */
const char *port_phys_state_name(enum port_phys_state state); /* "LinkUp" */
