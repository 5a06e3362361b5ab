/* act/bundle/pack_make.c - writes a pack: manifest, modules, signature. */
#include "act/bundle/pack_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "act/bundle/pack_module.h"
#include "act/bundle/signing_key.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/minisig.h"
#include "base/tar.h"
#include "base/text.h"
#include "host/host.h"
#include "probe/pack.h"

enum { PACK_MODE = 0644 };

static int write_failed(const char *dir, const char *name, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_WRITE_FAILED), -rc,
			 "%s/%s cannot be written: %s", dir, name, strerror(-rc));
}

/* The archive. */

static int write_manifest(int fd, const struct pack *p)
{
	AUTO_BUF struct buf text = { .max = PACK_MANIFEST_BYTES_MAX };
	AUTO_JSON json_t *j = pack_to_json(p);
	int rc = j == NULL ? -ENOMEM : json_write(j, true, &text);

	if (rc == 0)
		rc = buf_add_text(&text, "\n");
	return rc < 0 ? rc : tar_put_text(fd, PACK_MANIFEST, text.data, text.len);
}

/* -ESTALE: it is another file by now. */
static int write_module(int fd, const struct host *h, const struct pack_file *file)
{
	AUTO_FD int from = host_open(h, file->path, O_NOFOLLOW | O_NONBLOCK);
	char digest[DIGEST_TEXT_SIZE] = "";
	int rc = from < 0 ? from : tar_put_head(fd, file->path, file->size);

	if (rc == 0)
		rc = digest_copy(from, file->size, fd, digest);
	if (rc == -ENODATA || (rc == 0 && !text_eq(digest, file->sha256)))
		rc = -ESTALE;
	return rc < 0 ? rc : tar_put_zeros(fd, tar_padding(file->size));
}

static int write_archive(int fd, const struct host *h, const struct pack *p)
{
	int rc = write_manifest(fd, p);

	for (unsigned i = 0; i < p->nfiles && rc == 0; i++)
		rc = write_module(fd, h, &p->files[i]);
	if (rc == 0)
		rc = tar_put_end(fd);
	if (rc == 0 && (fchmod(fd, PACK_MODE) < 0 || fsync(fd) < 0))
		rc = -errno;
	return rc;
}

/* The signature. */

static int sign(int fd, const struct minisig_secret *key, const char *name, struct buf *ret)
{
	char comment[PACK_NAME_SIZE + 16];

	(void)TEXT_FORMAT(comment, "file:%s\thashed", name);
	return minisig_sign_fd(key, fd, comment, ret);
}

/* Both files, the pack first: for as long as it has a former signature, nobody uses it. */

struct output {
	int dir, fd;
	char name[PACK_NAME_SIZE];
	char torn[PACK_NAME_SIZE + 8]; /* the name while it is written */
};

static void output_free(struct output *o)
{
	if (o->fd >= 0) {
		(void)close(o->fd);
		(void)unlinkat(o->dir, o->torn, 0);
	}
	if (o->dir >= 0)
		(void)close(o->dir);
}

static int output_open(const char *dir, struct output *o, struct error *err)
{
	o->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir < 0)
		return error_set(err, FAULT_WRITE_FAILED, errno, "%s is no directory: %s", dir,
				 strerror(errno));
	(void)TEXT_FORMAT(o->torn, ".%s.new", o->name);
	if (unlinkat(o->dir, o->torn, 0) < 0 && errno != ENOENT)
		return write_failed(dir, o->torn, -errno, err);
	o->fd = openat(o->dir, o->torn, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return o->fd < 0 ? write_failed(dir, o->torn, -errno, err) : 0;
}

static int finish(struct output *o, const struct minisig_secret *key)
{
	AUTO_BUF struct buf signature = { .max = MINISIG_BYTES_MAX };
	char name[PACK_NAME_SIZE + 16];
	int rc = key != NULL ? sign(o->fd, key, o->name, &signature) : 0;

	(void)TEXT_FORMAT(name, "%s.minisig", o->name);
	if (rc == 0 && renameat(o->dir, o->torn, o->dir, o->name) < 0)
		rc = -errno;
	if (rc == 0 && key != NULL)
		rc = fs_replace(o->dir, name, signature.data, signature.len, PACK_MODE);
	else if (rc == 0 && unlinkat(o->dir, name, 0) < 0 && errno != ENOENT)
		rc = -errno;
	return rc == 0 && fsync(o->dir) < 0 ? -errno : rc;
}

static int write_pack(const struct host *h, const struct pack *p, const char *dir,
		      const struct minisig_secret *key, char ret_name[static PACK_NAME_SIZE],
		      struct error *err)
{
	CLEANUP(output_free) struct output o = { .dir = -1, .fd = -1 };
	int rc;

	pack_name(p->driver, p->version, &p->target, o.name);
	if (output_open(dir, &o, err) < 0)
		return -1;
	rc = write_archive(o.fd, h, p);
	if (rc == -ESTALE)
		return error_set(err, FAULT_PACK_MAKE, ESTALE,
				 "a module changed while the pack was made");
	if (rc == 0)
		rc = finish(&o, key);
	if (rc < 0)
		return write_failed(dir, o.name, rc, err);
	(void)text_copy(ret_name, PACK_NAME_SIZE, o.name);
	return 0;
}

/* What the manifest says beside the modules. */
static int describe(const struct host *h, const struct facts *f, const char *by, struct pack *ret,
		    struct error *err)
{
	int64_t newest_ms;
	char time[21];

	*ret = (struct pack) { .driver = f->driver.kind };
	if (f->driver.kind != DRIVER_MLNX_OFED && f->driver.kind != DRIVER_DOCA_OFED)
		return error_set(err, FAULT_PACK_MAKE, 0,
				 "the driver here is %s, whose modules nobody compiled",
				 driver_kind_name(f->driver.kind));
	(void)TEXT_COPY(ret->version, f->driver.version);
	(void)TEXT_COPY(ret->by, by);
	pack_target_read(h, f, &ret->target);
	if (pack_modules_find(h, f, ret, &newest_ms, err) < 0)
		return -1;
	time_text(newest_ms, time);
	(void)TEXT_COPY(ret->built, time);
	return 0;
}

/* What is written must be readable: of an odd version or path, nothing is made. */
static int check_readable(const struct pack *p, struct error *err)
{
	AUTO_FREE struct pack *back = calloc(1, sizeof *back);
	AUTO_JSON json_t *j = pack_to_json(p);
	char why[160] = "no memory";

	if (back != NULL && j != NULL && pack_from_json(j, back, why, sizeof why) == 0)
		return 0;
	return error_set(err, FAULT_PACK_MAKE, 0, "what is installed makes no manifest: %s", why);
}

int pack_make(const struct host *h, const struct facts *f, const struct pack_order *order,
	      struct pack *ret, char ret_name[static PACK_NAME_SIZE], struct error *err)
{
	struct minisig_secret key;
	int rc;

	if (order->key != NULL && signing_key_read(order->key, &key, err) < 0)
		return -1;
	rc = describe(h, f, order->by, ret, err);
	if (rc == 0)
		rc = check_readable(ret, err);
	if (rc == 0)
		rc = write_pack(h, ret, order->dir, order->key != NULL ? &key : NULL, ret_name,
				err);
	if (order->key != NULL)
		minisig_secret_wipe(&key);
	return rc;
}
