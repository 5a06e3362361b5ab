/* apt: transactions resolved first, packages fetched before the first change, half-done states
 * repaired. */
#include "act/packages/manager.h"

#include <errno.h>
#include <string.h>

#include "act/apt/call.h"
#include "act/packages/held.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

/* Below saved/, where no run keeps it: tidied away with the next end of a run. */
#define REPAIR_DIR "/var/lib/ib-vmext/saved/repair"

static bool is_broken(const struct package_context *c, const struct dpkg_packages *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].state == DPKG_HALF)
			return true;
	return dpkg_was_interrupted(c);
}

static int configure_all(const struct package_context *c, struct error *err)
{
	static const char *const words[] = {
		"dpkg", "--force-confdef", "--force-confold", "--configure", "-a", NULL
	};
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, words);
	return apt_call(c, &cmd, "dpkg --configure -a", &r, err);
}

/* What dpkg was killed in while unpacking it takes neither --configure nor -f install: only the
 * package once more. */
static int reinstall_all(const struct package_context *c, const struct dpkg_packages *p,
			 struct error *err)
{
	AUTO_COMMAND struct command names = { 0 };

	for (size_t i = 0; i < p->count; i++)
		if (p->at[i].reinstall)
			command_add(&names, p->at[i].name);
	if (names.failed)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to repair packages");
	if (names.n == 0)
		return 0;
	if (apt_download(c, REPAIR_DIR, names.argv, err) < 0)
		return -1;
	return dpkg_install_files(c, REPAIR_DIR, &names, err);
}

/* apt-get -f install, if it removes nothing and touches no kernel. */
static int fix_all(const struct package_context *c, struct error *err)
{
	static const char *const simulated[] = { "-s", "--no-remove", "-f", "install", NULL };
	static const char *const verb[] = { "--no-remove", "-f", "install", NULL };
	AUTO_TRANSACTION struct transaction t = { 0 };
	AUTO_RUN struct run_result simulation = { 0 }, r = { 0 };

	if (apt_get(c, simulated, NULL, "apt-get -s -f install", &simulation, err) < 0)
		return -1;
	if (apt_parse_simulation(buf_text(&simulation.out), simulation.out.len, &t) < 0)
		return error_set(err, FAULT_PACKAGE_BROKEN, 0,
				 "the output of apt-get -s -f install cannot be read");
	if (transaction_judge(&t, err) < 0)
		return -1;
	return apt_get(c, verb, NULL, "apt-get -f install", &r, err);
}

static int repair_broken(const struct package_context *c, struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };
	struct error first = { 0 };

	/* A failure here may be what the next commands repair (missing dependencies), so they alone
	 * decide. */
	if (configure_all(c, &first) < 0)
		LOG(c->host->log, WARNING, "package.repair", "%s, going on with apt-get",
		    first.what);
	if (dpkg_read(c, &now, err) < 0)
		return -1;
	if (!is_broken(c, &now))
		return 0;
	return reinstall_all(c, &now, err) < 0 ? -1 : fix_all(c, err);
}

int apt_repair(const struct package_context *c, struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages packages = { 0 };

	if (apt_wait(c, err) < 0 || dpkg_read(c, &packages, err) < 0)
		return -1;
	if (!is_broken(c, &packages))
		return 0;
	LOG(c->host->log, INFO, "package.repair",
	    "an interrupted package operation was found, finishing it");
	if (repair_broken(c, err) == 0)
		return 0;
	if (err && (err->fault == FAULT_PACKAGE_INSTALL || err->fault == FAULT_PACKAGE_UNSAFE ||
		    err->fault == FAULT_PACKAGE_RESOLVE))
		err->fault = FAULT_PACKAGE_BROKEN;
	return error_wrap(err, "the package database is half-done");
}

/* The error of a call whose failure, where its words say nothing, is this fault. */
static int failed_as(enum fault fault, struct error *err)
{
	if (err && err->fault == FAULT_PACKAGE_INSTALL)
		err->fault = fault;
	return -1;
}

/* apt-get update exits 0 where a signature is bad; Error-Mode=any (apt 2.3 and later) does not, and
 * for older ones we read the lines. */
static int apt_refresh(const struct package_context *c, struct error *err)
{
	static const char *const verb[] = { "-o", "APT::Update::Error-Mode=any", "update", NULL };
	static const struct package_message signs[] = { { "GPG error", FAULT_PACKAGE_SIGNATURE },
							{ "NO_PUBKEY", FAULT_PACKAGE_SIGNATURE },
							{ "BADSIG", FAULT_PACKAGE_SIGNATURE },
							{ NULL, FAULT_NONE } };
	static const char *const argv[] = { "apt-get", NULL };
	AUTO_RUN struct run_result r = { 0 };
	struct run_spec spec = { .argv = argv };

	if (apt_get(c, verb, NULL, "apt-get update", &r, err) < 0)
		return failed_as(FAULT_PACKAGE_UPDATE, err);
	for (const struct package_message *m = signs; m->text; m++)
		if (strstr(buf_text(&r.err), m->text))
			return package_error(&spec, &r, signs, "apt-get update", err);
	return 0;
}

/* Of what is to be new: is there configuration of an earlier life, which a purge would take away?
 */
static int look_for_config(const struct package_context *c, struct transaction *t,
			   struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };

	if (dpkg_read(c, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		struct change *change = &t->changes[i];
		const struct dpkg_package *p = dpkg_find(&now, change->name, change->arch);

		change->had_config = change->kind == CHANGE_INSTALL && p &&
				     p->state == DPKG_CONFIG_FILES;
	}
	return 0;
}

