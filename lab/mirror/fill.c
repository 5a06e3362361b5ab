/* Fills the repository: packages fetched by apt inside a throw-away overlay of the base root,
 * indexed and signed. */
#include "fill.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "lab/vm/distro.h"
#include "lab/vm/embed.h"
#include "lab/vm/overlay.h"
#include "lab/vm/root.h"
#include "index.h"
#include "mirror.h"

/* What the inbox route installs, and tools that people and tests reach for beside it. A second
 * kernel comes with them. */
static const char *const packages[] = { "rdma-core",    "ibverbs-providers", "infiniband-diags",
					"perftest",     "ibverbs-utils",     "rdmacm-utils",
					"iputils-ping", "cloud-init",        "network-manager" };

/* What the rows of the vendor's drivers need to be built; the kernel's headers besides. */
static const char *const build_packages[] = { "build-essential",
					      "gcc",
					      "make",
					      "dkms",
					      "python3-dev",
					      "m4",
					      "tcl",
					      "tk",
					      "flex",
					      "bison",
					      "gfortran",
					      "libnl-3-dev",
					      "lsof",
					      "libelf-dev",
					      "net-tools",
					      "libnl-route-3-dev" };

static int mirror_name(const char *root, char *ret, size_t size)
{
	AUTO_BUF struct buf b = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)!buf_add_text(&b, strrchr(root, '/'));
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		(void)!buf_add_format(&b, " %s", packages[i]);
	for (size_t i = 0; i < ARRAY_SIZE(build_packages); i++)
		(void)!buf_add_format(&b, " %s", build_packages[i]);
	for (const struct distro *d = distros; d->name != NULL; d++)
		(void)!buf_add_format(&b, " %s", d->kernel != NULL ? d->kernel : "");
	(void)!buf_add_text(&b, embed_make_headers);
	(void)!buf_add_text(&b, INDEX_RECIPE);
	digest_of(b.data, b.len, digest);
	return text_format(ret, size, "mirror-%.12s", digest);
}

int mirror_find(const struct vm_env *env, char ret[static VM_PATH_MAX], struct error *err)
{
	char root[VM_PATH_MAX], name[32];

	if (root_find(env, root, err) < 0)
		return -1;
	(void)mirror_name(root, name, sizeof name);
	(void)text_format(ret, VM_PATH_MAX, "%s/%s", env->cache, name);
	if (!fs_exists(AT_FDCWD, ret))
		return error_set(err, FAULT_INTERNAL, ENOENT, "the package mirror is not there: %s",
				 ret);
	return 0;
}

/* ---- fetching ------------------------------------------------------------------------------ */

/* The host's apt settings (a proxy, say) and trusted keys count: it is the host that fetches. */
static int fetch(const struct overlay *o, void *ctx, struct error *err)
{
	const char *m = o->root;
	const char *const update[] = {
		"chroot", m, "apt-get", "-q", "update", "-o", "APT::Update::Error-Mode=any", NULL
	};
	const char *install[16 + ARRAY_SIZE(packages) + ARRAY_SIZE(build_packages)] = {
		"chroot",
		m,
		"apt-get",
		"-q",
		"-y",
		"--download-only",
		"--no-install-recommends",
		"-o",
		"Dpkg::Use-Pty=0",
		"install"
	};
	char headers[96], other[64], other_image[96], other_headers[96];
	size_t n = 10;

	(void)TEXT_FORMAT(headers, "linux-headers-%s", (const char *)ctx);
	install[n++] = headers;
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		install[n++] = packages[i];
	for (size_t i = 0; i < ARRAY_SIZE(build_packages); i++)
		install[n++] = build_packages[i];
	root_other_kernel(ctx, other, sizeof other);
	(void)TEXT_FORMAT(other_image, "linux-image-%s", other);
	(void)TEXT_FORMAT(other_headers, "linux-headers-%s", other);
	install[n++] = other_image;
	install[n++] = other_headers;
	if (root_run(o->env, update, NULL, 600, err) < 0)
		return -1;
	return root_run(o->env, install, NULL, 1800, err);
}

/* ---- the pool ------------------------------------------------------------------------------- */

struct pool {
	const char *from, *to;
	int count;
};

static int take_deb(void *ctx, const char *name)
{
	struct pool *p = ctx;
	char from[VM_PATH_MAX], to[VM_PATH_MAX];

	if (!text_ends(name, ".deb"))
		return 0;
	(void)TEXT_FORMAT(from, "%s/%s", p->from, name);
	(void)TEXT_FORMAT(to, "%s/%s", p->to, name);
	p->count++;
	return rename(from, to) < 0 ? -errno : 0;
}

/* Headers by the names of the kernels that the images of the apt family say they run. */
static int make_headers(const struct vm_env *env, const char *pool, const char *kernel,
			struct error *err)
{
	const char *argv[24] = { "sh", "-s", "--", pool, kernel };
	size_t n = 5;

	for (const struct distro *d = distros; d->name != NULL && n < ARRAY_SIZE(argv) - 1; d++)
		if (d->kernel != NULL && text_eq(d->packages, "apt"))
			argv[n++] = d->kernel;
	return root_run(env, argv, embed_make_headers, 300, err);
}

static int make(const struct vm_env *env, const char *root, const char *dir, struct error *err)
{
	char kernel[64], work[VM_PATH_MAX], upper[VM_PATH_MAX], archives[VM_PATH_MAX],
		pool[VM_PATH_MAX];
	struct overlay o = { env, root, upper, work, "" };
	struct pool p = { .from = archives, .to = pool };
	int rc;

	(void)TEXT_FORMAT(work, "%s/fetch", dir);
	(void)TEXT_FORMAT(upper, "%s/upper", work);
	(void)TEXT_FORMAT(archives, "%s/upper/var/cache/apt/archives", work);
	(void)TEXT_FORMAT(pool, "%s/pool", dir);
	if (fs_remove(AT_FDCWD, dir) < 0 || fs_make_dirs(AT_FDCWD, work, 0755) < 0 ||
	    fs_make_dirs(AT_FDCWD, pool, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", work);
	LOG(env->log, INFO, "lab.mirror", "fetching the packages for the lab's mirror, once");
	if (root_kernel(root, kernel, sizeof kernel, err) < 0 ||
	    overlay_sources(root, upper, err) < 0 || overlay_run(&o, fetch, kernel, err) < 0)
		return error_wrap(err, "cannot fetch the packages for the lab's mirror");
	rc = fs_list(AT_FDCWD, archives, take_deb, &p);
	if (rc < 0 || p.count == 0)
		return error_set(err, FAULT_INTERNAL, -rc, "no packages in %s", archives);
	(void)!fs_remove(AT_FDCWD, work);
	if (older_make(env, dir, err) < 0 || make_headers(env, pool, kernel, err) < 0)
		return -1;
	return index_all(env, dir, err);
}

int mirror_prepare(const struct vm_env *env, const char *root, struct error *err)
{
	AUTO_FD int lock = root_lock(env, "mirror", err);
	char dir[VM_PATH_MAX], name[32], next[VM_PATH_MAX];

	if (lock < 0)
		return -1;
	(void)mirror_name(root, name, sizeof name);
	(void)TEXT_FORMAT(dir, "%s/%s", env->cache, name);
	if (fs_exists(AT_FDCWD, dir))
		return 0;
	(void)TEXT_FORMAT(next, "%s.new", dir);
	if (make(env, root, next, err) < 0)
		return -1;
	if (rename(next, dir) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot rename %s: %s", next,
				 strerror(errno));
	return 0;
}
