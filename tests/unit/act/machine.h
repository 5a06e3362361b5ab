/* tests/unit/act/machine.h - a machine in a temporary directory: a live host whose root is that
 * directory, a clock that only tests move, and a package system.
 *
 * The package system is a small state machine on the tree that plays apt-get, dpkg and modprobe
 * (packages.c): what it writes it writes step by step, so that it can be killed half-way as the
 * real ones can. The real ones run in the scenarios of the lab. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "act/act.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/settings.h"
#include "host/host.h"

struct test_clock {
	struct clock clock;
	int64_t now_ms; /* moved by sleeping, and by 1 ms with each look */
	int64_t slept_ms;
};

/* A command that does not do what it should. */
struct upset {
	const char *command; /* found in the words of the command, joined by spaces */
	int times;           /* how often; -1: always */
	const char *err;     /* what it says on stderr; it exits with 100 */
	bool after;          /* only after it has done its work */
};

/* A package that can be had. */
struct archive_package {
	const char *name, *version, *needs[4];
	const char *host; /* only while this version of the vendor's package doca-host is there */
};

struct machine {
	char dir[64];
	char program[96]; /* what is copied as this program */
	struct host host;
	struct test_clock clock;
	struct log log;
	struct buf said; /* every event of the log, a line each */
	struct settings settings;
	const struct catalogue *catalogue; /* the built-in one, unless a test puts its own */
	const struct archive_package *archive;
	size_t narchive;
	struct upset upsets[4];
	bool dkms_builds;        /* dkms makes modules, else it fails */
	bool dkms_full;          /* and says then that there is no room */
	bool dkms_masked;        /* a package of modules does not build when it is configured */
	bool driver_dead;        /* modules load, but no port appears */
	bool ports_down;         /* ports appear, but none is ACTIVE */
	int vendor_code;         /* with which mlnxofedinstall ends, before it has done much */
	const char *vendor_says; /* and what it says then */
	bool adapter_goes;       /* the function leaves the PCI bus when the driver is loaded */
	unsigned nruns;          /* programs run */
	unsigned restarts;       /* ordered, see machine_restart */
	bool (*stop)(void *ctx);
	void *stop_ctx;
	const struct transaction *agreed;
};

/* A VM of size Standard_HB120rs_v3 with Debian 12, nothing of InfiniBand installed. */
void machine_make(struct machine *m);
void machine_drop(struct machine *m);

void machine_put(const struct machine *m, const char *path, const char *text);
bool machine_has(const struct machine *m, const char *path);
/* The text of a file, "" if it is not there. */
const char *machine_text(const struct machine *m, const char *path, struct buf *ret);

/* One verb, as a process of its own would do it. A failure of the state itself becomes an outcome
 * with its fault, and exit code 14. */
void machine_apply(struct machine *m, struct outcome *ret);
void machine_undo(struct machine *m, bool force, struct outcome *ret);
void machine_recover(struct machine *m, struct outcome *ret);

/* What the next boot makes of it: another boot id; the modules that
 * /etc/modules-load.d/ib-vmext.conf names are loaded, and ports appear, unless driver_dead. */
void machine_restart(struct machine *m);

/* A port of the adapter, as a loaded driver shows it. */
void machine_show_port(const struct machine *m);

/* All that is not ours to leave behind: every file below the root but our state directory, and but
 * what a loaded module shows. */
void machine_snapshot(const struct machine *m, struct buf *ret);

/* Let MLNX_OFED of this version be to hand and in the catalogue, the first of its rows asked for;
 * no module is loaded, so that what is installed serves at once. mlnx.c plays its tarball. */
void machine_offer_mlnx(struct machine *m, const char *version);

/* packages.c */
extern const struct archive_package archive_usual[];
extern const size_t archive_usual_count;
extern const struct runner machine_runner;

/* tests/unit/act/vendor.c: a vendor's package that holds a repository, and one with modules for
 * DKMS. Names begin "doca-host" and end "-dkms". */
bool vendor_host(const struct machine *m, char *ret, size_t size); /* the installed version */
int vendor_unpacked(const struct machine *m, const char *name, const char *version);
int vendor_configured(const struct machine *m, const char *name, const char *version);
int vendor_removed(const struct machine *m, const char *name, const char *version);
struct run_result;
typedef int vendor_program(struct machine *m, const char *const *argv, struct run_result *ret);
vendor_program vendor_dpkg_deb, vendor_list, vendor_modinfo, vendor_dkms;

/* Make it as if this package had been installed by somebody: "install ok installed". */
void packages_put(const struct machine *m, const char *name, const char *version,
		  const char *status);
/* "installed 44.0-2", "" if there is none. */
void packages_state(const struct machine *m, const char *name, char *ret, size_t size);
/* Add which of those that are there apt holds for automatic: it remembers others, too, when it is
 * killed, which means nothing. */
void packages_list_auto(const struct machine *m, struct buf *ret);
