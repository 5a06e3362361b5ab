/* plan/steps.c - what has to change on the machine for a driver row to be fulfilled, in order. */
#include "plan/room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "catalogue/catalogue.h"

#define MODULES_FILE   "etc/modules-load.d/ib-vmext.conf"
#define BOOT_UNIT      "etc/systemd/system/ib-vmext-boot.service"
#define BOOT_WANTED    "etc/systemd/system/multi-user.target.d/ib-vmext-boot.conf"
#define PIN_FILE       "etc/apt/preferences.d/ib-vmext-doca"
#define DOWNLOADS_DIR  "/var/lib/ib-vmext/downloads"
#define FIRMWARE_STAYS "--without-fw-update" /* of a virtual function it belongs to the host */

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

/* Copy the next name of the list, the kernel's release in the place of "%r". */
static bool name_next(const char **rest, const struct facts *f, char *ret, size_t size)
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

/* Packages. */

/* The headers of the running kernel are no package of the RDMA set, but a fact. */
static bool package_is_there(const struct facts *f, const char *name)
{
	bool of_kernel = f->kernel.release[0] != '\0' && strstr(name, f->kernel.release) != NULL &&
			 (strstr(name, "headers") != NULL || strstr(name, "devel") != NULL);

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

/* Every package of the list is an item, since together they are the transaction; only what is not
 * there yet is a change. `suffix` goes on about it. */
static void packages_fill(struct step *s, const struct facts *f, const char *list,
			  const char *suffix)
{
	struct names names = { 0 };
	char name[sizeof s->items[0]];

	while (name_next(&list, f, name, sizeof name)) {
		item_add(s, name);
		if (package_is_there(f, name))
			continue;
		change_add(s, "package %.120s%s", name,
			   facts_package(f, name) != NULL ? " (repaired)" : suffix);
		name_add(&names, name);
	}
	names_say(&names, "install", s->what, sizeof s->what);
}

static void packages_undo(struct step *s, const struct driver_row *row)
{
	(void)TEXT_FORMAT(s->undo,
			  "%s brings back the packages and versions that were there before",
			  row->package_manager);
}

static void packages_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "packages", STEP_PACKAGES);
	bool excludes = row_is_vendors(row) && !text_eq(row->package_manager, "apt");
	char what[sizeof s->what];

	packages_fill(s, f, row->packages, "");
	(void)TEXT_COPY(what, s->what);
	(void)TEXT_FORMAT(s->what, "%s with %s%s", what, row->package_manager,
			  excludes ? ", kernel images excluded from this one command" : "");
	packages_undo(s, row);
	step_drop_if_idle(ret);
}

static void build_packages_step(const struct facts *f, const struct driver_row *row,
				struct plan *ret)
{
	struct step *s = step_add(ret, "build-packages", STEP_PACKAGES);

	packages_fill(s, f, row->build_packages, ", where it is not there");
	(void)TEXT_FORMAT(s->what, "install with %s what compiling the modules needs",
			  row->package_manager);
	packages_undo(s, row);
	step_drop_if_idle(ret);
}

/* The artefact. */

static const char *file_name(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash != NULL ? slash + 1 : url;
}

/* Items: the address, then the digest where one is known. */
static void download_step(const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "download", STEP_DOWNLOAD);
	bool digest = row->sha256[0] != '\0';
	char text[sizeof s->items[0]];

	item_add(s, row->url);
	if (digest) {
		(void)TEXT_FORMAT(text, "sha256:%s", row->sha256);
		item_add(s, text);
	}
	(void)TEXT_FORMAT(s->what, "download %.90s %s", file_name(row->url),
			  digest ? "and hold it against its SHA-256"
				 : "over TLS only, since no digest of it is known");
	change_add(s, "file " DOWNLOADS_DIR "/%.120s", file_name(row->url));
	if (row->download_bytes >= 0)
		change_add(s, "download of %lld bytes", row->download_bytes);
	(void)TEXT_COPY(s->undo, "the file is removed");
}

