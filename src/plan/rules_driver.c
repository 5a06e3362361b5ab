/* plan/rules_driver.c - warnings about the driver that was chosen, or that is installed. */
#include "plan/room.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

/* The first MLNX_OFED for ConnectX-7, and the first without ConnectX-3. */
#define OFED_KNOWS_CX7   "5.6-1.0.3.3"
#define OFED_DROPPED_CX3 "5.1"
#define UCX_KNOWS_NDR    "1.13"

static bool installs(const struct inputs *in, const struct driver_row *row)
{
	return in->intent == INTENT_INSTALL && row != NULL;
}

static bool installs_vendors(const struct inputs *in, const struct driver_row *row)
{
	return installs(in, row) && row_is_vendors(row);
}

static bool builds(const struct inputs *in, const struct driver_row *row)
{
	return installs(in, row) && row->builds;
}

/* Compiling. */

static bool headers_missing(const struct inputs *in, const struct driver_row *row, char *what,
			    size_t size)
{
	if (!builds(in, row) || in->facts->kernel.headers != TRI_NO)
		return false;
	(void)text_format(what, size,
			  "%s is compiled on this VM, and the headers of kernel %s are not "
			  "installed",
			  row->route, in->facts->kernel.release);
	return true;
}

static bool headers_from_vault(const struct inputs *in, const struct driver_row *row, char *what,
			       size_t size)
{
	if (!builds(in, row) || in->facts->kernel.headers != TRI_NO ||
	    in->facts->policy.mirrors[0] == '\0')
		return false;
	(void)text_format(what, size,
			  "the headers of kernel %s are only in the archive of %s %s, which has "
			  "reached its end of life",
			  in->facts->kernel.release, in->facts->os.id, in->facts->os.version);
	return true;
}

/* apt's holds keep what is there; the excludes and locks of the others hide what is not. */
static bool kernel_excluded(const struct inputs *in, const struct driver_row *row, char *what,
			    size_t size)
{
	const struct package_policy_facts *p = &in->facts->policy;
	const char *hidden = strstr(p->excludes, "kernel") != NULL ? p->excludes
			     : strstr(p->locks, "kernel") != NULL  ? p->locks
								   : NULL;

	if (!installs(in, row) || hidden == NULL || text_eq(row->package_manager, "apt"))
		return false;
	if (!row->builds && strstr(row->packages, "%r") == NULL)
		return false;
	(void)text_format(what, size,
			  "%s excludes or locks %s: headers of the kernel cannot be resolved as "
			  "it stands",
			  row->package_manager, hidden);
	return true;
}

static bool tmp_noexec(const struct inputs *in, const struct driver_row *row, char *what,
		       size_t size)
{
	const struct facts *f = in->facts;

	if (!builds(in, row) && !(installs(in, row) && text_eq(row->route, "mlnx-ofed")))
		return false;
	for (unsigned i = 0; i < f->nspaces; i++) {
		const struct space_facts *s = &f->spaces[i];

		if (!text_eq(s->path, "/tmp") || (s->noexec != TRI_YES && s->read_only != TRI_YES))
			continue;
		(void)text_format(what, size, "/tmp is mounted %s",
				  s->noexec == TRI_YES ? "noexec" : "read-only");
		return true;
	}
	return false;
}

/* Replacing what is there. */

static bool reload_at_boot(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	const char *loaded = stack_loaded_module(in->facts);

	if (!installs(in, row) || !row_replaces_modules(row) || loaded == NULL)
		return false;
	(void)text_format(what, size,
			  "%s is loaded and is not unloaded: %s takes effect at the next boot",
			  loaded, row->route);
	return true;
}

static bool replaces_distro_rdma(const struct inputs *in, const struct driver_row *row, char *what,
				 size_t size)
{
	static const char *const names[] = { "rdma-core",        "ibverbs-providers", "libibverbs1",
					     "libibverbs",       "librdmacm1",        "librdmacm",
					     "infiniband-diags", "ibverbs-utils",     "libibumad",
					     "libibverbs-utils", "perftest" };
	const struct facts *f = in->facts;
	char found[160] = "";

	if (!installs_vendors(in, row) || f->driver.kind == DRIVER_MLNX_OFED ||
	    f->driver.kind == DRIVER_DOCA_OFED)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (facts_package(f, names[i]) != NULL)
			text_list_add(found, sizeof found, names[i]);
	if (found[0] == '\0')
		return false;
	(void)text_format(what, size, "%s replaces %s of the distribution", row->route, found);
	return true;
}

