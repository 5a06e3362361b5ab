/* act/catalogue/signed.c - verifies a catalogue's signature, and installs file, signature and key
 * as one. */
#include "act/catalogue/signed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "act/catalogue/file.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "facts/settings.h"
#include "facts/trusted.h"
#include "host/host.h"

#define KEY_COMMENT "untrusted comment: minisign public key "
#define DIR_PREFIX  "catalogue-"

enum { KEY_FILE_MAX = 4096 };

void signed_free(struct signed_catalogue *s)
{
	buf_free(&s->file);
	buf_free(&s->signature);
	catalogue_owned_free(&s->catalogue);
}

/* Which keys are trusted. */

/* The second line of a minisign.pub. */
static void add_file(struct trusted_keys *keys, const struct host *h, const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	struct minisig_key key;
	char *line;

	if (host_read(h, path, KEY_FILE_MAX, &text) < 0)
		return;
	line = strchr(text.data, '\n');
	if (line != NULL && minisig_key_parse(text_trim(line), &key) == 0)
		trusted_add(keys, &key);
}

/* Reading and verifying. */

static int read_one(const struct host *h, const char *path, size_t max, struct buf *ret)
{
	return h != NULL ? host_read(h, path + 1, max, ret) : fs_read(AT_FDCWD, path, max, ret);
}

static int read_file(const struct host *h, const char *path, struct buf *ret, struct error *err)
{
	int rc = read_one(h, path, CATALOGUE_BYTES_MAX, ret);

	if (rc == -EFBIG)
		return error_set(err, FAULT_CATALOGUE_MALFORMED, EFBIG,
				 "%s is larger than a catalogue may be, %d bytes", path,
				 CATALOGUE_BYTES_MAX);
	if (rc < 0)
		return error_set(err, FAULT_CATALOGUE_UNREADABLE, -rc,
				 "the catalogue %s cannot be read: %s", path, strerror(-rc));
	return 0;
}

static int read_signature(const struct host *h, const char *path, struct signed_catalogue *s,
			  struct minisig *ret, struct error *err)
{
	const char *why = "";
	char name[PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(name, "%s.minisig", path);
	rc = read_one(h, name, MINISIG_BYTES_MAX, &s->signature);
	if (rc == -ENOENT)
		return error_set(err, FAULT_CATALOGUE_SIGNATURE, ENOENT,
				 "the catalogue %s is not signed: %s is not there", path, name);
	if (rc < 0 && rc != -EFBIG)
		return error_set(err, FAULT_CATALOGUE_UNREADABLE, -rc,
				 "the signature %s cannot be read: %s", name, strerror(-rc));
	if (rc == -EFBIG)
		why = "it is too long for a signature";
	if (rc == -EFBIG || minisig_parse(buf_text(&s->signature), s->signature.len, ret, &why) < 0)
		return error_set(err, FAULT_CATALOGUE_SIGNATURE, EINVAL,
				 "%s is not a signature of minisign: %s", name, why);
	return 0;
}

static int verify(const char *path, const struct trusted_keys *keys, const struct minisig *sig,
		  struct signed_catalogue *s, struct error *err)
{
	char id[MINISIG_ID_TEXT];
	int rc = -ENOKEY;

	minisig_id_text(sig->id, id);
	for (size_t i = 0; i < keys->count && rc == -ENOKEY; i++) {
		rc = minisig_verify(sig, &keys->keys[i], s->file.data, s->file.len);
		s->key = keys->keys[i];
	}
	if (rc == 0)
		return 0;
	if (rc == -ENOKEY)
		return error_set(err, FAULT_CATALOGUE_SIGNATURE, ENOKEY,
				 "the catalogue %s is signed with key %s, which is not among the "
				 "%zu trusted here",
				 path, id, keys->count);
	return error_set(err, FAULT_CATALOGUE_SIGNATURE, -rc,
			 "the %s is not what was signed with key %s: %s",
			 rc == -EPROTO ? "trusted comment of the signature" : "catalogue", id,
			 path);
}

static int parse(const char *path, struct signed_catalogue *s, struct error *err)
{
	char why[320];
	AUTO_JSON json_t *j = json_parse(buf_text(&s->file), s->file.len, why, sizeof why);

	if (j == NULL || catalogue_parse(j, &s->catalogue, why, sizeof why) < 0)
		return error_set(err, FAULT_CATALOGUE_MALFORMED, EINVAL, "%s: %s", path, why);
	return 0;
}

static int read_with(const struct host *h, const char *path, const struct trusted_keys *keys,
		     struct signed_catalogue *ret, struct error *err)
{
	struct minisig sig;