static int apt_resolve(const struct package_context *c, const char *const *names,
		       struct transaction *ret, struct error *err)
{
	static const char *const verb[] = { "-s", "--no-install-recommends", "install", NULL };
	AUTO_RUN struct run_result r = { 0 };
	int rc;

	if (apt_get(c, verb, names, "apt-get -s install", &r, err) < 0)
		return failed_as(FAULT_PACKAGE_RESOLVE, err);
	rc = apt_parse_simulation(buf_text(&r.out), r.out.len, ret);
	if (rc < 0)
		return error_set(err, FAULT_PACKAGE_RESOLVE, -rc,
				 "the output of apt-get -s cannot be read: %s", strerror(-rc));
	return look_for_config(c, ret, err);
}

static int apt_fetch(const struct package_context *c, const char *const *names, struct error *err)
{
	static const char *const verb[] = { "--no-remove", "--download-only",
					    "--no-install-recommends", "install", NULL };
	AUTO_RUN struct run_result r = { 0 };

	if (apt_get(c, verb + c->vendor, names, "apt-get --download-only install", &r, err) < 0)
		return failed_as(FAULT_DOWNLOAD, err);
	return 0;
}

/* Would the package that is installed now be to be had? */
static int ask_for(const struct package_context *c, const char *const *names, struct error *err)
{
	static const char *const verb[] = { "-s",          "--no-install-recommends",
					    "--reinstall", "--allow-downgrades",
					    "install",     NULL };
	AUTO_RUN struct run_result r = { 0 };

	return apt_get(c, verb, names, "apt-get -s --reinstall install", &r, err);
}

/* From where it was kept. */
static int keep_too(const struct package_context *c, const char *kept, const char *dir,
		    struct error *err)
{
	char to[600];
	int rc = fs_make_dirs(c->host->root, dir + 1, 0700);

	if (rc == 0)
		rc = TEXT_FORMAT(to, "%s/%s", dir + 1, strrchr(kept, '/') + 1);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "%s cannot be made: %s", dir, strerror(-rc));
	return held_link(c, kept, to, err);
}

/* Download the package that is installed now into `dir`; NULL: only ask whether that would do. */
static int save_one(const struct package_context *c, const struct change *change, const char *dir,
		    struct error *err)
{
	char wanted[200];
	const char *const names[] = { wanted, NULL };
	struct error why = { 0 };
	char kept[600];

	if (apt_kept(c, change->name, change->old_version, kept, sizeof(kept)))
		return dir ? keep_too(c, kept, dir, err) : 0;
	TEXT_FORMAT(wanted, "%s=%s", change->name, change->old_version);
	if ((dir ? apt_download(c, dir, names, &why) : ask_for(c, names, &why)) == 0)
		return 0;
	if (why.fault != FAULT_PACKAGE_NOT_FOUND && why.fault != FAULT_DOWNLOAD &&
	    why.fault != FAULT_PACKAGE_INSTALL) {
		if (err)
			*err = why;
		return -1;
	}
	return error_set(err, FAULT_IRREVERSIBLE, 0,
			 "the installed package %s %s cannot be had to save it: %s", change->name,
			 change->old_version, why.what);
}

static int apt_save(const struct package_context *c, const struct transaction *t, const char *dir,
		    struct error *err)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->changes[i].kind != CHANGE_INSTALL &&
		    save_one(c, &t->changes[i], dir, err) < 0)
			return -1;
	return 0;
}

/* A vendor's packages may remove those of the RDMA set: what was shown and judged says which. */
static int apt_install(const struct package_context *c, const char *const *names, struct error *err)
{
	static const char *const verb[] = { "--no-remove", "--no-install-recommends", "install",
					    NULL };
	AUTO_RUN struct run_result r = { 0 };

	return apt_get(c, verb + c->vendor, names, "apt-get install", &r, err);
}

static void apt_spec(const struct package_context *c, const char *name, const char *version,
		     char *ret, size_t size)
{
	(void)c;
	(void)text_format(ret, size, "%s=%s*", name, version);
}

/* "name" or "name=3.2.1*" */
static bool is_wanted(const struct dpkg_packages *now, const char *spec)
{
	const char *equals = strchr(spec, '=');
	const struct dpkg_package *p;
	char name[160];

	(void)TEXT_FORMAT(name, "%.*s", (int)strcspn(spec, "="), spec);
	p = dpkg_find(now, name, "");
	return p && p->state == DPKG_INSTALLED &&
	       (!equals || strncmp(p->version, equals + 1, strcspn(equals + 1, "*")) == 0);
}

static bool apt_installed(const struct package_context *c, const char *const *names)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };

	if (dpkg_read(c, &now, NULL) < 0 || dpkg_was_interrupted(c))
		return false;
	for (; *names; names++)
		if (!is_wanted(&now, *names))
			return false;
	return true;
}

const struct package_manager package_manager_apt = {
	.name = "apt",
	.repair = apt_repair,
	.wait = apt_wait,
	.refresh = apt_refresh,
	.resolve = apt_resolve,
	.fetch = apt_fetch,
	.collect = apt_download,
	.use_local = apt_use_local,
	.save = apt_save,
	.install = apt_install,
	.revert = apt_revert,
	.complete = apt_unpack_half,
	.stack = apt_stack,
	.removal = apt_removal,
	.marks = apt_marks,
	.set_marks = apt_set_marks,
	.sources = apt_sources,
	.installed = apt_installed,
	.spec = apt_spec,
	.owner = apt_owner,
	.file_change = apt_file_change,
	.install_file = apt_install_file,
	.keep_held = apt_keep_held,
	.follow = apt_follow,
};
