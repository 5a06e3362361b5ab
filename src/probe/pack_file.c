/* probe/pack_file.c - reads and checks the file of a pack, by the manifest at its beginning. */
#include "probe/pack_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/minisig.h"
#include "base/tar.h"
#include "base/text.h"
#include "facts/trusted.h"

static int refuse(char *why, size_t why_size, const char *what)
{
	(void)text_copy(why, why_size, what);
	return -EINVAL;
}

static bool read_at(int fd, off_t at, void *ret, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = pread(fd, (char *)ret + have, size - have, at + (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

/* The head at *at, which then moves to its content. -ENODATA at the archive's end. */
static int head_at(int fd, off_t *at, struct tar_entry *ret)
{
	char block[TAR_BLOCK];
	int rc = read_at(fd, *at, block, sizeof block) ? tar_parse_head(block, ret) : -EINVAL;

	*at += rc == 0 ? TAR_BLOCK : 0;
	return rc;
}

static void skip(off_t *at, uint64_t size)
{
	*at += (off_t)(size + tar_padding(size));
}

/* The text of the manifest; *at is then behind it. */
static int manifest_text(int fd, off_t *at, struct buf *ret)
{
	struct tar_entry entry;
	int rc = -EINVAL;

	if (head_at(fd, at, &entry) < 0 || !text_eq(entry.path, PACK_MANIFEST) ||
	    entry.size > PACK_MANIFEST_BYTES_MAX)
		return -EINVAL;
	rc = buf_add_zeros(ret, entry.size);
	if (rc == 0 && !read_at(fd, *at, ret->data, entry.size))
		rc = -EINVAL;
	skip(at, entry.size);
	return rc;
}

int pack_file_read(int fd, struct pack *ret, char *why, size_t why_size)
{
	AUTO_BUF struct buf text = { .max = PACK_MANIFEST_BYTES_MAX };
	AUTO_JSON json_t *j = NULL;
	char reason[160] = "";
	off_t at = 0;

	if (manifest_text(fd, &at, &text) < 0)
		return refuse(why, why_size, "it is no pack: it does not begin with a manifest");
	j = json_parse(buf_text(&text), text.len, reason, sizeof reason);
	if (j != NULL && pack_from_json(j, ret, reason, sizeof reason) == 0)
		return 0;
	(void)text_format(why, why_size, "its manifest cannot be used: %s", reason);
	return -EINVAL;
}

/* Signatures. */

static int judge_signature(int fd, const struct minisig *sig, const struct trusted_keys *keys)
{
	int rc = -ENOKEY;

	for (size_t i = 0; i < keys->count && rc == -ENOKEY; i++)
		rc = minisig_verify_fd(sig, &keys->keys[i], fd);
	return rc;
}

static void say_signature(int rc, const struct minisig *sig, size_t count, char *why, size_t size)
{
	char id[MINISIG_ID_TEXT];

	minisig_id_text(sig->id, id);
	if (rc == -ENOKEY)
		(void)text_format(why, size,
				  "it is signed with key %s, which is not among the %zu trusted "
				  "here",
				  id, count);
	else if (rc == -ENOTSUP)
		(void)text_copy(why, size,
				"its signature is of the old kind: sign it again with "
				"`minisign -S -H`");
	else
		(void)text_format(why, size, "it is not what was signed with key %s", id);
}

int pack_file_verify(int fd, const struct buf *signature, const struct trusted_keys *keys,
		     char *why, size_t why_size)
{
	const char *reason = "";
	struct minisig sig;
	int rc;

	if (signature->len == 0)
		return refuse(why, why_size, "it is not signed");
	if (minisig_parse(buf_text(signature), signature->len, &sig, &reason) < 0) {
		(void)text_format(why, why_size, "its signature is none of minisign: %s", reason);
		return -EINVAL;
	}
	rc = judge_signature(fd, &sig, keys);
	if (rc == 0)
		return 0;
	say_signature(rc, &sig, keys->count, why, why_size);
	return -EINVAL;
}

/* Modules. */

/* Behind the manifest and every module there is the end of the archive, and nothing else. */
static bool ends_at(int fd, off_t at)
{
	struct tar_entry entry;

	return head_at(fd, &at, &entry) == -ENODATA;
}

static bool is_next(int fd, off_t *at, const struct pack_file *file)
{
	struct tar_entry entry;

	return head_at(fd, at, &entry) == 0 && text_eq(entry.path, file->path) &&
	       entry.size == file->size;
}

int pack_file_walk(int fd, const struct pack *p, int (*take)(void *ctx, unsigned at, int fd),
		   void *ctx, char *why, size_t why_size)
{
	AUTO_BUF struct buf text = { .max = PACK_MANIFEST_BYTES_MAX };
	off_t at = 0;
	int rc = 0;

	if (manifest_text(fd, &at, &text) < 0)
		return refuse(why, why_size, "it does not begin with a manifest");
	for (unsigned i = 0; i < p->nfiles && rc == 0; i++) {
		const struct pack_file *file = &p->files[i];

		if (!is_next(fd, &at, file)) {
			(void)text_format(why, why_size, "%s is not where its manifest says",
					  file->path);
			return -EINVAL;
		}
		if (lseek(fd, at, SEEK_SET) < 0)
			return refuse(why, why_size, "it cannot be read at will");
		rc = take(ctx, i, fd);
		skip(&at, file->size);
	}
	if (rc == 0 && !ends_at(fd, at))
		return refuse(why, why_size, "it holds more than its manifest says");
	return rc;
}

struct checking {
	const struct pack *pack;
	char *why;
	size_t why_size;
};

static int check_one(void *ctx, unsigned at, int fd)
{
	const struct checking *c = ctx;
	const struct pack_file *file = &c->pack->files[at];
	char digest[DIGEST_TEXT_SIZE] = "";

	if (digest_copy(fd, file->size, -1, digest) == 0 && text_eq(digest, file->sha256))
		return 0;
	(void)text_format(c->why, c->why_size, "%s has not the digest that the manifest gives",
			  file->path);
	return -EINVAL;
}

int pack_file_check(int fd, const struct pack *p, char *why, size_t why_size)
{
	struct checking c = { p, why, why_size };

	return pack_file_walk(fd, p, check_one, &c, why, why_size);
}
