/* A first installation that was cut off while its files were unpacked has left some of them, some
 * under names of dpkg's own, which no list of dpkg's has: a purge would leave them behind. Unpacked
 * again, from the file that was downloaded, they are all known. */
#include "act/apt/call.h"

#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { PATH_SIZE = 512 };

/* apt's own, and the step's that downloads an artefact. */
static const char *const places[] = { "var/cache/apt/archives", "var/lib/ib-vmext/downloads" };

struct finding {
	const struct change *change;
	const char *dir;
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

static bool find_file(const struct package_context *c, const struct change *change, char *ret,
		      size_t size)
{
	char kept[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct finding f = { change, places[i], ret, size };

		if (fs_list(c->host->root, places[i], take_file, &f) == 1)
			return true;
	}
	return apt_kept(c, change->name, change->new_version, kept, sizeof(kept)) &&
	       text_format(ret, size, "/%s", kept) == 0;
}

void apt_unpack_half(const struct package_context *c, const struct transaction *t)
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
		    !p->reinstall || !find_file(c, change, path, sizeof(path)))
			continue;
		command_add(&cmd, path);
		n++;
	}
	if (n > 0 && apt_call(c, &cmd, "dpkg --unpack", &r, &why) < 0)
		LOG(c->host->log, WARNING, "package.revert",
		    "%s: files of what was being unpacked may stay behind, going on", why.what);
}
