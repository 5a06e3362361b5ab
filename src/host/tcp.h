/* host/tcp.h - connections of our own, over IPv4, bounded in time. */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

struct host;

/* Wait for `events` (of poll) until that time of the monotonic clock. Returns 0, -ETIMEDOUT, or
 * -errno. */
NODISCARD int tcp_wait(const struct host *h, int fd, short events, int64_t until_ms);

/* `address` is in host byte order. Returns a connected descriptor, which does not block, or -errno:
 * -ECONNREFUSED where nobody listens, -ETIMEDOUT, -EHOSTUNREACH, ... */
NODISCARD int tcp_connect(const struct host *h, uint32_t address, uint16_t port, int patience_ms);

/* A port that nobody uses now; somebody may before it is used. Returns 0 or -errno. */
NODISCARD int tcp_free_port(uint16_t *ret);
