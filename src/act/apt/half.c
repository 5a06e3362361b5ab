/* A first installation that was cut off while its files were unpacked has left some of them, some
 * under names of dpkg's own, which no list of dpkg's has: a purge would leave them behind. Unpacked
 * again, from the file that was downloaded, they are all known. */
#include "act/apt/call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define CONTROL_DIR "var/lib/dpkg/tmp.ci"

enum { PATH_SIZE = 512, DEPTH_MAX = 4 };

/* apt's own, and the step's that downloads an artefact. */
static const char *const places[] = { "var/cache/apt/archives", "var/lib/ib-vmext/downloads" };

struct finding {
	const struct package_context *context;
	const struct change *change;
	const char *dir;
	int depth;
	char *ret;
	size_t size;
};

static int take_file(void *ctx, const char *file)
{
	const struct finding *f = ctx;

	if (!dpkg_is_file_of(file, f->change->name, f->change->new_version))
		return 0;
	(void)text_format(f->ret, f->size, "/%s/%s", f->dir, file);
	return 1;
}

/* Trees of a vendor's are not deep. */
static int take_file_below(void *ctx, const char *file)
{
	struct finding f = *(const struct finding *)ctx;
	char path[PATH_SIZE];
	int rc = take_file(ctx, file);

	if (rc != 0 || ++f.depth > DEPTH_MAX || TEXT_FORMAT(path, "%s/%s", f.dir, file) < 0)
		return rc;
	f.dir = path;
	rc = fs_list(f.context->host->root, path, take_file_below, &f);
	return rc == -ENOTDIR || rc == -ELOOP ? 0 : rc;
}

static bool find_file(const struct package_context *c, const struct change *change,
		      const char *tree, char *ret, size_t size)
{
	struct finding f = { c, change, tree, 0, ret, size };
	char kept[PATH_SIZE];

	if (tree && fs_list(c->host->root, tree, take_file_below, &f) == 1)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		f.dir = places[i];
		if (fs_list(c->host->root, places[i], take_file, &f) == 1)
			return true;
	}
	return apt_kept(c, change->name, change->new_version, kept, sizeof(kept)) &&
	       text_format(ret, size, "/%s", kept) == 0;
}

void apt_unpack_half(const struct package_context *c, const struct transaction *t, const char *tree)
{
	AUTO_PACKAGES struct dpkg_packages now = { 0 };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct error why = { 0 };
	char path[PATH_SIZE];
	unsigned n = 0;

	if (dpkg_read(c, &now, &why) < 0)
		return;
	command_add(&cmd, "dpkg");
	command_add(&cmd, "--unpack");
	for (size_t i = 0; i < t->count; i++) {
		const struct change *change = &t->changes[i];
		const struct dpkg_package *p = dpkg_find(&now, change->name, change->arch);

		if (change->kind != CHANGE_INSTALL || !p || p->state != DPKG_HALF ||
		    !p->reinstall || !find_file(c, change, tree, path, sizeof(path)))
			continue;
		command_add(&cmd, path);
		n++;
	}
	if (n > 0 && apt_call(c, &cmd, "dpkg --unpack", &r, &why) < 0)
		LOG(c->host->log, WARNING, "package.revert",
		    "%s: files of what was being unpacked may stay behind, going on", why.what);
}

void apt_forget_unpacking(const struct package_context *c)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	AUTO_FD int fd = -1;
	int rc;

	if (!host_exists(c->host, CONTROL_DIR))
		return;
	/* While another dpkg is at work it is that one's. */
	fd = openat(c->host->root, "var/lib/dpkg/lock", O_RDWR | O_CLOEXEC);
	rc = fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 ? -errno
						     : fs_remove(c->host->root, CONTROL_DIR);
	if (rc < 0)
		LOG(c->host->log, WARNING, "package.revert",
		    "/" CONTROL_DIR " of a dpkg that was cut off stays, ignoring: %s",
		    strerror(-rc));
}
