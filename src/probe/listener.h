/* probe/listener.h - does somebody on this machine listen on a TCP port?
 *
 * Source: proc/net/tcp and tcp6 (Documentation/networking/proc_net_tcp.rst). No connection is made:
 * the programs of the traffic test take one, the first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host;

/* Parse one line. Returns 0 with the port of a socket that listens; -EINVAL, and leaves *ret as it
 * was, for the head line, other states, and anything else. */
int listener_parse(const char *line, size_t len, uint16_t *ret);

bool listener_is_there(const struct host *h, uint16_t port);
