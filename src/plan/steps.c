/* plan/steps.c - what has to change on the machine for a driver row to be fulfilled, in order. */
#include "plan/steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"

#define MODULES_FILE "etc/modules-load.d/ib-vmext.conf"
#define BOOT_UNIT    "etc/systemd/system/ib-vmext-boot.service"
#define BOOT_WANTED  "etc/systemd/system/multi-user.target.d/ib-vmext-boot.conf"

struct step *step_add(struct plan *p, const char *id, enum step_kind kind)
{
	struct step *s = &p->steps[p->nsteps++];

	*s = (struct step) { .kind = kind };
	(void)TEXT_COPY(s->id, id);
	return s;
}

void step_drop_if_idle(struct plan *p)
{
	if (p->steps[p->nsteps - 1].nchanges == 0)
		p->steps[--p->nsteps] = (struct step) { 0 };
}

void item_add(struct step *s, const char *item)
{
	if (s->nitems < PLAN_ITEMS_MAX)
		(void)TEXT_COPY(s->items[s->nitems++], item);
}

void change_add(struct step *s, const char *fmt, ...)
{
	va_list ap;

	if (s->nchanges == PLAN_ITEMS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(s->changes[s->nchanges], sizeof s->changes[0], fmt, ap);
	va_end(ap);
	s->nchanges++;
}

bool name_next(const char **rest, const struct facts *f, char *ret, size_t size)
{
	char word[128];
	const char *at;

	if (!list_next(rest, word, sizeof word))
		return false;
	at = strstr(word, "%r");
	if (at == NULL)
		(void)text_copy(ret, size, word);
	else
		(void)text_format(ret, size, "%.*s%s%s", (int)(at - word), word, f->kernel.release,
				  at + 2);
	return true;
}

void file_step(const char *path, const struct step_text *t, struct plan *ret)
{
	struct step *s = step_add(ret, t->id, STEP_FILE);

	item_add(s, path);
	change_add(s, "file /%s", path);
	(void)TEXT_COPY(s->what, t->what);
	(void)TEXT_COPY(s->undo, "the file is removed, or gets its former content back");
	(void)TEXT_FORMAT(s->content,
			  "# Written by ib-vmext, to %s.\n"
			  "# `ib-vmext undo` takes this file away.\n"
			  "%s",
			  t->what, t->content);
}

/* Packages. */

/* The headers of the running kernel are no package of the RDMA set, but a fact. `version` is ""
 * where any will do. */
static bool package_is_there(const struct facts *f, const char *name, const char *version)
{
	const struct package_facts *p = facts_package(f, name);
	bool of_kernel = f->kernel.release[0] != '\0' && strstr(name, f->kernel.release) != NULL &&
			 (strstr(name, "headers") != NULL || strstr(name, "devel") != NULL);

	if (version[0] != '\0' && p != NULL && !version_begins(p->version, version))
		return false;
	return package_is_whole(f, name) || (of_kernel && f->kernel.headers == TRI_YES);
}

/* "a, b and 3 more": as many names as there is room for. */
struct names {
	char text[104];
	unsigned more;
};

static void name_add(struct names *n, const char *name)
{
	if (n->more > 0 || strlen(n->text) + strlen(", ") + strlen(name) >= sizeof n->text)
		n->more++;
	else
		text_list_add(n->text, sizeof n->text, name);
}

static void names_say(const struct names *n, const char *verb, char *ret, size_t size)
{
	if (n->more == 0)
		(void)text_format(ret, size, "%s %s", verb, n->text);
	else
		(void)text_format(ret, size, "%s %s and %u more", verb, n->text, n->more);
}

void packages_fill(struct step *s, const struct facts *f, const char *list, const char *version,
		   const char *suffix)
{
	struct names names = { 0 };
	char name[sizeof s->items[0]], item[sizeof s->items[0]];

	while (name_next(&list, f, name, sizeof name)) {
		const struct package_facts *p = facts_package(f, name);

		(void)TEXT_FORMAT(item, "%.120s%s%.60s", name, version[0] != '\0' ? "=" : "",
				  version);
		item_add(s, item);
		if (package_is_there(f, name, version))
			continue;
		if (p != NULL && version[0] != '\0' && !version_begins(p->version, version))
			change_add(s, "package %.60s (was %.60s)", item, p->version);
		else
			change_add(s, "package %.120s%s", name, p != NULL ? " (repaired)" : suffix);
		name_add(&names, name);
	}
	names_say(&names, "install", s->what, sizeof s->what);
}

void packages_undo(struct step *s, const struct driver_row *row)
{
	(void)TEXT_FORMAT(s->undo,
			  "%s brings back the packages and versions that were there before",
			  row->package_manager);
}

void packages_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "packages", STEP_PACKAGES);
	bool excludes = row_is_vendors(row) && !text_eq(row->package_manager, "apt");
	char what[sizeof s->what];

	packages_fill(s, f, row->packages, row_is_vendors(row) ? row->version : "", "");
	(void)TEXT_COPY(what, s->what);
	(void)TEXT_FORMAT(s->what, "%s with %s%s", what, row->package_manager,
			  excludes ? ", kernel images excluded from this one command" : "");
	packages_undo(s, row);
	step_drop_if_idle(ret);
}

