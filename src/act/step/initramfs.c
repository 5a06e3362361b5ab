/* Keeps each initramfs that holds modules of the driver, and makes it anew.
 *
 * Two steps of one kind. The first stands before all else, since packages renew an initramfs of
 * themselves: it keeps what there is, and its undo, the last of all, puts that back, or makes it
 * anew where others have renewed it since. */
#include "act/step/step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "act/boot/initramfs.h"
#include "act/boot/kernels.h"
#include "act/saved.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/module.h"

#define FRESH_END ".ib-vmext-new"

enum { MAKE_S = 1800, NOTE_SIZE = 320, ITEM_DOES = 0, ITEM_PROGRAM, ITEM_MODULES };

static bool keeps(const struct step *s)
{
	return text_eq(s->items[ITEM_DOES], "keep");
}

static bool holds_driver(const struct step_context *c, const struct step *s, const char *release)
{
	AUTO_RUN struct run_result list = { 0 };
	char in[160];

	if (!initramfs_list(c->host, release, &list))
		return false;
	for (unsigned i = ITEM_MODULES; i < s->nitems; i++)
		if (next_boot_in_initramfs(buf_text(&list.out), release, s->items[i], in,
					   sizeof(in)))
			return true;
	return false;
}

/* While one is made anew, the former still stands beside it. */
static int judge_room(const struct step_context *c, const char *path, const struct stat *st,
		      struct error *err)
{
	AUTO_FD int fd = openat(c->host->root, path, O_RDONLY | O_CLOEXEC);
	struct statvfs fs;
	unsigned long long room, need = (unsigned long long)st->st_size * 5 / 4;

	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		return 0;
	room = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (room >= need)
		return 0;
	return error_set(err, FAULT_DISK_FULL, 0,
			 "/%s has to be made anew, for which %llu MiB have to be free beside it: "
			 "there are %llu MiB",
			 path, need >> 20, room >> 20);
}

/* Where the digest of the one that this run has made is noted, below the state directory: who finds
 * another one knows that it was renewed since. */
static void made_note(const struct step_context *c, const char *path, char ret[static NOTE_SIZE])
{
	(void)text_format(ret, NOTE_SIZE, "saved/%s/made/%s", c->run, strrchr(path, '/') + 1);
}

static int digest_at(int dir, const char *path, char ret[static DIGEST_TEXT_SIZE])
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : digest_of_fd(fd, ret);
}

static int keep_one(const struct step_context *c, const struct step *s, const char *release,
		    json_t *kept, struct error *err)
{
	char path[200], saved[320], made[NOTE_SIZE];
	struct stat st;

	if (!initramfs_find(c->host, release, path, sizeof(path)) || !holds_driver(c, s, release) ||
	    fstatat(c->host->root, path, &st, 0) < 0)
		return 0;
	TEXT_FORMAT(saved, "saved/%s/%s/%s", c->run, s->id, strrchr(path, '/') + 1);
	if (judge_room(c, path, &st, err) < 0 || saved_keep(c, path, saved, err) < 0)
		return -1;
	made_note(c, path, made);
	return json_array_append_new(
		       kept, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "kernel", release,
				       "path", path, "saved", saved, "made", made, "inode",
				       (json_int_t)st.st_ino, "bytes", (json_int_t)st.st_size,
				       "changed", (json_int_t)st.st_mtim.tv_sec)) < 0
		       ? error_set(err, FAULT_INTERNAL, 0, "no memory for a list of files")
		       : 0;
}

static int renew_one(const struct step_context *c, const struct step *s, const char *release,
		     json_t *renewed, struct error *err)
{
	if (holds_driver(c, s, release) && json_array_append_new(renewed, json_string(release)) < 0)
		return error_set(err, FAULT_INTERNAL, 0, "no memory for a list of kernels");
	return 0;
}

static int initramfs_prepare(const struct step_context *c, const struct step *s, json_t **ret,
			     struct error *err)
{
	AUTO_JSON json_t *list = json_array();
	struct kernels k;

	if (kernels_find(c->host, &k, err) < 0)
		return -1;
	for (unsigned i = 0; i < k.n; i++)
		if ((keeps(s) ? keep_one : renew_one)(c, s, k.releases[i], list, err) < 0)
			return -1;
	*ret = json_pack("{s:O}", keeps(s) ? "kept" : "renewed", list);
	return *ret ? 0 : error_set(err, FAULT_INTERNAL, 0, "no memory for a list of files");
}

/* dracut writes over what is there, and a power cut in that would leave nothing that boots: it gets
 * another name, which takes the place of the former image when it is on the disk. */
static int run_dracut(const struct step_context *c, const char *path, const char *release,
		      const char *doing, struct error *err)
{
	char fresh[240];
	const char *const argv[] = { "dracut", "--force", fresh, release, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = MAKE_S };
	AUTO_FD int fd = -1;
	int rc = 0;

	TEXT_FORMAT(fresh, "/%s" FRESH_END, path);
	if (run_or_fail(c->host, &spec, FAULT_INITRAMFS_FAILED, doing, err) < 0) {
		(void)unlinkat(c->host->root, fresh + 1, 0);
		return -1;
	}
	fd = openat(c->host->root, fresh + 1, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fsync(fd) < 0 || renameat(c->host->root, fresh + 1, c->host->root, path) < 0)
		rc = -errno;
	if (rc == 0)
		rc = fs_sync_parent(c->host->root, path);
	return rc < 0 ? file_failed("made anew", path, rc, err) : 0;
}

