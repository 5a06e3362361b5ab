/* base/buf.h - a growing byte buffer that names its greatest size when it is made.
 *
 * `data` is always NUL-terminated once something was added, so it can be read as text. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct buf {
	char *data; /* owned; NULL while empty */
	size_t len; /* without the NUL */
	size_t space;
	size_t max; /* greatest `len`; 0 means BUF_MAX_DEFAULT */
};

enum { BUF_MAX_DEFAULT = 64 << 20 };

void buf_free(struct buf *b);
#define AUTO_BUF CLEANUP(buf_free)

/* Each returns 0, -ENOMEM, or -EFBIG when the buffer would pass its maximum; then nothing was
 * added. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_text(struct buf *b, const char *text);
int buf_add_zeros(struct buf *b, size_t len);
int buf_add_format(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

void buf_clear(struct buf *b);             /* keeps the memory */
void buf_drop(struct buf *b, size_t len);  /* the first `len` bytes, of at least as many */
const char *buf_text(const struct buf *b); /* never NULL */
