/* plan/questions.c - small questions about facts and rows that the files of this room share. */
#include "plan/room.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

bool row_is_vendors(const struct driver_row *row)
{
	return row != NULL &&
	       (text_eq(row->route, "doca-ofed") || text_eq(row->route, "mlnx-ofed"));
}

/* Some distributions build the vendor's modules themselves (Azure Linux: mlnx-ofa_kernel). */
bool row_replaces_modules(const struct driver_row *row)
{
	return row != NULL && (row_is_vendors(row) || text_eq(row->route, "prebuilt") ||
			       strstr(row->packages, "mlnx-ofa_kernel") != NULL);
}

/* Packages of this very kernel, such as linux-modules-extra-%r, may hold what it lacks now. */
static bool row_brings_modules(const struct driver_row *row, const struct facts *f)
{
	const char *rest = row->packages;
	char name[160];

	if (row_replaces_modules(row))
		return true;
	while (list_next(&rest, name, sizeof name))
		if (strstr(name, "modules-extra") != NULL && !package_is_whole(f, name))
			return true;
	return false;
}

bool row_lacks_module(const struct driver_row *row, const struct facts *f, const char *name)
{
	return module_is_missing(f, name) && !row_brings_modules(row, f);
}

bool package_is_whole(const struct facts *f, const char *name)
{
	const struct package_facts *package = facts_package(f, name);

	return package != NULL && !package->half_installed;
}

bool module_is_in(const struct facts *f, const char *name)
{
	const struct module_facts *module = facts_module(f, name);

	return module != NULL && (module->loaded || module->built_in);
}

bool module_is_missing(const struct facts *f, const char *name)
{
	const struct module_facts *module = facts_module(f, name);

	return f->modules_known && !module_is_in(f, name) &&
	       (module == NULL || module->path[0] == '\0');
}

const char *stack_loaded_module(const struct facts *f)
{
	static const char *const core[] = { "mlx5_core", "mlx4_core", "ib_core" };

	for (size_t i = 0; i < ARRAY_SIZE(core); i++) {
		const struct module_facts *module = facts_module(f, core[i]);

		if (module != NULL && module->loaded)
			return core[i];
	}
	return NULL;
}

/* The kernel knows best; metadata only tells how the VM was deployed. */
bool kernel_wants_signatures(const struct facts *f)
{
	if (f->kernel.signed_only != TRI_UNKNOWN)
		return f->kernel.signed_only == TRI_YES || f->kernel.secure_boot == TRI_YES;
	if (f->kernel.secure_boot != TRI_UNKNOWN)
		return f->kernel.secure_boot == TRI_YES;
	return f->vm.secure_boot == TRI_YES;
}

bool machine_has_generation(const struct facts *f, const char *generations)
{
	for (unsigned i = 0; i < f->nnics; i++)
		if (nic_is_infiniband(&f->nics[i]) && f->nics[i].generation[0] != '\0' &&
		    list_has(generations, f->nics[i].generation))
			return true;
	return false;
}

bool list_find(const char *list, bool (*is)(const struct facts *f, const char *name), bool wanted,
	       const struct facts *f, char *ret, size_t size)
{
	while (list_next(&list, ret, size))
		if (is(f, ret) == wanted)
			return true;
	return false;
}

void text_list_add(char *text, size_t size, const char *word)
{
	char former[320];

	(void)TEXT_COPY(former, text);
	(void)text_format(text, size, "%s%s%s", former, former[0] != '\0' ? ", " : "", word);
}

bool settings_ask_for(const struct settings *s, const char *route)
{
	return s->driver == CHOICE_AUTO || text_eq(driver_choice_name(s->driver), route);
}
