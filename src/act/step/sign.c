/* Signs the modules that were built here with the machine owner's key. */
#include "act/step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/saved.h"
#include "act/build/sign.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/modinfo.h"

enum { TOOL_S = 120, DEP_BYTES_MAX = 8 << 20, MARK_BYTES = 64, TOOLS = 4 };

#define SCRATCH "sign"

/* One kernel's files, in turn. */
struct signing {
	const struct step_context *c;
	const char *release;
	bool only_look; /* is there one without a signature? */
	struct error *err;
};

/* What a file is packed with, and the programs that unpack and pack it as the kernel reads it. */
static const struct packing {
	const char *end, *unpack[4], *pack[5];
} packings[] = {
	{ ".xz",
	  { "xz", "-d", "-f", NULL },
	  { "xz", "-f", "--check=crc32", "--lzma2=dict=1MiB", NULL } },
	{ ".gz", { "gzip", "-d", "-f", NULL }, { "gzip", "-f", "-9", NULL } },
	{ ".zst", { "zstd", "-d", "-q", "--rm" }, { "zstd", "-f", "-q", "--rm", NULL } },
};

static const struct packing *packing_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(packings); i++)
		if (text_ends(path, packings[i].end))
			return &packings[i];
	return NULL;
}

static bool is_signed(int dir, const char *path)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char tail[MARK_BYTES];
	struct stat st;
	off_t from;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	from = st.st_size > MARK_BYTES ? st.st_size - MARK_BYTES : 0;
	n = pread(fd, tail, sizeof(tail), from);
	return n > 0 && modinfo_is_signed(tail, (size_t)n);
}

static int tool_run(const struct signing *g, const char *const *argv)
{
	struct run_spec spec = { .argv = argv, .deadline_s = TOOL_S, .quiet = true };
	char doing[128];

	TEXT_FORMAT(doing, "a module cannot be signed: %.90s", argv[0]);
	return run_or_fail(g->c->host, &spec, FAULT_PROGRAM_FAILED, doing, g->err);
}

/* The program's words, then the file. */
static int pack_run(const struct signing *g, const char *const *words, size_t n, const char *file)
{
	const char *argv[8] = { NULL };
	size_t k = 0;

	while (k < n && words[k]) {
		argv[k] = words[k];
		k++;
	}
	argv[k] = file;
	return tool_run(g, argv);
}

/* The kernel's own program, where its headers have it. */
static void tool_find(const struct signing *g, char *ret, size_t size)
{
	static const char *const formats[TOOLS] = { "lib/modules/", "usr/src/linux-headers-",
						    "usr/src/kernels/", "usr/lib/modules/" };
	static const char *const ends[TOOLS] = { "/build/scripts/sign-file", "/scripts/sign-file",
						 "/scripts/sign-file", "/build/scripts/sign-file" };

	for (size_t i = 0; i < TOOLS; i++) {
		text_format(ret, size, "/%s%s%s", formats[i], g->release, ends[i]);
		if (host_exists(g->c->host, ret + 1))
			return;
	}
	text_copy(ret, size, "kmodsign");
}

static int sign_plain(const struct signing *g, const char *file)
{
	const struct settings *s = g->c->settings;
	char tool[192];
	const char *const argv[] = { tool, "sha256", s->modules_key, s->modules_cert, file, NULL };

	tool_find(g, tool, sizeof(tool));
	return tool_run(g, argv);
}

/* On a copy: what stands in the kernel's directory is whole at every instant. `path` is below the
 * root. */
