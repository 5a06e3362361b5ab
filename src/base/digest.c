/* base/digest.c - SHA-256 as text. */
#include "base/digest.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

static void finish(const unsigned char *raw, char *ret)
{
	(void)sodium_bin2hex(ret, DIGEST_TEXT_SIZE, raw, crypto_hash_sha256_BYTES);
}

void digest_of(const void *data, size_t len, char ret[static DIGEST_TEXT_SIZE])
{
	unsigned char raw[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(raw, data, len);
	finish(raw, ret);
}

int digest_of_fd(int fd, char ret[static DIGEST_TEXT_SIZE])
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	unsigned char piece[32768];
	crypto_hash_sha256_state state;
	ssize_t got;

	(void)crypto_hash_sha256_init(&state);
	while ((got = read(fd, piece, sizeof piece)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		(void)crypto_hash_sha256_update(&state, piece, (unsigned long long)got);
	}
	(void)crypto_hash_sha256_final(&state, raw);
	finish(raw, ret);
	return 0;
}
