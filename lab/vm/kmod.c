/* Builds the kernel modules of lab/kmod against Debian's headers for the kernel of the base root.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "machine_assets.h"
#include "root.h"

static const char *const modules[] = { "fakevmbus.ko", "fakeib.ko", "fakeipoib.ko", "fakenet.ko" };

static int fail(const char *path, int sys, struct error *err)
{
	return error_set(err, FAULT_INTERNAL, sys, "cannot make %s: %s", path, strerror(sys));
}

/* Make `dir` anew. */
static int fresh_dir(const char *dir, struct error *err)
{
	int rc = fs_remove(AT_FDCWD, dir);

	if (rc == 0)
		rc = fs_make_dirs(AT_FDCWD, dir, 0755);
	return rc < 0 ? fail(dir, -rc, err) : 0;
}

/* "6.1.0-56-amd64" to the packages of its headers: "linux-headers-6.1.0-56-amd64",
 * "linux-headers-6.1.0-56-common", "linux-kbuild-6.1"; of "6.1.0-56-rt-amd64" the second is
 * "linux-headers-6.1.0-56-common-rt". */
struct header_names {
	char flavour[128], common[128], kbuild[64];
};

static int header_names(const char *release, struct header_names *ret, struct error *err)
{
	const char *rt = strstr(release, "-rt-");
	const char *dash = rt != NULL ? rt : strrchr(release, '-'), *dot = strchr(release, '.');
	int series;

	if (dash == NULL || dot == NULL)
		return error_set(err, FAULT_INTERNAL, EINVAL, "%s is not a kernel of Debian's",
				 release);
	series = (int)(dot - release) + 1 + (int)strspn(dot + 1, "0123456789");
	(void)TEXT_FORMAT(ret->flavour, "linux-headers-%s", release);
	(void)TEXT_FORMAT(ret->common, "linux-headers-%.*s-common%s", (int)(dash - release),
			  release, rt != NULL ? "-rt" : "");
	(void)TEXT_FORMAT(ret->kbuild, "linux-kbuild-%.*s", series, release);
	return 0;
}

static int unpack_each(void *ctx, const char *name)
{
	struct {
		const struct vm_env *env;
		const char *dir;
		struct error *err;
	} *c = ctx;
	char path[VM_PATH_MAX];
	const char *const argv[] = { "dpkg-deb", "-x", path, c->dir, NULL };

	if (!text_ends(name, ".deb"))
		return 0;
	(void)TEXT_FORMAT(path, "%s/%s", c->dir, name);
	return root_run(c->env, argv, NULL, 120, c->err);
}

/* The packages stand below `dir` instead of /: one file of theirs names the other by an absolute
 * path. */
static int relocate(const char *dir, const struct header_names *n, struct error *err)
{
	char path[VM_PATH_MAX], text[VM_PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(path, "%s/usr/src/%s/Makefile", dir, n->flavour);
	(void)TEXT_FORMAT(text, "include %s/usr/src/%s/Makefile\n", dir, n->common);
	rc = fs_replace(AT_FDCWD, path, text, strlen(text), 0644);
	return rc < 0 ? fail(path, -rc, err) : 0;
}

static int headers_make(const struct vm_env *env, const char *dir, const struct header_names *n,
			struct error *err)
{
	const char *const download[] = { "env",      "-C",       dir,       "apt-get", "--quiet",
					 "download", n->flavour, n->common, n->kbuild, NULL };
	struct {
		const struct vm_env *env;
		const char *dir;
		struct error *err;
	} each = { env, dir, err };

	if (fresh_dir(dir, err) < 0 || root_run(env, download, NULL, 600, err) < 0)
		return -1;
	if (fs_list(AT_FDCWD, dir, unpack_each, &each) < 0)
		return -1;
	return relocate(dir, n, err);
}

static int build(const struct vm_env *env, const char *dir, const struct header_names *n,
		 struct error *err)
{
	char headers[VM_PATH_MAX], source[VM_PATH_MAX], in[VM_PATH_MAX], m[VM_PATH_MAX];
	const char *const make[] = { "make", "-s", "-C", in, m, "CC=gcc", "modules", NULL };

	(void)TEXT_FORMAT(headers, "%s/headers", dir);
	(void)TEXT_FORMAT(source, "%s/source", dir);
	(void)TEXT_FORMAT(in, "%s/usr/src/%s", headers, n->flavour);
	(void)TEXT_FORMAT(m, "M=%s", source);
	if (headers_make(env, headers, n, err) < 0 || fresh_dir(source, err) < 0 ||
	    asset_unpack(env, asset_kmod(), source, err) < 0)
		return -1;
	return root_run(env, make, NULL, 600, err);
}

/* Keep the stripped modules, drop the rest. */
static int harvest(const struct vm_env *env, const char *work, const char *dir, struct error *err)
{
	if (fresh_dir(dir, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		char from[VM_PATH_MAX], to[VM_PATH_MAX];
		const char *const strip[] = { "strip", "--strip-debug", "-o", to, from, NULL };

		(void)TEXT_FORMAT(from, "%s/source/%s", work, modules[i]);
		(void)TEXT_FORMAT(to, "%s/%s", dir, modules[i]);
		if (root_run(env, strip, NULL, 60, err) < 0)
			return -1;
	}
	return 0;
}

static void kmod_name(const struct vm_env *env, const char *release, char ret[static VM_PATH_MAX])
{
	struct asset a = asset_kmod();
	char digest[DIGEST_TEXT_SIZE];

	digest_of(a.data, a.len, digest);
	(void)text_format(ret, VM_PATH_MAX, "%s/kmod-%s-%.12s", env->cache, release, digest);
}

int kmod_prepare(const struct vm_env *env, const char *release, char ret[static VM_PATH_MAX],
		 struct error *err)
{
	AUTO_FD int lock = root_lock(env, "kmod", err);
	char work[VM_PATH_MAX], done[VM_PATH_MAX];
	struct header_names n;

	if (lock < 0 || header_names(release, &n, err) < 0)
		return -1;
	kmod_name(env, release, ret);
	if (fs_exists(AT_FDCWD, ret))
		return 0;
	LOG(env->log, INFO, "lab.kmod", "building the lab's kernel modules for %s", release);
	(void)TEXT_FORMAT(work, "%s.work", ret);
	(void)TEXT_FORMAT(done, "%s.new", ret);
	if (fresh_dir(work, err) < 0 || build(env, work, &n, err) < 0 ||
	    harvest(env, work, done, err) < 0)
		return error_wrap(err, "kernel modules for %s", release);
	if (rename(done, ret) < 0)
		return fail(ret, errno, err);
	(void)!fs_remove(AT_FDCWD, work);
	return 0;
}
