/* Makes the disk image of the machines: the base root with the lab's modules and helper over it, as
 * ext4. */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "initrd.h"
#include "machine_assets.h"
#include "qemu.h"
#include "root.h"

#define LAB_INIT  "usr/libexec/ib-lab/lab-init"
#define OTHER     "usr/libexec/ib-lab/modules" /* of kernels that are installed later */
#define DISK_SIZE "4G"                         /* sparse: what is used is about 850 MB */

/* What one build works on. All in one directory, so that a rename makes it the result. */
struct build {
	const struct vm_env *env;
	const char *root, *dir;
	const char *kmod, *release;
	const char *other_kmod, *other_release; /* what the mirror has beside it */
};

static int fail(const char *what, const char *path, int sys, struct error *err)
{
	return error_set(err, FAULT_INTERNAL, sys, "cannot %s %s: %s", what, path, strerror(sys));
}

/* ---- the layer over the root ---------------------------------------------------------------- */

static int copy_file(const char *from, const char *to, struct error *err)
{
	AUTO_FD int fd = open(from, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : fs_copy_to(fd, AT_FDCWD, to, 0644);

	return rc < 0 ? fail("copy", from, -rc, err) : 0;
}

struct copy_modules {
	const char *from, *to;
	struct error *err;
};

static int copy_module(void *ctx, const char *name)
{
	struct copy_modules *c = ctx;
	char from[VM_PATH_MAX], to[VM_PATH_MAX];

	(void)TEXT_FORMAT(from, "%s/%s", c->from, name);
	(void)TEXT_FORMAT(to, "%s/%s", c->to, name);
	return copy_file(from, to, c->err);
}

static int copy_modules(const char *from, const char *to, struct error *err)
{
	struct copy_modules c = { from, to, err };
	int rc = fs_make_dirs(AT_FDCWD, to, 0755);

	return rc < 0 ? fail("make", to, -rc, err) : fs_list(AT_FDCWD, from, copy_module, &c);
}

static int layer_make(const struct build *b, const char *upper, struct error *err)
{
	char updates[VM_PATH_MAX], other[VM_PATH_MAX];

	/* /lib is a symlink to usr/lib in the root. */
	(void)TEXT_FORMAT(updates, "%s/usr/lib/modules/%s/updates", upper, b->release);
	(void)TEXT_FORMAT(other, "%s/" OTHER "/%s", upper, b->other_release);
	if (asset_unpack(b->env, asset_machine(), upper, err) < 0 ||
	    copy_modules(b->kmod, updates, err) < 0)
		return -1;
	return copy_modules(b->other_kmod, other, err);
}

/* ---- from root and layer to a file system ---------------------------------------------------- */

/* In a child with a mount namespace of its own: the overlay goes when the child does. */
static int overlay_to_disk(const struct build *b, struct error *err)
{
	char upper[VM_PATH_MAX], work[VM_PATH_MAX], merged[VM_PATH_MAX], disk[VM_PATH_MAX];
	char options[3 * VM_PATH_MAX];
	const char *const depmod[] = { "depmod", "-b", merged, b->release, NULL };
	const char *const mke2fs[] = { "mke2fs", "-q", "-t",      "ext4", "-d",
				       merged,   disk, DISK_SIZE, NULL };

	(void)TEXT_FORMAT(upper, "%s/upper", b->dir);
	(void)TEXT_FORMAT(work, "%s/work", b->dir);
	(void)TEXT_FORMAT(merged, "%s/merged", b->dir);
	(void)TEXT_FORMAT(disk, "%s/" IMAGE_BASE, b->dir);
	(void)TEXT_FORMAT(options, "lowerdir=%s,upperdir=%s,workdir=%s", b->root, upper, work);
	if (mkdir(work, 0755) < 0 || mkdir(merged, 0755) < 0)
		return fail("make", merged, errno, err);
	if (mount("overlay", merged, "overlay", 0, options) < 0)
		return fail("mount", merged, errno, err);
	if (root_run(b->env, depmod, NULL, 120, err) < 0)
		return -1;
	return root_run(b->env, mke2fs, NULL, 600, err);
}

static int disk_make(const struct build *b, struct error *err)
{
	int ends[2], status = 0;
	struct error said = { 0 };
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("make", "a pipe", errno, err);
	pid = fork();
	if (pid == 0) {
		int rc = unshare(CLONE_NEWNS) < 0 ||
					 mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
				 ? fail("make", "a mount namespace", errno, &said)
				 : overlay_to_disk(b, &said);

		if (rc < 0)
			(void)fs_write_all(ends[1], &said, sizeof said);
		_exit(rc < 0);
	}
	(void)close(ends[1]);
	if (pid < 0 || read(ends[0], &said, sizeof said) == (ssize_t)sizeof said ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		(void)close(ends[0]);
		if (pid > 0)
			(void)waitpid(pid, NULL, 0);
		if (said.what[0] == '\0')
			return error_set(err, FAULT_INTERNAL, 0, "the image builder died");
		*err = said;
		return -1;
	}
	(void)close(ends[0]);
	return 0;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static int boot_files_make(const struct build *b, struct error *err)
{
	char from[VM_PATH_MAX], to[VM_PATH_MAX];

	(void)TEXT_FORMAT(from, "%s/boot/vmlinuz-%s", b->root, b->release);
	(void)TEXT_FORMAT(to, "%s/" IMAGE_KERNEL, b->dir);
	if (copy_file(from, to, err) < 0)
		return -1;
	(void)TEXT_FORMAT(from, "%s/upper/" LAB_INIT, b->dir);
	(void)TEXT_FORMAT(to, "%s/" IMAGE_INITRD, b->dir);
	return initrd_make(b->root, b->release, from, to, err);
}

static int make(const struct build *b, struct error *err)
{
	static const char *const scratch[] = { "upper", "work", "merged" };
	char upper[VM_PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(upper, "%s/upper", b->dir);
	rc = fs_remove(AT_FDCWD, b->dir);
	if (rc == 0)
		rc = fs_make_dirs(AT_FDCWD, upper, 0755);
	if (rc < 0)
		return fail("make", upper, -rc, err);
	if (layer_make(b, upper, err) < 0 || boot_files_make(b, err) < 0 || disk_make(b, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(scratch); i++) {
		char path[VM_PATH_MAX];

		(void)TEXT_FORMAT(path, "%s/%s", b->dir, scratch[i]);
		(void)!fs_remove(AT_FDCWD, path);
	}
	return 0;
}

/* A root's directory is named by its inputs, so its name stands for its content. */
int image_find(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
	       struct error *err)
{
	struct asset parts[] = { asset_kmod(),
				 asset_machine(),
				 { strrchr(root, '/'), strlen(strrchr(root, '/')) } };
	char digest[DIGEST_TEXT_SIZE], all[ARRAY_SIZE(parts) * DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		digest_of(parts[i].data, parts[i].len, all + i * DIGEST_TEXT_SIZE);
	digest_of(all, sizeof all, digest);
	(void)text_format(ret, VM_PATH_MAX, "%s/machine-%.12s", env->cache, digest);
	if (!fs_exists(AT_FDCWD, ret))
		return error_set(err, FAULT_INTERNAL, ENOENT,
				 "the image of the machines is not there: %s", ret);
	return 0;
}

int image_prepare(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
		  struct error *err)
{
	AUTO_FD int lock = root_lock(env, "machine", err);
	char dir[VM_PATH_MAX], kmod[VM_PATH_MAX], other_kmod[VM_PATH_MAX], release[64], other[64];
	struct build b = { env, root, dir, kmod, release, other_kmod, other };

	if (lock < 0)
		return -1;
	if (image_find(env, root, ret, err) == 0)
		return 0;
	if (root_kernel(root, release, sizeof release, err) < 0)
		return -1;
	root_other_kernel(release, other, sizeof other);
	if (kmod_prepare(env, release, kmod, err) < 0 ||
	    kmod_prepare(env, other, other_kmod, err) < 0)
		return -1;
	LOG(env->log, INFO, "lab.image", "making the image of the machines");
	(void)TEXT_FORMAT(dir, "%s.new", ret);
	if (make(&b, err) < 0)
		return error_wrap(err, "image of the machines");
	snapshot_make(env, dir);
	return rename(dir, ret) < 0 ? fail("rename", dir, errno, err) : 0;
}