static bool is_mpi(const char *package)
{
	static const char *const names[] = { "openmpi", "libopenmpi", "pmix", "libpmix" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_starts(package, names[i]))
			return true;
	return false;
}

static bool openmpi_conflict(const struct inputs *in, const struct driver_row *row, char *what,
			     size_t size)
{
	const struct facts *f = in->facts;

	if (!installs(in, row) || !text_eq(row->route, "doca-ofed"))
		return false;
	for (unsigned i = 0; i < f->npackages; i++) {
		if (!is_mpi(f->packages[i].name))
			continue;
		(void)text_format(what, size,
				  "%s is installed, and the vendor's openmpi holds "
				  "/etc/pmix-mca-params.conf too",
				  f->packages[i].name);
		return true;
	}
	return false;
}

/* Enterprise Linux 9.8 and later of 9: its rdma-core is newer than any DOCA-OFED for it. */
static bool baseos_conflict(const struct inputs *in, const struct driver_row *row, char *what,
			    size_t size)
{
	static const char family[] = "rhel,centos,almalinux,rocky,ol";
	const struct os_facts *os = &in->facts->os;

	if (row == NULL || !text_eq(row->route, "doca-ofed") || !list_has(family, os->id) ||
	    !version_begins(os->version, "9") || version_compare(os->version, "9.8") < 0)
		return false;
	(void)text_format(what, size,
			  "the rdma packages of %s %s are newer than those of DOCA-OFED, and an "
			  "update cannot install both",
			  os->id, os->version);
	return true;
}

/* They come with the kernel, hold the core of the stack, and are built for the kernel's own. */
static const char *const auxiliary[] = { "mlx5_vdpa", "mlx5_fwctl", "mlx5_dpll", "irdma" };

static void foreign_names(const struct facts *f, char *users, char *dkms, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(auxiliary); i++) {
		const struct module_facts *module = facts_module(f, auxiliary[i]);

		if (module != NULL && module->loaded)
			text_list_add(users, size, auxiliary[i]);
	}
	for (unsigned i = 0; i < f->nusers; i++)
		if (strstr(users, f->users[i].name) == NULL)
			text_list_add(users, size, f->users[i].name);
	for (unsigned i = 0; i < f->ndkms; i++)
		if (dkms_hangs_on_stack(f, f->dkms[i].name) &&
		    strstr(dkms, f->dkms[i].name) == NULL)
			text_list_add(dkms, size, f->dkms[i].name);
}

static bool foreign_modules(const struct inputs *in, const struct driver_row *row, char *what,
			    size_t size)
{
	char users[100] = "", dkms[80] = "";

	if (!installs(in, row) || !row_replaces_modules(row))
		return false;
	foreign_names(in->facts, users, dkms, sizeof dkms);
	if (users[0] == '\0' && dkms[0] == '\0')
		return false;
	(void)text_format(what, size, "%s%s%s%s%s%s", users[0] != '\0' ? "loaded and in use: " : "",
			  users, users[0] != '\0' && dkms[0] != '\0' ? "; " : "",
			  dkms[0] != '\0' ? "DKMS rebuilds " : "", dkms,
			  dkms[0] != '\0' ? " against the new stack" : "");
	return true;
}

static bool mana_ib(const struct inputs *in, const struct driver_row *row, char *what, size_t size)
{
	const struct facts *f = in->facts;
	const struct module_facts *module = facts_module(f, "mana_ib");
	bool loaded = module != NULL && module->loaded;

	for (unsigned i = 0; i < f->nusers; i++)
		loaded |= text_eq(f->users[i].name, "mana_ib");
	if (!installs_vendors(in, row) || !loaded)
		return false;
	(void)text_format(
		what, size,
		"mana_ib is loaded, which the ib_core of %s takes the place of ib_core from",
		row->route);
	return true;
}

/* Age. */

static bool asks_ofed(const struct settings *s)
{
	return s->driver == CHOICE_MLNX_OFED && s->driver_version[0] != '\0';
}

/* The version of MLNX_OFED that the machine has, will have, or is asked to have; "" if none. */
static const char *ofed_in_question(const struct inputs *in, const struct driver_row *row)
{
	if (in->intent != INTENT_KEEP && row != NULL)
		return text_eq(row->route, "mlnx-ofed") ? row->version : "";
	if (in->intent == INTENT_REFUSE && asks_ofed(in->settings))
		return in->settings->driver_version;
	return in->facts->driver.kind == DRIVER_MLNX_OFED ? in->facts->driver.version : "";
}

