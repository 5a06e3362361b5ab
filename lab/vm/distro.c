/* The images of the cells, and the layers that make them. */
#include "distro.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "embed.h"
#include "machine_assets.h"
#include "overlay.h"
#include "root.h"

/* Source: what instance metadata tells of Azure's own images, and the kernels that these had. */
const struct distro distros[] = {
	{ "debian12", "apt", "", NULL, "Debian", "debian-12", "12-gen2", "0.20240717.1811",
	  "Debian 12" },
	{ "ubuntu18.04", "apt", "", "5.4.0-1109-azure", "Canonical", "UbuntuServer", "18.04-LTS",
	  "18.04.202401161", "Ubuntu 18.04 by name; the packages are Debian's" },
	{ "ubuntu20.04", "apt", "", "5.15.0-1089-azure", "Canonical",
	  "0001-com-ubuntu-server-focal", "20_04-lts-gen2", "20.04.202505200",
	  "Ubuntu 20.04 by name; the packages are Debian's" },
	{ "ubuntu22.04", "apt", "", "6.8.0-1031-azure", "Canonical", "0001-com-ubuntu-server-jammy",
	  "22_04-lts-gen2", "22.04.202507300", "Ubuntu 22.04 by name; the packages are Debian's" },
	{ "ubuntu24.04", "apt", "", "6.14.0-1014-azure", "Canonical", "ubuntu-24_04-lts", "server",
	  "24.04.202510010", "Ubuntu 24.04 by name; the packages are Debian's" },
	{ "el9", "dnf", "el9", "5.14.0-570.12.1.el9_6.x86_64", "almalinux", "almalinux-x86_64",
	  "9-gen2", "9.6.202505220", "AlmaLinux 9.6 by name: dnf" },
	{ "el8", "dnf", "el8", "4.18.0-553.54.1.el8_10.x86_64", "resf", "rockylinux-x86_64",
	  "8-base", "8.10.20240528", "Rocky Linux 8.10 by name: dnf" },
	{ "el7", "yum", "el7", "3.10.0-1062.12.1.el7.x86_64", "OpenLogic", "CentOS-HPC", "7.7",
	  "7.7.2020042000", "CentOS 7.7 by name: dnf under the name of yum" },
	{ "sles15", "zypper", "sles15", "5.14.21-150500.33.66-azure", "SUSE", "sles-15-sp5", "gen2",
	  "2024.09.20", "SUSE Linux Enterprise Server 15 SP5 by name: zypper" },
	{ "azurelinux3", "tdnf", "azurelinux3", "6.6.96.2-2.azl3", "MicrosoftCBLMariner",
	  "azure-linux-3", "azure-linux-3-gen2", "3.20250910.01",
	  "Azure Linux 3 by name: dnf told in the form of tdnf" },
	{ 0 },
};

const struct distro *distro_find(const char *name, struct error *err)
{
	AUTO_BUF struct buf all = { 0 };

	for (const struct distro *d = distros; d->name != NULL; d++) {
		if (text_eq(d->name, name))
			return d;
		(void)!buf_add_format(&all, " %s", d->name);
	}
	(void)error_set(err, FAULT_USAGE, ENOENT, "no image named %s; there are%s", name,
			buf_text(&all));
	return NULL;
}

static bool is_rpm(const struct distro *d)
{
	return !text_eq(d->packages, "apt");
}

/* ---- keys of the cache -------------------------------------------------------------------- */

/* "$IB_LAB_CACHE/KIND-<12 digits>", of what the layer is made from. */
static void layer_path(const struct vm_env *env, const char *kind, const char *below,
		       const char *script, char ret[static VM_PATH_MAX])
{
	AUTO_BUF struct buf b = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)!buf_add_text(&b, strrchr(below, '/'));
	(void)!buf_add_text(&b, script);
	digest_of(b.data, b.len, digest);
	(void)text_format(ret, VM_PATH_MAX, "%s/%s-%.12s", env->cache, kind, digest);
}

static void image_path(const struct vm_env *env, const struct distro *d, const char *below,
		       char ret[static VM_PATH_MAX])
{
	struct asset files = asset_distros();
	AUTO_BUF struct buf b = { 0 };
	char kind[64], digest[DIGEST_TEXT_SIZE];

	digest_of(files.data, files.len, digest);
	(void)!buf_add_format(&b, "%s %s %s %s %s", digest, d->packages, d->repository, d->kernel,
			      embed_make_image);
	(void)TEXT_FORMAT(kind, "image-%s", d->name);
	layer_path(env, kind, below, buf_text(&b), ret);
}

static int need(const char *path, struct error *err)
{
	if (fs_exists(AT_FDCWD, path))
		return 0;
	return error_set(err, FAULT_INTERNAL, ENOENT, "the image has not been made yet: no %s",
			 path);
}

static int world_find(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
		      struct error *err)
{
	layer_path(env, "rpm-world", root, embed_make_rpm_world, ret);
	return need(ret, err);
}

int distro_rpm_world_path(const struct vm_env *env, char ret[static DISTRO_LAYERS_MAX],
			  struct error *err)
{
	char root[VM_PATH_MAX], world[VM_PATH_MAX];

	if (root_find(env, root, err) < 0)
		return -1;
	layer_path(env, "rpm-world", root, embed_make_rpm_world, world);
	return text_format(ret, DISTRO_LAYERS_MAX, "%s:%s", world, root);
}

int distro_layers(const struct vm_env *env, const struct distro *d,
		  char ret[static DISTRO_LAYERS_MAX], char root[static VM_PATH_MAX],
		  struct error *err)
{
	char world[VM_PATH_MAX], image[VM_PATH_MAX];

