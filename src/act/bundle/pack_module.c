/* act/bundle/pack_module.c - finds the modules of a vendor's driver, and reads what each is. */
#include "act/bundle/pack_module.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/build/dkms.h"
#include "base/digest.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/modinfo.h"

enum { DEPTH_MAX = 8, NAMES_MAX = 256, MODULE_BYTES_MAX = 256 << 20, UNPACK_S = 60 };

struct finding {
	const struct host *host;
	const struct facts *facts;
	char (*dkms)[64]; /* names of the modules that DKMS has put in place: "mlx5_core" */
	size_t ndkms;
	char dir[192]; /* that is being walked, without a slash at its end */
	unsigned depth;
	struct pack *pack;
	int64_t newest_ms;
	struct error *err;
};

/* "mlx5_core.ko.xz" -> "mlx5_core"; false if it is no module. */
static bool module_name(const char *file, char *ret, size_t size)
{
	const char *end = strstr(file, ".ko");

	if (end == NULL || end == file || (end[3] != '\0' && end[3] != '.'))
		return false;
	return text_format(ret, size, "%.*s", (int)(end - file), file) == 0;
}

/* What DKMS has put in place for the running kernel. */

static int take_built(void *ctx, const char *name)
{
	struct finding *f = ctx;

	if (f->ndkms < NAMES_MAX && module_name(name, f->dkms[f->ndkms], sizeof f->dkms[0]))
		f->ndkms++;
	return 0;
}

static void find_dkms(struct finding *f)
{
	char path[384];

	for (unsigned i = 0; i < f->facts->ndkms; i++) {
		const struct dkms_facts *d = &f->facts->dkms[i];

		if (d->state != DKMS_INSTALLED || !dkms_is_of_driver(d->name) ||
		    !text_eq(d->kernel, f->pack->target.release))
			continue;
		(void)TEXT_FORMAT(path, "var/lib/dkms/%s/%s/%s/%s/module", d->name, d->version,
				  d->kernel, f->pack->target.arch);
		(void)!host_list(f->host, path, take_built, f);
	}
}

static bool is_dkms(const struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->ndkms; i++)
		if (text_eq(f->dkms[i], name))
			return true;
	return false;
}

/* A directory that is the driver's own: extra/mlnx-ofa_kernel, updates/drivers/infiniband. */
static bool is_own_directory(const char *dir)
{
	static const char *const parts[] = { "/drivers/infiniband", "/ethernet/mellanox" };
	char part[64];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(dir, parts[i]) != NULL)
			return true;
	while (dir != NULL && *dir != '\0') {
		const char *slash = strchr(dir, '/');
		int len = slash != NULL ? (int)(slash - dir) : (int)strlen(dir);

		if (TEXT_FORMAT(part, "%.*s", len, dir) == 0 && dkms_is_of_driver(part))
			return true;
		dir = slash != NULL ? slash + 1 : NULL;
	}
	return false;
}

/* What a module is. */

static const char *unpacker_of(const char *path)
{
	return text_ends(path, ".xz")    ? "xz"
	       : text_ends(path, ".zst") ? "zstd"
	       : text_ends(path, ".gz")  ? "gzip"
					 : NULL;
}

static int unpack(const struct host *h, const char *program, const char *path, struct run_result *r,
		  struct error *err)
{
	AUTO_BUF struct buf packed = { .max = MODULE_BYTES_MAX };
	const char *const argv[] = { program, "-dc", NULL };
	struct run_spec spec = {
		.argv = argv, .deadline_s = UNPACK_S, .keep = MODULE_BYTES_MAX, .quiet = true
	};
	char end[64];

	if (host_read(h, path, MODULE_BYTES_MAX, &packed) < 0)
		return error_set(err, FAULT_PACK_MAKE, 0, "/%s cannot be read", path);
	spec.input = packed.data;
	spec.input_len = packed.len;
	if (run(h, &spec, r, err) < 0)
		return -1;
	if (run_ok(r) && !r->cut)
		return 0;
	run_end_text(r, &spec, end, sizeof end);
	return error_set(err, FAULT_PACK_MAKE, 0, "/%s cannot be unpacked: %s -dc: %s", path,
			 program, end);
}

static void take_info(const struct buf *bytes, struct pack_file *ret)
{
	const char *text = buf_text(bytes);

	(void)modinfo_parse_value(text, bytes->len, "vermagic", ret->vermagic,
				  sizeof ret->vermagic);
	(void)modinfo_parse_value(text, bytes->len, "srcversion", ret->srcversion,
				  sizeof ret->srcversion);
	ret->is_signed = modinfo_is_signed(text, bytes->len);
}