static bool driver_too_old(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	const char *version = ofed_in_question(in, row);

	if (version[0] == '\0' || !machine_has_generation(in->facts, "CX7,CX8") ||
	    version_compare(version, OFED_KNOWS_CX7) >= 0 ||
	    version_begins(OFED_KNOWS_CX7, version))
		return false;
	(void)text_format(what, size,
			  "MLNX_OFED %s is older than " OFED_KNOWS_CX7
			  ", the first that knows the rate of this adapter",
			  version);
	return true;
}

static bool cx3_dropped(const struct inputs *in, const struct driver_row *row, char *what,
			size_t size)
{
	const struct facts *f = in->facts;
	bool installed = f->driver.kind == DRIVER_MLNX_OFED &&
			 version_compare(f->driver.version, OFED_DROPPED_CX3) >= 0;
	const char *version = installed ? f->driver.version : ofed_in_question(in, row);
	bool doca = f->driver.kind == DRIVER_DOCA_OFED || in->settings->driver == CHOICE_DOCA_OFED;

	if (!machine_has_generation(in->facts, "CX2,CX3,CX3-Pro,Connect-IB"))
		return false;
	if (version[0] != '\0' && version_compare(version, OFED_DROPPED_CX3) >= 0)
		(void)text_format(what, size, "MLNX_OFED %s has no driver for this adapter",
				  version);
	else if (doca)
		(void)text_copy(what, size, "DOCA-OFED has no driver for this adapter");
	else
		return false;
	return true;
}

static bool ofed52_slow_boot(const struct inputs *in, const struct driver_row *row, char *what,
			     size_t size)
{
	const char *version = ofed_in_question(in, row);

	if (!version_begins(version, "5.2") ||
	    !text_eq(in->facts->kernel.release, "5.4.0-1039-azure"))
		return false;
	(void)text_format(what, size,
			  "a boot takes about half an hour with MLNX_OFED %s and kernel %s",
			  version, in->facts->kernel.release);
	return true;
}

