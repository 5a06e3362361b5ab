/* Builds the stand-ins of the vendor's artefacts, and signs the catalogue of them. */
#include "vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/minisig.h"
#include "base/text.h"
#include "fill.h"
#include "lab/vm/distro.h"
#include "lab/vm/machine_assets.h"
#include "lab/vm/overlay.h"
#include "lab/vm/root.h"
#include "mirror.h"

#define CATALOGUE "catalogue.json"
#define KEY_HOME  "vendor-key"
#define PUBLIC    "catalogue.pub"

extern const char vendor_start[] __asm__("_binary_lab_mirror_vendor_tar_start");
extern const char vendor_end[] __asm__("_binary_lab_mirror_vendor_tar_end");

static struct asset sources(void)
{
	return (struct asset) { vendor_start, (size_t)(vendor_end - vendor_start) };
}

static int fail(const char *what, const char *path, int sys, struct error *err)
{
	return error_set(err, FAULT_INTERNAL, sys, "cannot %s %s: %s", what, path, strerror(sys));
}

/* "vendor-<12 digits>": of the sources, and of the mirror whose packages they become. */
static int vendor_name(const char *mirror, bool real, char *ret, size_t size)
{
	struct asset a = sources();
	AUTO_BUF struct buf b = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)!buf_add(&b, a.data, a.len);
	(void)!buf_add_text(&b, strrchr(mirror, '/'));
	digest_of(b.data, b.len, digest);
	return text_format(ret, size, "vendor-%.12s%s", digest, real ? "-real" : "");
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* A gpg home of its own: the vendor is not the lab. */
static int key_prepare(const struct vm_env *env, const char *home, struct error *err)
{
	if (fs_exists(AT_FDCWD, home))
		return 0;
	return root_gpg_key(env, home, "Mellanox (fixture of the lab) <fixture@example.invalid>",
			    err);
}

/* Made with the files and forgotten: nothing more is ever signed with it. */
static void secret_make(struct minisig_secret *ret)
{
	(void)crypto_sign_keypair(ret->public.key, ret->key);
	randombytes_buf(ret->public.id, sizeof ret->public.id);
}

