/* Saves the files of what a transaction replaces or removes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "act/bundle/offline.h"
#include "act/packages/held.h"
#include "act/rpm/call.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

struct specs {
	char (*at)[RPM_SPEC_SIZE]; /* owned */
	const char **names;        /* owned; NULL-terminated */
	size_t count;
	const struct rpm_files *have; /* they are not among them */
};

static void specs_free(struct specs *s)
{
	free(s->at);
	free(s->names);
}

/* All that the transaction takes away, but what `have` holds. */
static int specs_fill(const struct rpm_style *style, const struct transaction *t,
		      const struct rpm_files *have, struct specs *ret, struct error *err)
{
	ret->at = calloc(t->count + 1, sizeof(*ret->at));
	ret->names = calloc(t->count + 1, sizeof(*ret->names));
	ret->have = have;
	if (!ret->at || !ret->names)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to save packages");
	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->changes[i];

		if (c->kind == CHANGE_INSTALL || rpm_file_of(have, c))
			continue;
		rpm_spec(style, c->name, c->old_version, c->arch, ret->at[ret->count]);
		ret->names[ret->count] = ret->at[ret->count];
		ret->count++;
	}
	return 0;
}

static int irreversible(const struct change *change, const char *why, struct error *err)
{
	return error_set(err, FAULT_IRREVERSIBLE, 0,
			 "the installed package %s %s cannot be had to save it: %s", change->name,
			 change->old_version, why[0] ? why : "no repository holds it any more");
}

/* Is this failure one of a package that is not there? */
static bool is_missing(const struct error *why)
{
	return why->fault == FAULT_PACKAGE_NOT_FOUND || why->fault == FAULT_DOWNLOAD ||
	       why->fault == FAULT_PACKAGE_INSTALL || why->fault == FAULT_PACKAGE_RESOLVE;
}

/* The first change whose package was not among what is offered. */
static int judge_offer(const struct rpm_style *style, const struct transaction *t,
		       const struct specs *specs, const struct run_result *r, const char *why,
		       struct error *err)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct change *c = &t->changes[i];
		char name[sizeof(c->name)];

		(void)TEXT_FORMAT(name, "%.*s", (int)strcspn(c->name, ":"), c->name);
		if (c->kind != CHANGE_INSTALL && !rpm_file_of(specs->have, c) &&
		    !style->offers(buf_text(&r->out), r->out.len, name, c->old_version, c->arch))
			return irreversible(c, why, err);
	}
	return 0;
}

static int ask(const struct package_context *c, const struct transaction *t,
	       const struct specs *specs, struct error *err)
{
	const struct rpm_style *style = rpm_style_of(c);
	AUTO_RUN struct run_result r = { 0 };
	struct error why = { 0 };

	if (rpm_ask(c, style->offer, specs->names, &r, &why) == 0 || is_missing(&why))
		return judge_offer(style, t, specs, &r, why.what, err);
	if (err)
		*err = why;
	return -1;
}

/* The words, with the directory in its place. */
static int download(const struct package_context *c, const char *const *words, const char *dir,
		    const char *const *names, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char word[PATH_MAX] = "";

	for (const char *const *w = words; *w; w++) {
		const char *at = text_ends(*w, RPM_SAVE_DIR) ? strstr(*w, RPM_SAVE_DIR) : NULL;

		if (at)
			(void)TEXT_FORMAT(word, "%.*s%s", (int)(at - *w), *w, dir);
		command_add(&cmd, at ? word : *w);
	}
	command_add_all(&cmd, names);
	return rpm_call(c, &cmd, "download of packages", &r, err);
}

static int make_dir(const struct package_context *c, const char *dir, struct error *err)
{
	int rc = fs_make_dirs(c->host->root, dir + (dir[0] == '/'), 0700);

	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "%s cannot be made: %s",
			 dir, strerror(-rc));
}

/* Out of the package manager's reach: dnf takes away what it has downloaded, wherever that lies,
 * after its next transaction. */
static int move_files(const struct package_context *c, const char *from, const char *to,
		      struct error *err)
{
	AUTO_RPM_FILES struct rpm_files files = { 0 };
	int rc = 0;

