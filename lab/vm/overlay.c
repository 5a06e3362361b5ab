/* Work inside a root that stays as it is. */
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "root.h"
#include "tree.h"

static int mount_in(const struct overlay *o)
{
	static const char *const shared[] = { "etc/resolv.conf", "etc/hosts" };
	char options[6 * VM_PATH_MAX], from[VM_PATH_MAX], to[VM_PATH_MAX];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (TEXT_FORMAT(options, "lowerdir=%s,upperdir=%s,workdir=%s/work", o->lower, o->upper,
			o->work) < 0)
		return -ENAMETOOLONG;
	if (mount("ib-lab", o->root, "overlay", 0, options) < 0)
		return -errno;
	(void)TEXT_FORMAT(to, "%s/dev", o->root);
	if (mount("/dev", to, NULL, MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	(void)TEXT_FORMAT(to, "%s/proc", o->root);
	if (mount("proc", to, "proc", 0, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		(void)TEXT_FORMAT(from, "/%s", shared[i]);
		(void)TEXT_FORMAT(to, "%s/%s", o->root, shared[i]);
		(void)mount(from, to, NULL, MS_BIND, NULL); /* a host may lack them */
	}
	return 0;
}

static int make_dirs(struct overlay *o, struct error *err)
{
	char work[VM_PATH_MAX];
	int rc = TEXT_FORMAT(o->root, "%s/mnt", o->work);

	(void)TEXT_FORMAT(work, "%s/work", o->work);
	if (rc == 0)
		rc = fs_make_dirs(AT_FDCWD, o->root, 0755);
	if (rc == 0)
		rc = fs_make_dirs(AT_FDCWD, work, 0755);
	if (rc == 0)
		rc = fs_make_dirs(AT_FDCWD, o->upper, 0755);
	return rc < 0 ? error_set(err, FAULT_INTERNAL, -rc, "cannot make %s: %s", o->upper,
				  strerror(-rc))
		      : 0;
}

/* The child's half; what went wrong goes through the pipe. */
static int run_child(const struct overlay *o,
		     int (*fn)(const struct overlay *, void *, struct error *), void *ctx, int tell)
{
	struct error err = { 0 };
	int rc = mount_in(o);

	if (rc < 0)
		(void)error_set(&err, FAULT_INTERNAL, -rc, "cannot mount an overlay of %s: %s",
				o->lower, strerror(-rc));
	else
		rc = fn(o, ctx, &err);
	if (rc < 0)
		(void)fs_write_all(tell, &err, sizeof err);
	return rc < 0;
}

int overlay_run(struct overlay *o, int (*fn)(const struct overlay *o, void *ctx, struct error *err),
		void *ctx, struct error *err)
{
	struct error said = { 0 };
	int ends[2], status = 0;
	pid_t child;

	if (make_dirs(o, err) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make a pipe");
	child = fork();
	if (child == 0)
		_exit(run_child(o, fn, ctx, ends[1]));
	(void)close(ends[1]);
	if (child > 0 && read(ends[0], &said, sizeof said) != (ssize_t)sizeof said)
		said = (struct error) { 0 };
	(void)close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot fork: %s", strerror(errno));
	if (status == 0)
		return 0;
	if (said.what[0] == '\0')
		return error_set(err, FAULT_INTERNAL, 0, "what worked on %s died", o->lower);
	*err = said;
	return -1;
}

int overlay_sh(const struct overlay *o, const char *script, const char *const *args, int deadline_s,
	       struct error *err)
{
	const char *argv[24] = { "unshare", "--pid", "--fork", "--kill-child", "chroot", o->root,
				 "/bin/sh", "-s",    "--" };
	size_t n = 9;

	while (*args != NULL && n < ARRAY_SIZE(argv) - 1)
		argv[n++] = *args++;
	return root_run(o->env, argv, script, deadline_s, err);
}

int overlay_sources(const char *root, const char *upper, struct error *err)
{
	AUTO_BUF struct buf sources = { 0 };
	char path[VM_PATH_MAX];
	struct tree t;
	int rc;

	(void)TEXT_FORMAT(path, "%s/" ROOT_SOURCES, root);
	rc = fs_read(AT_FDCWD, path, 256 << 10, &sources);
	if (rc == 0)
		rc = fs_make_dirs(AT_FDCWD, upper, 0755);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot read %s: %s", path,
				 strerror(-rc));
	if (tree_open(&t, upper, err) < 0)
		return -1;
	tree_data(&t, "etc/apt/sources.list", sources.data, sources.len);
	return tree_close(&t, upper, err);
}
