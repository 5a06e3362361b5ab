/* Puts the modules of a pack in place. All of the pack is verified in prepare, and its manifest
 * kept (saved/); from then on a module counts only with the digest that is written there, so that
 * neither a pack that changes meanwhile nor settings that are gone at the next boot matter. */
#include "act/step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/saved.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/minisig.h"
#include "base/text.h"
#include "facts/trusted.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/pack.h"
#include "probe/pack_file.h"
#include "probe/probe.h"

enum { DEPMOD_S = 300, MODULE_MODE = 0644, DIR_MODE = 0755, PATH_SIZE = 320 };

static int no_memory(struct error *err)
{
	return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the modules of a pack");
}

/* The pack. */

static int open_pack(const struct step_context *c, const struct step *s, struct error *err)
{
	int fd = host_open(c->host, s->items[0] + 1, O_NONBLOCK);

	if (fd >= 0)
		return fd;
	return error_set(err, FAULT_PACK_MISMATCH, -fd, "%s cannot be read: %s", s->items[0],
			 strerror(-fd));
}

/* The manifest, if the pack still is what the plan took it for. */
static int verify_pack(const struct step_context *c, const struct step *s, struct pack *ret,
		       struct error *err)
{
	AUTO_FREE struct facts *now = calloc(1, sizeof(*now));
	AUTO_BUF struct buf signature = { .max = MINISIG_BYTES_MAX };
	AUTO_FD int fd = open_pack(c, s, err);
	struct pack_facts found = { 0 };
	struct pack_target machine;
	struct trusted_keys keys;
	char path[PATH_SIZE];

	if (fd < 0 || trusted_read(c->settings, &keys, err) < 0)
		return -1;
	if (!now)
		return no_memory(err);
	if (probe_facts(c->host, NULL, now, err) < 0)
		return -1;
	pack_target_read(c->host, now, &machine);
	(void)TEXT_FORMAT(path, "%s.minisig", s->items[0] + 1);
	(void)!host_read(c->host, path, MINISIG_BYTES_MAX, &signature);
	pack_judge(fd, &signature, &machine, &keys, &found);
	if (found.fits && pack_file_read(fd, ret, found.why, sizeof(found.why)) == 0)
		return 0;
	return error_set(err, FAULT_PACK_MISMATCH, 0, "%s does not fit: %s", s->items[0],
			 found.why);
}

/* The manifest that prepare has kept. */

static void name_saved(const struct step_context *c, const struct step *s, const char *name,
		       char *ret, size_t size)
{
	(void)text_format(ret, size, "saved/%s/%s/%s", c->run, s->id, name);
}

static int keep_manifest(const struct step_context *c, const struct step *s, const struct pack *p,
			 struct error *err)
{
	AUTO_BUF struct buf text = { .max = PACK_MANIFEST_BYTES_MAX };
	AUTO_JSON json_t *j = pack_to_json(p);
	char path[PATH_SIZE];
	int rc = j ? json_write(j, false, &text) : -ENOMEM;

	name_saved(c, s, "", path, sizeof(path));
	path[strlen(path) - 1] = '\0';
	if (rc == 0)
		rc = fs_make_dirs(c->state_dir, path, 0700);
	name_saved(c, s, PACK_MANIFEST, path, sizeof(path));
	if (rc == 0)
		rc = fs_replace(c->state_dir, path, text.data, text.len, 0600);
	return rc < 0 ? file_failed("kept", path, rc, err) : 0;
}

static int load_manifest(const struct step_context *c, const char *path, struct pack *ret,
			 struct error *err)
{
	AUTO_BUF struct buf text = { .max = PACK_MANIFEST_BYTES_MAX };
	AUTO_JSON json_t *j = NULL;
	char why[200] = "it cannot be read";

	if (fs_read(c->state_dir, path, PACK_MANIFEST_BYTES_MAX, &text) == 0)
		j = json_parse(buf_text(&text), text.len, why, sizeof(why));
	if (j && pack_from_json(j, ret, why, sizeof(why)) == 0)
		return 0;
	return error_set(err, FAULT_STATE_DIR, 0, "the manifest that was kept, %s: %s", path, why);
}

/* Files in place. */

static bool has_digest(int dir, const char *path, const char *digest)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char is[DIGEST_TEXT_SIZE] = "";

	return fd >= 0 && digest_of_fd(fd, is) == 0 && text_eq(is, digest);
}

static bool is_ours(const struct step_context *c, const struct pack_file *file)
{
	return has_digest(c->host->root, file->path, file->sha256);
}

/* The directory of a path, without a slash at its end. */
static void name_parent(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');

	(void)text_format(ret, size, "%.*s", slash ? (int)(slash - path) : 0, path);
}