	if (rpm_files_read(c, from, &files, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < files.count; i++) {
		char path[sizeof(files.at[i].path)];
		const char *old = files.at[i].path;

		rc = TEXT_FORMAT(path, "%s/%s", to, strrchr(old, '/') + 1);
		if (rc == 0 && renameat(c->host->root, old + (old[0] == '/'), c->host->root,
					path + (path[0] == '/')) < 0)
			rc = -errno;
	}
	if (rc == 0)
		rc = fs_remove(c->host->root, from + (from[0] == '/'));
	if (rc == 0)
		return 0;
	return error_set(err, FAULT_STATE_DIR, -rc, "the files in %s cannot be moved to %s: %s",
			 from, to, strerror(-rc));
}

/* Whatever the package manager says: what counts is what lies there then. */
static int save_into(const struct package_context *c, const struct transaction *t, const char *dir,
		     const struct specs *specs, struct error *err)
{
	AUTO_RPM_FILES struct rpm_files files = { 0 };
	struct error why = { 0 };
	char incoming[300];

	(void)TEXT_FORMAT(incoming, "%s/incoming", dir);
	if (make_dir(c, incoming, err) < 0)
		return -1;
	if (download(c, rpm_style_of(c)->save, incoming, specs->names, &why) < 0 &&
	    !is_missing(&why)) {
		if (err)
			*err = why;
		return -1;
	}
	if (move_files(c, incoming, dir, err) < 0 || rpm_files_read(c, dir, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++)
		if (t->changes[i].kind != CHANGE_INSTALL && !rpm_file_of(&files, &t->changes[i]))
			return irreversible(&t->changes[i], why.what, err);
	return 0;
}

int rpm_collect(const struct package_context *c, const char *dir, const char *const *names,
		struct error *err)
{
	char incoming[PATH_MAX];

	if (TEXT_FORMAT(incoming, "%s/incoming", dir) < 0)
		return error_set(err, FAULT_STATE_DIR, ENAMETOOLONG, "%.200s is too long", dir);
	if (make_dir(c, incoming, err) < 0 ||
	    download(c, rpm_style_of(c)->collect, incoming, names, err) < 0)
		return -1;
	return move_files(c, incoming, dir, err);
}

/* What a bundle holds is there already, and nothing else is asked. */
static int save_local(const struct package_context *c, const struct transaction *t, const char *dir,
		      struct error *err)
{
	AUTO_RPM_FILES struct rpm_files files = { 0 };
	int rc = 0;

	if (rpm_files_read(c, "/" OFFLINE_PACKAGES, &files, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < t->count; i++) {
		const struct rpm_file *file = rpm_file_of(&files, &t->changes[i]);
		char path[PATH_MAX];
		AUTO_FD int fd = -1;

		if (t->changes[i].kind == CHANGE_INSTALL)
			continue;
		if (!file)
			return irreversible(&t->changes[i], "the offline bundle does not hold it",
					    err);
		if (!dir)
			continue;
		(void)TEXT_FORMAT(path, "%s%s", dir + (dir[0] == '/'), strrchr(file->path, '/'));
		fd = openat(c->host->root, file->path + 1, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		rc = fd < 0 ? -errno : fs_copy_to(fd, c->host->root, path, 0600);
	}
	return rc < 0 ? error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				  "packages cannot be saved in %s: %s", dir, strerror(-rc))
		      : 0;
}

/* Put what was kept of all that into `dir`, too. */
static int take_kept(const struct package_context *c, const struct transaction *t, const char *dir,
		     struct error *err)
{
	AUTO_RPM_FILES struct rpm_files kept = { 0 };
	char to[600];

	if (!c->kept)
		return 0;
	if (rpm_files_read(c, c->kept, &kept, err) < 0 || make_dir(c, dir, err) < 0)
		return -1;
	for (size_t i = 0; i < t->count; i++) {
		const struct rpm_file *f = t->changes[i].kind != CHANGE_INSTALL
						   ? rpm_file_of(&kept, &t->changes[i])
						   : NULL;

		if (f && TEXT_FORMAT(to, "%s/%s", dir + 1, strrchr(f->path, '/') + 1) == 0 &&
		    held_link(c, f->path + 1, to, err) < 0)
			return -1;
	}
	return 0;
}

int rpm_save(const struct package_context *c, const struct transaction *t, const char *dir,
	     struct error *err)
{
	AUTO_RPM_FILES struct rpm_files have = { 0 };
	CLEANUP(specs_free) struct specs specs = { 0 };

	if (offline_is_on(c->settings)) {
		if ((dir && make_dir(c, dir, err) < 0) || save_local(c, t, dir, err) < 0)
			return -1;
		return dir ? rpm_config_note(c, t, dir, err) : 0;
	}
	if (dir && (take_kept(c, t, dir, err) < 0 || rpm_files_read(c, dir, &have, err) < 0))
		return -1;
	if (!dir && c->kept && rpm_files_read(c, c->kept, &have, err) < 0)
		return -1;
	if (specs_fill(rpm_style_of(c), t, &have, &specs, err) < 0)
		return -1;
	if (!dir)
		return specs.count ? ask(c, t, &specs, err) : 0;
	if (specs.count && save_into(c, t, dir, &specs, err) < 0)
		return -1;
	return make_dir(c, dir, err) < 0 ? -1 : rpm_config_note(c, t, dir, err);
}
