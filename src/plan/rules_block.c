/* plan/rules_block.c - what stands against a driver row on this machine, although the row is for
 * such machines. */
#include "plan/room.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

static bool secure_boot_is_on(const struct facts *f)
{
	return f->kernel.secure_boot == TRI_YES ||
	       (f->kernel.secure_boot == TRI_UNKNOWN && f->vm.secure_boot == TRI_YES);
}

static bool signatures(const struct inputs *in, const struct driver_row *row, char *what,
		       size_t size)
{
	if (!row->builds || !kernel_wants_signatures(in->facts) ||
	    in->settings->modules_key[0] != '\0')
		return false;
	(void)text_format(
		what, size,
		"its modules are compiled here and signed by nobody, and %skernel %s loads "
		"signed modules only",
		secure_boot_is_on(in->facts) ? "under Secure Boot " : "",
		in->facts->kernel.release);
	return true;
}

/* A vendor's stack owns the same modules and packages: it has to go before another comes. */
static bool foreign_stack(const struct inputs *in, const struct driver_row *row, char *what,
			  size_t size)
{
	const struct facts *f = in->facts;

	if ((f->driver.kind != DRIVER_MLNX_OFED && f->driver.kind != DRIVER_DOCA_OFED) ||
	    text_eq(row->route, driver_kind_name(f->driver.kind)))
		return false;
	(void)text_format(what, size, "%s %s is installed and must be removed first",
			  driver_kind_name(f->driver.kind), f->driver.version);
	return true;
}

/* Modules that come in the package of others, and how DKMS calls it. */
static const struct {
	const char *module, *dkms;
} packed[] = {
	{ "ko2iblnd", "lustre" },       { "lnet", "lustre" },
	{ "nvidia_peermem", "nvidia" }, { "nv_peer_mem", "nv_peer_mem" },
	{ "nv_peer_mem", "nvidia" },    { "mmfs26", "gpfs" },
	{ "mmfslinux", "gpfs" },
};

static bool dkms_knows(const struct facts *f, const char *begin)
{
	for (unsigned i = 0; i < f->ndkms; i++)
		if (text_starts(f->dkms[i].name, begin))
			return true;
	return false;
}

bool dkms_hangs_on_stack(const struct facts *f, const char *name)
{
	static const char *const names[] = { "lustre",      "beegfs", "nvidia",
					     "nv_peer_mem", "gpfs",   "weka" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_starts(name, names[i]))
			return true;
	for (unsigned i = 0; i < f->nusers; i++)
		if (text_starts(name, f->users[i].name))
			return true;
	return false;
}

static bool user_is_rebuilt(const struct facts *f, const char *module)
{
	for (size_t i = 0; i < ARRAY_SIZE(packed); i++)
		if (text_eq(packed[i].module, module) && dkms_knows(f, packed[i].dkms))
			return true;
	return dkms_knows(f, module);
}

/* NFS over RDMA: DOCA's packages hold modules of their own for it, MLNX_OFED's do so only where
 * they are asked to. */
static bool user_is_brought(const struct driver_row *row, const char *module)
{
	static const char nfs[] = "rpcrdma,xprtrdma,svcrdma";

	return list_has(nfs, module) &&
	       (text_eq(row->route, "doca-ofed") || strstr(row->options, "--with-nfsrdma") != NULL);
}

/* What hangs on the stack was compiled against it, and would not load with another (known issues
 * 35 and 37). mana_ib has a warning of its own. */
static bool foreign_users(const struct inputs *in, const struct driver_row *row, char *what,
			  size_t size)
{
	const struct facts *f = in->facts;
	char names[120] = "";

	if (!row_replaces_modules(row) || in->settings->force)
		return false;
	for (unsigned i = 0; i < f->nusers; i++) {
		const char *name = f->users[i].name;

		if (!text_eq(name, "mana_ib") && !user_is_rebuilt(f, name) &&
		    !user_is_brought(row, name))
			text_list_add(names, sizeof names, name);
	}
	if (names[0] == '\0')
		return false;
	(void)text_format(what, size,
			  "%s would no longer load: what hangs on the stack must be built anew "
			  "against the new one, and DKMS does not know it",
			  names);
	return true;
}

static bool module_missing(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	const char *rest = row->modules;
	char name[64];

	while (list_next(&rest, name, sizeof name))
		if (row_lacks_module(row, in->facts, name)) {
			(void)text_format(what, size, "kernel %s has no module %s",
					  in->facts->kernel.release, name);
			return true;
		}
	return false;
}

static bool module_blacklisted(const struct inputs *in, const struct driver_row *row, char *what,
			       size_t size)
{
	const char *rest = row->modules;
	char name[64];

	while (list_next(&rest, name, sizeof name)) {
		const struct module_facts *module = facts_module(in->facts, name);

		if (module == NULL || !module->blacklisted || module->loaded)
			continue;
		(void)text_format(what, size, "the module %s is blacklisted in /etc/modprobe.d",
				  name);
		return true;
	}
	return false;
}