/* The name of a module while it is written: depmod takes it for none. */
static void name_torn(const char *path, char *ret, size_t size)
{
	const char *name = strrchr(path, '/') + 1;

	(void)text_format(ret, size, "%.*s.%s.ib-vmext", (int)(name - path), path, name);
}

/* Prepare: what has to be known to go back. */

/* In the order of the manifest: where the former file is kept, null where there was none. */
static int save_files(const struct step_context *c, const struct step *s, const struct pack *p,
		      json_t *list, struct error *err)
{
	char saved[PATH_SIZE], name[16];

	for (unsigned i = 0; i < p->nfiles; i++) {
		bool existed = fs_exists(c->host->root, p->files[i].path);

		(void)TEXT_FORMAT(name, "%u", i);
		name_saved(c, s, name, saved, sizeof(saved));
		if (existed && saved_keep(c, p->files[i].path, saved, err) < 0)
			return -1;
		if (json_array_append_new(list, json_text_or_null(existed ? saved : "")) != 0)
			return no_memory(err);
	}
	return 0;
}

static bool list_has_text(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_eq(json_string_value(json_array_get(list, i)), text))
			return true;
	return false;
}

/* Directories that are not there yet, the deeper before those that hold them. */
static int list_dirs(const struct step_context *c, const struct pack *p, json_t *list,
		     struct error *err)
{
	char dir[PATH_SIZE], path[PATH_SIZE];

	for (unsigned i = 0; i < p->nfiles; i++) {
		size_t at = 0;

		for (name_parent(p->files[i].path, dir, sizeof(dir));
		     dir[0] != '\0' && !fs_exists(c->host->root, dir) &&
		     !list_has_text(list, dir);) {
			if (json_array_insert_new(list, at++, json_string(dir)) != 0)
				return no_memory(err);
			(void)TEXT_COPY(path, dir);
			name_parent(path, dir, sizeof(dir));
		}
	}
	return 0;
}

static int prebuilt_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			    struct error *err)
{
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	AUTO_JSON json_t *saved = json_array(), *dirs = json_array();
	char manifest[PATH_SIZE];

	if (!p || !saved || !dirs)
		return no_memory(err);
	if (verify_pack(c, s, p, err) < 0 || keep_manifest(c, s, p, err) < 0 ||
	    save_files(c, s, p, saved, err) < 0 || list_dirs(c, p, dirs, err) < 0)
		return -1;
	name_saved(c, s, PACK_MANIFEST, manifest, sizeof(manifest));
	*ret = json_pack("{s:s, s:s, s:O, s:O}", "manifest", manifest, "kernel", p->target.release,
			 "saved", saved, "dirs", dirs);
	return *ret ? 0 : no_memory(err);
}

/* Apply. */

static int depmod(const struct step_context *c, const char *release, struct error *err)
{
	const char *const argv[] = { "depmod", "-a", release, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = DEPMOD_S };
	char doing[120];

	TEXT_FORMAT(doing, "depmod -a %s", release);
	return run_or_fail(c->host, &spec, FAULT_PROGRAM_FAILED, doing, err);
}

struct placing {
	const struct step_context *context;
	const struct step *step;
	const struct pack *pack;
	struct error *err;
};

static int write_torn(const struct placing *w, const struct pack_file *file, const char *torn,
		      int from)
{
	int root = w->context->host->root, rc;
	AUTO_FD int fd = openat(root, torn, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);
	char digest[DIGEST_TEXT_SIZE] = "";

	if (fd < 0)
		return file_failed("written", torn, -errno, w->err);
	rc = digest_copy(from, file->size, fd, digest);
	if (rc == 0 && !text_eq(digest, file->sha256))
		rc = -ENODATA;
	if (rc == -ENODATA)
		return error_set(w->err, FAULT_PACK_MISMATCH, 0,
				 "%s has changed since it was verified: %s", w->step->items[0],
				 file->path);
	if (rc == 0 && (fchmod(fd, MODULE_MODE) < 0 || fsync(fd) < 0))
		rc = -errno;
	return rc < 0 ? file_failed("written", file->path, rc, w->err) : 0;
}

static int place_one(void *ctx, unsigned at, int from)
{
	const struct placing *w = ctx;
	const struct pack_file *file = &w->pack->files[at];
	int root = w->context->host->root, rc;
	char parent[PATH_SIZE], torn[PATH_SIZE];

	if (is_ours(w->context, file))
		return 0;
	name_parent(file->path, parent, sizeof(parent));
	name_torn(file->path, torn, sizeof(torn));
	rc = fs_make_dirs(root, parent, DIR_MODE);
	if (rc == 0 && unlinkat(root, torn, 0) < 0 && errno != ENOENT)
		rc = -errno;
	if (rc < 0)
		return file_failed("written", file->path, rc, w->err);
	if (write_torn(w, file, torn, from) < 0)
		return -1;
	if (renameat(root, torn, root, file->path) < 0)
		return file_failed("put in place", file->path, -errno, w->err);
	rc = fs_sync_parent(root, file->path);
	return rc < 0 ? file_failed("put in place", file->path, rc, w->err) : 0;
}

