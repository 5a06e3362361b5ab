/* Says how the programs that compile are to do it. */
#include "act/build/compile.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "act/boot/kernels.h"
#include "base/buf.h"
#include "base/text.h"
#include "host/host.h"

/* As host/child.c has it. */
#define RUN_FOLDERS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { CONFIG_BYTES_MAX = 4 << 20 };

static void add(struct compile_env *e, const char *word)
{
	size_t n = 0;

	while (e->env[n])
		n++;
	if (n < COMPILE_ENV_MAX)
		e->env[n] = word;
}

/* The compiler's name leads to ccache in a directory of links. */
static const char *ccache_dir(const struct host *h)
{
	static const char *const dirs[] = { "/usr/lib/ccache", "/usr/lib64/ccache" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (host_exists(h, dirs[i] + 1))
			return dirs[i];
	return NULL;
}

/* Where the headers are not there yet, it is not known what they will hold. */
static bool needs_debug(const struct host *h, const char *release)
{
	AUTO_BUF struct buf config = { 0 };
	char path[160];

	TEXT_FORMAT(path, "lib/modules/%s/build/vmlinux", release);
	if (host_exists(h, path))
		return true;
	TEXT_FORMAT(path, "lib/modules/%s/build/include/config/auto.conf", release);
	return host_read(h, path, CONFIG_BYTES_MAX, &config) < 0 ||
	       strstr(buf_text(&config), "CONFIG_GENDWARFKSYMS=y") != NULL;
}

static bool any_needs_debug(const struct host *h)
{
	struct kernels k;

	if (kernels_find(h, &k, NULL) < 0)
		return true;
	for (unsigned i = 0; i < k.n; i++)
		if (needs_debug(h, k.releases[i]))
			return true;
	return false;
}

void compile_env_fill(const struct host *h, enum compiler compiler, const char *const *own,
		      struct compile_env *ret)
{
	const char *ccache = ccache_dir(h);

	*ret = (struct compile_env) { 0 };
	for (; own && *own; own++)
		add(ret, *own);
	if (ccache) {
		TEXT_FORMAT(ret->path, "PATH=%s:" RUN_FOLDERS, ccache);
		add(ret, ret->path);
		add(ret, "CCACHE_DIR=/var/lib/ib-vmext/ccache");
		add(ret, "CCACHE_BASEDIR=/var/lib/dkms");
		add(ret, "CCACHE_MAXSIZE=1G");
	}
	if (compiler == COMPILER_DKMS && !any_needs_debug(h))
		add(ret, "KCFLAGS=-g0");
}
