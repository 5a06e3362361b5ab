/* Package files that lie in a directory of ours: found by package, installed by dpkg alone. */
#include "act/apt/call.h"

#include <errno.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { FILE_PATH_SIZE = 512 };

struct listing {
	const char *dir;
	const struct command *names;   /* whose files are wanted */
	char (*paths)[FILE_PATH_SIZE]; /* owned */
	size_t count;
};

/* "libibverbs1_44.0-2_amd64.deb" */
static bool is_file_of(const char *file, const char *name)
{
	size_t len = strcspn(name, ":");

	return strncmp(file, name, len) == 0 && file[len] == '_' && text_ends(file, ".deb");
}

static int list_file(void *ctx, const char *name)
{
	struct listing *l = ctx;
	char(*grown)[FILE_PATH_SIZE];
	size_t k = 0;

	while (k < l->names->n && !is_file_of(name, l->names->argv[k]))
		k++;
	if (k == l->names->n)
		return 0;
	grown = realloc(l->paths, (l->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	l->paths = grown;
	return TEXT_FORMAT(l->paths[l->count++], "%s/%s", l->dir, name);
}

/* All at once: they may need each other. */
static int install(const struct package_context *c, const struct listing *l, struct error *err)
{
	static const char *const head[] = {
		"dpkg", "--force-confdef", "--force-confold", "--force-downgrade", "--install", NULL
	};
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, head);
	for (size_t i = 0; i < l->count; i++)
		command_add(&cmd, l->paths[i]);
	return apt_call(c, &cmd, "dpkg --install", &r, err);
}

int dpkg_install_files(const struct package_context *c, const char *dir,
		       const struct command *names, struct error *err)
{
	struct listing l = { .dir = dir, .names = names };
	int rc = fs_list(c->host->root, dir + (dir[0] == '/'), list_file, &l);

	if (rc < 0 && rc != -ENOENT)
		rc = error_set(err, FAULT_STATE_DIR, -rc, "%s cannot be read: %s", dir,
			       strerror(-rc));
	else
		rc = l.count ? install(c, &l, err) : 0;
	free(l.paths);
	return rc;
}

int apt_download(const struct package_context *c, const char *dir, const char *const *names,
		 struct error *err)
{
	char path[300], archives[300];
	const char *const verb[] = { "--download-only",
				     "--no-remove",
				     "--no-install-recommends",
				     "--reinstall",
				     "--allow-downgrades",
				     "-o",
				     archives,
				     "-o",
				     "APT::Keep-Downloaded-Packages=true",
				     "install",
				     NULL };
	AUTO_RUN struct run_result r = { 0 };
	int rc;

	TEXT_FORMAT(path, "%s/partial", dir + (dir[0] == '/'));
	rc = fs_make_dirs(c->host->root, path, 0700);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "/%s cannot be made: %s", path, strerror(-rc));
	TEXT_FORMAT(archives, "Dir::Cache::archives=%s/", dir);
	return apt_get(c, verb, names, "apt-get --reinstall --download-only install", &r, err);
}
