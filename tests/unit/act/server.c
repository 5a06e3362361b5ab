/* tests/unit/act/server.c - one connection at a time, one request a connection. */
#include "server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/text.h"

/* What this child answers with. */
struct request {
	int fd;
	struct server_seen *seen;
	char head[8192];
	char path[256];
	bool is_head;
	long from; /* of a Range, -1 if there is none */
};

void server_file(char ret[static SERVER_FILE_BYTES])
{
	unsigned state = 1;

	for (size_t i = 0; i < SERVER_FILE_BYTES; i++) {
		state = state * 1103515245u + 12345u;
		ret[i] = (char)(state >> 16);
	}
}

static void send_all(const struct request *r, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(r->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static PRINTF(2, 3) void say(const struct request *r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	send_all(r, text, strlen(text));
}

static void send_status(const struct request *r, int status, const char *headers)
{
	static const char body[] = "<html>this is no part of any file</html>";

	say(r, "HTTP/1.1 %d Told So\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n%s",
	    status, sizeof body - 1, headers, r->is_head ? "" : body);
}

/* `most` bytes at most of what was promised. */
static void send_file(const struct request *r, bool in_parts, size_t most)
{
	static char file[SERVER_FILE_BYTES];
	long from = in_parts && r->from > 0 ? r->from : 0;
	size_t len = SERVER_FILE_BYTES - (size_t)from;

	server_file(file);
	if (from >= SERVER_FILE_BYTES) {
		send_status(r, 416, "");
		return;
	}
	say(r, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
	    in_parts && r->from >= 0 ? "206 Partial Content" : "200 OK", len);
	if (in_parts && r->from >= 0)
		say(r, "Content-Range: bytes %ld-%d/%d\r\n", from, SERVER_FILE_BYTES - 1,
		    SERVER_FILE_BYTES);
	say(r, "\r\n");
	if (r->is_head)
		return;
	len = len < most ? len : most;
	send_all(r, file + from, len);
	r->seen->sent += len;
}

static void send_redirect(const struct request *r, const char *to)
{
	char header[400];

	(void)TEXT_FORMAT(header, "Location: %s\r\n", to);
	send_status(r, 302, header);
}

static bool was_proxied(const struct request *r)
{
	return strstr(r->head, " http://") != NULL;
}

/* "user:pass word\"" in base64. */
static bool has_user(const struct request *r)
{
	return strstr(r->head, "Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQi") != NULL;
}

/* Serve only the first N times in this way. */
static bool still(const struct request *r, const char *prefix)
{
	long n = strtol(r->path + strlen(prefix), NULL, 10);

	return text_starts(r->path, prefix) && !r->is_head && (long)r->seen->counted++ < n;
}

static void send_named(const struct request *r, const char *name)
{
	AUTO_BUF struct buf text = { .max = 4 << 20 };
	char path[400];

	(void)TEXT_FORMAT(path, "%s/%s", r->seen->tree, name);
	if (fs_read(AT_FDCWD, path, text.max, &text) < 0) {
		send_status(r, 404, "");
		return;
	}
	say(r, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", text.len);
	if (r->is_head)
		return;
	send_all(r, text.data, text.len);
	r->seen->sent += text.len;
}

static void answer(const struct request *r)
{
	if (was_proxied(r) && !has_user(r))
		send_status(r, 407, "Proxy-Authenticate: Basic realm=\"lab\"\r\n");
	else if (text_starts(r->path, "/status/"))
		send_status(r, (int)strtol(r->path + strlen("/status/"), NULL, 10), "");
	else if (text_starts(r->path, "/busy/") && still(r, "/busy/"))
		send_status(r, 429, "Retry-After: 7\r\n");
	else if (text_starts(r->path, "/flaky/") && still(r, "/flaky/"))
		send_file(r, true, SERVER_FILE_BYTES / 10);
	else if (text_starts(r->path, "/tree/"))
		send_named(r, r->path + strlen("/tree/"));
	else if (text_eq(r->path, "/cut"))
		send_file(r, false, SERVER_FILE_BYTES / 2);
	else if (text_eq(r->path, "/loop"))
		send_redirect(r, "/loop");
	else if (text_starts(r->path, "/to/"))
		send_redirect(r, r->path + strlen("/to"));
	else if (text_eq(r->path, "/away"))
		send_redirect(r, "ftp://example.com/file");
	else if (text_eq(r->path, "/head405") && r->is_head)
		send_status(r, 405, "");
	else if (text_eq(r->path, "/stall")) {
		say(r, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
		if (!r->is_head)
			(void)recv(r->fd, (char[1]) { 0 }, 1, 0); /* until the other side goes */
	} else
		send_file(r, !text_eq(r->path, "/whole"), SERVER_FILE_BYTES);
}

static void note(struct request *r)
{
	struct server_seen *seen = r->seen;
	size_t len = strlen(r->head);

	seen->requests++;
	seen->gets += !r->is_head;
	if (seen->log_len + len < sizeof seen->log) {
		memcpy(seen->log + seen->log_len, r->head, len + 1);
		seen->log_len += len;
	}
}

static bool read_head(struct request *r)
{
	size_t have = 0;

	while (have < sizeof r->head - 1) {
		ssize_t n = recv(r->fd, r->head + have, sizeof r->head - 1 - have, 0);

		if (n <= 0 || r->head[0] == 0x16) /* TLS, which is not spoken here */
			return false;
		have += (size_t)n;
		r->head[have] = '\0';
		if (strstr(r->head, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void parse(struct request *r)
{
	const char *at = r->head + strcspn(r->head, " ") + 1,
		   *range = strstr(r->head, "Range: bytes=");

	r->is_head = text_starts(r->head, "HEAD ");
	if (text_starts(at, "http://"))
		at = strchr(at + strlen("http://"), '/');
	(void)TEXT_FORMAT(r->path, "%.*s", at != NULL ? (int)strcspn(at, " ?") : 0, at);
	r->from = range != NULL ? strtol(range + strlen("Range: bytes="), NULL, 10) : -1;
}

static void serve(int listener, struct server_seen *seen)
{
	for (;;) {
		struct request r = { .fd = accept(listener, NULL, NULL), .seen = seen };

		if (r.fd < 0)
			continue;
		if (read_head(&r)) {
			parse(&r);
			note(&r);
			answer(&r);
		}
		(void)close(r.fd);
	}
}

static void require(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

void server_start(struct server *ret)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
			listen(fd, 16) == 0 && getsockname(fd, (struct sockaddr *)&at, &size) == 0,
		"listen");
	ret->port = ntohs(at.sin_port);
	ret->seen = mmap(NULL, sizeof *ret->seen, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(ret->seen != MAP_FAILED, "mmap");
	ret->pid = fork();
	require(ret->pid >= 0, "fork");
	if (ret->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd, ret->seen);
	}
	(void)close(fd);
}

void server_stop(struct server *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	(void)munmap(s->seen, sizeof *s->seen);
}

void server_forget(struct server *s)
{
	memset(s->seen, 0, sizeof *s->seen);
}

const char *server_url(const struct server *s, const char *path, char *ret, size_t size)
{
	(void)text_format(ret, size, "http://127.0.0.1:%hu%s", s->port, path);
	return ret;
}
