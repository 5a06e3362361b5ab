/* act/bundle/bundle.c - reads and writes offline bundles. */
#include "act/bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/minisig.h"
#include "base/tar.h"
#include "base/text.h"

static int bad(const char *name, const char *why, struct error *err)
{
	return error_set(err, FAULT_OFFLINE_BUNDLE, 0, "%s %s", name, why);
}

void bundle_close(struct bundle *b)
{
	cleanup_fd(&b->fd);
	json_decref(b->manifest);
	*b = (struct bundle) { .fd = -1 };
}

/* Reading. */

static int read_exactly(int fd, char *ret, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, ret, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		ret += n;
		len -= (size_t)n;
	}
	return 0;
}

static int skip(int fd, uint64_t bytes)
{
	return lseek(fd, (off_t)bytes, SEEK_CUR) < 0 ? -errno : 0;
}

static int next_head(int fd, struct tar_entry *ret)
{
	char block[TAR_BLOCK];
	int rc = read_exactly(fd, block, sizeof block);

	return rc < 0 ? rc : tar_parse_head(block, ret);
}

/* The file that has to come now, as text. */
static int read_text(int fd, const char *path, uint64_t most, struct buf *ret)
{
	struct tar_entry entry;
	int rc = next_head(fd, &entry);

	if (rc < 0)
		return rc;
	if (!text_eq(entry.path, path) || entry.size > most)
		return -EINVAL;
	rc = buf_add_zeros(ret, (size_t)entry.size);
	if (rc == 0)
		rc = read_exactly(fd, ret->data, ret->len);
	return rc < 0 ? rc : skip(fd, tar_padding(entry.size));
}

static int verify(struct bundle *b, const struct buf *text, const struct buf *signature,
		  const struct trusted_keys *keys, struct error *err)
{
	AUTO_FREE struct minisig *s = calloc(1, sizeof *s);
	int rc = -ENOKEY;

	if (s == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a signature");
	if (minisig_parse(buf_text(signature), signature->len, s, NULL) < 0)
		return bad(b->name, "has a signature that is none", err);
	minisig_id_text(s->id, b->signer);
	for (size_t i = 0; i < keys->count && rc == -ENOKEY; i++)
		rc = minisig_verify(s, &keys->keys[i], buf_text(text), text->len);
	if (rc == 0)
		return 0;
	if (rc != -ENOKEY)
		return bad(b->name, "is not what was signed", err);
	return error_set(err, FAULT_OFFLINE_BUNDLE, ENOKEY,
			 "%s is signed with key %s, which is not among the %zu trusted here",
			 b->name, b->signer, keys->count);
}

/* Nothing is written outside of the directory. */
static bool is_path(const char *path)
{
	return path[0] != '\0' && path[0] != '/' && strlen(path) <= TAR_PATH_MAX &&
	       strstr(path, "..") == NULL &&
	       (text_starts(path, "artefacts/") || text_starts(path, "packages/"));
}

static const char *find_fault(const json_t *manifest)
{
	const json_t *files = json_object_get(manifest, "files");

	if (!text_eq(json_text_at(manifest, "schema", ""), BUNDLE_SCHEMA))
		return "has a manifest of another schema than " BUNDLE_SCHEMA;
	if (!json_is_array(files))
		return "has a manifest without files";
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);

		if (!is_path(json_text_at(file, "path", "")) || json_int_at(file, "size", -1) < 0 ||
		    strlen(json_text_at(file, "sha256", "")) != DIGEST_TEXT_SIZE - 1)
			return "has a manifest with a file that cannot be one";
	}
	return NULL;
}

static int read_manifest(struct bundle *b, const struct trusted_keys *keys, struct error *err)
{
	AUTO_BUF struct buf text = { 0 }, signature = { 0 };
	const char *why;

	if (read_text(b->fd, BUNDLE_MANIFEST, BUNDLE_MANIFEST_BYTES_MAX, &text) < 0)
		return bad(b->name, "is no offline bundle", err);
	if (read_text(b->fd, BUNDLE_SIGNATURE, MINISIG_BYTES_MAX, &signature) < 0)
		return bad(b->name, "is not signed", err);
	if (verify(b, &text, &signature, keys, err) < 0)
		return -1;
	b->manifest = json_parse(buf_text(&text), text.len, NULL, 0);
	why = b->manifest != NULL ? find_fault(b->manifest) : "has a manifest that is no JSON";
	return why != NULL ? bad(b->name, why, err) : 0;
}

int bundle_open(int fd, const char *name, const struct trusted_keys *keys, struct bundle *ret,
		struct error *err)
{
	AUTO_BUNDLE struct bundle b = { .fd = fd };

	(void)TEXT_COPY(b.name, name);
	if (read_manifest(&b, keys, err) < 0)
		return -1;
	*ret = b;
	b = (struct bundle) { .fd = -1 };
	return 0;
}