	if (root_find(env, root, err) < 0)
		return -1;
	if (d->kernel == NULL)
		return text_copy(ret, DISTRO_LAYERS_MAX, root);
	(void)TEXT_COPY(world, root);
	if (is_rpm(d) && world_find(env, root, world, err) < 0)
		return -1;
	image_path(env, d, world, image);
	if (need(image, err) < 0)
		return -1;
	if (is_rpm(d))
		return text_format(ret, DISTRO_LAYERS_MAX, "%s:%s:%s", image, world, root);
	return text_format(ret, DISTRO_LAYERS_MAX, "%s:%s", image, root);
}

/* ---- making ------------------------------------------------------------------------------- */

/* A layer on its way: made as PATH.new, renamed when it is whole. */
struct making {
	const struct vm_env *env;
	const struct distro *distro; /* NULL: the world of rpm */
	const char *root, *path;
	char next[VM_PATH_MAX], upper[VM_PATH_MAX];
};

static int run_script(const struct overlay *o, void *ctx, struct error *err)
{
	const struct making *m = ctx;
	const struct distro *d = m->distro;
	const char *args[] = { NULL, NULL, NULL, NULL, NULL };

	if (d == NULL)
		return overlay_sh(o, embed_make_rpm_world, args, 1800, err);
	args[0] = d->name;
	args[1] = d->kernel;
	args[2] = d->packages;
	args[3] = d->repository;
	return overlay_sh(o, embed_make_image, args, 300, err);
}

/* The kernel's modules under the image's own release: names for the same files, as both lie in the
 * cache. */
static int link_modules(const struct making *m, struct error *err)
{
	char release[64], from[VM_PATH_MAX], dir[VM_PATH_MAX], to[VM_PATH_MAX];
	const char *const argv[] = { "cp", "-al", from, to, NULL };

	if (root_kernel(m->root, release, sizeof release, err) < 0)
		return -1;
	(void)TEXT_FORMAT(from, "%s/usr/lib/modules/%s", m->root, release);
	(void)TEXT_FORMAT(dir, "%s/usr/lib/modules", m->upper);
	(void)TEXT_FORMAT(to, "%s/%s", dir, m->distro->kernel);
	if (fs_make_dirs(AT_FDCWD, dir, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", dir);
	return root_run(m->env, argv, NULL, 120, err);
}

static int furnish(const struct making *m, struct error *err)
{
	char mnt[VM_PATH_MAX];

	if (m->distro == NULL)
		return overlay_sources(m->root, m->upper, err);
	(void)TEXT_FORMAT(mnt, "%s/mnt", m->upper);
	if (fs_make_dirs(AT_FDCWD, mnt, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", mnt);
	if (link_modules(m, err) < 0)
		return -1;
	return asset_unpack(m->env, asset_distros(), mnt, err);
}

static int make(struct making *m, const char *lower, struct error *err)
{
	struct overlay o = { m->env, lower, m->upper, m->next, "" };

	(void)TEXT_FORMAT(m->next, "%s.new", m->path);
	(void)TEXT_FORMAT(m->upper, "%s/upper", m->next);
	if (fs_remove(AT_FDCWD, m->next) < 0 || fs_make_dirs(AT_FDCWD, m->upper, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", m->upper);
	if (furnish(m, err) < 0 || overlay_run(&o, run_script, m, err) < 0)
		return -1;
	if (rename(m->upper, m->path) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot rename %s", m->upper);
	(void)!fs_remove(AT_FDCWD, m->next);
	return 0;
}

int distro_rpm_world(const struct vm_env *env, char ret[static DISTRO_LAYERS_MAX],
		     struct error *err)
{
	char root[VM_PATH_MAX], world[VM_PATH_MAX];
	struct making m = { .env = env, .root = root, .path = world };
	AUTO_FD int lock = -1;

	if (root_prepare(env, root, err) < 0)
		return -1;
	lock = root_lock(env, "rpm-world", err);
	if (lock < 0)
		return -1;
	if (world_find(env, root, world, err) < 0) {
		LOG(env->log, INFO, "lab.root", "making the world of rpm: a minute or two, once");
		if (make(&m, root, err) < 0)
			return error_wrap(err, "the world of rpm");
	}
	return text_format(ret, DISTRO_LAYERS_MAX, "%s:%s", world, root);
}

int distro_prepare(const struct vm_env *env, const struct distro *d,
		   char ret[static DISTRO_LAYERS_MAX], struct error *err)
{
	char root[VM_PATH_MAX], below[DISTRO_LAYERS_MAX], top[VM_PATH_MAX], image[VM_PATH_MAX];
	struct making m = { .env = env, .distro = d, .root = root, .path = image };
	AUTO_FD int lock = -1;

	if (root_prepare(env, root, err) < 0)
		return -1;
	if (distro_layers(env, d, ret, root, err) == 0)
		return 0;
	(void)TEXT_COPY(below, root);
	if (is_rpm(d) && distro_rpm_world(env, below, err) < 0)
		return -1;
	lock = root_lock(env, "image", err);
	if (lock < 0)
		return -1;
	if (distro_layers(env, d, ret, root, err) == 0) /* another client made it meanwhile */
		return 0;
	LOG(env->log, INFO, "lab.root", "making the image %s", d->name);
	(void)TEXT_FORMAT(top, "%.*s", (int)strcspn(below, ":"), below);
	image_path(env, d, top, image);
	if (make(&m, below, err) < 0)
		return error_wrap(err, "the image %s", d->name);
	return distro_layers(env, d, ret, root, err);
}
