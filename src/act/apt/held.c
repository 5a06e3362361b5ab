/* A vendor's repository in a package: the package as a file, what is installed of it kept, and its
 * versions preferred for one command. */
#include "act/apt/call.h"

#include <errno.h>
#include <string.h>

#include "act/packages/held.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define PREFERENCES "var/lib/ib-vmext/apt-preferences"

enum { PREFERENCES_MAX = 1 << 20, PATH_SIZE = 512 };

static const char *version_without_epoch(const char *version)
{
	const char *colon = strchr(version, ':');

	return colon ? colon + 1 : version;
}

bool dpkg_is_file_of(const char *file, const char *name, const char *version)
{
	const char *bare = version_without_epoch(version);
	int len = (int)strcspn(name, ":"), epoch = (int)(bare - version);
	char start[240], escaped[240];

	(void)TEXT_FORMAT(start, "%.*s_%s_", len, name, bare);
	(void)TEXT_FORMAT(escaped, "%.*s_%.*s%%3a%s_", len, name, epoch > 0 ? epoch - 1 : 0,
			  version, bare);
	return (text_starts(file, start) || text_starts(file, escaped)) && text_ends(file, ".deb");
}

static int read_file(const struct package_context *c, const char *path, struct change *ret,
		     struct error *err)
{
	static const char *const words[] = {
		"dpkg-deb", "--show", "--showformat=${Package} ${Version} ${Architecture}\\n", NULL
	};
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	char *save = NULL, *word[3];

	command_add_all(&cmd, words);
	command_add(&cmd, path);
	if (apt_query(c, &cmd, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		word[i] = r.out.len ? strtok_r(i ? NULL : r.out.data, " \n", &save) : NULL;
		if (!word[i])
			return error_set(err, FAULT_PACKAGE_INSTALL, EINVAL,
					 "%s is no package of Debian's kind", path);
	}
	*ret = (struct change) { .kind = CHANGE_INSTALL };
	(void)TEXT_COPY(ret->name, word[0]);
	(void)TEXT_COPY(ret->new_version, word[1]);
	(void)TEXT_COPY(ret->arch, word[2]);
	return 0;
}

int apt_file_change(const struct package_context *c, const char *path, struct change *ret,
		    struct error *err)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };
	const struct dpkg_package *p;
	struct change change;

	if (read_file(c, path, &change, err) < 0 || dpkg_read(c, &now, err) < 0)
		return -1;
	p = dpkg_find(&now, change.name, "");
	if (p && p->state == DPKG_INSTALLED) {
		change.kind = CHANGE_REPLACE;
		(void)TEXT_COPY(change.old_version, p->version);
	}
	change.had_config = p && p->state == DPKG_CONFIG_FILES;
	*ret = change;
	return 0;
}

int apt_install_file(const struct package_context *c, const char *path, struct error *err)
{
	static const char *const words[] = {
		"dpkg", "--force-confdef", "--force-confold", "--force-downgrade", "--install", NULL
	};
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, words);
	command_add(&cmd, path);
	return apt_call(c, &cmd, "dpkg --install", &r, err);
}

/* "libpmix2:amd64: /etc/pmix-mca-params.conf" */
bool apt_owner(const struct package_context *c, const char *path, char *ret, size_t size)
{
	char absolute[PATH_SIZE];
	const char *const words[] = { "dpkg-query", "--search", absolute, NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	(void)TEXT_FORMAT(absolute, "/%s", path);
	command_add_all(&cmd, words);
	if (apt_query(c, &cmd, &r, NULL) < 0)
		return false;
	return text_format(ret, size, "%.*s", (int)strcspn(buf_text(&r.out), ":,\n"),
			   buf_text(&r.out)) == 0 &&
	       ret[0] != '\0';
}

static bool is_installed(void *ctx, const char *name)
{
	const struct dpkg_packages *now = ctx;

	for (size_t i = 0; i < now->count; i++)
		if (now->at[i].state == DPKG_INSTALLED &&
		    dpkg_is_file_of(name, now->at[i].name, now->at[i].version))
			return true;
	return false;
}

int apt_keep_held(const struct package_context *c, const char *holder, const char *dir,
		  struct error *err)
{
	const char *const words[] = { "dpkg-query", "--listfiles", holder, NULL };
	AUTO_PACKAGES struct dpkg_packages now = { 0 };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct held h = { .context = c, .end = ".deb", .is_installed = is_installed, .ctx = &now };

	command_add_all(&cmd, words);
	if (apt_query(c, &cmd, &r, err) < 0 || dpkg_read(c, &now, err) < 0)
		return -1;
	h.list = buf_text(&r.out);
	return held_keep(&h, dir, err);
}

static int add_name(void *ctx, const char *file)
{
	json_t *list = ctx;

	if (!text_ends(file, ".deb"))
		return 0;
	return json_array_append_new(list, json_stringn(file, strcspn(file, "_"))) < 0 ? -ENOMEM
										       : 0;
}

/* Which version of a name counts, the preferences say. */
json_t *apt_follow(const struct package_context *c, const char *holder, const char *dir,
		   struct error *err)
{
	AUTO_JSON json_t *list = json_array();
	int rc = fs_list(c->host->root, dir + (dir[0] == '/'), add_name, list);

	(void)holder;
	if (list && (rc == 0 || rc == -ENOENT))
		return TAKE(list);
	error_set(err, FAULT_STATE_DIR, -rc, "%s cannot be read: %s", dir, strerror(-rc));
	return NULL;
}

struct finding {
	const char *name, *version;
	char *ret;
	size_t size;
};

static int find_file(void *ctx, const char *file)
{
	const struct finding *f = ctx;

	if (!dpkg_is_file_of(file, f->name, f->version))
		return 0;
	return text_copy(f->ret, f->size, file) == 0;
}

bool apt_kept(const struct package_context *c, const char *name, const char *version, char *ret,
	      size_t size)
{
	char file[256];
	struct finding f = { name, version, file, sizeof(file) };

	return c->kept && fs_list(c->host->root, c->kept + 1, find_file, &f) == 1 &&
	       text_format(ret, size, "%s/%s", c->kept + 1, file) == 0;
}

/* The owner's file of this name is read no more when ours is: it goes in front. Of several entries
 * for a package the one that names it wins: the pin of dkms stands. */
int apt_vendor_options(const struct package_context *c, struct command *cmd, struct error *err)
{
	static const char *const words[] = { "-o", "Dir::Etc::preferences=/" PREFERENCES, "-o",
					     "APT::Get::allow-downgrades=true", NULL };
	static const char ours[] = "\nPackage: *\nPin: release l=DOCA-HOST*\nPin-Priority: 1001\n"
				   "\nPackage: *\nPin: origin linux.mellanox.com\n"
				   "Pin-Priority: 1001\n";
	AUTO_BUF struct buf text = { 0 };
	int rc = fs_read(c->host->root, "etc/apt/preferences", PREFERENCES_MAX, &text);

	if (rc == 0 || rc == -ENOENT)
		rc = buf_add_text(&text, ours);
	if (rc == 0)
		rc = fs_replace(c->host->root, PREFERENCES, buf_text(&text), text.len, 0644);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "/" PREFERENCES " cannot be written: %s", strerror(-rc));
	command_add_all(cmd, words);
	return 0;
}

void apt_vendor_done(const struct package_context *c)
{
	(void)!fs_remove(c->host->root, PREFERENCES);
}