	if (read_file(h, path, &ret->file, err) < 0 ||
	    read_signature(h, path, ret, &sig, err) < 0 || verify(path, keys, &sig, ret, err) < 0)
		return -1;
	return parse(path, ret, err);
}

int signed_read(const struct host *h, const char *path, const struct settings *s,
		struct signed_catalogue *ret, struct error *err)
{
	struct trusted_keys keys;

	if (trusted_read(s, &keys, err) < 0)
		return -1;
	return read_with(h, path, &keys, ret, err);
}

int signed_read_installed(const struct host *h, const struct settings *s,
			  struct signed_catalogue *ret, struct error *err)
{
	struct trusted_keys keys;

	(void)trusted_read(s, &keys, NULL);
	/* Root has trusted it: who may sign the next one does not matter to it. */
	add_file(&keys, h, CATALOGUE_FILE ".pub");
	return read_with(h, "/" CATALOGUE_FILE, &keys, ret, err);
}

/* Installing. */

/* As minisign writes it, so that minisign can check what is installed. */
static int write_key(int dir, const struct minisig_key *key)
{
	AUTO_BUF struct buf text = { 0 };
	char id[MINISIG_ID_TEXT], base64[MINISIG_KEY_TEXT];
	int rc;

	minisig_id_text(key->id, id);
	minisig_key_text(key, base64);
	rc = buf_add_format(&text, KEY_COMMENT "%s\n%s\n", id, base64);
	return rc < 0 ? rc : fs_replace(dir, "catalogue.json.pub", text.data, text.len, 0600);
}

static int write_files(int dir, const struct signed_catalogue *s)
{
	int rc = fs_replace(dir, "catalogue.json", s->file.data, s->file.len, 0600);

	if (rc == 0)
		rc = fs_replace(dir, "catalogue.json.minisig", s->signature.data, s->signature.len,
				0600);
	return rc == 0 ? write_key(dir, &s->key) : rc;
}

/* The same file and signature have the same directory: then nothing that is in use is written. */
static void name_directory(const struct signed_catalogue *s, char *ret, size_t size)
{
	char file[DIGEST_TEXT_SIZE], signature[DIGEST_TEXT_SIZE];

	digest_of(s->file.data, s->file.len, file);
	digest_of(s->signature.data, s->signature.len, signature);
	(void)text_format(ret, size, DIR_PREFIX "%.16s-%.16s", file, signature);
}

static int make_directory(int state, const char *name, const struct signed_catalogue *s)
{
	AUTO_FD int dir = -1;
	int rc = fs_make_dirs(state, name, 0700);

	if (rc < 0)
		return rc;
	dir = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? -errno : write_files(dir, s);
}

/* The one act that counts: before it the former catalogue is the installed one, after it the new.
 */
static int turn_link(int state, const char *name)
{
	static const char fresh[] = ".catalogue.new";

	if (unlinkat(state, fresh, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(name, state, fresh) < 0 || renameat(state, fresh, state, "catalogue") < 0 ||
	    fsync(state) < 0)
		return -errno;
	return 0;
}

struct tidying {
	int state;
	const char *keep;
};

static int remove_former(void *ctx, const char *name)
{
	const struct tidying *t = ctx;

	if (text_starts(name, DIR_PREFIX) && !text_eq(name, t->keep))
		return fs_remove(t->state, name);
	return 0;
}

int signed_install(int state, const struct signed_catalogue *s, struct error *err)
{
	char name[64];
	struct tidying tidying = { state, name };
	int rc;

	name_directory(s, name, sizeof name);
	rc = make_directory(state, name, s);
	if (rc == 0)
		rc = turn_link(state, name);
	if (rc < 0)
		return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
				 "the catalogue cannot be installed in /" CATALOGUE_DIR ": %s",
				 strerror(-rc));
	rc = fs_list(state, ".", remove_former, &tidying);
	(void)rc; /* what is left harms nobody: nothing points to it */
	return 0;
}
