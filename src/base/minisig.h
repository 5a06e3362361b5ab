/* base/minisig.h - signatures of files in minisign's format, by libsodium: what the program
 * `minisign` signs is checked here, and the reverse.
 *
 * FILE.minisig has four lines: an untrusted comment; base64 of algorithm, key id and signature; a
 * trusted comment; base64 of the signature of the signature and that comment. Algorithm "Ed" signs
 * the file, "ED" its BLAKE2b-512. Source: the page of minisign, "Signature format". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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

/* "E7620F1842B4E81F": the id as minisign prints it. */
void minisig_id_text(const unsigned char id[static MINISIG_ID_BYTES],
		     char ret[static MINISIG_ID_TEXT]);
