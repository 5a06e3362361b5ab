/* cli/metrics.h - a verification as Prometheus has it: the text format 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats), for node_exporter's textfile collector. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

struct facts;
struct verification;

/* Add the text to `ret`. `now_ms` is when it was looked. Returns 0, -ENOMEM or -EFBIG. */
NODISCARD int metrics_write(const struct verification *v, const struct facts *f, int64_t now_ms,
			    struct buf *ret);
