/* fabric/listen.h - a server of libmicrohttpd, a thread a connection. */
#pragma once

#include <microhttpd.h>

#include "base/cleanup.h"
#include "base/error.h"

struct listen_options {
	const char *address; /* IPv4 */
	int port;            /* 0: the kernel chooses */
	MHD_AccessHandlerCallback on_request;
	MHD_RequestCompletedCallback on_completed;
	void *cls; /* of both */
	unsigned timeout_s;
	unsigned connections_max;      /* 0: the library's own */
	const char *key, *certificate; /* PEM: then it is TLS; else NULL */
};

/* Returns 0 with the daemon, to be stopped with MHD_stop_daemon, and the port; -1 with *err set,
 * EADDRINUSE in err->sys where somebody else listens there. The library's threads have all signals
 * blocked: those are for the caller's own. */
NODISCARD int listen_start(const struct listen_options *o, struct MHD_Daemon **ret, int *ret_port,
			   struct error *err);
