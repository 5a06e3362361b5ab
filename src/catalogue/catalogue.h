/* catalogue/catalogue.h - which driver for which machine: data in, rows out. The tables are made
 * from data/ at build time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct size_row {
	const char *name; /* "Standard_HB120rs_v3", compared without regard to case */
	const char *series;
	const char *generation; /* "CX6"; "" for a size without InfiniBand */
	enum { SIZE_NO_INFINIBAND = 0, SIZE_SRIOV, SIZE_NETWORK_DIRECT } kind;
	unsigned ports;     /* InfiniBand ports expected */
	unsigned rate_gbps; /* of each port */
	bool gpu;
	const char *arch;
	bool seen; /* read in the source; false: inferred */
	const char *source;
};

struct adapter_row {
	unsigned vendor, device;
	const char *generation; /* "CX6", "CX3-Pro", "mlx5Gen" */
	bool virtual_function;
	const char *kernel_driver; /* "mlx5_core" */
	const char *name;
	bool seen;
	const char *source;
};

/* One way to a driver, for one distribution. Texts are "" where there is nothing to say; lists are
 * comma separated, see list_next. */
struct driver_row {
	const char *id;          /* "doca-3.2.3-ubuntu-24.04-x86_64" */
	const char *route;       /* "inbox", "distro", "prebuilt", "doca-ofed", "mlnx-ofed" */
	const char *os_ids;      /* "rhel,centos": any of them */
	const char *os_versions; /* "12" or "8.1,8.2": exact; "8.*" prefix; "8.3-8.6" inclusive */
	const char *generations; /* "CX4,CX5,CX6,CX7,mlx5Gen": every function must be of one */
	const char *arch;        /* "x86_64,aarch64" */
	const char *kernels;     /* upstream versions, inclusive: "3.10-5.5"; "" for any */
	const char *flavours;    /* "uek"; "!uek": all but it; "" for any */
	const char *sizes;       /* VM sizes that it is bound to; "" for any */
	const char *package_manager;
	const char *packages;         /* "%r" stands for the kernel's release */
	const char *build_packages;   /* what compiling needs on the VM */
	const char *modules;          /* in the order of loading */
	const char *optional_modules; /* loaded after them where the kernel has them */
	const char *services;         /* enabled for the next boot: "openibd" */
	const char *version;          /* fixed version, or "" where the package manager decides */
	const char *ofed;             /* the OFED inside: "25.10-1.6.6.0" */
	const char *url, *sha256;     /* of the one artefact that is downloaded; sha256 "" if nobody
					 has told it */
	const char *repository, *key; /* of an online repository: its base URL and key */
	const char *options;          /* of mlnxofedinstall, divided by blanks; "%r" as above */
	const char *peer_memory;      /* "yes", "dma-buf", "no", "unknown" */
	bool builds;                  /* compiles modules on the VM: nobody has signed them */
	bool deprecated;              /* still chosen where nothing else serves, with a warning */
	int seconds;                  /* estimate, -1 if unknown */
	long long download_bytes, disk_bytes; /* -1 if unknown */
	bool seen;
	const char *source;
	const char *why;
};

struct catalogue {
	const struct size_row *sizes;
	size_t nsizes;
	const struct adapter_row *adapters;
	size_t nadapters;
	const struct driver_row *drivers;
	size_t ndrivers;
	const char *version; /* "2026.11.2" */
};

extern const struct catalogue catalogue_built_in;

const struct size_row *catalogue_size(const struct catalogue *c,
				      const char *name); /* NULL if not known */
const struct adapter_row *catalogue_adapter(const struct catalogue *c, unsigned vendor,
					    unsigned device);

/* Is the row for this distribution and version, whatever else differs? */
bool driver_row_is_for_os(const struct driver_row *row, const struct os_facts *os);

/* Does the row serve this machine? If not, `why` (may be NULL) says what differs. */
bool driver_row_matches(const struct driver_row *row, const struct facts *f, char *why,
			size_t why_size);

/* Set nics[].generation (for the ambiguous 15b3:101e the size decides, or else the port's rate),
 * and link_layer where it is not known. Leaves no trace of an earlier call. */
void catalogue_classify(const struct catalogue *c, struct facts *f);

/* Walk a comma-separated column: copy the next word to `ret` and move *rest behind it. False at the
 * end. */
bool list_next(const char **rest, char *ret, size_t size);
bool list_has(const char *list, const char *word);
