/* act/traffic/test.h - one test of one port: runs an end of it, or both. */
#pragma once

#include "act/traffic/tool.h"
#include "base/error.h"
#include "facts/facts.h"

struct host;

/* What each end gets for its start, beside the seconds that are measured; the program is taken down
 * then. A peer is waited for LISTEN_S. */
enum { TRAFFIC_SETUP_S = 15, TRAFFIC_LISTEN_S = 300, TRAFFIC_SECONDS_MAX = 60 };

struct port_test {
	const struct host *host;
	const struct tool *tool;
	const struct binding *binding;
	unsigned seconds;
	/* Called once the node listens, with "TCP port 18515" and until when; may be NULL. */
	void (*waiting)(void *ctx, const char *what);
	void *ctx;
};

/* Each fills in the end, the program, the command and what was measured of *ret. Returns 0 whatever
 * the end; -1 with *err set where a program could not be run at all. No process is left behind. */
int test_loopback(const struct port_test *t, struct traffic_facts *ret, struct error *err);
/* Against ret->peer, a name or an IPv4 address. */
int test_peer(const struct port_test *t, struct traffic_facts *ret, struct error *err);
/* Serves one peer. */
int test_listen(const struct port_test *t, struct traffic_facts *ret, struct error *err);
