/* Older versions of real packages, made by saying so in their control files. */
#include "index.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/root.h"
#include "lab/vm/vm.h"

struct older {
	const struct vm_env *env;
	const char *dir;
	char version[64], before[64]; /* "44.0-2", "43.0-2" */
	struct error *err;
};

/* The version of "rdma-core_44.0-2_amd64.deb", and the one before. */
static int find_version(void *ctx, const char *name)
{
	struct older *o = ctx;
	char *rest;
	long major;

	if (!text_starts(name, "rdma-core_"))
		return 0;
	(void)TEXT_COPY(o->version, name + strlen("rdma-core_"));
	o->version[strcspn(o->version, "_")] = '\0';
	major = strtol(o->version, &rest, 10);
	(void)TEXT_FORMAT(o->before, "%ld%s", major - 1, rest);
	return 1;
}

/* Every mention of the version, the package's own and those it depends on exactly. */
static int write_control(const struct older *o, const char *path)
{
	AUTO_BUF struct buf old = { 0 }, next = { 0 };
	const char *from, *hit;
	int rc = fs_read(AT_FDCWD, path, 64 << 10, &old);

	for (from = buf_text(&old); rc == 0 && (hit = strstr(from, o->version)) != NULL;
	     from = hit + strlen(o->version)) {
		rc = buf_add(&next, from, (size_t)(hit - from));
		if (rc == 0)
			rc = buf_add_text(&next, o->before);
	}
	if (rc == 0)
		rc = buf_add_text(&next, from);
	return rc == 0 ? fs_replace(AT_FDCWD, path, buf_text(&next), next.len, 0644) : rc;
}

static int repack(void *ctx, const char *name)
{
	struct older *o = ctx;
	char deb[VM_PATH_MAX], tree[VM_PATH_MAX], control[VM_PATH_MAX], out[VM_PATH_MAX], stem[128];
	const char *const unpack[] = { "dpkg-deb", "-R", deb, tree, NULL };
	const char *const build[] = {
		"dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", tree, out, NULL
	};
	const char *at = strstr(name, o->version);
	int rc;

	if (at == NULL || !text_ends(name, ".deb"))
		return 0;
	(void)TEXT_FORMAT(stem, "%.*s%s%s", (int)(at - name), name, o->before,
			  at + strlen(o->version));
	(void)TEXT_FORMAT(deb, "%s/pool/%s", o->dir, name);
	(void)TEXT_FORMAT(tree, "%s/older", o->dir);
	(void)TEXT_FORMAT(control, "%s/DEBIAN/control", tree);
	(void)TEXT_FORMAT(out, "%s/pool/%s", o->dir, stem);
	if (root_run(o->env, unpack, NULL, 60, o->err) < 0)
		return -EIO;
	rc = write_control(o, control);
	if (rc < 0) {
		(void)error_set(o->err, FAULT_INTERNAL, -rc, "cannot change %s", control);
		return -EIO;
	}
	if (root_run(o->env, build, NULL, 60, o->err) < 0 || fs_remove(AT_FDCWD, tree) < 0)
		return -EIO;
	return 0;
}

int older_make(const struct vm_env *env, const char *dir, struct error *err)
{
	struct older o = { .env = env, .dir = dir, .err = err };
	char pool[VM_PATH_MAX];

	(void)TEXT_FORMAT(pool, "%s/pool", dir);
	if (fs_list(AT_FDCWD, pool, find_version, &o) != 1)
		return error_set(err, FAULT_INTERNAL, ENOENT, "no rdma-core in %s", pool);
	return fs_list(AT_FDCWD, pool, repack, &o) < 0 ? -1 : 0;
}
