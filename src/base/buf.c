/* base/buf.c - a growing byte buffer with a greatest size. */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->space = 0;
}

/* Make room for `more` bytes and the NUL. */
static int reserve(struct buf *b, size_t more)
{
	size_t max = b->max != 0 ? b->max : BUF_MAX_DEFAULT;
	size_t space = b->space != 0 ? b->space : 64;
	char *data;

	if (b->len > max || more > max - b->len)
		return -EFBIG;
	if (b->len + more < b->space)
		return 0;
	while (space <= b->len + more)
		space *= 2;
	data = realloc(b->data, space);
	if (data == NULL)
		return -ENOMEM;
	b->data = data;
	b->space = space;
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	int rc = reserve(b, len);

	if (rc < 0)
		return rc;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int buf_add_zeros(struct buf *b, size_t len)
{
	int rc = reserve(b, len);

	if (rc < 0)
		return rc;
	memset(b->data + b->len, 0, len + 1);
	b->len += len;
	return 0;
}

int buf_add_format(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int need, rc;

	va_start(ap, fmt);
	need = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (need < 0)
		return -EFBIG;
	rc = reserve(b, (size_t)need);
	if (rc < 0)
		return rc;
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)need + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)need;
	return 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void buf_drop(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	b->len -= len;
	memmove(b->data, b->data + len, b->len + 1);
}

const char *buf_text(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}