/* Services and modules. */

static void services_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "services", STEP_SERVICES);
	const char *rest = row->services;
	char names[80] = "", name[64];

	while (name_next(&rest, f, name, sizeof name)) {
		item_add(s, name);
		change_add(s, "service %s enabled", name);
		text_list_add(names, sizeof names, name);
	}
	(void)TEXT_FORMAT(s->what, "enable %s for the next boot, without starting it now", names);
	(void)TEXT_COPY(s->undo, "what was not enabled before is disabled");
	step_drop_if_idle(ret);
}

/* The modules of a row that this kernel can load: those that must be, then the optional ones. */
struct module_walk {
	const struct facts *facts;
	const struct driver_row *row;
	const char *rest, *optional;
	bool without_ipoib;
};

static bool module_next(struct module_walk *w, char *ret, size_t size)
{
	while (list_next(&w->rest, ret, size) || list_next(&w->optional, ret, size))
		if (!row_lacks_module(w->row, w->facts, ret) &&
		    !(w->without_ipoib && text_eq(ret, "ib_ipoib")))
			return true;
	return false;
}

/* Those to load. Without an address, or where the owner of the machine has told openibd so, IPoIB
 * is of no use; every size with an InfiniBand function has it. */
static struct module_walk modules_to_load(const struct inputs *in, const struct driver_row *row)
{
	bool unused = in->settings->ipoib == IPOIB_OFF || in->facts->ipoib_load == TRI_NO;

	return (struct module_walk) { in->facts, row, row->modules, row->optional_modules, unused };
}

static void modules_boot_step(const struct inputs *in, const struct driver_row *row,
			      struct plan *ret)
{
	struct step *s = step_add(ret, "modules-boot", STEP_FILE);
	struct module_walk walk = modules_to_load(in, row);
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

static void modules_step(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "modules", STEP_MODULES);
	struct module_walk walk = modules_to_load(in, row);
	char names[120] = "", name[64];

	while (module_next(&walk, name, sizeof name)) {
		item_add(s, name);
		if (module_is_in(in->facts, name))
			continue;
		change_add(s, "module %s loaded", name);
		text_list_add(names, sizeof names, name);
	}
	(void)TEXT_FORMAT(s->what, "load %s", names);
	(void)TEXT_COPY(s->undo, "they stay loaded until the next boot: on Hyper-V a loaded module "
				 "of the adapter is never unloaded");
	step_drop_if_idle(ret);
}

/* Items: the modules whose files are signed, and those on which they depend. */
static void sign_step(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "sign", STEP_SIGN);
	struct module_walk walk = { in->facts, row, row->modules, row->optional_modules, false };
	char name[64];

	while (module_next(&walk, name, sizeof name))
		item_add(s, name);
	change_add(s, "modules signed with %.120s", in->settings->modules_key);
	(void)TEXT_FORMAT(s->what, "sign the modules that were built with %.110s",
			  in->settings->modules_key);
	(void)TEXT_COPY(s->undo, "the modules are removed with the driver");
}

/* Items: the modules that the default kernel must have at its next boot. */
static void next_boot_step(const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "next-boot", STEP_NEXT_BOOT);
	const char *rest = row->modules;
	char name[64];

	while (list_next(&rest, name, sizeof name))
		item_add(s, name);
	item_add(s, "ib_core");
	(void)TEXT_COPY(s->what, "see that the kernel that boots next has all of the driver and "
				 "keeps its network");
	(void)TEXT_COPY(s->undo, "nothing was changed");
}

/* A boot may bring another kernel. Type=simple, not oneshot: a build must not hold up
 * multi-user.target. A file that names the unit as wanted needs no systemctl. Options that systemd
 * 219 knows. */
