/* Takes a transaction back, from any half-done state: rpm alone does it, from the saved files,
 * since what stands above it would want the network, and has views of its own about former
 * versions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/rpm/undoing.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

static void undoing_free(struct undoing *u)
{
	free(u->at);
	rpm_packages_free(&u->now);
	rpm_files_free(&u->files);
}

/* Is the former version back, alone? After a killed transaction its files may be those of the new
 * one all the same. What somebody has since brought to a third version is theirs. */
static bool is_back(const struct package_context *c, const struct undoing *u,
		    const struct change *change)
{
	const struct rpm_packages *p = &u->now;
	bool former = rpm_find(p, change->name, change->arch, change->old_version) != NULL;

	if (change->kind == CHANGE_REMOVE)
		return former;
	if (rpm_find(p, change->name, change->arch, change->new_version))
		return text_eq(change->old_version, change->new_version) && !rpm_is_unfinished(c);
	if (former)
		return !rpm_is_unfinished(c);
	return rpm_find(p, change->name, change->arch, "") != NULL;
}

static void item_fill(const struct package_context *c, const struct undoing *u,
		      const struct change *change, struct undo_item *ret)
{
	ret->change = change;
	if (change->new_version[0])
		ret->now = rpm_find(&u->now, change->name, change->arch, change->new_version);
	if (ret->now)
		rpm_nevra(ret->now, ret->nevra);
	if (change->kind == CHANGE_INSTALL) {
		ret->erase = ret->now != NULL;
		return;
	}
	ret->restore = !is_back(c, u, change);
	ret->file = rpm_file_of(&u->files, change);
}

static int undoing_fill(const struct package_context *c, const struct transaction *t,
			const char *dir, struct undoing *ret, struct error *err)
{
	if (rpm_read_installed(c, &ret->now, err) < 0 ||
	    rpm_files_read(c, dir, &ret->files, err) < 0)
		return -1;
	ret->at = calloc(t->count + 1, sizeof(*ret->at));
	if (!ret->at)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to take packages back");
	for (; ret->count < t->count; ret->count++)
		item_fill(c, ret, &t->changes[ret->count], &ret->at[ret->count]);
	return 0;
}

size_t undoing_add_files(const struct undoing *u, const char *option, struct command *cmd)
{
	size_t n = 0;

	command_add(cmd, "rpm");
	command_add(cmd, "-U");
	command_add(cmd, "--oldpackage");
	command_add(cmd, "--replacepkgs");
	if (option)
		command_add(cmd, option);
	for (size_t i = 0; i < u->count; i++) {
		if (!u->at[i].restore || !u->at[i].file)
			continue;
		command_add(cmd, u->at[i].file->path);
		n++;
	}
	return n;
}

/* Whether others need it is known by now. */
static int erase_new(const struct package_context *c, const struct undoing *u, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	size_t n = 0;

	command_add(&cmd, "rpm");
	command_add(&cmd, "-e");
	command_add(&cmd, "--nodeps");
	for (size_t i = 0; i < u->count; i++)
		if (u->at[i].erase) {
			command_add(&cmd, u->at[i].nevra);
			n++;
		}
	return n ? rpm_call(c, &cmd, "rpm -e", &r, err) : 0;
}

/* Of both versions that a killed transaction leaves, the files are those of the newer one: the row
 * of the former goes first, else its configuration files look as if the owner had changed them. */
static int forget_former(const struct package_context *c, const struct undoing *u,
			 struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char(*nevra)[RPM_SPEC_SIZE] = calloc(u->count + 1, sizeof(*nevra));
	size_t n = 0;
	int rc;

	if (!nevra)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to take packages back");
	command_add(&cmd, "rpm");
	command_add(&cmd, "-e");
	command_add(&cmd, "--justdb");
	command_add(&cmd, "--nodeps");
	command_add(&cmd, "--noscripts");
	command_add(&cmd, "--notriggers");
	command_add(&cmd, "--allmatches");
	for (size_t i = 0; i < u->count; i++) {
		const struct change *change = u->at[i].change;
		const struct rpm_package *former = rpm_find(&u->now, change->name, change->arch,
							    change->old_version);

		if (!u->at[i].restore || !u->at[i].file || !u->at[i].now || !former ||
		    former == u->at[i].now)
			continue;
		rpm_nevra(former, nevra[n]);
		command_add(&cmd, nevra[n++]);
	}
	rc = n ? rpm_call(c, &cmd, "rpm -e --justdb", &r, err) : 0;
	free(nevra);
	return rc;
}

