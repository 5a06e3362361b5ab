/* act/bundle/pack_index_make.c - the list of the packs of a directory, and its signature. */
#include "act/bundle/pack_index_make.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/minisig.h"
#include "base/text.h"
#include "facts/pack_index.h"
#include "probe/pack_file.h"

#define SIGNATURE PACK_INDEX ".minisig"

enum { MODE = 0644 };

struct listing {
	int dir;
	struct pack *pack;        /* the one that is looked at */
	struct pack_index *index; /* what is found */
};

static void take(struct listing *l, const char *name, int64_t size, const char *sha256)
{
	struct pack_entry *e = &l->index->packs[l->index->npacks++];

	*e = (struct pack_entry) { .size = (uint64_t)size,
				   .driver = l->pack->driver,
				   .target = l->pack->target,
				   .modules_signed = pack_modules_signed(l->pack),
				   .nmodules = l->pack->nfiles,
				   .bytes = pack_bytes(l->pack) };
	(void)TEXT_COPY(e->file, name);
	(void)TEXT_COPY(e->version, l->pack->version);
	(void)TEXT_COPY(e->sha256, sha256);
}

static int look_at(void *ctx, const char *name)
{
	struct listing *l = ctx;
	AUTO_FD int fd = -1;
	char sha256[DIGEST_TEXT_SIZE], why[200];
	struct stat st;

	if (!pack_is_name(name) || strlen(name) >= sizeof l->index->packs[0].file)
		return 0;
	fd = openat(l->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    pack_file_read(fd, l->pack, why, sizeof why) < 0 || digest_of_fd(fd, sha256) < 0)
		return 0;
	if (l->index->npacks == PACK_INDEX_MAX)
		return -E2BIG;
	take(l, name, st.st_size, sha256);
	return 0;
}

/* What a reader finds in between has no good signature, and nobody uses it. */
static int write_both(int dir, const struct buf *text, const struct minisig_secret *key)
{
	AUTO_BUF struct buf signature = { .max = MINISIG_BYTES_MAX };
	AUTO_FD int fd = -1;
	int rc = fs_replace(dir, PACK_INDEX, buf_text(text), text->len, MODE);

	if (rc < 0)
		return rc;
	if (key == NULL)
		return unlinkat(dir, SIGNATURE, 0) < 0 && errno != ENOENT ? -errno : 0;
	fd = openat(dir, PACK_INDEX, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : minisig_sign_fd(key, fd, "file:" PACK_INDEX "\thashed", &signature);
	return rc < 0 ? rc : fs_replace(dir, SIGNATURE, signature.data, signature.len, MODE);
}

static int make(const char *path, const struct minisig_secret *key, unsigned *ret_count)
{
	AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE struct pack *pack = calloc(1, sizeof *pack);
	AUTO_FREE struct pack_index *index = calloc(1, sizeof *index);
	AUTO_BUF struct buf text = { .max = PACK_INDEX_BYTES_MAX };
	AUTO_JSON json_t *j = NULL;
	struct listing l = { dir, pack, index };
	int rc = dir < 0 ? -errno : 0;

	if (rc == 0 && (pack == NULL || index == NULL))
		rc = -ENOMEM;
	if (rc == 0)
		rc = fs_list(dir, ".", look_at, &l);
	if (rc < 0)
		return rc;
	j = pack_index_to_json(index);
	rc = j == NULL ? -ENOMEM : json_write(j, true, &text);
	if (rc == 0)
		rc = buf_add_text(&text, "\n");
	if (rc == 0)
		rc = write_both(dir, &text, key);
	if (rc == 0)
		*ret_count = index->npacks;
	return rc;
}

int pack_index_make(const char *dir, const struct minisig_secret *key, unsigned *ret_count,
		    struct error *err)
{
	int rc = make(dir, key, ret_count);

	if (rc == 0)
		return 0;
	return error_set(err, fault_of_write(rc, FAULT_WRITE_FAILED), -rc,
			 "%s/" PACK_INDEX " cannot be written: %s", dir, strerror(-rc));
}
