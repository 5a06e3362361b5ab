/* dnf, yum, tdnf and zypper: transactions resolved first, packages fetched before the first change,
 * half-done states repaired. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/text.h"
#include "host/host.h"

/* The error of a call whose failure, where its words say nothing, is this fault. */
static int failed_as(enum fault fault, struct error *err)
{
	if (err && err->fault == FAULT_PACKAGE_INSTALL)
		err->fault = fault;
	return -1;
}

/* dnf exits with 0 where the owner lets it skip a repository whose signature is bad. */
static int judge_refresh(const struct run_result *r, struct error *err)
{
	static const char *const signs[] = { "GPG signature verification error",
					     "Signature verification failed", "Bad GPG signature" };

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		const char *at = strstr(buf_text(&r->err), signs[i]);
		const char *line = at;

		while (line && line > buf_text(&r->err) && line[-1] != '\n')
			line--;
		if (line)
			return error_set(err, FAULT_PACKAGE_SIGNATURE, 0, "%.*s",
					 (int)strcspn(line, "\n"), line);
	}
	return 0;
}

static int refresh(const struct package_context *c, struct error *err)
{
	const struct rpm_style *style = rpm_style_of(c);

	for (size_t i = 0; i < ARRAY_SIZE(style->refresh) && style->refresh[i]; i++) {
		AUTO_RUN struct run_result r = { 0 };

		if (rpm_call_style(c, style->refresh[i], NULL, &r, err) < 0)
			return failed_as(FAULT_PACKAGE_UPDATE, err);
		if (judge_refresh(&r, err) < 0)
			return -1;
	}
	return 0;
}

static const enum change_kind kinds[] = {
	[RPM_INSTALL] = CHANGE_INSTALL,
	[RPM_UPGRADE] = CHANGE_REPLACE,
	[RPM_REINSTALL] = CHANGE_REPLACE,
	[RPM_REMOVE] = CHANGE_REMOVE,
};

/* The name bears the architecture only where it is a foreign one. What is replaced is what is
 * installed now. */
static int change_of(const struct rpm_item *item, const struct rpm_packages *now,
		     const char *machine, struct change *ret)
{
	bool native = text_eq(item->arch, machine) || text_eq(item->arch, "noarch");
	const struct rpm_package *p = rpm_find(now, item->name, item->arch, "");

	*ret = (struct change) { .kind = kinds[item->action] };
	(void)TEXT_COPY(ret->arch, item->arch);
	if (TEXT_FORMAT(ret->name, native ? "%s" : "%s:%s", item->name, item->arch) < 0)
		return -ENAMETOOLONG;
	if (ret->kind == CHANGE_REPLACE && !p && !item->old_version[0])
		ret->kind = CHANGE_INSTALL;
	if (ret->kind == CHANGE_REPLACE)
		(void)TEXT_COPY(ret->old_version,
				item->old_version[0] ? item->old_version : p->version);
	(void)text_copy(ret->kind == CHANGE_REMOVE ? ret->old_version : ret->new_version,
			sizeof(ret->new_version), item->version);
	return 0;
}

static int resolve(const struct package_context *c, const char *const *names,
		   struct transaction *ret, struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	AUTO_RPM_ITEMS struct rpm_items items = { 0 };
	char machine[32] = "";
	int rc;

	if (rpm_simulate(c, names, &items, err) < 0)
		return failed_as(FAULT_PACKAGE_RESOLVE, err);
	if (items.count == 0)
		return 0;
	if (rpm_read_installed(c, &now, err) < 0)
		return -1;
	rc = host_machine(c->host, machine, sizeof(machine));
	for (size_t i = 0; rc == 0 && i < items.count; i++) {
		struct change change;

		rc = change_of(&items.at[i], &now, machine, &change);
		if (rc == 0)
			rc = transaction_add(ret, &change);
	}
	transaction_sort(ret);
	if (rc == 0)
		return 0;
	return error_set(err, FAULT_PACKAGE_RESOLVE, -rc,
			 "what %s would do cannot be written down: %s", c->manager->name,
			 strerror(-rc));
}

