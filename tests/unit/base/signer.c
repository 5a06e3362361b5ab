/* tests/unit/base/signer.c - signs by libsodium alone: none of the code under test is in it. */
#include "signer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void signer_make(struct signer *ret)
{
	if (sodium_init() < 0)
		abort();
	randombytes_buf(ret->public.id, sizeof ret->public.id);
	(void)crypto_sign_keypair(ret->public.key, ret->secret);
}

static void add_base64(struct buf *ret, const void *data, size_t len)
{
	char text[300];

	(void)sodium_bin2base64(text, sizeof text, data, len, sodium_base64_VARIANT_ORIGINAL);
	(void)buf_add_format(ret, "%s\n", text);
}

void signer_sign(const struct signer *s, bool prehashed, const void *data, size_t len,
		 const char *comment, struct buf *ret)
{
	unsigned char hash[64], line[74] = { 'E', prehashed ? 'D' : 'd' }, global[64];
	AUTO_BUF struct buf both = { 0 };

	if (prehashed) {
		(void)crypto_generichash(hash, sizeof hash, data, len, NULL, 0);
		data = hash;
		len = sizeof hash;
	}
	memcpy(line + 2, s->public.id, 8);
	(void)crypto_sign_detached(line + 10, NULL, data, len, s->secret);
	(void)buf_add(&both, line + 10, 64);
	(void)buf_add_text(&both, comment);
	(void)crypto_sign_detached(global, NULL, (const unsigned char *)both.data, both.len,
				   s->secret);
	(void)buf_add_text(ret, "untrusted comment: signature from minisign secret key\n");
	add_base64(ret, line, sizeof line);
	(void)buf_add_format(ret, "trusted comment: %s\n", comment);
	add_base64(ret, global, sizeof global);
}

void signer_secret(const struct signer *s, bool locked, struct buf *ret)
{
	unsigned char raw[158] = { 'E', 'd', locked ? 'S' : 0, locked ? 'c' : 0, 'B', '2' };
	unsigned char checked[2 + 8 + 64] = { 'E', 'd' };

	memcpy(raw + 54, s->public.id, 8);
	memcpy(raw + 62, s->secret, 64);
	memcpy(checked + 2, raw + 54, 8 + 64);
	(void)crypto_generichash(raw + 126, 32, checked, sizeof checked, NULL, 0);
	(void)buf_add_text(ret, "untrusted comment: minisign secret key\n");
	add_base64(ret, raw, sizeof raw);
}