static int read_info(const struct host *h, struct pack_file *ret, struct error *err)
{
	const char *program = unpacker_of(ret->path);
	AUTO_BUF struct buf bytes = { .max = MODULE_BYTES_MAX };
	AUTO_RUN struct run_result r = { 0 };

	if (program != NULL) {
		if (unpack(h, program, ret->path, &r, err) < 0)
			return -1;
		take_info(&r.out, ret);
		return 0;
	}
	if (host_read(h, ret->path, MODULE_BYTES_MAX, &bytes) < 0)
		return error_set(err, FAULT_PACK_MAKE, 0, "/%s cannot be read", ret->path);
	take_info(&bytes, ret);
	return 0;
}

/* Is the module for the kernel, and built as the others? */
static int check_vermagic(const struct pack_file *file, struct pack *into, struct error *err)
{
	char *first = into->target.vermagic;
	size_t len = strlen(into->target.release);

	if (strncmp(file->vermagic, into->target.release, len) != 0 ||
	    (file->vermagic[len] != ' ' && file->vermagic[len] != '\0'))
		return error_set(err, FAULT_PACK_MAKE, 0,
				 "/%s is for kernel %.100s, and this is %s", file->path,
				 file->vermagic[0] != '\0' ? file->vermagic : "(none)",
				 into->target.release);
	if (into->nfiles == 0)
		(void)TEXT_COPY(into->target.vermagic, file->vermagic);
	if (text_eq(first, file->vermagic))
		return 0;
	return error_set(err, FAULT_PACK_MAKE, 0, "/%s was built as %.100s, and others as %.100s",
			 file->path, file->vermagic, first);
}

static int take_module(struct finding *f, const char *path, int fd, const struct stat *st)
{
	struct pack *p = f->pack;
	struct pack_file file = { .size = (uint64_t)st->st_size };
	int64_t written_ms = (int64_t)st->st_mtim.tv_sec * 1000;
	int rc = digest_of_fd(fd, file.sha256);

	if (rc < 0)
		return error_set(f->err, FAULT_PACK_MAKE, -rc, "/%s cannot be read: %s", path,
				 strerror(-rc));
	if (p->nfiles == PACK_FILES_MAX || TEXT_COPY(file.path, path) < 0)
		return error_set(f->err, FAULT_PACK_MAKE, 0,
				 "/%s has no room in a pack, which holds up to %d modules", path,
				 PACK_FILES_MAX);
	if (read_info(f->host, &file, f->err) < 0 || check_vermagic(&file, p, f->err) < 0)
		return -1;
	p->files[p->nfiles++] = file;
	f->newest_ms = written_ms > f->newest_ms ? written_ms : f->newest_ms;
	return 0;
}

/* Walking. */

static int take_entry(void *ctx, const char *name);

static int walk(struct finding *f, const char *name)
{
	size_t len = strlen(f->dir);
	int rc;

	if (f->depth == DEPTH_MAX || len + 1 + strlen(name) >= sizeof f->dir)
		return 0;
	(void)text_format(f->dir + len, sizeof f->dir - len, "/%s", name);
	f->depth++;
	rc = host_list(f->host, f->dir, take_entry, f);
	f->depth--;
	f->dir[len] = '\0';
	return rc == -1 ? -1 : 0; /* what cannot be listed is empty */
}

/* Links, such as those of weak-updates, are no modules of this kernel. */
static int take_entry(void *ctx, const char *name)
{
	struct finding *f = ctx;
	char path[256], module[64];
	AUTO_FD int fd = -1;
	struct stat st;

	if (TEXT_FORMAT(path, "%s/%s", f->dir, name) < 0)
		return 0;
	fd = host_open(f->host, path, O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return walk(f, name);
	if (!S_ISREG(st.st_mode) || !module_name(name, module, sizeof module) ||
	    !(is_dkms(f, module) || is_own_directory(f->dir)))
		return 0;
	return take_module(f, path, fd, &st);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct pack_file *)a)->path, ((const struct pack_file *)b)->path);
}

int pack_modules_find(const struct host *h, const struct facts *f, struct pack *into,
		      int64_t *ret_newest_ms, struct error *err)
{
	AUTO_FREE char(*names)[64] = calloc(NAMES_MAX, sizeof *names);
	struct finding finding = { .host = h, .facts = f, .dkms = names, .pack = into, .err = err };

	if (names == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to look for modules");
	find_dkms(&finding);
	(void)TEXT_FORMAT(finding.dir, "lib/modules/%s", into->target.release);
	if (walk(&finding, "extra") < 0 || walk(&finding, "updates") < 0)
		return -1;
	if (into->nfiles == 0)
		return error_set(err, FAULT_PACK_MAKE, 0,
				 "no module of %s %s is below /lib/modules/%s/updates or extra",
				 driver_kind_name(into->driver), into->version,
				 into->target.release);
	qsort(into->files, into->nfiles, sizeof into->files[0], by_path);
	*ret_newest_ms = finding.newest_ms;
	return 0;
}
