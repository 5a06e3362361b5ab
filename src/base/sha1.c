/* base/sha1.c - SHA-1 as FIPS 180-4 has it. */
#include "base/sha1.h"

#include <string.h>

#include "base/text.h"

enum { BLOCK = 64, ROUNDS = 80 };

static uint32_t turn(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t word_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* f and K of a round. */
static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void take_block(struct sha1 *s, const unsigned char *block)
{
	uint32_t w[ROUNDS], a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3], e = s->h[4];

	for (unsigned t = 0; t < 16; t++)
		w[t] = word_at(block + 4 * t);
	for (unsigned t = 16; t < ROUNDS; t++)
		w[t] = turn(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (unsigned t = 0; t < ROUNDS; t++) {
		uint32_t next = turn(a, 5) + mix(t, b, c, d) + e + w[t];

		e = d;
		d = c;
		c = turn(b, 30);
		b = a;
		a = next;
	}
	s->h[0] += a;
	s->h[1] += b;
	s->h[2] += c;
	s->h[3] += d;
	s->h[4] += e;
}

void sha1_init(struct sha1 *s)
{
	*s = (struct sha1) { .h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 } };
}

void sha1_add(struct sha1 *s, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len > 0) {
		size_t at = s->size % BLOCK, n = BLOCK - at < len ? BLOCK - at : len;

		memcpy(s->rest + at, p, n);
		s->size += n;
		p += n;
		len -= n;
		if (s->size % BLOCK == 0)
			take_block(s, s->rest);
	}
}

void sha1_end(struct sha1 *s, char ret[static SHA1_TEXT_SIZE])
{
	static const unsigned char mark = 0x80, zero = 0;
	uint64_t bits = s->size * 8;
	unsigned char size[8];

	for (unsigned i = 0; i < 8; i++)
		size[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha1_add(s, &mark, 1);
	while (s->size % BLOCK != BLOCK - sizeof(size))
		sha1_add(s, &zero, 1);
	sha1_add(s, size, sizeof(size));
	for (unsigned i = 0; i < 5; i++)
		(void)text_format(ret + (size_t)8 * i, SHA1_TEXT_SIZE - (size_t)8 * i, "%08x",
				  (unsigned)s->h[i]);
}