/* All at once: they may need each other. */
static int restore_former(const struct package_context *c, const struct undoing *u,
			  struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	return undoing_add_files(u, NULL, &cmd) ? rpm_call(c, &cmd, "rpm -U", &r, err) : 0;
}

/* Those of one kind that could not be saved may still be had from a repository. */
static int restore_unsaved(const struct package_context *c, const struct undoing *u,
			   enum change_kind kind, const char *const *words, struct error *err)
{
	AUTO_COMMAND struct command names = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char(*specs)[RPM_SPEC_SIZE] = calloc(u->count + 1, sizeof(*specs));
	int rc = 0;

	if (!specs)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to take packages back");
	for (size_t i = 0; i < u->count; i++) {
		const struct change *change = u->at[i].change;

		if (change->kind != kind || !u->at[i].restore || u->at[i].file)
			continue;
		rpm_spec(rpm_style_of(c), change->name, change->old_version, change->arch,
			 specs[i]);
		command_add(&names, specs[i]);
	}
	if (names.n)
		rc = rpm_call_style(c, words, names.argv, &r, err);
	free(specs);
	return rc;
}

static int restore_all_unsaved(const struct package_context *c, const struct undoing *u,
			       struct error *err)
{
	const struct rpm_style *style = rpm_style_of(c);

	if (restore_unsaved(c, u, CHANGE_REPLACE, style->former, err) < 0)
		return -1;
	return restore_unsaved(c, u, CHANGE_REMOVE,
			       style->install_again ? style->install_again : style->install, err);
}

/* What stays may need what was to be replaced, and the other way round. */
static int judge(const struct package_context *c, struct undoing *u, struct error *err)
{
	for (int round = 0; round < 2; round++)
		if (undoing_judge_former(c, u, err) < 0 || undoing_judge_new(c, u, err) < 0)
			return -1;
	return 0;
}

/* A script's failure does not count where all is as it was. */
static int judge_rest(const struct package_context *c, const struct transaction *t,
		      const struct undoing *u, const struct error *why, struct error *err)
{
	AUTO_RPM_PACKAGES struct rpm_packages now = { 0 };
	char names[300] = "";
	size_t n = 0;

	if (rpm_read_installed(c, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		const struct change *x = &t->changes[i];
		bool there = x->new_version[0] && !text_eq(x->old_version, x->new_version) &&
			     rpm_find(&now, x->name, x->arch, x->new_version);
		bool lost = x->kind == CHANGE_REMOVE && u->at[i].restore &&
			    !rpm_find(&now, x->name, x->arch, x->old_version);

		if (!there && !lost)
			continue;
		if (!u->at[i].stays) {
			if (err)
				*err = *why;
			return -1;
		}
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "", x->name);
		if (n >= sizeof(names))
			n = sizeof(names) - 1;
	}
	if (n == 0)
		return 0;
	return error_set(err, FAULT_KEPT_BACK, 0,
			 "packages that others need by now stay as they were installed: %s", names);
}

int rpm_revert(const struct package_context *c, const struct transaction *t, const char *dir,
	       struct error *err)
{
	CLEANUP(undoing_free) struct undoing u = { 0 };
	struct error why = { .fault = FAULT_PACKAGE_INSTALL,
			     .what = "the package manager did not put the packages back" };

	/* What we are to take back may still be coming: a killed run leaves its package manager
	 * working. */
	if (rpm_wait(c, err) < 0 || undoing_fill(c, t, dir, &u, err) < 0)
		return -1;
	if (judge(c, &u, err) < 0)
		return -1;
	if (erase_new(c, &u, &why) < 0)
		LOG(c->host->log, DEBUG, "package.revert", "%s, going on", why.what);
	if (forget_former(c, &u, &why) < 0 || restore_former(c, &u, &why) < 0)
		LOG(c->host->log, DEBUG, "package.revert", "%s, going on", why.what);
	if (restore_all_unsaved(c, &u, err) < 0 || judge_rest(c, t, &u, &why, err) < 0)
		return -1;
	rpm_config_sweep(c, t, dir);
	rpm_end(c);
	return 0;
}
