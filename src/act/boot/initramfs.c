/* Finds and lists an initramfs, by the habits of those who make them. */
#include "act/boot/initramfs.h"

#include <sys/stat.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "host/run.h"

enum { LIST_S = 120, LIST_KEEP = 8 << 20 };

/* Source: initramfs-tools' update-initramfs(8); dracut(8), whose file is named otherwise by SLES.
 */
static const struct habit {
	const char *program, *before, *after;
} habits[] = { { "lsinitramfs", "boot/initrd.img-", "" },
	       { "lsinitrd", "boot/initramfs-", ".img" },
	       { "lsinitrd", "boot/initrd-", "" } };

static const struct habit *find(const struct host *h, const char *release, char *ret, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(habits); i++)
		if (text_format(ret, size, "%s%s%s", habits[i].before, release, habits[i].after) ==
			    0 &&
		    host_exists(h, ret))
			return &habits[i];
	return NULL;
}

bool initramfs_find(const struct host *h, const char *release, char *ret, size_t size)
{
	return find(h, release, ret, size) != NULL;
}

bool initramfs_list(const struct host *h, const char *release, struct run_result *ret)
{
	char path[200] = "/";
	const struct habit *habit = find(h, release, path + 1, sizeof(path) - 1);
	const char *const argv[] = { habit ? habit->program : NULL, path, NULL };
	struct run_spec spec = {
		.argv = argv, .deadline_s = LIST_S, .keep = LIST_KEEP, .quiet = true
	};

	return habit && run(h, &spec, ret, NULL) == 0 && run_ok(ret);
}

bool initramfs_is_older(const struct host *h, const struct facts *f, const char *path,
			const char (*names)[192], unsigned n)
{
	struct stat made, st;
	char module[256];

	if (fstatat(h->root, path, &made, 0) < 0)
		return false;
	for (unsigned i = 0; i < n; i++) {
		const struct module_facts *m = facts_module(f, names[i]);

		if (!m || !m->path[0])
			continue;
		TEXT_FORMAT(module, "lib/modules/%s/%s", f->kernel.release, m->path);
		if (fstatat(h->root, module, &st, 0) == 0 && st.st_ctime > made.st_mtime)
			return true;
	}
	return false;
}