static int sign_copy(const struct signing *g, const char *path, const char *copy)
{
	const struct packing *p = packing_of(path);
	AUTO_FD int from = openat(g->c->host->root, path, O_RDONLY | O_CLOEXEC);
	char packed[200], plain[200];
	int rc = from < 0 ? -errno : fs_copy_to(from, g->c->state_dir, copy, 0600);

	if (rc < 0)
		return file_failed("signed", path, rc, g->err);
	TEXT_FORMAT(packed, "/var/lib/ib-vmext/%s", copy);
	TEXT_FORMAT(plain, "%.*s", (int)(strlen(packed) - (p ? strlen(p->end) : 0)), packed);
	if (p && pack_run(g, p->unpack, ARRAY_SIZE(p->unpack), packed) < 0)
		return -1;
	if (!is_signed(g->c->host->root, plain + 1) && sign_plain(g, plain) < 0)
		return -1;
	return p ? pack_run(g, p->pack, ARRAY_SIZE(p->pack), plain) : 0;
}

static int sign_one(void *ctx, const char *name)
{
	struct signing *g = ctx;
	const char *slash = strrchr(name, '/');
	char path[400], copy[200];
	struct stat st;
	int rc;

	TEXT_FORMAT(path, "lib/modules/%s/%s", g->release, name);
	TEXT_FORMAT(copy, SCRATCH "/%s", slash ? slash + 1 : name);
	if (fstatat(g->c->host->root, path, &st, 0) < 0 ||
	    (!packing_of(path) && is_signed(g->c->host->root, path)))
		return 0;
	if (g->only_look)
		return packing_of(path) ? 0 : 1;
	rc = fs_make_dirs(g->c->state_dir, SCRATCH, 0700);
	if (rc < 0)
		return file_failed("signed", path, rc, g->err);
	if (sign_copy(g, path, copy) < 0)
		return -1;
	AUTO_FD int from = openat(g->c->state_dir, copy, O_RDONLY | O_CLOEXEC);

	rc = from < 0 ? -errno : fs_copy_to(from, g->c->host->root, path, st.st_mode & 07777);
	return rc < 0 ? file_failed("signed", path, rc, g->err) : 0;
}

struct kernels {
	struct signing signing;
	const struct step *step;
};

static int sign_kernel(void *ctx, const char *release)
{
	struct kernels *k = ctx;
	AUTO_BUF struct buf dep = { 0 };
	char path[160];

	TEXT_FORMAT(path, "lib/modules/%s/modules.dep", release);
	if (host_read(k->signing.c->host, path, DEP_BYTES_MAX, &dep) < 0)
		return 0;
	k->signing.release = release;
	return sign_files(buf_text(&dep), k->step->items, k->step->nitems, sign_one, &k->signing);
}

/* 0: all are signed. 1: one is not. -1: *err. */
static int sign_all(const struct step_context *c, const struct step *s, bool only_look,
		    struct error *err)
{
	struct kernels k = { { .c = c, .only_look = only_look, .err = err }, s };
	int rc = host_list(c->host, "lib/modules", sign_kernel, &k);

	(void)!fs_remove(c->state_dir, SCRATCH);
	return rc;
}

static int sign_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			struct error *err)
{
	(void)c;
	(void)s;
	*ret = json_object();
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to sign modules");
}

static int sign_apply(const struct step_context *c, const struct step *s, const json_t *before,
		      struct error *err)
{
	(void)before;
	return sign_all(c, s, false, err) == 0 ? 0 : -1;
}

static int sign_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	if (sign_all(c, s, true, err) == 0)
		return 0;
	return error_set(
		err, FAULT_PROGRAM_FAILED, 0,
		"the program that signs modules ended without an error, but a module bears "
		"no signature");
}

/* The files go with what built them. */
static int sign_undo(const struct step_context *c, const struct step *s, const json_t *before,
		     struct error *err)
{
	(void)s;
	(void)before;
	(void)err;
	(void)!fs_remove(c->state_dir, SCRATCH);
	return 0;
}

/* No check: what is packed tells only once it is unpacked. */
const struct step_ops step_sign = {
	.prepare = sign_prepare,
	.apply = sign_apply,
	.confirm = sign_confirm,
	.undo = sign_undo,
	.percent = 3,
};
