/* base/minisig.c - reads, checks and makes signatures in minisign's format. */
#include "base/minisig.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED   "trusted comment: "

enum { ALGORITHM_BYTES = 2 };

struct line {
	const char *text;
	size_t len;
};

/* libsodium takes some bytes above ASCII for digits; the last one here is for padding. */
static bool is_base64(const char *text, size_t len)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

	for (size_t i = 0; i < len; i++)
		if (memchr(letters, text[i], sizeof letters - 1) == NULL)
			return false;
	return true;
}

/* Exactly `size` bytes of base64, and nothing else. */
static bool decode(const char *text, size_t len, unsigned char *ret, size_t size)
{
	size_t got = 0;

	return is_base64(text, len) &&
	       sodium_base642bin(ret, size, text, len, NULL, &got, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       got == size;
}

int minisig_key_parse(const char *text, struct minisig_key *ret)
{
	unsigned char raw[ALGORITHM_BYTES + sizeof ret->id + sizeof ret->key];

	if (!decode(text, strlen(text), raw, sizeof raw) || memcmp(raw, "Ed", ALGORITHM_BYTES) != 0)
		return -EINVAL;
	memcpy(ret->id, raw + ALGORITHM_BYTES, sizeof ret->id);
	memcpy(ret->key, raw + ALGORITHM_BYTES + sizeof ret->id, sizeof ret->key);
	return 0;
}

void minisig_key_text(const struct minisig_key *key, char ret[static MINISIG_KEY_TEXT])
{
	unsigned char raw[ALGORITHM_BYTES + sizeof key->id + sizeof key->key] = { 'E', 'd' };

	memcpy(raw + ALGORITHM_BYTES, key->id, sizeof key->id);
	memcpy(raw + ALGORITHM_BYTES + sizeof key->id, key->key, sizeof key->key);
	(void)sodium_bin2base64(ret, MINISIG_KEY_TEXT, raw, sizeof raw,
				sodium_base64_VARIANT_ORIGINAL);
}

/* The next line, without its end; false if there is none, or if it holds what no line of text
 * holds: the trusted comment is shown to people. */
static bool next_line(const char **rest, const char *end, struct line *ret)
{
	const char *newline;

	if (*rest == end)
		return false;
	newline = memchr(*rest, '\n', (size_t)(end - *rest));
	ret->text = *rest;
	ret->len = (size_t)((newline != NULL ? newline : end) - *rest);
	*rest = newline != NULL ? newline + 1 : end;
	if (ret->len > 0 && ret->text[ret->len - 1] == '\r')
		ret->len--;
	for (size_t i = 0; i < ret->len; i++)
		if ((unsigned char)ret->text[i] < 0x20 && ret->text[i] != '\t')
			return false;
	return true;
}

static bool starts(const struct line *line, const char *prefix)
{
	return line->len >= strlen(prefix) && memcmp(line->text, prefix, strlen(prefix)) == 0;
}

static bool take_signature(const struct line *line, struct minisig *ret)
{
	unsigned char raw[ALGORITHM_BYTES + sizeof ret->id + sizeof ret->signature];

	if (!decode(line->text, line->len, raw, sizeof raw))
		return false;
	ret->prehashed = raw[1] == 'D';
	memcpy(ret->id, raw + ALGORITHM_BYTES, sizeof ret->id);
	memcpy(ret->signature, raw + ALGORITHM_BYTES + sizeof ret->id, sizeof ret->signature);
	return raw[0] == 'E' && (raw[1] == 'D' || raw[1] == 'd');
}

static bool take_comment(const struct line *line, struct minisig *ret)
{
	size_t len = line->len - strlen(TRUSTED);

	if (len >= sizeof ret->comment)
		return false;
	memcpy(ret->comment, line->text + strlen(TRUSTED), len);
	ret->comment[len] = '\0';
	return true;
}

static int refuse(const char **why, const char *what)
{
	if (why != NULL)
		*why = what;
	return -EINVAL;
}

int minisig_parse(const char *text, size_t len, struct minisig *ret, const char **why)
{
	const char *end = text + len;
	struct minisig s = { 0 };
	struct line line;

	if (len > MINISIG_BYTES_MAX)
		return refuse(why, "it is too long for a signature");
	if (!next_line(&text, end, &line) || !starts(&line, UNTRUSTED))
		return refuse(why, "line 1 does not begin with \"" UNTRUSTED "\"");
	if (!next_line(&text, end, &line) || !take_signature(&line, &s))
		return refuse(why, "line 2 is not the base64 of a signature");
	if (!next_line(&text, end, &line) || !starts(&line, TRUSTED) || !take_comment(&line, &s))
		return refuse(why, "line 3 is not a \"" TRUSTED "\" of at most 8191 bytes");
	if (!next_line(&text, end, &line) ||
	    !decode(line.text, line.len, s.global, sizeof s.global))
		return refuse(why, "line 4 is not the base64 of a signature");
	if (text != end)
		return refuse(why, "there is more after line 4");
	*ret = s;
	return 0;
}

enum { HASH_BYTES = crypto_generichash_BYTES_MAX };

/* BLAKE2b-512 of an open file, from its beginning. */
static int hash_fd(int fd, unsigned char ret[static HASH_BYTES])
{
	crypto_generichash_state state;
	unsigned char piece[32768];
	off_t at = 0;
	ssize_t got;

	(void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	while ((got = pread(fd, piece, sizeof piece, at)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		(void)crypto_generichash_update(&state, piece, (unsigned long long)got);
		at += got;
	}
	(void)crypto_generichash_final(&state, ret, HASH_BYTES);
	return 0;
}

static bool comment_holds(const struct minisig *s, const struct minisig_key *key)
{
	unsigned char signed_part[sizeof s->signature + sizeof s->comment];
	size_t len = strlen(s->comment);

	memcpy(signed_part, s->signature, sizeof s->signature);
	memcpy(signed_part + sizeof s->signature, s->comment, len);
	return crypto_sign_verify_detached(s->global, signed_part, sizeof s->signature + len,
					   key->key) == 0;
}

static int judge(const struct minisig *s, const struct minisig_key *key, const void *data,
		 size_t len)
{
	if (crypto_sign_verify_detached(s->signature, data, len, key->key) != 0)
		return -EBADMSG;
	return comment_holds(s, key) ? 0 : -EPROTO;
}

int minisig_verify(const struct minisig *s, const struct minisig_key *key, const void *data,
		   size_t len)
{
	unsigned char digest[crypto_generichash_BYTES_MAX];

	if (memcmp(s->id, key->id, sizeof s->id) != 0)
		return -ENOKEY;
	if (!s->prehashed)
		return judge(s, key, data, len);
	(void)crypto_generichash(digest, sizeof digest, data, len, NULL, 0);
	return judge(s, key, digest, sizeof digest);
}

int minisig_verify_fd(const struct minisig *s, const struct minisig_key *key, int fd)
{
	unsigned char digest[HASH_BYTES];
	int rc;

	if (memcmp(s->id, key->id, sizeof s->id) != 0)
		return -ENOKEY;
	if (!s->prehashed)
		return -ENOTSUP;
	rc = hash_fd(fd, digest);
	return rc < 0 ? rc : judge(s, key, digest, sizeof digest);
}

void minisig_id_text(const unsigned char id[static MINISIG_ID_BYTES],
		     char ret[static MINISIG_ID_TEXT])
{
	/* The file has the number's lowest byte first. */
	for (size_t i = 0; i < MINISIG_ID_BYTES; i++)
		(void)text_format(ret + 2 * i, 3, "%02X", id[MINISIG_ID_BYTES - 1 - i]);
}

/* Secret keys: "Ed", how the password is stretched (none: two zeros), "B2", salt and limits of
 * that, then id and key, and a BLAKE2b-256 of "Ed", id and key. */
struct secret_file {
	unsigned char algorithm[2], stretched[2], checksum[2];
	unsigned char salt_and_limits[48];
	unsigned char id[MINISIG_ID_BYTES], key[64];
	unsigned char check[32];
};

static bool secret_holds(const struct secret_file *f)
{
	unsigned char check[sizeof f->check];
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, sizeof check);
	(void)crypto_generichash_update(&state, f->algorithm, sizeof f->algorithm);
	(void)crypto_generichash_update(&state, f->id, sizeof f->id);
	(void)crypto_generichash_update(&state, f->key, sizeof f->key);
	(void)crypto_generichash_final(&state, check, sizeof check);
	return sodium_memcmp(check, f->check, sizeof check) == 0;
}

static int secret_take(const struct secret_file *f, struct minisig_secret *ret, const char **why)
{
	static const unsigned char open[2] = { 0, 0 };

	if (memcmp(f->algorithm, "Ed", 2) != 0 || memcmp(f->checksum, "B2", 2) != 0)
		return refuse(why, "line 2 is not a secret key of minisign");
	if (memcmp(f->stretched, open, sizeof open) != 0) {
		(void)refuse(why, "it is locked by a password: a key without one is made by "
				  "`minisign -G -W`");
		return -EACCES;
	}
	if (!secret_holds(f))
		return refuse(why, "the key in line 2 is damaged");
	memcpy(ret->public.id, f->id, sizeof f->id);
	memcpy(ret->public.key, f->key + 32, sizeof ret->public.key);
	memcpy(ret->key, f->key, sizeof f->key);
	return 0;
}

int minisig_secret_parse(const char *text, size_t len, struct minisig_secret *ret, const char **why)
{
	const char *end = text + len;
	struct secret_file file;
	struct line line;
	int rc;

	_Static_assert(sizeof file == 158, "the file has no gaps");
	if (len > MINISIG_SECRET_BYTES_MAX)
		return refuse(why, "it is too long for a key");
	if (!next_line(&text, end, &line) || !starts(&line, UNTRUSTED))
		return refuse(why, "line 1 does not begin with \"" UNTRUSTED "\"");
	if (!next_line(&text, end, &line) ||
	    !decode(line.text, line.len, (unsigned char *)&file, sizeof file))
		return refuse(why, "line 2 is not the base64 of a secret key");
	rc = secret_take(&file, ret, why);
	sodium_memzero(&file, sizeof file);
	return rc;
}

void minisig_secret_wipe(struct minisig_secret *s)
{
	sodium_memzero(s, sizeof *s);
}

static int add_base64(struct buf *ret, const void *data, size_t len)
{
	char text[128];

	(void)sodium_bin2base64(text, sizeof text, data, len, sodium_base64_VARIANT_ORIGINAL);
	return buf_add_format(ret, "%s\n", text);
}

int minisig_sign_fd(const struct minisig_secret *key, int fd, const char *comment, struct buf *ret)
{
	unsigned char line[ALGORITHM_BYTES + MINISIG_ID_BYTES + 64] = { 'E', 'D' };
	unsigned char *signature = line + ALGORITHM_BYTES + MINISIG_ID_BYTES;
	unsigned char hash[HASH_BYTES], global[64], both[64 + MINISIG_COMMENT_MAX];
	size_t len = strlen(comment);
	int rc = len < MINISIG_COMMENT_MAX ? hash_fd(fd, hash) : -EINVAL;

	if (rc < 0)
		return rc;
	memcpy(line + ALGORITHM_BYTES, key->public.id, MINISIG_ID_BYTES);
	(void)crypto_sign_detached(signature, NULL, hash, sizeof hash, key->key);
	memcpy(both, signature, 64);
	memcpy(both + 64, comment, len);
	(void)crypto_sign_detached(global, NULL, both, 64 + len, key->key);
	rc = buf_add_text(ret, UNTRUSTED "signature of ib-vmext\n");
	if (rc == 0)
		rc = add_base64(ret, line, sizeof line);
	if (rc == 0)
		rc = buf_add_format(ret, TRUSTED "%s\n", comment);
	return rc < 0 ? rc : add_base64(ret, global, sizeof global);
}
