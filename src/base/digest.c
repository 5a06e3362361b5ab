/* base/digest.c - SHA-256 as text. */
#include "base/digest.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "base/fs.h"

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

/* As read(2), but never cut short by a signal. Returns a number of bytes or -errno. */
static ssize_t read_some(int fd, void *ret, size_t size)
{
	ssize_t got;

	do
		got = read(fd, ret, size);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int digest_copy(int from, uint64_t size, int to, char ret[static DIGEST_TEXT_SIZE])
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	unsigned char piece[32768];
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	while (size > 0) {
		ssize_t got = read_some(from, piece, size < sizeof piece ? size : sizeof piece);
		int rc = got <= 0 ? (got < 0 ? (int)got : -ENODATA)
			 : to < 0 ? 0
				  : fs_write_all(to, piece, (size_t)got);

		if (rc < 0)
			return rc;
		(void)crypto_hash_sha256_update(&state, piece, (unsigned long long)got);
		size -= (uint64_t)got;
	}
	(void)crypto_hash_sha256_final(&state, raw);
	finish(raw, ret);
	return 0;
}

int digest_of_fd(int fd, char ret[static DIGEST_TEXT_SIZE])
{
	unsigned char raw[crypto_hash_sha256_BYTES];
	unsigned char piece[32768];
	crypto_hash_sha256_state state;
	ssize_t got;

	(void)crypto_hash_sha256_init(&state);
	while ((got = read_some(fd, piece, sizeof piece)) != 0) {
		if (got < 0)
			return (int)got;
		(void)crypto_hash_sha256_update(&state, piece, (unsigned long long)got);
	}
	(void)crypto_hash_sha256_final(&state, raw);
	finish(raw, ret);
	return 0;
}