/* A file that is written under its path, or nowhere. */
static int open_target(int to, const char *path)
{
	char parent[TAR_PATH_MAX + 1];
	const char *slash = strrchr(path, '/');
	int rc, fd;

	if (to < 0)
		return -1;
	(void)TEXT_FORMAT(parent, "%.*s", (int)(slash - path), path);
	rc = fs_make_dirs(to, parent, 0700);
	if (rc < 0)
		return rc;
	(void)unlinkat(to, path, 0);
	fd = openat(to, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int take_file(const struct bundle *b, const json_t *file, int to, struct error *err)
{
	const char *path = json_text_at(file, "path", "");
	struct tar_entry entry;
	char sha256[DIGEST_TEXT_SIZE] = "";
	AUTO_FD int fd = -1;
	int rc;

	if (next_head(b->fd, &entry) < 0 || !text_eq(entry.path, path) ||
	    entry.size != (uint64_t)json_int_at(file, "size", -1))
		return error_set(err, FAULT_OFFLINE_BUNDLE, 0,
				 "%s is damaged: %s is not where it should be", b->name, path);
	fd = open_target(to, path);
	rc = to >= 0 && fd < 0 ? fd : digest_copy(b->fd, entry.size, fd, sha256);
	if (rc == 0)
		rc = skip(b->fd, tar_padding(entry.size));
	if (rc < 0 && rc != -ENODATA)
		return error_set(err, fault_of_write(rc, FAULT_WRITE_FAILED), -rc,
				 "%s of %s cannot be unpacked: %s", path, b->name, strerror(-rc));
	if (rc == 0 && text_eq(sha256, json_text_at(file, "sha256", "")))
		return 0;
	return error_set(err, FAULT_OFFLINE_BUNDLE, 0, "%s is damaged: %s %s", b->name, path,
			 rc < 0 ? "is cut off" : "is not what was signed");
}

static int to_files(const struct bundle *b)
{
	AUTO_BUF struct buf text = { 0 };

	if (lseek(b->fd, 0, SEEK_SET) < 0)
		return -errno;
	if (read_text(b->fd, BUNDLE_MANIFEST, BUNDLE_MANIFEST_BYTES_MAX, &text) < 0)
		return -EINVAL;
	buf_clear(&text);
	return read_text(b->fd, BUNDLE_SIGNATURE, MINISIG_BYTES_MAX, &text);
}

int bundle_walk(const struct bundle *b, int to, struct error *err)
{
	const json_t *files = json_object_get(b->manifest, "files");
	struct tar_entry entry;

	if (to_files(b) < 0)
		return bad(b->name, "changed while it was read", err);
	for (size_t i = 0; i < json_array_size(files); i++)
		if (take_file(b, json_array_get(files, i), to, err) < 0)
			return -1;
	if (next_head(b->fd, &entry) != -ENODATA)
		return bad(b->name, "is damaged: there is more in it than was signed", err);
	return 0;
}

uint64_t bundle_bytes(const struct bundle *b)
{
	const json_t *files = json_object_get(b->manifest, "files");
	uint64_t bytes = 0;

	for (size_t i = 0; i < json_array_size(files); i++)
		bytes += (uint64_t)json_int_at(json_array_get(files, i), "size", 0);
	return bytes;
}

/* Writing. */

static int measure(int dir, json_t *file)
{
	AUTO_FD int fd = openat(dir, json_text_at(file, "path", ""),
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char sha256[DIGEST_TEXT_SIZE];
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	rc = digest_of_fd(fd, sha256);
	if (rc < 0)
		return rc;
	return json_object_set_new(file, "size", json_integer(st.st_size)) < 0 ||
			       json_object_set_new(file, "sha256", json_string(sha256)) < 0
		       ? -ENOMEM
		       : 0;
}

static int write_file(int to, const json_t *file, int dir)
{
	const char *path = json_text_at(file, "path", "");
	uint64_t size = (uint64_t)json_int_at(file, "size", 0);
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char sha256[DIGEST_TEXT_SIZE];
	int rc = fd < 0 ? -errno : tar_put_head(to, path, size);

	if (rc == 0)
		rc = digest_copy(fd, size, to, sha256);
	if (rc == 0 && !text_eq(sha256, json_text_at(file, "sha256", "")))
		rc = -ESTALE;
	return rc < 0 ? rc : tar_put_zeros(to, tar_padding(size));
}

/* minisign signs a file: for a moment this is the bundle, with the manifest alone. */
static int sign(int fd, const struct buf *text, const struct minisig_secret *key, struct buf *ret)
{
	int rc = fs_write_all(fd, text->data, text->len);

	if (rc == 0)
		rc = minisig_sign_fd(key, fd, "file:" BUNDLE_MANIFEST "\thashed", ret);
	if (rc == 0 && (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		rc = -errno;
	return rc;
}

int bundle_write(int fd, json_t *manifest, int dir, const struct minisig_secret *key)
{
	AUTO_BUF struct buf text = { .max = BUNDLE_MANIFEST_BYTES_MAX }, signature = { 0 };
	const json_t *files = json_object_get(manifest, "files");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < json_array_size(files); i++)
		rc = measure(dir, json_array_get(files, i));
	if (rc == 0)
		rc = json_write(manifest, true, &text);
	if (rc == 0)
		rc = sign(fd, &text, key, &signature);
	if (rc == 0)
		rc = tar_put_text(fd, BUNDLE_MANIFEST, text.data, text.len);
	if (rc == 0)
		rc = tar_put_text(fd, BUNDLE_SIGNATURE, signature.data, signature.len);
	for (size_t i = 0; rc == 0 && i < json_array_size(files); i++)
		rc = write_file(fd, json_array_get(files, i), dir);
	if (rc == 0)
		rc = tar_put_end(fd);
	return rc == 0 && fsync(fd) < 0 ? -errno : rc;
}
