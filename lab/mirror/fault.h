/* mirror/fault.h - the trouble that the package source can be told to make, and which part of a
 * file a request asks for. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum fault_mode {
	MODE_NONE,
	MODE_STATUS,   /* every answer is that status */
	MODE_SLOW,     /* so many bytes a second */
	MODE_BADSIG,   /* what is signed is another by a letter */
	MODE_HANG,     /* the answer begins, and nothing comes */
	MODE_TRUNCATE, /* half of the body, then the connection ends */
	MODE_REDIRECT, /* every answer sends to where it was asked for */
	MODE_EXPIRED,  /* apt: Valid-Until is past. Metadata of rpm has no such date. */
	MODE_CORRUPT,  /* one byte in the middle is another */
};

struct mirror_fault {
	enum fault_mode mode;
	long value;  /* MODE_STATUS: it; MODE_SLOW: bytes a second */
	char of[64]; /* only with files whose URL has this in it */
};

#define FAULT_NAMES                                                                                \
	"none|404|429|503|slow:BYTES_PER_S|badsig|hang|truncate|redirect-loop|expired|corrupt, "   \
	"each @PART_OF_URL or of all"

/* EINVAL with *err set when `text` is none of FAULT_NAMES. */
int fault_parse(const char *text, struct mirror_fault *ret, struct error *err);

/* Whether the file of `url` is one that the trouble is with. */
bool fault_hits(const struct mirror_fault *f, const char *url);

/* Change a letter of what stands in signed text: of an InRelease or a repomd.xml. */
void fault_spoil(struct buf *data);

/* Change the byte in the middle, of any file. */
void fault_corrupt(struct buf *data);

/* The part of a file of `size` bytes that "bytes=FIRST-LAST" names. Returns 206 with it, 200 with
 * the whole when `header` is NULL or not to be understood, 416 when the file has no such part.
 * Source: RFC 9110, 14.2; of several ranges none is understood. */
int range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *len);
