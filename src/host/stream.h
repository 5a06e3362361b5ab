/* host/stream.h - one output stream of a program: its tail, and its lines as they come. Used inside
 * host/ only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct run_spec;

enum { STREAM_LINE_MAX = 4096, STREAM_KEEP_DEFAULT = 64 << 10 };

struct stream {
	const struct run_spec *spec;
	struct buf *tail; /* borrowed: the result's out or err */
	bool cut;         /* the head of the output was dropped */
	char line[STREAM_LINE_MAX];
	size_t line_len;
};

void stream_init(struct stream *s, const struct run_spec *spec, struct buf *tail);

/* Take what came. A line ends at \n or \r, an empty one is left out, and one longer than 4095 bytes
 * comes in parts. Returns 0 or -ENOMEM. */
NODISCARD int stream_add(struct stream *s, const char *data, size_t len);

/* Nothing more will come: hand out the last line, and cut the tail to the bytes that were asked
 * for. */
void stream_end(struct stream *s);
