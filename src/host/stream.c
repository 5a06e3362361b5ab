/* host/stream.c - keeps the tail of a stream and splits it into lines. */
#include "host/stream.h"

#include <string.h>

#include "host/run.h"

static size_t keep_of(const struct stream *s)
{
	return s->spec->keep ? s->spec->keep : STREAM_KEEP_DEFAULT;
}

void stream_init(struct stream *s, const struct run_spec *spec, struct buf *tail)
{
	*s = (struct stream) { .spec = spec, .tail = tail };
	tail->max = 3 * keep_of(s); /* what stream_add reaches between two cuts */
}

static void emit_line(struct stream *s)
{
	if (s->line_len == 0)
		return;
	s->line[s->line_len] = '\0';
	s->line_len = 0;
	s->spec->line(s->spec->ctx, s->line);
}

static void split(struct stream *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = data[i] ? data[i] : '?'; /* a line is a C string */

		if (c == '\n' || c == '\r') {
			emit_line(s);
			continue;
		}
		s->line[s->line_len++] = c;
		if (s->line_len == sizeof s->line - 1)
			emit_line(s);
	}
}

static void cut_tail(struct stream *s)
{
	size_t keep = keep_of(s);
	struct buf *b = s->tail;

	if (b->len <= keep)
		return;
	memmove(b->data, b->data + b->len - keep, keep + 1); /* with the NUL */
	b->len = keep;
	s->cut = true;
}

int stream_add(struct stream *s, const char *data, size_t len)
{
	size_t keep = keep_of(s);

	if (s->spec->line)
		split(s, data, len);
	while (len > 0) {
		size_t n = len < keep ? len : keep;
		int rc = buf_add(s->tail, data, n);

		if (rc < 0)
			return rc;
		/* Cut only when twice as much is there: each byte is then moved once on average. */
		if (s->tail->len > 2 * keep)
			cut_tail(s);
		data += n;
		len -= n;
	}
	return 0;
}

void stream_end(struct stream *s)
{
	cut_tail(s);
	if (s->spec->line)
		emit_line(s);
}
