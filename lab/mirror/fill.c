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
#include "lab/vm/overlay.h"
#include "lab/vm/root.h"
#include "index.h"
#include "mirror.h"

/* What the inbox route installs, and tools that people and tests reach for beside it. A second
 * kernel comes with them. */
static const char *const packages[] = { "rdma-core", "ibverbs-providers", "infiniband-diags",
					"perftest",  "ibverbs-utils",     "rdmacm-utils" };

static int mirror_name(const char *root, char *ret, size_t size)
{
	AUTO_BUF struct buf b = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)!buf_add_text(&b, strrchr(root, '/'));
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		(void)!buf_add_format(&b, " %s", packages[i]);
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
	char release[64], other[64], image[128], headers[128];
	const char *install[16 + ARRAY_SIZE(packages)] = { "chroot",
							   m,
							   "apt-get",
							   "-q",
							   "-y",
							   "--download-only",
							   "--no-install-recommends",
							   "-o",
							   "Dpkg::Use-Pty=0",
							   "install" };

	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		install[10 + i] = packages[i];
	if (root_kernel(m, release, sizeof release, err) < 0)
		return -1;
	root_other_kernel(release, other, sizeof other);
	(void)TEXT_FORMAT(image, "linux-image-%s", other);
	(void)TEXT_FORMAT(headers, "linux-headers-%s", other);
	install[10 + ARRAY_SIZE(packages)] = image;
	install[11 + ARRAY_SIZE(packages)] = headers;
	(void)ctx;
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

static int make(const struct vm_env *env, const char *root, const char *dir, struct error *err)
{
	char work[VM_PATH_MAX], upper[VM_PATH_MAX], archives[VM_PATH_MAX], pool[VM_PATH_MAX];
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
	if (overlay_sources(root, upper, err) < 0 || overlay_run(&o, fetch, NULL, err) < 0)
		return error_wrap(err, "cannot fetch the packages for the lab's mirror");
	rc = fs_list(AT_FDCWD, archives, take_deb, &p);
	if (rc < 0 || p.count == 0)
		return error_set(err, FAULT_INTERNAL, -rc, "no packages in %s", archives);
	(void)!fs_remove(AT_FDCWD, work);
	if (older_make(env, dir, err) < 0)
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
