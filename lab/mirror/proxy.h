/* mirror/proxy.h - an HTTP proxy in the lab's network, for VMs whose direct way is cut.
 *
 * CONNECT and plain requests, to IPv4 addresses (the lab has no names). With a login set, who does
 * not give it by Basic authentication gets 407. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct proxy;

int proxy_start(const char *address, int port, struct proxy **ret, struct error *err);
void proxy_stop(struct proxy *p); /* NULL is fine */

/* NULL or an empty user: no login is asked for. */
void proxy_set_login(struct proxy *p, const char *user, const char *password);

/* What a request's head asks for. Pure. */
struct proxy_request {
	bool tunnel;      /* CONNECT */
	char address[16]; /* "10.7.0.1" */
	int port;
	char login[256]; /* of Proxy-Authorization: Basic, as it came; or empty */
};

/* `head` ends with its empty line. For what is no tunnel, `forward` gets the head as the server is
 * to see it: no full address, no headers for the proxy, the connection closed after one answer.
 * Returns 0 or -EINVAL. */
int proxy_parse(const char *head, struct proxy_request *ret, struct buf *forward);