/* Items: what the package manager is told of: the file that was downloaded, or the base address of
 * an online repository and its key. */
static void repository_step(const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "repository", STEP_REPOSITORY);

	if (row->url[0] != '\0') {
		item_add(s, file_name(row->url));
		(void)TEXT_FORMAT(s->what, "make the packages in %.80s known to %s",
				  file_name(row->url), row->package_manager);
		change_add(s, "package doca-host, a repository in a file");
	} else {
		item_add(s, row->repository);
		item_add(s, row->key);
		(void)TEXT_FORMAT(s->what, "make the packages of %.100s known to %s",
				  row->repository, row->package_manager);
		change_add(s, "repository %.140s", row->repository);
		change_add(s, "key %.150s", row->key);
	}
	(void)TEXT_FORMAT(s->undo, "the repository is taken from %s again", row->package_manager);
}

/* DOCA's repository holds a dkms of its own (known issue 18). */
static void pin_step(struct plan *ret)
{
	struct step *s = step_add(ret, "repository-pin", STEP_FILE);

	item_add(s, PIN_FILE);
	change_add(s, "file /" PIN_FILE);
	(void)TEXT_COPY(s->what, "have dkms come from the distribution, never from DOCA");
	(void)TEXT_COPY(s->undo, "the file is removed, or gets its former content back");
	(void)TEXT_COPY(s->content, "# Written by ib-vmext: DOCA's repository holds a dkms of its "
				    "own, the distribution's stays.\n"
				    "# `ib-vmext undo` takes this file away.\n"
				    "Package: dkms\n"
				    "Pin: release l=DOCA-HOST*\n"
				    "Pin-Priority: -1\n");
}

/* mlnxofedinstall. */

static void options_add(struct step *s, const struct facts *f, const char *options)
{
	bool firmware_stays = false;
	size_t len;

	for (options += strspn(options, " "); *options != '\0';
	     options += len, options += strspn(options, " ")) {
		char word[128], name[sizeof s->items[0]];
		const char *rest = word;

		len = strcspn(options, " ");
		(void)TEXT_FORMAT(word, "%.*s", (int)len, options);
		firmware_stays |= text_eq(word, FIRMWARE_STAYS);
		if (name_next(&rest, f, name, sizeof name))
			item_add(s, name);
	}
	if (!firmware_stays)
		item_add(s, FIRMWARE_STAYS);
}

/* Items: the options. What the installer does besides is read from it (facts: the catalogue's
 * section on mlnxofedinstall). */
static void installer_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "installer", STEP_INSTALLER);
	bool with_modules = strstr(row->options, "--user-space-only") == NULL;

	options_add(s, f, row->options);
	(void)TEXT_FORMAT(s->what, "run mlnxofedinstall of MLNX_OFED %.60s, which %s", row->version,
			  !with_modules ? "leaves the modules alone"
			  : row->builds ? "compiles and installs the modules"
					: "installs the modules");
	change_add(s, "packages of MLNX_OFED %.80s, in the place of the distribution's",
		   row->version);
	for (unsigned i = 0; i < f->npackages; i++)
		if (f->driver.kind != DRIVER_MLNX_OFED)
			change_add(s, "package %s (replaced or removed by the installer)",
				   f->packages[i].name);
	if (with_modules)
		change_add(s, "modules for kernel %s", f->kernel.release);
	change_add(s, "file /etc/security/limits.conf (locked memory)");
	(void)TEXT_COPY(s->undo, "ofed_uninstall.sh --force, then the packages and the file that "
				 "were there before are put back");
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
};

static bool module_next(struct module_walk *w, char *ret, size_t size)
{
	while (list_next(&w->rest, ret, size) || list_next(&w->optional, ret, size))
		if (!row_lacks_module(w->row, w->facts, ret))
			return true;
	return false;
}

static void modules_boot_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "modules-boot", STEP_FILE);
	struct module_walk walk = { f, row, row->modules, row->optional_modules };
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
	struct module_walk walk = { f, row, row->modules, row->optional_modules };
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