/* update-initramfs puts it in place by itself. */
static int make_one(const struct step_context *c, const struct step *s, const char *release,
		    const char *path, struct error *err)
{
	const char *const debian[] = { "update-initramfs", "-u", "-k", release, NULL };
	struct run_spec spec = { .argv = debian, .deadline_s = MAKE_S };
	char doing[240];

	TEXT_FORMAT(doing, "making /%s anew with %s", path, s->items[ITEM_PROGRAM]);
	LOG(c->host->log, INFO, "initramfs.make", "%s", doing);
	return text_eq(s->items[ITEM_PROGRAM], "dracut")
		       ? run_dracut(c, path, release, doing, err)
		       : run_or_fail(c->host, &spec, FAULT_INITRAMFS_FAILED, doing, err);
}

static int note_made(const struct step_context *c, const char *path, struct error *err)
{
	char digest[DIGEST_TEXT_SIZE], dir[200], note[NOTE_SIZE];
	int rc = digest_at(c->host->root, path, digest);

	TEXT_FORMAT(dir, "saved/%s/made", c->run);
	made_note(c, path, note);
	if (rc == 0)
		rc = fs_make_dirs(c->state_dir, dir, 0700);
	if (rc == 0)
		rc = fs_replace(c->state_dir, note, digest, strlen(digest), 0600);
	return rc < 0 ? file_failed("noted", path, rc, err) : 0;
}

static int initramfs_apply(const struct step_context *c, const struct step *s, const json_t *before,
			   struct error *err)
{
	const json_t *list = json_object_get(before, "renewed");
	char path[200];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *release = json_string_value(json_array_get(list, i));

		if (release && initramfs_find(c->host, release, path, sizeof(path)) &&
		    (make_one(c, s, release, path, err) < 0 || note_made(c, path, err) < 0))
			return -1;
	}
	return 0;
}

/* Has it what is installed now, if it has the driver at all? */
static bool is_fresh(const struct step_context *c, const struct step *s, const char *release,
		     const char *path)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return false;
	TEXT_COPY(f->kernel.release, release);
	module_read(c->host, f);
	return !initramfs_is_older(c->host, f, path, s->items + ITEM_MODULES,
				   s->nitems - ITEM_MODULES) ||
	       !holds_driver(c, s, release);
}

static int initramfs_confirm(const struct step_context *c, const struct step *s, struct error *err)
{
	struct kernels k;
	char path[200];

	if (keeps(s))
		return 0;
	if (kernels_find(c->host, &k, err) < 0)
		return -1;
	for (unsigned i = 0; i < k.n; i++)
		if (initramfs_find(c->host, k.releases[i], path, sizeof(path)) &&
		    !is_fresh(c, s, k.releases[i], path))
			return error_set(err, FAULT_INITRAMFS_FAILED, 0,
					 "/%s is older than the modules of the driver", path);
	return 0;
}

/* Is it the very file that was kept? */
static bool is_untouched(const struct step_context *c, const json_t *one, const char *path)
{
	struct stat st;

	return fstatat(c->host->root, path, &st, 0) == 0 &&
	       (json_int_t)st.st_ino == json_int_at(one, "inode", -1) &&
	       (json_int_t)st.st_size == json_int_at(one, "bytes", -1) &&
	       (json_int_t)st.st_mtim.tv_sec == json_int_at(one, "changed", -1);
}

/* Is it neither the one that the run has made nor the one that was kept? */
static bool is_of_others(const struct step_context *c, const json_t *one, const char *path)
{
	char now[DIGEST_TEXT_SIZE], kept[DIGEST_TEXT_SIZE];
	AUTO_BUF struct buf made = { 0 };

	return fs_read(c->state_dir, json_text_at(one, "made", "."), DIGEST_TEXT_SIZE, &made) ==
		       0 &&
	       digest_at(c->host->root, path, now) == 0 && !text_eq(now, buf_text(&made)) &&
	       digest_at(c->state_dir, json_text_at(one, "saved", "."), kept) == 0 &&
	       !text_eq(now, kept);
}

/* With the one that was kept, what others put into it since would be lost; the modules of before
 * are back already. */
static int put_back_one(const struct step_context *c, const struct step *s, const json_t *one,
			const char *path, struct error *err)
{
	struct error why = { 0 };

	if (is_untouched(c, one, path))
		return 0;
	if (!is_of_others(c, one, path))
		return saved_put_back(c, json_text_at(one, "saved", ""), path, err);
	if (make_one(c, s, json_text_at(one, "kernel", ""), path, &why) == 0)
		return 0;
	return error_set(err, FAULT_KEPT_BACK, 0,
			 "/%s was renewed by others after the run and may still hold the driver "
			 "that is taken back: %s",
			 path, why.what);
}

/* Of a kernel that is gone meanwhile nothing is put back. */
static int initramfs_undo(const struct step_context *c, const struct step *s, const json_t *before,
			  struct error *err)
{
	const json_t *list = json_object_get(before, "kept"), *one;
	struct error why = { 0 };
	struct kernels k;
	size_t i;

	if (kernels_find(c->host, &k, err) < 0)
		return -1;
	json_array_foreach(list, i, one)
	{
		const char *path = json_text_at(one, "path", "boot/nothing");
		bool there = false;
		char fresh[240];

		/* Of a dracut that was killed. */
		TEXT_FORMAT(fresh, "%s" FRESH_END, path);
		(void)unlinkat(c->host->root, fresh, 0);

		for (unsigned n = 0; n < k.n; n++)
			there |= text_eq(k.releases[n], json_text_at(one, "kernel", ""));
		if (there && put_back_one(c, s, one, path, &why) < 0 &&
		    why.fault != FAULT_KEPT_BACK)
			break;
	}
	if (why.fault == FAULT_NONE)
		return 0;
	*err = why;
	return -1;
}

const struct step_ops step_initramfs = {
	.prepare = initramfs_prepare,
	.apply = initramfs_apply,
	.confirm = initramfs_confirm,
	.undo = initramfs_undo,
	.percent = 5,
};