static int fetch(const struct package_context *c, const char *const *names, struct error *err)
{
	AUTO_RUN struct run_result r = { 0 };

	if (rpm_call_style(c, rpm_style_of(c)->fetch, names, &r, err) < 0)
		return failed_as(FAULT_DOWNLOAD, err);
	return 0;
}

/* Would the network help? What a transaction does comes after that. */
static bool is_incomplete(const struct error *why)
{
	return why->fault == FAULT_DOWNLOAD || why->fault == FAULT_PACKAGE_UPDATE ||
	       why->fault == FAULT_PACKAGE_NOT_FOUND || why->fault == FAULT_PACKAGE_RESOLVE;
}

static int install(const struct package_context *c, const char *const *names, struct error *err)
{
	const struct rpm_style *style = rpm_style_of(c);
	AUTO_RUN struct run_result r = { 0 }, again = { 0 };
	struct error why = { 0 };

	if (rpm_begin(c, err) < 0)
		return -1;
	if (rpm_call_style(c, style->install, names, &r, &why) < 0) {
		if (!style->install_again || !is_incomplete(&why)) {
			if (err)
				*err = why;
			return -1;
		}
		if (rpm_call_style(c, style->install_again, names, &again, err) < 0)
			return -1;
	}
	rpm_end(c);
	return 0;
}

static void spec(const struct package_context *c, const char *name, const char *version, char *ret,
		 size_t size)
{
	(void)text_format(ret, size, "%s%c%s", name, rpm_style_of(c)->equals ? '=' : '-', version);
}

/* "name", "name.arch", "name-version", "name-version.arch"; "name=version" and "name-version" may
 * leave the release out. */
static bool is_named(const struct rpm_package *p, const char *wanted)
{
	const char *colon = strchr(p->version, ':');
	const char *version = colon ? colon + 1 : p->version;
	size_t len = strlen(p->name);
	char rest[160];

	if (strncmp(wanted, p->name, len) != 0)
		return false;
	wanted += len;
	if (!*wanted || (*wanted == '.' && text_eq(wanted + 1, p->arch)))
		return true;
	(void)TEXT_FORMAT(rest, "-%s", version);
	if (text_eq(wanted, rest))
		return true;
	(void)TEXT_FORMAT(rest, "-%s.%s", version, p->arch);
	if (text_eq(wanted, rest))
		return true;
	return (*wanted == '-' || *wanted == '=') &&
	       strncmp(wanted + 1, version, strcspn(version, "-")) == 0 &&
	       strlen(wanted + 1) == strcspn(version, "-");
}

static bool is_whole(const struct rpm_packages *now, const char *wanted)
{
	bool found = false;

	for (size_t i = 0; i < now->count; i++) {
		if (!is_named(&now->at[i], wanted))
			continue;
		if (rpm_is_outlived(now, &now->at[i]))
			return false;
		found = true;
	}
	return found;
}

static bool installed(const struct package_context *c, const char *const *names)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };

	if (rpm_is_unfinished(c) || rpm_read_installed(c, &now, NULL) < 0)
		return false;
	for (; *names; names++)
		if (!is_whole(&now, *names))
			return false;
	return true;
}

#define RPM_MANAGER(n)                                                                             \
	{                                                                                          \
		.name = n, .repair = rpm_repair, .wait = rpm_wait, .refresh = refresh,             \
		.resolve = resolve, .fetch = fetch, .save = rpm_save, .install = install,          \
		.revert = rpm_revert, .collect = rpm_collect, .use_local = rpm_use_local,          \
		.stack = rpm_stack, .removal = rpm_removal, .marks = rpm_marks,                    \
		.set_marks = rpm_set_marks, .sources = rpm_sources, .installed = installed,        \
		.spec = spec, .owner = rpm_owner, .file_change = rpm_file_change,                  \
		.install_file = rpm_install_file, .keep_held = rpm_keep_held,                      \
		.follow = rpm_follow, .keys_note = rpm_keys_note, .keys_take = rpm_keys_take,      \
		.keys_drop = rpm_keys_drop,                                                        \
	}

const struct package_manager package_managers_rpm[4] = {
	RPM_MANAGER("dnf"),
	RPM_MANAGER("yum"),
	RPM_MANAGER("tdnf"),
	RPM_MANAGER("zypper"),
};
