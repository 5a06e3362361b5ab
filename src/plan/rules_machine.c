/* plan/rules_machine.c - warnings about the VM, its kernel and its package database. */
#include "plan/room.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

/* The VM. */

static const struct size_row *size_of(const struct inputs *in)
{
	return in->facts->vm.azure ? catalogue_size(in->catalogue, in->facts->vm.size) : NULL;
}

static bool size_unknown(const struct inputs *in, const struct driver_row *row, char *what,
			 size_t size)
{
	(void)row;
	if (!in->facts->vm.azure || in->facts->vm.size[0] != '\0')
		return false;
	(void)text_copy(what, size,
			"instance metadata does not tell the VM size: the number and the rate of "
			"its ports cannot be checked");
	return true;
}

static bool size_not_in_catalogue(const struct inputs *in, const struct driver_row *row, char *what,
				  size_t size)
{
	unsigned functions = facts_count_infiniband_nics(in->facts);

	(void)row;
	if (!in->facts->vm.azure || in->facts->vm.size[0] == '\0' || size_of(in) != NULL)
		return false;
	(void)text_format(what, size,
			  "%s is not a size of the catalogue, but has %u InfiniBand function%s: "
			  "the number and the rate of its ports cannot be checked",
			  in->facts->vm.size, functions, functions == 1 ? "" : "s");
	return true;
}

static bool functions_missing(const struct inputs *in, const struct driver_row *row, char *what,
			      size_t size)
{
	const struct size_row *vm = size_of(in);
	unsigned functions = facts_count_infiniband_nics(in->facts);

	(void)row;
	if (vm == NULL || functions >= vm->ports)
		return false;
	(void)text_format(what, size, "%s has %u InfiniBand functions, but only %u on the PCI bus",
			  vm->name, vm->ports, functions);
	return true;
}

static bool placement(const struct inputs *in, const struct driver_row *row, char *what,
		      size_t size)
{
	const struct size_row *vm = size_of(in);

	(void)row;
	if (vm == NULL || vm->kind != SIZE_SRIOV ||
	    in->facts->vm.metadata != METADATA_STATE_ANSWERED ||
	    in->facts->vm.placement_group[0] != '\0')
		return false;
	(void)text_format(what, size,
			  "instance metadata names no placement group for this %s: VMs that are "
			  "not placed together may not reach each other over InfiniBand",
			  vm->name);
	return true;
}

/* The kernel. */

/* DKMS' names of the stack: Debian's and Enterprise Linux'. */
static bool dkms_is_stack(const struct dkms_facts *d)
{
	return text_eq(d->name, "mlnx-ofed-kernel") || text_starts(d->name, "mlnx-ofa_kernel");
}

static bool dkms_is_built(const struct dkms_facts *d)
{
	return d->kernel[0] != '\0' && (d->state == DKMS_BUILT || d->state == DKMS_INSTALLED);
}

static bool dkms_other_kernel(const struct inputs *in, const struct driver_row *row, char *what,
			      size_t size)
{
	const struct facts *f = in->facts;
	const struct dkms_facts *other = NULL;

	(void)row;
	for (unsigned i = 0; i < f->ndkms; i++) {
		const struct dkms_facts *d = &f->dkms[i];

		if (!dkms_is_stack(d) || !dkms_is_built(d))
			continue;
		if (text_eq(d->kernel, f->kernel.release))
			return false;
		other = d;
	}
	if (other == NULL)
		return false;
	(void)text_format(what, size, "DKMS has %s %s for kernel %.80s and not for the running one",
			  other->name, other->version, other->kernel);
	return true;
}

static bool pending_kernel(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	const struct facts *f = in->facts;
	bool named = !text_eq(f->pending_kernel, "yes");

	if (f->pending_kernel[0] == '\0' || (in->intent == INTENT_KEEP && !row_is_vendors(row)))
		return false;
	(void)text_format(what, size,
			  "%s%s waits for a reboot: what is done now is done for kernel %.80s",
			  named ? "kernel " : "a newer kernel", named ? f->pending_kernel : "",
			  f->kernel.release);
	return true;
}

/* What the machine goes without where the kernel has no such module; one row for each optional
 * module that the catalogue may name. */
