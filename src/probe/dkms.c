/* probe/dkms.c - walks the tree of DKMS. */
#include "probe/dkms.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/slice.h"

#define TREE "var/lib/dkms"

enum { PATH_SIZE = 384 };

bool dkms_is_name(const char *name)
{
	static const char *const others[] = { "source", "build", "original_module", "module",
					      "log" };

	if (name[0] == '\0' || name[0] == '.' || text_starts(name, "kernel-"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (text_eq(name, others[i]))
			return false;
	}
	return true;
}

struct walk {
	const struct host *host;
	struct facts *facts;
	struct dkms_facts at; /* name, version and kernel, as deep as we are */
	bool built;           /* for any kernel */
};

static bool stat_dir(const struct host *h, const char *path, struct stat *ret)
{
	AUTO_FD int fd = host_open(h, path, O_DIRECTORY);

	return fd >= 0 && fstat(fd, ret) == 0;
}

/* Does kernel-<kernel>-<arch> lead to this very build? */
static bool is_installed(const struct walk *w, const char *arch)
{
	const struct dkms_facts *d = &w->at;
	struct stat built, installed;
	char path[PATH_SIZE];

	(void)TEXT_FORMAT(path, TREE "/%s/%s/%s/%s", d->name, d->version, d->kernel, arch);
	if (!stat_dir(w->host, path, &built))
		return false;
	(void)TEXT_FORMAT(path, TREE "/%s/kernel-%s-%s", d->name, d->kernel, arch);
	return stat_dir(w->host, path, &installed) && built.st_dev == installed.st_dev &&
	       built.st_ino == installed.st_ino;
}

static void add(struct walk *w, enum dkms_state state)
{
	struct facts *f = w->facts;

	if (f->ndkms == FACTS_DKMS_MAX)
		return;
	w->at.state = state;
	f->dkms[f->ndkms++] = w->at;
}

static int take_arch(void *ctx, const char *name)
{
	struct walk *w = ctx;

	if (!dkms_is_name(name))
		return 0;
	w->built = true;
	add(w, is_installed(w, name) ? DKMS_INSTALLED : DKMS_BUILT);
	return 0;
}

/* Copy a name into a field that is part of the facts: zeroed, printable. False if it is no name, or
 * would become another one. */
static bool take_name(const char *name, char *ret, size_t size)
{
	memset(ret, 0, size);
	if (!dkms_is_name(name) || strlen(name) >= size)
		return false;
	slice_copy((struct slice) { name, strlen(name) }, ret, size);
	return text_eq(ret, name);
}

static int take_kernel(void *ctx, const char *name)
{
	struct walk *w = ctx;
	char path[PATH_SIZE];

	if (!take_name(name, w->at.kernel, sizeof w->at.kernel))
		return 0;
	(void)TEXT_FORMAT(path, TREE "/%s/%s/%s", w->at.name, w->at.version, name);
	(void)!host_list(w->host, path, take_arch, w);
	return 0;
}

static int take_version(void *ctx, const char *name)
{
	struct walk *w = ctx;
	char path[PATH_SIZE];

	if (!take_name(name, w->at.version, sizeof w->at.version))
		return 0;
	(void)TEXT_FORMAT(path, TREE "/%s/%s", w->at.name, name);
	w->built = false;
	if (host_list(w->host, path, take_kernel, w) < 0)
		return 0; /* a file, not a version */
	memset(w->at.kernel, 0, sizeof w->at.kernel);
	if (!w->built)
		add(w, DKMS_ADDED);
	return 0;
}

static int take_module(void *ctx, const char *name)
{
	struct walk *w = ctx;
	char path[PATH_SIZE];

	w->at = (struct dkms_facts) { .name = "" };
	if (!take_name(name, w->at.name, sizeof w->at.name))
		return 0;
	(void)TEXT_FORMAT(path, TREE "/%s", name);
	(void)!host_list(w->host, path, take_version, w);
	return 0;
}

void dkms_read(const struct host *h, struct facts *ret)
{
	struct walk w = { .host = h, .facts = ret };

	ret->ndkms = 0;
	(void)!host_list(h, TREE, take_module, &w);
}
