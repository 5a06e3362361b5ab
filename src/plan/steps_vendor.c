/* plan/steps_vendor.c - the steps that bring a vendor's driver: the artefact, the repository in it
 * or the installer, and what comes out of them. */
#include "plan/steps.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "catalogue/catalogue.h"

#define PIN_FILE       "etc/apt/preferences.d/ib-vmext-doca"
#define VAULT_FILE     "etc/yum.repos.d/ib-vmext-vault.repo"
#define DOWNLOADS_DIR  "/var/lib/ib-vmext/downloads"
#define FIRMWARE_STAYS "--without-fw-update" /* of a virtual function it belongs to the host */

static void build_packages_step(const struct facts *f, const struct driver_row *row,
				struct plan *ret)
{
	struct step *s = step_add(ret, "build-packages", STEP_PACKAGES);

	packages_fill(s, f, row->build_packages, "", ", where it is not there");
	(void)TEXT_FORMAT(s->what, "install with %s what compiling the modules needs",
			  row->package_manager);
	packages_undo(s, row);
	step_drop_if_idle(ret);
}

/* A release that is past its end has its packages in an archive: for as long as the packages are
 * installed, a file of ours tells the package manager of it. A repository of a row that has an
 * artefact is that archive: addresses, comma separated. */
static bool vault_step(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	const struct facts *f = in->facts;
	const char *rest = row->repository, *mirror = in->settings->mirror;
	char url[200], from[URL_SIZE], former[sizeof ret->steps[0].content];
	struct step *s;

	if (!text_eq(row->route, "mlnx-ofed") || !text_eq(f->policy.mirrors, "centos-eol") ||
	    row->repository[0] == '\0' || row->build_packages[0] == '\0')
		return false;
	s = step_add(ret, "vault-repository", STEP_FILE);
	item_add(s, VAULT_FILE);
	change_add(s, "file /" VAULT_FILE " (until the packages are installed)");
	(void)TEXT_COPY(s->what, "tell the package manager where the packages of a release past "
				 "its end are kept");
	(void)TEXT_COPY(s->undo, "the file is removed, or gets its former content back");
	(void)TEXT_COPY(s->content, "# Written by ib-vmext for one step of its run, and removed "
				    "after it.\n");
	for (unsigned i = 1; list_next(&rest, url, sizeof url); i++) {
		if (mirror[0] == '\0' || url_mirror(mirror, url, from, sizeof from) < 0)
			(void)TEXT_COPY(from, url);
		(void)TEXT_COPY(former, s->content);
		(void)TEXT_FORMAT(s->content,
				  "%s[ib-vmext-vault-%u]\nname=Archive %u\nbaseurl=%s\n"
				  "enabled=1\ngpgcheck=1\ngpgkey=%.120s\n"
				  "skip_if_unavailable=0\n",
				  former, i, i, from, row->key);
	}
	return true;
}

/* A file step without content takes the file away. */
static void vault_end_step(struct plan *ret)
{
	struct step *s = step_add(ret, "vault-repository-end", STEP_FILE);

	item_add(s, VAULT_FILE);
	change_add(s, "file /" VAULT_FILE " removed");
	(void)TEXT_COPY(s->what, "have the package manager forget that archive again");
	(void)TEXT_COPY(s->undo, "nothing is left of it");
}

/* The artefact. */

static const char *file_name(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash != NULL ? slash + 1 : url;
}

/* Items: the address, then the digest where one is known. */
static void download_step(const char *id, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, id, STEP_DOWNLOAD);
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

/* Items: the modules that each kernel must have of the driver then. Which kernels can run next, and
 * which modules DKMS has by then, the step itself finds out. */
static void build_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "build", STEP_BUILD);
	const char *rest = row->modules;
	char name[64];

	while (list_next(&rest, name, sizeof name))
		item_add(s, name);
	item_add(s, "ib_core");
	change_add(s, "modules for kernel %.90s, and for the one that boots next",
		   f->kernel.release);
	(void)TEXT_COPY(s->what, "see that DKMS has made each module of the driver for the kernels "
				 "that can run next, and make what is missing");
	(void)TEXT_COPY(s->undo, "what was made is removed with the driver");
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

/* MLNX_OFED that is there comes back by its own installer alone: its tarball must be to hand before
 * it goes. What the catalogue does not know, the step looks for on the disk. */
static void former_step(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	const struct facts *f = in->facts;
	const struct catalogue *c = in->catalogue;

	if (f->driver.kind != DRIVER_MLNX_OFED || text_eq(f->driver.version, row->version))
		return;
	for (size_t i = 0; i < c->ndrivers; i++) {
		const struct driver_row *r = &c->drivers[i];

		if (!text_eq(r->route, row->route) || !text_eq(r->version, f->driver.version) ||
		    r->url[0] == '\0' || !driver_row_matches(r, f, NULL, 0))
			continue;
		download_step("former-download", r, ret);
		(void)TEXT_FORMAT(ret->steps[ret->nsteps - 1].what,
				  "have %.110s to hand, by which MLNX_OFED %.20s can come back",
				  file_name(r->url), r->version);
		return;
	}
}

/* Items: the tarball, its version, then the options. What the installer does besides is read from
 * it (facts: the catalogue's section on mlnxofedinstall). */
static void installer_step(const struct facts *f, const struct driver_row *row, struct plan *ret)
{
	struct step *s = step_add(ret, "installer", STEP_INSTALLER);
	bool with_modules = strstr(row->options, "--user-space-only") == NULL;
	bool upgrade = f->driver.kind == DRIVER_MLNX_OFED;

	item_add(s, file_name(row->url));
	item_add(s, row->version);
	options_add(s, f, row->options);
	(void)TEXT_FORMAT(s->what, "run mlnxofedinstall of MLNX_OFED %.60s, which %s", row->version,
			  !with_modules ? "leaves the modules alone"
			  : row->builds ? "compiles and installs the modules"
					: "installs the modules");
	change_add(s, "packages of MLNX_OFED %.80s, in the place of %s %.40s", row->version,
		   upgrade ? "those of" : "the distribution's", upgrade ? f->driver.version : "");
	if (with_modules)
		change_add(s, "modules for kernel %s", f->kernel.release);
	change_add(s, "file /etc/security/limits.conf (locked memory)");
	(void)TEXT_FORMAT(s->undo,
			  "ofed_uninstall.sh --force, then %s%.60s and the file that was "
			  "there before are put back",
			  upgrade ? "MLNX_OFED " : "the packages",
			  upgrade ? f->driver.version : "");
}

void vendor_show_mirror(const struct settings *s, struct plan *p)
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

void vendor_steps(const struct inputs *in, const struct driver_row *row, struct plan *ret)
{
	const struct facts *f = in->facts;
	bool doca = text_eq(row->route, "doca-ofed"), vault;

	/* First: what cannot be had has changed nothing. */
	if (!doca)
		former_step(in, row, ret);
	if (row->url[0] != '\0')
		download_step("download", row, ret);
	vault = vault_step(in, row, ret);
	if (row->build_packages[0] != '\0')
		build_packages_step(f, row, ret);
	if (vault)
		vault_end_step(ret);
	if (!doca) {
		installer_step(f, row, ret);
		return;
	}
	if (text_eq(row->package_manager, "apt"))
		pin_step(ret);
	repository_step(row, ret);
	packages_step(f, row, ret);
	if (row->builds)
		build_step(f, row, ret);
}
