/* Takes an apt transaction back, from any half-done state: dpkg alone does it, since apt would
 * first want to repair, by network, what is to go. */
#include "act/apt/call.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to take packages back");
}

/* What of the transaction's new packages is still there: to be purged, or, where an earlier life
 * had left its configuration, to be removed only. */
static void collect_new(const struct transaction *t, const struct dpkg_packages *now,
			bool had_config, struct command *into)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->changes[i];
		const struct dpkg_package *p = dpkg_find(now, c->name, c->arch);

		if (c->kind != CHANGE_INSTALL || c->had_config != had_config || !p ||
		    p->state == DPKG_ABSENT || (had_config && p->state == DPKG_CONFIG_FILES))
			continue;
		command_add(into, c->name);
	}
}

static int remove_some(const struct package_context *c, const struct transaction *t,
		       const struct dpkg_packages *now, bool had_config, struct error *err)
{
	AUTO_COMMAND struct command names = { 0 }, cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	collect_new(t, now, had_config, &names);
	if (names.failed)
		return no_memory(err);
	if (names.n == 0)
		return 0;
	command_add(&cmd, "dpkg");
	command_add(&cmd, "--force-remove-reinstreq");
	command_add(&cmd, had_config ? "--remove" : "--purge");
	command_add_all(&cmd, names.argv);
	return apt_call(c, &cmd, had_config ? "dpkg --remove" : "dpkg --purge", &r, err);
}

static int remove_new(const struct package_context *c, const struct transaction *t,
		      struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };

	if (dpkg_read(c, &now, err) < 0 || remove_some(c, t, &now, true, err) < 0)
		return -1;
	return remove_some(c, t, &now, false, err);
}

/* Is it back, whole and in its former version? What somebody has since brought to a third version
 * is theirs. */
static bool is_back(const struct change *c, const struct dpkg_package *p)
{
	if (!p || p->state != DPKG_INSTALLED)
		return false;
	return text_eq(p->version, c->old_version) ||
	       (c->kind == CHANGE_REPLACE && !text_eq(p->version, c->new_version));
}

/* The replaced and removed packages that are not back yet. */
static void collect_old(const struct transaction *t, const struct dpkg_packages *now,
			struct command *into)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->changes[i];

		if (c->kind != CHANGE_INSTALL && !is_back(c, dpkg_find(now, c->name, "")))
			command_add(into, c->name);
	}
}

/* What could not be saved may still be had from the archive. */
static int install_former(const struct package_context *c, const struct transaction *t,
			  const struct command *missing, struct error *err)
{
	for (size_t i = 0; i < t->count; i++) {
		static const char *const verb[] = { "--no-remove", "--no-install-recommends",
						    "--allow-downgrades", "install", NULL };
		const struct change *change = &t->changes[i];
		AUTO_RUN struct run_result r = { 0 };
		char wanted[200];
		const char *const names[] = { wanted, NULL };
		size_t k = 0;

		while (k < missing->n && !text_eq(missing->argv[k], change->name))
			k++;
		if (k == missing->n || change->kind == CHANGE_INSTALL)
			continue;
		TEXT_FORMAT(wanted, "%s=%s", change->name, change->old_version);
		if (apt_get(c, verb, names, "apt-get install of the former version", &r, err) < 0)
			return -1;
	}
	return 0;
}

static int restore_old(const struct package_context *c, const struct transaction *t,
		       const char *dir, struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages before = { 0 }, after = { 0 };
	AUTO_COMMAND struct command missing = { 0 }, still = { 0 };

	if (dpkg_read(c, &before, err) < 0)
		return -1;
	collect_old(t, &before, &missing);
	if (missing.failed)
		return no_memory(err);
	if (missing.n == 0)
		return 0;
	if (dpkg_install_files(c, dir, &missing, err) < 0 || dpkg_read(c, &after, err) < 0)
		return -1;
	collect_old(t, &after, &still);
	if (still.failed)
		return no_memory(err);
	return still.n ? install_former(c, t, &still, err) : 0;
}

/* What is whole and still there stays because of others. Half-done packages are a failure. */
static int judge_rest(const struct package_context *c, const struct transaction *t,
		      const struct error *why, struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };
	char names[300] = "";
	size_t n = 0;

	if (dpkg_read(c, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		const struct change *change = &t->changes[i];
		const struct dpkg_package *p = dpkg_find(&now, change->name, change->arch);

		if (change->kind != CHANGE_INSTALL || !p || p->state == DPKG_ABSENT ||
		    p->state == DPKG_CONFIG_FILES)
			continue;
		if (p->state == DPKG_HALF) {
			if (err)
				*err = *why;
			return -1;
		}
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
				      change->name);
		if (n >= sizeof(names))
			n = sizeof(names) - 1;
	}
	if (n == 0)
		return 0;
	return error_set(err, FAULT_KEPT_BACK, 0,
			 "packages that others need by now stay installed: %s", names);
}

int apt_revert(const struct package_context *c, const struct transaction *t, const char *dir,
	       struct error *err)
{
	struct error first = { 0 }, second = { 0 };

	/* What we are to take back may still be coming: a killed run leaves its apt-get working. */
	if (apt_wait(c, err) < 0)
		return -1;
	apt_unpack_half(c, t, NULL);
	/* New and old may stand in each other's way, or need each other: the second removal alone
	 * decides. */
	if (remove_new(c, t, &first) < 0)
		LOG(c->host->log, DEBUG, "package.revert", "%s, going on", first.what);
	if (restore_old(c, t, dir, err) < 0)
		return -1;
	if (remove_new(c, t, &second) < 0 && judge_rest(c, t, &second, err) < 0)
		return -1;
	/* An interrupted dpkg makes apt refuse all work. Whatever else is broken here is not ours.
	 */
	if (apt_repair(c, &first) < 0)
		LOG(c->host->log, WARNING, "package.repair", "%s, ignoring", first.what);
	apt_forget_unpacking(c);
	return 0;
}