static bool ucx_old(const struct inputs *in, const struct driver_row *row, char *what, size_t size)
{
	static const char *const names[] = { "ucx", "libucx0" };

	(void)row;
	if (!machine_has_generation(in->facts, "CX7,CX8"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct package_facts *p = facts_package(in->facts, names[i]);

		if (p == NULL || version_compare(p->version, UCX_KNOWS_NDR) >= 0)
			continue;
		(void)text_format(what, size,
				  "%s %s is older than " UCX_KNOWS_NDR ", the first that knows NDR",
				  p->name, p->version);
		return true;
	}
	return false;
}

static bool deprecated_driver(const struct inputs *in, const struct driver_row *row, char *what,
			      size_t size)
{
	(void)in;
	if (row == NULL || !row->deprecated)
		return false;
	(void)text_format(what, size,
			  "%s %s is no longer maintained; nothing newer of this route serves this "
			  "machine",
			  row->route, row->version);
	return true;
}

/* Trust. */

static bool no_digest(const struct inputs *in, const struct driver_row *row, char *what,
		      size_t size)
{
	const char *name;

	if (!installs(in, row) || row->url[0] == '\0' || row->sha256[0] != '\0')
		return false;
	name = strrchr(row->url, '/');
	(void)text_format(what, size,
			  "nobody has published a digest of %s: it can be fetched over TLS only, "
			  "and held against nothing",
			  name != NULL ? name + 1 : row->url);
	return true;
}

/* A vendor's row of this machine that would be compiled here. */
static const struct driver_row *unsigned_row(const struct inputs *in)
{
	for (size_t i = 0; i < in->catalogue->ndrivers; i++) {
		const struct driver_row *row = &in->catalogue->drivers[i];

		if (row->builds && row_is_vendors(row) &&
		    driver_row_matches(row, in->facts, NULL, 0))
			return row;
	}
	return NULL;
}

/* Signed by a key that only the machine's owner vouches for, or passed over since nobody signs. */
static bool secure_boot(const struct inputs *in, const struct driver_row *row, char *what,
			size_t size)
{
	const struct driver_row *other;

	if (in->intent == INTENT_KEEP || in->pack != NULL || !kernel_wants_signatures(in->facts))
		return false;
	if (builds(in, row)) {
		(void)text_format(what, size,
				  "this kernel loads signed modules only: those of %s are signed "
				  "with modulesKey, which it must trust",
				  row->route);
		return true;
	}
	other = in->settings->modules_key[0] == '\0' ? unsigned_row(in) : NULL;
	if (other == NULL)
		return false;
	(void)text_format(what, size,
			  "this kernel loads signed modules only: %s is not used, since its "
			  "modules would be compiled here and signed by nobody",
			  other->route);
	return true;
}

static bool selinux_enforcing(const struct inputs *in, const struct driver_row *row, char *what,
			      size_t size)
{
	if (!installs_vendors(in, row) || !text_eq(in->facts->selinux, "enforcing"))
		return false;
	(void)text_format(what, size,
			  "SELinux is enforcing: what the installation of %s writes outside the "
			  "policy's places may be denied",
			  row->route);
	return true;
}

/* GPUs. */

static bool peer_memory(const struct inputs *in, const struct driver_row *row, char *what,
			size_t size)
{
	const struct size_row *vm = in->facts->vm.azure
					    ? catalogue_size(in->catalogue, in->facts->vm.size)
					    : NULL;
	const char *says = row != NULL ? row->peer_memory : "unknown";

	if (vm == NULL || !vm->gpu || in->intent == INTENT_REFUSE ||
	    (!text_eq(says, "no") && !text_eq(says, "unknown")))
		return false;
	(void)text_format(
		what, size, "%s has GPUs, and %s", vm->name,
		text_eq(says, "no")
			? "this driver gives them no direct access to the adapter"
			: "it is not known whether this driver gives them direct access to "
			  "the adapter");
	return true;
}

/* Room: what is known to be needed may be short of what comes on top of it. */

enum { BUILD_ROOM_GIB = 5 }; /* known issue 46: 5 to 8 GB, inferred */

static bool disk_space(const struct inputs *in, const struct driver_row *row, char *what,
		       size_t size)
{
	static const char places[] = "/,/usr,/var";
	const struct facts *f = in->facts;
	long long wanted;

	if (!installs(in, row) || (row->disk_bytes < 0 && !row->builds))
		return false;
	wanted = row->disk_bytes >= 0 ? 2 * row->disk_bytes : (long long)BUILD_ROOM_GIB << 30;
	for (unsigned i = 0; i < f->nspaces; i++) {
		const struct space_facts *s = &f->spaces[i];

		if (!list_has(places, s->path) || s->free_bytes >= (uint64_t)wanted)
			continue;
		(void)text_format(what, size, "%s has %llu MiB free; %lld MiB are wanted for %s",
				  s->path, (unsigned long long)(s->free_bytes >> 20), wanted >> 20,
				  row->route);
		return true;
	}
	return false;
}

const struct rule rules_of_driver[] = {
	{ "reload-at-boot", RULE_WARNS, reload_at_boot, FAULT_NONE },
	{ "foreign-modules", RULE_WARNS, foreign_modules, FAULT_NONE },
	{ "mana-ib", RULE_WARNS, mana_ib, FAULT_NONE },
	{ "secure-boot", RULE_WARNS, secure_boot, FAULT_NONE },
	{ "headers-missing", RULE_WARNS, headers_missing, FAULT_NONE },
	{ "headers-from-vault", RULE_WARNS, headers_from_vault, FAULT_NONE },
	{ "kernel-excluded", RULE_WARNS, kernel_excluded, FAULT_NONE },
	{ "no-digest", RULE_WARNS, no_digest, FAULT_NONE },
	{ "deprecated-driver", RULE_WARNS, deprecated_driver, FAULT_NONE },
	{ "cx3-dropped", RULE_WARNS, cx3_dropped, FAULT_NONE },
	{ "driver-too-old", RULE_WARNS, driver_too_old, FAULT_NONE },
	{ "ofed52-slow-boot", RULE_WARNS, ofed52_slow_boot, FAULT_NONE },
	{ "ucx-old", RULE_WARNS, ucx_old, FAULT_NONE },
	{ "peer-memory", RULE_WARNS, peer_memory, FAULT_NONE },
	{ "baseos-conflict", RULE_WARNS, baseos_conflict, FAULT_NONE },
	{ "replaces-distro-rdma", RULE_WARNS, replaces_distro_rdma, FAULT_NONE },
	{ "openmpi-conflict", RULE_WARNS, openmpi_conflict, FAULT_NONE },
	{ "disk-space", RULE_WARNS, disk_space, FAULT_NONE },
	{ "tmp-noexec", RULE_WARNS, tmp_noexec, FAULT_NONE },
	{ "selinux-enforcing", RULE_WARNS, selinux_enforcing, FAULT_NONE },
	{ 0 },
};