static int prebuilt_apply(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	struct placing w = { c, s, p, err };
	char why[200] = "";
	AUTO_FD int fd = -1;
	int rc;

	if (!p)
		return no_memory(err);
	if (load_manifest(c, json_text_at(before, "manifest", ""), p, err) < 0)
		return -1;
	fd = open_pack(c, s, err);
	if (fd < 0)
		return -1;
	rc = pack_file_walk(fd, p, place_one, &w, why, sizeof(why));
	if (rc < 0 && why[0] != '\0')
		return error_set(err, FAULT_PACK_MISMATCH, 0,
				 "%s has changed since it was verified: %s", s->items[0], why);
	return rc < 0 ? -1 : depmod(c, p->target.release, err);
}

static int prebuilt_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	char manifest[PATH_SIZE];

	if (!p)
		return no_memory(err);
	name_saved(c, s, PACK_MANIFEST, manifest, sizeof(manifest));
	if (load_manifest(c, manifest, p, err) < 0)
		return -1;
	for (unsigned i = 0; i < p->nfiles; i++)
		if (!is_ours(c, &p->files[i]))
			return error_set(err, FAULT_WRITE_FAILED, 0,
					 "/%s is not the module of the pack", p->files[i].path);
	return 0;
}

/* Undo. */

static bool is_former(const struct step_context *c, const char *path, const char *saved)
{
	AUTO_FD int fd = openat(c->state_dir, saved, O_RDONLY | O_CLOEXEC);
	char digest[DIGEST_TEXT_SIZE] = "";

	return fd >= 0 && digest_of_fd(fd, digest) == 0 && has_digest(c->host->root, path, digest);
}

static int remove_file(const struct step_context *c, const char *path, struct error *err)
{
	if (unlinkat(c->host->root, path, 0) < 0 && errno != ENOENT && errno != ENOTDIR)
		return file_failed("removed", path, -errno, err);
	return 0;
}

/* What somebody else, such as DKMS, has put in the place of ours meanwhile stays. */
static int take_back(const struct step_context *c, const struct pack_file *file, const char *saved,
		     struct error *err)
{
	char torn[PATH_SIZE];
	bool there = fs_exists(c->host->root, file->path), ours = there && is_ours(c, file);

	name_torn(file->path, torn, sizeof(torn));
	if (remove_file(c, torn, err) < 0)
		return -1;
	if (saved && is_former(c, file->path, saved))
		return 0;
	if (there && !ours) {
		LOG(c->host->log, WARNING, "prebuilt.kept",
		    "/%s was replaced by someone else: theirs stays", file->path);
		return 0;
	}
	if (saved)
		return saved_put_back(c, saved, file->path, err);
	return ours ? remove_file(c, file->path, err) : 0;
}

/* Those that are not empty hold what is not ours. */
static void remove_dirs(const struct step_context *c, const json_t *dirs)
{
	for (size_t i = 0; i < json_array_size(dirs); i++)
		(void)unlinkat(c->host->root, json_string_value(json_array_get(dirs, i)),
			       AT_REMOVEDIR);
}

static int prebuilt_undo(const struct step_context *c, const struct step *s, const json_t *before,
			 struct error *err)
{
	const json_t *saved = json_object_get(before, "saved");
	AUTO_FREE struct pack *p = calloc(1, sizeof(*p));
	char dir[PATH_SIZE];

	(void)s;
	if (!p)
		return no_memory(err);
	if (load_manifest(c, json_text_at(before, "manifest", ""), p, err) < 0)
		return -1;
	for (unsigned i = 0; i < p->nfiles; i++)
		if (take_back(c, &p->files[i], json_string_value(json_array_get(saved, i)), err) <
		    0)
			return -1;
	remove_dirs(c, json_object_get(before, "dirs"));
	/* The kernel itself may be gone since. */
	(void)TEXT_FORMAT(dir, "lib/modules/%s", p->target.release);
	return fs_exists(c->host->root, dir) ? depmod(c, p->target.release, err) : 0;
}

/* No check: what lies there now is looked at in prepare, which saves it. */
const struct step_ops step_prebuilt = {
	.prepare = prebuilt_prepare,
	.apply = prebuilt_apply,
	.confirm = prebuilt_confirm,
	.undo = prebuilt_undo,
	.percent = 10,
};
