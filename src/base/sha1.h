/* base/sha1.h - SHA-1, for SPDX documents, which must name it for each file. It protects nothing:
 * what is trusted is held against SHA-256 (base/digest.h). Source: FIPS 180-4, section 6.1. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA1_TEXT_SIZE = 41 };

struct sha1 {
	uint32_t h[5];
	uint64_t size; /* bytes so far */
	unsigned char rest[64];
};

void sha1_init(struct sha1 *s);
void sha1_add(struct sha1 *s, const void *data, size_t len);
void sha1_end(struct sha1 *s, char ret[static SHA1_TEXT_SIZE]);