static int catalogue_sign(const char *files, struct error *err)
{
	struct minisig_secret secret;
	char path[VM_PATH_MAX + 32], public[MINISIG_KEY_TEXT];
	AUTO_BUF struct buf signature = { 0 };
	AUTO_FD int dir = open(files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int fd = dir < 0 ? -1 : openat(dir, CATALOGUE, O_RDONLY | O_CLOEXEC);
	int rc;

	(void)TEXT_FORMAT(path, "%s/" CATALOGUE, files);
	if (fd < 0)
		return fail("open", path, errno, err);
	secret_make(&secret);
	minisig_key_text(&secret.public, public);
	rc = minisig_sign_fd(&secret, fd, "fixture of the lab", &signature);
	minisig_secret_wipe(&secret);
	if (rc == 0)
		rc = fs_replace(dir, CATALOGUE ".minisig", signature.data, signature.len, 0644);
	if (rc == 0)
		rc = fs_replace(dir, PUBLIC, public, strlen(public), 0644);
	return rc < 0 ? fail("sign", path, -rc, err) : 0;
}

/* ---- the world of rpm ---------------------------------------------------------------------- */

static int bind_key(const struct overlay *o, struct error *err)
{
	char key[VM_PATH_MAX], to[VM_PATH_MAX];

	(void)TEXT_FORMAT(key, "%s/" KEY_HOME, o->env->cache);
	(void)TEXT_FORMAT(to, "%s/root/key", o->root);
	if (fs_make_dirs(AT_FDCWD, to, 0700) < 0 || mount(key, to, NULL, MS_BIND, NULL) < 0)
		return fail("mount", key, errno, err);
	return 0;
}

static int run_build_rpm(const struct overlay *o, void *ctx, struct error *err)
{
	const char *const args[] = { NULL };

	(void)ctx;
	return bind_key(o, err) < 0 ? -1 : overlay_sh(o, ". /mnt/build-rpm\n", args, 900, err);
}

static int build_rpms(const struct vm_env *env, const char *mirror, const char *dir,
		      struct error *err)
{
	char world[DISTRO_LAYERS_MAX], upper[VM_PATH_MAX], work[VM_PATH_MAX], mnt[VM_PATH_MAX];
	char script[VM_PATH_MAX], debs[VM_PATH_MAX], from[VM_PATH_MAX], to[VM_PATH_MAX];
	const char *const unpack[] = { "sh", script, mirror, debs, NULL };
	const char *const copy[] = { "cp", "-a", from, to, NULL };
	struct overlay o = { env, world, upper, work, "" };

	(void)TEXT_FORMAT(work, "%s/rpm", dir);
	(void)TEXT_FORMAT(upper, "%s/upper", work);
	(void)TEXT_FORMAT(mnt, "%s/mnt", upper);
	(void)TEXT_FORMAT(debs, "%s/srv/debs", upper);
	(void)TEXT_FORMAT(script, "%s/unpack-debs", mnt);
	(void)TEXT_FORMAT(from, "%s/srv/files/.", upper);
	(void)TEXT_FORMAT(to, "%s/files", dir);
	if (fs_make_dirs(AT_FDCWD, mnt, 0755) < 0)
		return fail("make", mnt, errno, err);
	if (distro_rpm_world(env, world, err) < 0 || asset_unpack(env, sources(), mnt, err) < 0 ||
	    root_run(env, unpack, NULL, 300, err) < 0 ||
	    overlay_run(&o, run_build_rpm, NULL, err) < 0 ||
	    root_run(env, copy, NULL, 120, err) < 0)
		return -1;
	(void)!fs_remove(AT_FDCWD, work);
	return 0;
}

/* ---- the real driver --------------------------------------------------------------------------
 */

static int run_fetch(const struct overlay *o, void *ctx, struct error *err)
{
	static const char script[] =
		"set -e\n"
		"mkdir -p /srv/source && cd /srv/source\n"
		"apt-get -q update -o APT::Update::Error-Mode=any\n"
		"apt-get -q -o APT::Sandbox::User=root download linux-source-6.1\n"
		"mv linux-source-6.1_*.deb linux-source.deb\n";
	const char *const args[] = { NULL };

	(void)ctx;
	return overlay_sh(o, script, args, 1800, err);
}

/* Debian's package of the kernel's source, kept below the cache: 140 MB. */
static int fetch_source(const struct vm_env *env, const char *root, char ret[static VM_PATH_MAX],
			struct error *err)
{
	char work[VM_PATH_MAX], upper[VM_PATH_MAX], from[VM_PATH_MAX];
	struct overlay o = { env, root, upper, work, "" };

	(void)text_format(ret, VM_PATH_MAX, "%s/linux-source.deb", env->cache);
	if (fs_exists(AT_FDCWD, ret))
		return 0;
	(void)TEXT_FORMAT(work, "%s/linux-source.new", env->cache);
	(void)TEXT_FORMAT(upper, "%s/upper", work);
	(void)TEXT_FORMAT(from, "%s/srv/source/linux-source.deb", upper);
	LOG(env->log, INFO, "lab.vendor", "fetching the source of Debian's kernel, once");
	if (fs_remove(AT_FDCWD, work) < 0 || fs_make_dirs(AT_FDCWD, work, 0755) < 0)
		return fail("make", work, errno, err);
	if (overlay_sources(root, upper, err) < 0 || overlay_run(&o, run_fetch, NULL, err) < 0)
		return -1;
	if (rename(from, ret) < 0)
		return fail("rename", from, errno, err);
	(void)!fs_remove(AT_FDCWD, work);
	return 0;
}

/* ---- building ------------------------------------------------------------------------------- */

static int build(const struct vm_env *env, const char *mirror, const char *linux_source,
		 const char *dir, struct error *err)
{
	char source[VM_PATH_MAX], script[VM_PATH_MAX], pool[VM_PATH_MAX], home[VM_PATH_MAX];
	char files[VM_PATH_MAX], last[VM_PATH_MAX];
	const char *const argv[] = { "sh", script, dir, pool, home, linux_source, NULL };
	const char *const finish[] = { "sh", last, dir, home, NULL };
	const char *const end[] = { "gpgconf", "--homedir", home, "--kill", "all", NULL };
	int rc;

	(void)TEXT_FORMAT(source, "%s/source", dir);
	(void)TEXT_FORMAT(script, "%s/build", source);
	(void)TEXT_FORMAT(last, "%s/finish", source);
	(void)TEXT_FORMAT(pool, "%s/pool", mirror);
	(void)TEXT_FORMAT(home, "%s/" KEY_HOME, env->cache);
	(void)TEXT_FORMAT(files, "%s/files", dir);
	if (fs_remove(AT_FDCWD, dir) < 0 || fs_make_dirs(AT_FDCWD, source, 0755) < 0)
		return fail("make", source, errno, err);
	if (asset_unpack(env, sources(), source, err) < 0 || key_prepare(env, home, err) < 0)
		return -1;
	rc = root_run(env, argv, NULL, 900, err);
	if (rc == 0)
		rc = build_rpms(env, mirror, dir, err);
	if (rc == 0)
		rc = root_run(env, finish, NULL, 120, err);
	(void)root_run(env, end, NULL, 30, NULL);
	return rc < 0 ? -1 : catalogue_sign(files, err);
}

int vendor_prepare(const struct vm_env *env, bool real, char *ret, size_t size, struct error *err)
{
	char root[VM_PATH_MAX], mirror[VM_PATH_MAX], dir[VM_PATH_MAX], next[VM_PATH_MAX], name[32];
	char linux_source[VM_PATH_MAX] = "";
	AUTO_FD int lock = -1;

	if (root_prepare(env, root, err) < 0 || mirror_prepare(env, root, err) < 0 ||
	    mirror_find(env, mirror, err) < 0)
		return -1;
	lock = root_lock(env, "vendor", err);
	if (lock < 0)
		return -1;
	(void)vendor_name(mirror, real, name, sizeof name);
	(void)TEXT_FORMAT(dir, "%s/%s", env->cache, name);
	(void)TEXT_FORMAT(next, "%s.new", dir);
	(void)text_format(ret, size, "%s/files", dir);
	if (fs_exists(AT_FDCWD, dir))
		return 0;
	LOG(env->log, INFO, "lab.vendor", "building the stand-ins of the vendor's files, once");
	if (real && fetch_source(env, root, linux_source, err) < 0)
		return error_wrap(err, "the source of Debian's kernel");
	if (build(env, mirror, linux_source, next, err) < 0)
		return error_wrap(err, "the stand-ins of the vendor's files");
	return rename(next, dir) < 0 ? fail("rename", next, errno, err) : 0;
}

int vendor_settings(const char *dir, json_t **ret, struct error *err)
{
	AUTO_BUF struct buf key = { 0 };
	char path[VM_PATH_MAX + 32];
	int rc;

	(void)TEXT_FORMAT(path, "%s/" PUBLIC, dir);
	rc = fs_read(AT_FDCWD, path, 256, &key);
	if (rc < 0)
		return fail("read", path, -rc, err);
	*ret = json_pack("{s:s, s:s, s:[s]}", "mirror", MIRROR_TLS "/files", "catalogueUri",
			 MIRROR_TLS "/files/" CATALOGUE, "trustedKeys", buf_text(&key));
	return *ret != NULL ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
}
