/* plan/steps.c - what has to change on the machine for a driver row to be fulfilled, and what the
 * reader should know besides. */
#include "plan/room.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

#define MODULES_FILE "etc/modules-load.d/ib-vmext.conf"

static struct step *step_add(struct plan *p, const char *id, enum step_kind kind)
{
	struct step *s = &p->steps[p->nsteps++];

	*s = (struct step) { .kind = kind };
	(void)TEXT_COPY(s->id, id);
	return s;
}

/* A step that would change nothing is not part of the plan. */
static void step_drop_if_idle(struct plan *p)
{
	if (p->steps[p->nsteps - 1].nchanges == 0)
		p->steps[--p->nsteps] = (struct step) { 0 };
}

static void item_add(struct step *s, const char *item)
{
	if (s->nitems < PLAN_ITEMS_MAX)
		(void)TEXT_COPY(s->items[s->nitems++], item);
}

static PRINTF(2, 3) void change_add(struct step *s, const char *fmt, ...)
{
	va_list ap;

	if (s->nchanges == PLAN_ITEMS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(s->changes[s->nchanges], sizeof s->changes[0], fmt, ap);
	va_end(ap);
	s->nchanges++;
}

/* Add a word to a text as an item of a list: "a, b". */
static void text_list_add(char *text, size_t size, const char *word)
{
	char former[320];

	(void)TEXT_COPY(former, text);
	(void)text_format(text, size, "%s%s%s", former, former[0] != '\0' ? ", " : "", word);
}

/* Every package of the row is an item, since together they are the transaction; only what is not
 * there yet is a change. */
static void packages_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "packages", STEP_PACKAGES);
	const char *rest = row->packages;
	char names[120] = "", name[64];

	while (list_next(&rest, name, sizeof name)) {
		item_add(s, name);
		if (package_is_whole(f, name))
			continue;
		change_add(s,
			   facts_package(f, name) != NULL ? "package %s (repaired)" : "package %s",
			   name);
		text_list_add(names, sizeof names, name);
	}
	(void)TEXT_FORMAT(s->what, "install %s with %s", names, row->package_manager);
	(void)TEXT_FORMAT(s->undo,
			  "%s brings back the packages and versions that were there before",
			  row->package_manager);
	step_drop_if_idle(ret);
}

/* The modules of a row that this kernel can load: those that must be, then the optional ones. */
struct module_walk {
	const struct facts *facts;
	const char *rest, *optional;
};

static bool module_next(struct module_walk *w, char *ret, size_t size)
{
	while (list_next(&w->rest, ret, size) || list_next(&w->optional, ret, size))
		if (!module_is_missing(w->facts, ret))
			return true;
	return false;
}

static void modules_boot_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "modules-boot", STEP_FILE);
	struct module_walk walk = { f, row->modules, row->optional_modules };
	char former[sizeof s->content], name[64];

	item_add(s, MODULES_FILE);
	change_add(s, "file /%s", MODULES_FILE);
	(void)TEXT_COPY(s->what, "have the InfiniBand modules loaded at every boot");
	(void)TEXT_COPY(s->undo, "the file is removed, or gets its former content back");
	(void)TEXT_COPY(s->content, "# Written by ib-vmext: the modules that InfiniBand needs, "
				    "loaded at boot.\n# `ib-vmext undo` takes this file away.\n");
	while (module_next(&walk, name, sizeof name)) {
		(void)TEXT_COPY(former, s->content);
		(void)TEXT_FORMAT(s->content, "%s%s\n", former, name);
	}
}

static void modules_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "modules", STEP_MODULES);
	struct module_walk walk = { f, row->modules, row->optional_modules };
	char names[120] = "", name[64];

	while (module_next(&walk, name, sizeof name)) {
		item_add(s, name);
		if (module_is_in(f, name))
			continue;
		change_add(s, "module %s loaded", name);
		text_list_add(names, sizeof names, name);
	}
	(void)TEXT_FORMAT(s->what, "load %s", names);
	(void)TEXT_COPY(s->undo, "they stay loaded until the next boot: on Hyper-V a loaded module "
				 "of the adapter is never unloaded");
	step_drop_if_idle(ret);
}

void steps_build(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	packages_step(in->facts, row, ret);
	modules_boot_step(in->facts, row, ret);
	modules_step(in->facts, row, ret);
}

static PRINTF(4, 5) void warning_add(struct plan *p, const char *id, const char *remedy,
				     const char *fmt, ...)
{
	struct warning *w = &p->warnings[p->nwarnings++];
	va_list ap;

	(void)TEXT_COPY(w->id, id);
	(void)TEXT_COPY(w->remedy, remedy);
	va_start(ap, fmt);
	(void)vsnprintf(w->what, sizeof w->what, fmt, ap);
	va_end(ap);
}

static void size_warnings(const struct inputs *in, struct plan *ret)
{
	const struct facts *f = in->facts;
	const struct size_row *size = catalogue_size(in->catalogue, f->vm.size);
	unsigned functions = facts_count_infiniband_nics(f);

	if (!f->vm.azure)
		return;
	if (f->vm.size[0] == '\0')
		warning_add(ret, "size-unknown",
			    "Check that 169.254.169.254 can be reached from this VM.",
			    "instance metadata does not tell the VM size: the number and the rate "
			    "of its ports cannot be checked");
	else if (size == NULL)
		warning_add(ret, "size-not-in-catalogue",
			    "Nothing, if InfiniBand verifies; a newer catalogue may know the size.",
			    "%s is not a size of the catalogue, but has %u InfiniBand function%s: "
			    "the number and the rate of its ports cannot be checked",
			    f->vm.size, functions, functions == 1 ? "" : "s");
	else if (functions < size->ports)
		warning_add(ret, "functions-missing", fault_row(FAULT_ADAPTER_ABSENT)->remedy,
			    "%s has %u InfiniBand functions, but only %u on the PCI bus",
			    size->name, size->ports, functions);
}

static void packages_warning(const struct facts *f, struct plan *ret)
{
	char names[160] = "";

	for (unsigned i = 0; i < f->npackages; i++)
		if (f->packages[i].half_installed)
			text_list_add(names, sizeof names, f->packages[i].name);
	if (names[0] != '\0')
		warning_add(ret, "half-installed",
			    "They are repaired by apply; by hand: `dpkg --configure -a` and "
			    "`apt-get -f install`, or `dnf check`.",
			    "an interrupted installation left these packages half done: %s", names);
}

/* What the machine goes without where the kernel has no such module; one row for each optional
 * module that the catalogue may name. A remedy must not be to deploy again on another kernel: the
 * stack would be kept without the module. */
static const struct {
	const char *module, *id, *lack, *remedy;
} optional_modules[] = {
	{ "ib_ipoib", "no-ipoib", "there will be no IPoIB interface (ib0); MPI over verbs works",
	  "Nothing, unless ib0 is needed: then name ib_ipoib in a file of /etc/modules-load.d and "
	  "boot the standard kernel (Debian: linux-image-amd64)." },
};

static void modules_warnings(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional_modules); i++)
		if (list_has(row->optional_modules, optional_modules[i].module) &&
		    module_is_missing(f, optional_modules[i].module))
			warning_add(ret, optional_modules[i].id, optional_modules[i].remedy,
				    "kernel %s has no module %s: %s", f->kernel.release,
				    optional_modules[i].module, optional_modules[i].lack);
}

void warnings_add(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	size_warnings(in, ret);
	if (row != NULL)
		modules_warnings(in->facts, row, ret);
	packages_warning(in->facts, ret);
}
