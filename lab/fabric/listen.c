/* Starts servers. */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>

#include "uri.h"

enum { OPTIONS_MAX = 6 };

static size_t unescape(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return uri_unescape(text);
}

static struct MHD_Daemon *start(const struct listen_options *o, const struct sockaddr_in *at)
{
	struct MHD_OptionItem more[OPTIONS_MAX] = { { 0 } };
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
	size_t n = 0;

	if (o->connections_max > 0)
		more[n++] = (struct MHD_OptionItem) { MHD_OPTION_CONNECTION_LIMIT,
						      (intptr_t)o->connections_max, NULL };
	if (o->key) {
		flags |= MHD_USE_TLS;
		more[n++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)o->key };
		more[n++] = (struct MHD_OptionItem) { MHD_OPTION_HTTPS_MEM_CERT, 0,
						      (void *)o->certificate };
	}
	more[n] = (struct MHD_OptionItem) { MHD_OPTION_END, 0, NULL };
	return MHD_start_daemon(flags, 0, NULL, NULL, o->on_request, o->cls, MHD_OPTION_SOCK_ADDR,
				at, MHD_OPTION_NOTIFY_COMPLETED, o->on_completed, NULL,
				MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
				MHD_OPTION_CONNECTION_TIMEOUT, o->timeout_s, MHD_OPTION_ARRAY, more,
				MHD_OPTION_END);
}

int listen_start(const struct listen_options *o, struct MHD_Daemon **ret, int *ret_port,
		 struct error *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)o->port) };
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *daemon;
	sigset_t all, before;

	if (inet_pton(AF_INET, o->address, &at.sin_addr) != 1)
		return error_set(err, FAULT_USAGE, EINVAL, "%s is not an IPv4 address", o->address);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	errno = 0;
	daemon = start(o, &at);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!daemon)
		return error_set(err, FAULT_INTERNAL, errno, "cannot listen on %s port %d: %s",
				 o->address, o->port, strerror(errno));
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	*ret = daemon;
	*ret_port = info ? info->port : o->port;
	return 0;
}