static bool module_built_in(const struct inputs *in, const struct driver_row *row, char *what,
			    size_t size)
{
	static const char core[] = "ib_core,mlx5_core,mlx4_core";
	const char *lists[] = { row->modules, core };
	char name[64];

	if (!row_replaces_modules(row))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		while (list_next(&lists[i], name, sizeof name)) {
			const struct module_facts *module = facts_module(in->facts, name);

			if (module == NULL || !module->built_in)
				continue;
			(void)text_format(what, size,
					  "%s is part of the image of kernel %s: no other can take "
					  "its place",
					  name, in->facts->kernel.release);
			return true;
		}
	return false;
}

/* Known issue 2. */
static bool cx3_kernel(const struct inputs *in, const struct driver_row *row, char *what,
		       size_t size)
{
	if (!row_is_vendors(row) || !machine_has_generation(in->facts, "CX2,CX3,CX3-Pro") ||
	    in->facts->kernel.release[0] == '\0' ||
	    version_compare(in->facts->kernel.release, "5.6") < 0)
		return false;
	(void)text_format(what, size,
			  "no vendor's driver for ConnectX-3 works on a kernel of 5.6 or later, "
			  "this is %s",
			  in->facts->kernel.release);
	return true;
}

/* Known issue 14: the kernel's callback has another argument than OFED up to 25.10 gives it. */
static bool dpll(const struct inputs *in, const struct driver_row *row, char *what, size_t size)
{
	if (!row->builds || row->ofed[0] == '\0' || in->facts->kernel.dpll_ffo != TRI_YES ||
	    (version_compare(row->ofed, "25.10") > 0 && !version_begins(row->ofed, "25.10")))
		return false;
	(void)text_format(what, size,
			  "OFED %s does not compile against kernel %s, whose dpll.h has struct "
			  "dpll_ffo_param",
			  row->ofed, in->facts->kernel.release);
	return true;
}

/* Known issue 3. A row that names its kernels has been held against them. Distributions that carry
 * later drivers in an old kernel keep its number, which lies before any release. */
static bool kernel_newer(const struct inputs *in, const struct driver_row *row, char *what,
			 size_t size)
{
	const char *release = in->facts->kernel.release;
	unsigned made = ofed_month(row->ofed), kernel = kernel_month(release);

	if (!row->builds || row->kernels[0] != '\0' || made == 0 || kernel <= made)
		return false;
	(void)text_format(what, size,
			  "OFED %s of %u-%02u was made before kernel %s, whose line is of %u-%02u",
			  row->ofed, made / 100, made % 100, release, kernel / 100, kernel % 100);
	return true;
}

/* Known issue 47. A row that names flavours has been held against them. */
static bool uek(const struct inputs *in, const struct driver_row *row, char *what, size_t size)
{
	if (!row_is_vendors(row) || row->flavours[0] != '\0' ||
	    !text_eq(in->facts->kernel.flavour, "uek"))
		return false;
	(void)text_format(what, size,
			  "with it the devices vanish on the Unbreakable Enterprise Kernel %s",
			  in->facts->kernel.release);
	return true;
}

static bool disk_space(const struct inputs *in, const struct driver_row *row, char *what,
		       size_t size)
{
	const struct facts *f = in->facts;

	if (row->disk_bytes < 0)
		return false;
	for (unsigned i = 0; i < f->nspaces; i++) {
		const struct space_facts *s = &f->spaces[i];

		if (!list_has("/,/usr", s->path) || s->free_bytes >= (uint64_t)row->disk_bytes)
			continue;
		(void)text_format(what, size, "it needs %lld MiB, and %s has %llu MiB free",
				  row->disk_bytes >> 20, s->path,
				  (unsigned long long)(s->free_bytes >> 20));
		return true;
	}
	return false;
}

/* In the order in which they are worth telling: what nobody can change here comes first. */
const struct rule rules_that_block[] = {
	{ "module-missing", RULE_BLOCKS, module_missing, FAULT_NONE },
	{ "module-built-in", RULE_BLOCKS, module_built_in, FAULT_NONE },
	{ "cx3-kernel", RULE_BLOCKS, cx3_kernel, FAULT_NONE },
	{ "kernel-newer", RULE_BLOCKS, kernel_newer, FAULT_NONE },
	{ "uek", RULE_BLOCKS, uek, FAULT_NONE },
	{ "dpll", RULE_BLOCKS, dpll, FAULT_NONE },
	{ "foreign-stack", RULE_BLOCKS, foreign_stack, FAULT_NONE },
	/* No warning's remedy: it has one of its own. */
	{ "foreign-users", RULE_BLOCKS, foreign_users, FAULT_FOREIGN_MODULES },
	{ "secure-boot", RULE_BLOCKS, signatures, FAULT_SECURE_BOOT },
	{ "module-blacklisted", RULE_BLOCKS, module_blacklisted, FAULT_NONE },
	{ "disk-space", RULE_BLOCKS, disk_space, FAULT_NONE },
	{ 0 },
};
