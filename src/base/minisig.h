/* base/minisig.h - signatures of files in minisign's format, by libsodium: what the program
 * `minisign` signs is checked here, and the reverse.
 *
 * FILE.minisig has four lines: an untrusted comment; base64 of algorithm, key id and signature; a
 * trusted comment; base64 of the signature of the signature and that comment. Algorithm "Ed" signs
 * the file, "ED" its BLAKE2b-512. Source: the page of minisign, "Signature format". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	MINISIG_ID_BYTES = 8,
	MINISIG_ID_TEXT = 17,       /* room for an id as minisign prints it */
	MINISIG_KEY_TEXT = 57,      /* room for a public key */
	MINISIG_COMMENT_MAX = 8192, /* minisign's own limit, of the trusted comment */
	MINISIG_BYTES_MAX = 16 << 10,
};

struct minisig_key {
	unsigned char id[MINISIG_ID_BYTES];
	unsigned char key[32];
};

struct minisig {
	bool prehashed;
	unsigned char id[MINISIG_ID_BYTES]; /* of the key that made it, as the file says */
	unsigned char signature[64];
	unsigned char global[64]; /* over `signature` and `comment` */
	char comment[MINISIG_COMMENT_MAX];
};

/* A public key, as minisign writes it: "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3".
 * Returns 0 or -EINVAL. */
int minisig_key_parse(const char *text, struct minisig_key *ret);
void minisig_key_text(const struct minisig_key *key, char ret[static MINISIG_KEY_TEXT]);

/* The whole text of a signature file. Returns 0, or -EINVAL with the line and what is wrong with it
 * in *why (may be NULL). Checks no signature. */
int minisig_parse(const char *text, size_t len, struct minisig *ret, const char **why);

/* Has the owner of `key` signed these bytes? Returns 0; -ENOKEY if it is of another key, -EBADMSG
 * if the bytes are not those that were signed, -EPROTO if the trusted comment is not. */
int minisig_verify(const struct minisig *s, const struct minisig_key *key, const void *data,
		   size_t len);

/* The same of an open file, whatever its length, read from its beginning. -ENOTSUP for a signature
 * of algorithm "Ed", which needs all of the file at once; or another -errno of reading. */
int minisig_verify_fd(const struct minisig *s, const struct minisig_key *key, int fd);

/* "E7620F1842B4E81F": the id as minisign prints it. */
void minisig_id_text(const unsigned char id[static MINISIG_ID_BYTES],
		     char ret[static MINISIG_ID_TEXT]);

/* A secret key: whoever has it signs as its owner. Wipe it after use. */
struct minisig_secret {
	struct minisig_key public;
	unsigned char key[64];
};

enum { MINISIG_SECRET_BYTES_MAX = 4096 };

/* The whole text of a secret key file without a password (minisign -G -W). Returns 0; -EINVAL or,
 * where it has a password, -EACCES, with what is wrong in *why (may be NULL). */
int minisig_secret_parse(const char *text, size_t len, struct minisig_secret *ret,
			 const char **why);
void minisig_secret_wipe(struct minisig_secret *s);

/* The text of FILE.minisig for an open file, read from its beginning, added to `ret`; algorithm
 * "ED". The comment is of one line. Returns 0 or -errno. */
int minisig_sign_fd(const struct minisig_secret *key, int fd, const char *comment, struct buf *ret);
