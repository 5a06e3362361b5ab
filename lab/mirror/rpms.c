/* Makes the rpm repositories, by rpmbuild and createrepo_c inside an overlay of the world of rpm.
 */
#include "rpms.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "fill.h"
#include "lab/vm/machine_assets.h"
#include "lab/vm/overlay.h"
#include "lab/vm/root.h"

extern const char specs_start[] __asm__("_binary_lab_mirror_rpm_specs_tar_start");
extern const char specs_end[] __asm__("_binary_lab_mirror_rpm_specs_tar_end");

static struct asset specs(void)
{
	return (struct asset) { specs_start, (size_t)(specs_end - specs_start) };
}

/* The world's name stands for the root and the key in it. */
int rpms_path(const struct vm_env *env, const struct distro *d, char ret[static VM_PATH_MAX],
	      struct error *err)
{
	struct asset s = specs();
	char world[DISTRO_LAYERS_MAX], mirror[VM_PATH_MAX], digest[DIGEST_TEXT_SIZE];
	AUTO_BUF struct buf b = { 0 };

	if (distro_rpm_world_path(env, world, err) < 0 || mirror_find(env, mirror, err) < 0)
		return -1;
	(void)!buf_add(&b, s.data, s.len);
	(void)!buf_add_format(&b, " %s %.*s %s", d->kernel, (int)strcspn(world, ":"), world,
			      strrchr(mirror, '/'));
	digest_of(b.data, b.len, digest);
	return text_format(ret, VM_PATH_MAX, "%s/rpms-%s-%.12s", env->cache, d->repository, digest);
}

static int build(const struct overlay *o, void *ctx, struct error *err)
{
	static const char script[] = ". /mnt/build\n";
	const struct distro *d = ctx;
	const char *const args[] = { d->repository, d->kernel, NULL };
	char key[VM_PATH_MAX], to[VM_PATH_MAX];

	(void)TEXT_FORMAT(key, "%s/mirror-key", o->env->cache);
	(void)TEXT_FORMAT(to, "%s/root/key", o->root);
	if (fs_make_dirs(AT_FDCWD, to, 0700) < 0 || mount(key, to, NULL, MS_BIND, NULL) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot mount %s: %s", to,
				 strerror(errno));
	return overlay_sh(o, script, args, 600, err);
}

/* Debian's compiler, dkms and kernel headers, for packages of rpm with something in them. */
static int unpack_debs(const struct vm_env *env, const char *mnt, const char *to, struct error *err)
{
	char mirror[VM_PATH_MAX], script[VM_PATH_MAX];
	const char *const argv[] = { "sh", script, mirror, to, NULL };

	(void)TEXT_FORMAT(script, "%s/unpack-debs", mnt);
	if (mirror_find(env, mirror, err) < 0)
		return -1;
	return root_run(env, argv, NULL, 300, err);
}

static int make(const struct vm_env *env, const struct distro *d, const char *world,
		const char *dir, struct error *err)
{
	char next[VM_PATH_MAX], upper[VM_PATH_MAX], mnt[VM_PATH_MAX], repo[VM_PATH_MAX];
	char debs[VM_PATH_MAX];
	struct overlay o = { env, world, upper, next, "" };

	(void)TEXT_FORMAT(next, "%s.new", dir);
	(void)TEXT_FORMAT(upper, "%s/upper", next);
	(void)TEXT_FORMAT(mnt, "%s/mnt", upper);
	(void)TEXT_FORMAT(repo, "%s/srv/repo", upper);
	if (fs_remove(AT_FDCWD, next) < 0 || fs_make_dirs(AT_FDCWD, mnt, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", mnt);
	(void)TEXT_FORMAT(debs, "%s/srv/debs", upper);
	if (asset_unpack(env, specs(), mnt, err) < 0 || unpack_debs(env, mnt, debs, err) < 0 ||
	    overlay_run(&o, build, (void *)(uintptr_t)d, err) < 0)
		return error_wrap(err, "the packages of %s", d->name);
	if (rename(repo, dir) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot rename %s", repo);
	(void)!fs_remove(AT_FDCWD, next);
	return 0;
}

int rpms_prepare(const struct vm_env *env, const struct distro *d, struct error *err)
{
	char world[DISTRO_LAYERS_MAX], dir[VM_PATH_MAX];
	AUTO_FD int lock = -1;

	if (d->repository[0] == '\0')
		return 0;
	if (distro_rpm_world(env, world, err) < 0)
		return -1;
	lock = root_lock(env, "rpms", err);
	if (lock < 0 || rpms_path(env, d, dir, err) < 0)
		return -1;
	if (fs_exists(AT_FDCWD, dir))
		return 0;
	LOG(env->log, INFO, "lab.mirror", "building the packages of %s", d->name);
	return make(env, d, world, dir, err);
}
