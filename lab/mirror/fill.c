/* Fills the repository: packages fetched by apt inside a throw-away overlay of the base root,
 * indexed and signed. */
#include "fill.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "lab/vm/root.h"
#include "lab/vm/tree.h"
#include "index.h"
#include "mirror.h"

/* What the inbox route installs, and tools that people and tests reach for beside it. */
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

	if (root_find(env, "debian12", root, err) < 0)
		return -1;
	(void)mirror_name(root, name, sizeof name);
	(void)text_format(ret, VM_PATH_MAX, "%s/%s", env->cache, name);
	if (!fs_exists(AT_FDCWD, ret))
		return error_set(err, FAULT_INTERNAL, ENOENT, "the package mirror is not there: %s",
				 ret);
	return 0;
}

/* ---- fetching ------------------------------------------------------------------------------ */

/* A child of ours has its mounts to itself: they go with it. `m` is where the overlay is seen. */
static int mount_root(const char *root, const char *work, const char *m)
{
	static const char *const shared[] = { "etc/resolv.conf", "etc/hosts" };
	char options[4 * VM_PATH_MAX], from[VM_PATH_MAX], to[VM_PATH_MAX];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	(void)TEXT_FORMAT(options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", root, work,
			  work);
	if (mount("ib-lab", m, "overlay", 0, options) < 0)
		return -errno;
	(void)TEXT_FORMAT(to, "%s/dev", m);
	if (mount("/dev", to, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	(void)TEXT_FORMAT(to, "%s/proc", m);
	if (mount("proc", to, "proc", 0, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		(void)TEXT_FORMAT(from, "/%s", shared[i]);
		(void)TEXT_FORMAT(to, "%s/%s", m, shared[i]);
		(void)mount(from, to, NULL, MS_BIND, NULL); /* a host may lack them */
	}
	return 0;
}

/* The host's apt settings (a proxy, say) and trusted keys count: it is the host that fetches. */
static int fetch(const struct vm_env *env, const char *m, struct error *err)
{
	const char *const update[] = {
		"chroot", m, "apt-get", "-q", "update", "-o", "APT::Update::Error-Mode=any", NULL
	};
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
	if (root_run(env, update, NULL, 600, err) < 0)
		return -1;
	return root_run(env, install, NULL, 1800, err);
}

static int write_sources(const struct vm_env *env, const char *root, const char *work,
			 struct error *err)
{
	AUTO_BUF struct buf sources = { 0 };
	char path[VM_PATH_MAX];
	struct tree t;
	int rc;

	(void)TEXT_FORMAT(path, "%s/" ROOT_SOURCES, root);
	rc = fs_read(AT_FDCWD, path, 256 << 10, &sources);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot read %s: %s", path,
				 strerror(-rc));
	if (tree_open(&t, work, err) < 0)
		return -1;
	tree_data(&t, "upper/etc/apt/sources.list", sources.data, sources.len);
	tree_dir(&t, "work");
	tree_dir(&t, "mnt");
	return tree_close(&t, work, err);
}

/* Returns an exit status. */
static int fetch_child(const struct vm_env *env, const char *root, const char *work)
{
	struct error err = { 0 };
	char m[VM_PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(m, "%s/mnt", work);
	rc = mount_root(root, work, m);
	if (rc < 0)
		(void)error_set(&err, FAULT_INTERNAL, -rc, "cannot mount an overlay of %s: %s",
				root, strerror(-rc));
	if (rc < 0 || fetch(env, m, &err) < 0) {
		LOG(env->log, ERROR, "lab.mirror", "%s", err.what);
		return 1;
	}
	return 0;
}

static int fetch_apart(const struct vm_env *env, const char *root, const char *work,
		       struct error *err)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(fetch_child(env, root, work));
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot fork: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, FAULT_DOWNLOAD, 0,
				 "cannot fetch the packages for the lab's mirror");
	return 0;
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
	char work[VM_PATH_MAX], archives[VM_PATH_MAX], pool[VM_PATH_MAX];
	struct pool p = { .from = archives, .to = pool };
	int rc;

	(void)TEXT_FORMAT(work, "%s/fetch", dir);
	(void)TEXT_FORMAT(archives, "%s/upper/var/cache/apt/archives", work);
	(void)TEXT_FORMAT(pool, "%s/pool", dir);
	if (fs_remove(AT_FDCWD, dir) < 0 || fs_make_dirs(AT_FDCWD, work, 0755) < 0 ||
	    fs_make_dirs(AT_FDCWD, pool, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", work);
	LOG(env->log, INFO, "lab.mirror", "fetching the packages for the lab's mirror, once");
	if (write_sources(env, root, work, err) < 0 || fetch_apart(env, root, work, err) < 0)
		return -1;
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
