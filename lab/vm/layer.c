/* The layer that makes a cell of the base root: scripts, unit drop-ins, and modprobe lines for the
 * modules of the RDMA stack. */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "embed.h"
#include "tree.h"

/* Modules whose loading is made up, with all that they depend on. */
static const char *const stack[] = {
	"kernel/drivers/infiniband/",  "kernel/drivers/net/ethernet/mellanox/",
	"kernel/net/sunrpc/xprtrdma/", "kernel/drivers/pci/controller/pci-hyperv",
	"kernel/drivers/hv/",          "kernel/drivers/nvme/host/nvme-rdma"
};

/* Those that only the vendor's drivers have. */
static const char *const vendors[] = { "mlx_compat", "mlxdevm" };

/* The bundle that programs trust, in a root of Debian. */
#define TRUSTED "etc/ssl/certs/ca-certificates.crt"

/* The certificate of the mirror's authority; empty where it has none. */
static void read_authority(const struct vm_env *env, struct buf *ret)
{
	char path[VM_PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/" ROOT_MIRROR_CA, env->cache);
	if (fs_read(AT_FDCWD, path, 64 << 10, ret) < 0)
		ret->len = 0;
}

static int layer_name(const struct vm_env *env, const char *root, char *ret, size_t size)
{
	AUTO_BUF struct buf b = { 0 }, ca = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)!buf_add_text(&b, strrchr(root, '/'));
	for (const struct embed *e = embed_files; e->path != NULL; e++)
		(void)!buf_add(&b, e->data, (size_t)(e->end - e->data));
	for (size_t i = 0; i < ARRAY_SIZE(stack); i++)
		(void)!buf_add_text(&b, stack[i]);
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
		(void)!buf_add_text(&b, vendors[i]);
	read_authority(env, &ca);
	(void)!buf_add(&b, ca.data, ca.len);
	digest_of(b.data, b.len, digest);
	return text_format(ret, size, "cell-%.12s", digest);
}

int layer_find(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
	       struct error *err)
{
	char name[32];

	(void)layer_name(env, root, name, sizeof name);
	(void)text_format(ret, VM_PATH_MAX, "%s/%s", env->cache, name);
	if (!fs_exists(AT_FDCWD, ret))
		return error_set(err, FAULT_INTERNAL, ENOENT,
				 "the layer of the cells is not there: %s", ret);
	return 0;
}

/* The lab's authority is one that the cells trust. */
static void write_trusted(struct tree *t, const struct vm_env *env, const char *root)
{
	AUTO_BUF struct buf all = { 0 }, ca = { 0 };
	char path[VM_PATH_MAX];

	read_authority(env, &ca);
	if (ca.len == 0)
		return;
	(void)TEXT_FORMAT(path, "%s/" TRUSTED, root);
	tree_fail(t, TRUSTED, fs_read(AT_FDCWD, path, 4 << 20, &all));
	(void)!buf_add(&all, ca.data, ca.len);
	tree_data(t, TRUSTED, all.data, all.len);
}

/* "kernel/drivers/infiniband/core/ib_core.ko" to "ib_core", once. */
static void add_module(struct buf *conf, const char *path)
{
	const char *name = strrchr(path, '/');
	char module[64], line[128];

	(void)TEXT_COPY(module, name != NULL ? name + 1 : path);
	module[strcspn(module, ".")] = '\0';
	for (char *p = module; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	(void)TEXT_FORMAT(line, "install %s /usr/libexec/ib-lab/load %s\n", module, module);
	if (strstr(buf_text(conf), line) != NULL)
		return;
	(void)!buf_add_text(conf, line);
	(void)!buf_add_format(conf, "remove %s /usr/libexec/ib-lab/unload %s\n", module, module);
}

/* Source: depmod(8), modules.dep: "PATH: PATH PATH ...", dependencies in full. */
static int write_modprobe(struct tree *t, const char *root, struct error *err)
{
	AUTO_BUF struct buf deps = { 0 }, conf = { 0 };
	char release[64], path[VM_PATH_MAX];
	char *rest, *line;
	int rc;

	if (root_kernel(root, release, sizeof release, err) < 0)
		return -1;
	(void)TEXT_FORMAT(path, "%s/lib/modules/%s/modules.dep", root, release);
	rc = fs_read(AT_FDCWD, path, 16 << 20, &deps);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot read %s: %s", path,
				 strerror(-rc));
	rest = deps.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		bool ours = false;
		char *word;

		for (size_t i = 0; i < ARRAY_SIZE(stack); i++)
			ours = ours || text_starts(line, stack[i]);
		while (ours && (word = strsep(&line, ": ")) != NULL)
			if (*word != '\0')
				add_module(&conf, word);
	}
	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
		add_module(&conf, vendors[i]);
	tree_data(t, "etc/modprobe.d/ib-lab.conf", conf.data, conf.len);
	return 0;
}

static int make(const struct vm_env *env, const char *dir, const char *root, struct error *err)
{
	struct tree t;

	if (mkdir(dir, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s: %s", dir,
				 strerror(errno));
	if (tree_open(&t, dir, err) < 0)
		return -1;
	for (const struct embed *e = embed_files; e->path != NULL; e++) {
		tree_data(&t, e->path, e->data, (size_t)(e->end - e->data));
		if (fchmodat(t.dir, e->path, e->mode, 0) < 0)
			tree_fail(&t, e->path, -errno);
	}
	tree_dir(&t, "etc/systemd/system/sysinit.target.wants");
	if (symlinkat("../ib-lab-modules-load.service", t.dir,
		      "etc/systemd/system/sysinit.target.wants/ib-lab-modules-load.service") < 0)
		tree_fail(&t, "ib-lab-modules-load.service", -errno);
	write_trusted(&t, env, root);
	if (write_modprobe(&t, root, err) < 0) {
		(void)close(t.dir);
		return -1;
	}
	return tree_close(&t, dir, err);
}

int layer_prepare(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
		  struct error *err)
{
	AUTO_FD int lock = root_lock(env, "cell", err);
	char dir[VM_PATH_MAX];

	if (lock < 0)
		return -1;
	if (layer_find(env, root, ret, err) == 0)
		return 0;
	(void)TEXT_FORMAT(dir, "%s.new", ret);
	if (fs_remove(AT_FDCWD, dir) < 0 || make(env, dir, root, err) < 0)
		return -1;
	if (rename(dir, ret) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot rename %s", dir);
	return 0;
}
