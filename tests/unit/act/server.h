/* tests/unit/act/server.h - an HTTP server of a child process on the loopback interface, whose
 * behaviour is in the path:
 *
 *   /file/...    the file, whole or in parts       /head405      the file, but HEAD is refused
 *   /whole       the file, never in parts          /cut          the file, cut off in its middle
 *   /flaky/N     cut off N times, then whole        /status/CODE  that status, with a body
 *   /busy/N      429 with Retry-After: 7 N times   /loop         a redirect to itself
 *   /to/PATH     a redirect to /PATH               /away         a redirect to another scheme
 *   /stall       a head, and then nothing            /tree/NAME   a file of the directory `tree`
 *
 * A request with a whole address makes it a proxy, which asks for user and password. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

enum { SERVER_FILE_BYTES = 300 << 10, SERVER_LOG = 16 << 10 };

/* Shared with the child. */
struct server_seen {
	unsigned requests, gets;
	unsigned counted;     /* of /flaky and /busy */
	size_t sent;          /* bytes of bodies */
	char log[SERVER_LOG]; /* the heads of the requests */
	size_t log_len;
	char tree[80];
};

struct server {
	pid_t pid;
	unsigned short port;
	struct server_seen *seen;
};

void server_start(struct server *ret);
void server_stop(struct server *s);
void server_forget(struct server *s); /* what it has seen */

/* "http://127.0.0.1:PORT/path" */
const char *server_url(const struct server *s, const char *path, char *ret, size_t size);

/* The bytes of the file. */
void server_file(char ret[static SERVER_FILE_BYTES]);