static void kernel_watch_steps(struct plan *ret)
{
	static const struct step_text unit = {
		"boot-unit", "compare the kernel with the driver's modules once at every boot",
		"[Unit]\n"
		"Description=Compare the kernel with the InfiniBand driver\n"
		"ConditionPathExists=/var/lib/ib-vmext/receipt.json\n"
		"After=local-fs.target systemd-modules-load.service network.target\n"
		"\n"
		"[Service]\n"
		"Type=simple\n"
		"ExecStart=/usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext handler boot\n"
		"Nice=19\n"
	};
	static const struct step_text wanted = { "boot-unit-wanted",
						 "have that unit started at every boot",
						 "[Unit]\nWants=ib-vmext-boot.service\n" };

	file_step(BOOT_UNIT, &unit, ret);
	file_step(BOOT_WANTED, &wanted, ret);
}

/* Items: the modules of which an initramfs holds the old ones. Twice: first what there is is kept,
 * before anything that renews it by itself; the second makes it anew. */
static void initramfs_step(const char *id, const struct facts *f, const struct driver_row *row,
			   struct plan *ret)
{
	struct step *s = step_add(ret, id, STEP_INITRAMFS);
	bool keeps = text_eq(id, "initramfs-keep");
	const char *rest = row->modules;
	char name[64];

	item_add(s, keeps ? "keep" : "renew");
	item_add(s, f->kernel.initramfs);
	item_add(s, "ib_core");
	item_add(s, "mlx5_core");
	item_add(s, "mlx4_core");
	while (list_next(&rest, name, sizeof name))
		item_add(s, name);
	change_add(s, keeps ? "the initramfs that holds the driver is kept"
			    : "the initramfs that holds the driver, in /boot");
	(void)TEXT_COPY(s->what, keeps ? "keep each initramfs that holds modules of the driver"
				       : "make each initramfs anew that holds older modules of the "
					 "driver");
	(void)TEXT_COPY(s->undo,
			keeps ? "each is put back as it was" : "see the one that was kept");
}

/* Items: what to do, then DKMS' names of what hangs on the stack and is somebody else's. Twice, as
 * with the initramfs. */
static void foreign_step(const char *id, const struct facts *f, struct plan *ret)
{
	struct step *s = step_add(ret, id, STEP_FOREIGN);
	bool keeps = text_eq(id, "foreign-keep");
	char names[100] = "";

	item_add(s, keeps ? "keep" : "rebuild");
	for (unsigned i = 0; i < f->ndkms; i++) {
		const char *name = f->dkms[i].name;

		/* DKMS' tree is read name by name: those of other kernels follow each other. */
		if (f->dkms[i].state != DKMS_INSTALLED || !dkms_hangs_on_stack(f, name) ||
		    text_eq(s->items[s->nitems - 1], name))
			continue;
		text_list_add(names, sizeof names, name);
		item_add(s, name);
		change_add(s, keeps ? "the modules of %s are kept" : "modules of %s, built anew",
			   name);
	}
	(void)TEXT_FORMAT(s->what,
			  keeps ? "keep the modules of %s, which hang on those that are replaced"
				: "have DKMS build %s anew against the new stack",
			  names);
	(void)TEXT_COPY(s->undo, keeps ? "each is put back as it was" : "see those that were kept");
	step_drop_if_idle(ret);
}

/* While another stack's core is loaded, modules of this one would not fit to it. */
static void driver_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	const struct facts *f = in->facts;
	bool renews = row_replaces_modules(row) && f->kernel.initramfs[0] != '\0';

	ret->reboot = row_replaces_modules(row) && stack_loaded_module(f) != NULL;
	if (renews)
		initramfs_step("initramfs-keep", f, row, ret);
	if (row_replaces_modules(row))
		foreign_step("foreign-keep", f, ret);
	/* First: a pack that turns out to be wrong has changed nothing. */
	if (in->pack != NULL)
		prebuilt_step(in->pack, &ret->steps[ret->nsteps++]);
	if (row_is_vendors(row))
		vendor_steps(in, row, ret);
	else
		packages_step(f, row, ret);
	if (row_replaces_modules(row))
		foreign_step("foreign-rebuild", f, ret);
	if (row->builds && kernel_wants_signatures(f) && in->settings->modules_key[0] != '\0')
		sign_step(in, row, ret);
	vendor_show_mirror(in->settings, ret);
	if (row->services[0] != '\0')
		services_step(f, row, ret);
	modules_boot_step(in, row, ret);
	if (row_replaces_modules(row) && f->systemd)
		kernel_watch_steps(ret);
	if (renews)
		initramfs_step("initramfs", f, row, ret);
	if (row_replaces_modules(row))
		next_boot_step(row, ret);
	if (!ret->reboot && !f->image)
		modules_step(in, row, ret);
}

void steps_build(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	if (in->intent == INTENT_INSTALL)
		driver_steps(in, row, ret);
	after_steps(in, row, ret);
}
