/* Puts a half-done state right: a database that cannot be read, both versions of a package left by
 * a killed transaction, packages whose scripts never ran. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

/* Only where it cannot be read: a rebuild of a sound database gains nothing. */
static int read_or_rebuild(const struct package_context *c, struct rpm_packages *ret,
			   struct error *err)
{
	static const char *const words[] = { "rpm", "--rebuilddb", NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct error why = { 0 };

	if (rpm_read_installed(c, ret, &why) == 0)
		return 0;
	if (why.fault != FAULT_PACKAGE_BROKEN) {
		if (err)
			*err = why;
		return -1;
	}
	LOG(c->host->log, WARNING, "package.repair", "%s, rebuilding it", why.what);
	command_add_all(&cmd, words);
	if (rpm_call(c, &cmd, "rpm --rebuilddb", &r, err) < 0) {
		if (err && err->fault == FAULT_PACKAGE_INSTALL)
			err->fault = FAULT_PACKAGE_BROKEN;
		return -1;
	}
	rpm_packages_free(ret);
	return rpm_read_installed(c, ret, err);
}

/* May there be several versions of it, by what it says of itself? */
static bool says_many(const struct package_context *c, const struct rpm_package *p)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char nevra[RPM_SPEC_SIZE];

	rpm_nevra(p, nevra);
	command_add(&cmd, "rpm");
	command_add(&cmd, "-q");
	command_add(&cmd, "--provides");
	command_add(&cmd, nevra);
	if (rpm_query(c, &cmd, &r, NULL) < 0 || !run_ok(&r))
		return true;
	return strstr(buf_text(&r.out), "installonlypkg(") ||
	       strstr(buf_text(&r.out), "multiversion(");
}

/* The version that came last owns the files; what is left of the other is its row in the database,
 * and its part of the scripts. */
static int remove_outlived(const struct package_context *c, const struct rpm_packages *now,
			   bool *ret_removed, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char(*nevra)[RPM_SPEC_SIZE] = calloc(now->count + 1, sizeof(*nevra));
	size_t n = 0;
	int rc = 0;

	if (!nevra)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to repair packages");
	command_add(&cmd, "rpm");
	command_add(&cmd, "-e");
	command_add(&cmd, "--nodeps");
	for (size_t i = 0; i < now->count; i++) {
		if (!rpm_is_outlived(now, &now->at[i]) || says_many(c, &now->at[i]))
			continue;
		rpm_nevra(&now->at[i], nevra[n]);
		LOG(c->host->log, INFO, "package.repair",
		    "%s is installed beside its successor, removing it", nevra[n]);
		command_add(&cmd, nevra[n++]);
	}
	*ret_removed = n > 0;
	if (n)
		rc = rpm_call(c, &cmd, "rpm -e of what was replaced", &r, err);
	free(nevra);
	return rc;
}

/* Once more, so that their scripts run. What is installed is whole without it. */
static void reinstall(const struct package_context *c, const struct rpm_packages *brought)
{
	AUTO_COMMAND struct command names = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char(*specs)[RPM_SPEC_SIZE] = calloc(brought->count + 1, sizeof(*specs));
	struct error why = { 0 };

	for (size_t i = 0; specs && i < brought->count; i++) {
		if (rpm_may_be_many(brought->at[i].name))
			continue;
		(void)text_format(specs[i], RPM_SPEC_SIZE, "%s.%s", brought->at[i].name,
				  brought->at[i].arch);
		command_add(&names, specs[i]);
	}
	if (names.n && rpm_call_style(c, rpm_style_of(c)->reinstall, names.argv, &r, &why) < 0)
		LOG(c->host->log, WARNING, "package.repair",
		    "the scripts of what a killed transaction installed cannot be run again: %s",
		    why.what);
	free(specs);
}

/* What of the note is still there, once the former versions are gone. */
static int finish_brought(const struct package_context *c, struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 }, brought = { 0 };

	if (rpm_read_installed(c, &now, err) < 0 || rpm_brought(c, &now, &brought, err) < 0)
		return -1;
	if (brought.count)
		reinstall(c, &brought);
	rpm_end(c);
	return 0;
}

int rpm_repair(const struct package_context *c, struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	bool removed = false;

	if (rpm_wait(c, err) < 0 || read_or_rebuild(c, &now, err) < 0)
		return -1;
	if (remove_outlived(c, &now, &removed, err) < 0) {
		if (err && err->fault == FAULT_PACKAGE_INSTALL)
			err->fault = FAULT_PACKAGE_BROKEN;
		return error_wrap(err, "the package database is half-done");
	}
	return finish_brought(c, err);
}