static const struct {
	const char *module, *lack;
} optional_modules[] = {
	{ "ib_ipoib", "there will be no IPoIB interface (ib0); MPI over verbs works" },
};

static bool no_ipoib(const struct inputs *in, const struct driver_row *row, char *what, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional_modules) && row != NULL; i++) {
		if (!list_has(row->optional_modules, optional_modules[i].module) ||
		    !row_lacks_module(row, in->facts, optional_modules[i].module))
			continue;
		(void)text_format(what, size, "kernel %s has no module %s: %s",
				  in->facts->kernel.release, optional_modules[i].module,
				  optional_modules[i].lack);
		return true;
	}
	return false;
}

static bool is_blacklisted(const struct facts *f, const char *name)
{
	const struct module_facts *module = facts_module(f, name);

	return module != NULL && module->blacklisted;
}

/* Those of the row; where none is at hand, those of the adapter's family. */
static bool module_blacklisted(const struct inputs *in, const struct driver_row *row, char *what,
			       size_t size)
{
	bool old = machine_has_generation(in->facts, "CX2,CX3,CX3-Pro");
	const char *lists[] = { row != NULL ? row->modules : "ib_uverbs,ib_umad,rdma_ucm",
				row != NULL ? row->optional_modules : "ib_ipoib",
				old ? "mlx4_core,mlx4_ib" : "mlx5_core,mlx5_ib", "ib_core" };
	char names[160] = "", name[64];

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		while (list_next(&lists[i], name, sizeof name))
			if (is_blacklisted(in->facts, name) && strstr(names, name) == NULL)
				text_list_add(names, sizeof names, name);
	if (names[0] == '\0')
		return false;
	(void)text_format(what, size, "blacklisted in /etc/modprobe.d: %s", names);
	return true;
}

/* The package database. */

static bool half_installed(const struct inputs *in, const struct driver_row *row, char *what,
			   size_t size)
{
	const struct facts *f = in->facts;
	char names[160] = "";

	(void)row;
	for (unsigned i = 0; i < f->npackages; i++)
		if (f->packages[i].half_installed)
			text_list_add(names, sizeof names, f->packages[i].name);
	if (names[0] == '\0')
		return false;
	(void)text_format(what, size,
			  "an interrupted installation left these packages half done: %s", names);
	return true;
}

static bool dpkg_interrupted(const struct inputs *in, const struct driver_row *row, char *what,
			     size_t size)
{
	(void)row;
	if (!in->facts->dpkg_interrupted)
		return false;
	(void)text_copy(what, size, "dpkg was interrupted: /var/lib/dpkg/updates holds changes");
	return true;
}

static bool eol_repositories(const struct inputs *in, const struct driver_row *row, char *what,
			     size_t size)
{
	(void)row;
	if (in->facts->policy.mirrors[0] == '\0' || in->intent == INTENT_KEEP)
		return false;
	(void)text_format(what, size,
			  "the repositories of %s %s were taken down at its end of life (%s)",
			  in->facts->os.id, in->facts->os.version, in->facts->policy.mirrors);
	return true;
}

const struct rule rules_of_machine[] = {
	{ "size-unknown", RULE_WARNS, size_unknown, FAULT_NONE },
	{ "size-not-in-catalogue", RULE_WARNS, size_not_in_catalogue, FAULT_NONE },
	{ "functions-missing", RULE_WARNS, functions_missing, FAULT_NONE },
	{ "placement", RULE_WARNS, placement, FAULT_NONE },
	{ "no-ipoib", RULE_WARNS, no_ipoib, FAULT_NONE },
	{ "module-blacklisted", RULE_WARNS, module_blacklisted, FAULT_NONE },
	{ "dkms-other-kernel", RULE_WARNS, dkms_other_kernel, FAULT_NONE },
	{ "pending-kernel", RULE_WARNS, pending_kernel, FAULT_NONE },
	{ "half-installed", RULE_WARNS, half_installed, FAULT_NONE },
	{ "dpkg-interrupted", RULE_WARNS, dpkg_interrupted, FAULT_NONE },
	{ "eol-repositories", RULE_WARNS, eol_repositories, FAULT_NONE },
	{ 0 },
};