/* Items: the modules whose files are signed, and those on which they depend. */
static void sign_step(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "sign", STEP_SIGN);
	struct module_walk walk = { in->facts, row, row->modules, row->optional_modules };
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

static void boot_file_step(const char *id, const char *path, const char *what, const char *content,
			   struct plan *ret)
{
	struct step *s = step_add(ret, id, STEP_FILE);

	item_add(s, path);
	change_add(s, "file /%s", path);
	(void)TEXT_COPY(s->what, what);
	(void)TEXT_COPY(s->undo, "the file is removed, or gets its former content back");
	(void)TEXT_COPY(s->content, content);
}

/* A boot may bring another kernel. Type=simple, not oneshot: a build must not hold up
 * multi-user.target. A file that names the unit as wanted needs no systemctl. Options that systemd
 * 219 knows. */
static void kernel_watch_steps(struct plan *ret)
{
	boot_file_step("boot-unit", BOOT_UNIT,
		       "compare the kernel with the driver's modules once at every boot",
		       "# Written by ib-vmext: looks once after a boot whether the kernel has the "
		       "driver's modules, and builds them if not.\n"
		       "# `ib-vmext undo` takes this file away.\n"
		       "[Unit]\n"
		       "Description=Compare the kernel with the InfiniBand driver\n"
		       "ConditionPathExists=/var/lib/ib-vmext/receipt.json\n"
		       "After=local-fs.target systemd-modules-load.service network.target\n"
		       "\n"
		       "[Service]\n"
		       "Type=simple\n"
		       "ExecStart=/usr/libexec/ib-vmext/" IB_VMEXT_VERSION
		       "/ib-vmext handler boot\n"
		       "Nice=19\n",
		       ret);
	boot_file_step("boot-unit-wanted", BOOT_WANTED, "have that unit started at every boot",
		       "# Written by ib-vmext; `ib-vmext undo` takes this file away.\n"
		       "[Unit]\n"
		       "Wants=ib-vmext-boot.service\n",
		       ret);
}

/* Where the files really come from is told before. */
static void show_mirror(const struct settings *s, struct plan *p)
{
	for (unsigned i = 0; s->mirror[0] != '\0' && i < p->nsteps; i++) {
		char url[URL_SIZE], shown[300];

		if (p->steps[i].kind != STEP_DOWNLOAD ||
		    url_mirror(s->mirror, p->steps[i].items[0], url, sizeof url) < 0)
			continue;
		url_show(url, shown, sizeof shown);
		change_add(&p->steps[i], "from %.150s", shown);
	}
}

/* The artefact's way onto the machine. */
static void vendor_steps(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	bool doca = text_eq(row->route, "doca-ofed");

	if (row->build_packages[0] != '\0')
		build_packages_step(f, row, ret);
	if (row->url[0] != '\0')
		download_step(row, ret);
	if (!doca) {
		installer_step(f, row, ret);
		return;
	}
	if (text_eq(row->package_manager, "apt"))
		pin_step(ret);
	repository_step(row, ret);
	packages_step(f, row, ret);
}

/* While another stack's core is loaded, modules of this one would not fit to it. */
void steps_build(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	const struct facts *f = in->facts;

	ret->reboot = row_replaces_modules(row) && stack_loaded_module(f) != NULL;
	/* First: a pack that turns out to be wrong has changed nothing. */
	if (in->pack != NULL)
		prebuilt_step(in->pack, &ret->steps[ret->nsteps++]);
	if (row_is_vendors(row))
		vendor_steps(f, row, ret);
	else
		packages_step(f, row, ret);
	if (row->builds && kernel_wants_signatures(f) && in->settings->modules_key[0] != '\0')
		sign_step(in, row, ret);
	show_mirror(in->settings, ret);
	if (row->services[0] != '\0')
		services_step(f, row, ret);
	modules_boot_step(f, row, ret);
	if (row_replaces_modules(row) && f->systemd)
		kernel_watch_steps(ret);
	if (row_replaces_modules(row))
		next_boot_step(row, ret);
	if (!ret->reboot)
		modules_step(f, row, ret);
}
