/* The proxy: a thread that listens, a thread for each connection. */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"

enum { HEAD_MAX = 16 << 10, PIECE = 64 << 10, LOOK_MS = 100 };

struct proxy {
	int listener;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of the rest */
	pthread_cond_t idle;
	unsigned active;
	bool stopping;
	char login[256]; /* "dXNlcjpwYXNz", or empty: none is asked for */
};

struct client {
	struct proxy *proxy;
	int fd;
};

static bool stopping(struct proxy *p)
{
	bool ret;

	(void)pthread_mutex_lock(&p->lock);
	ret = p->stopping;
	(void)pthread_mutex_unlock(&p->lock);
	return ret;
}

void proxy_set_login(struct proxy *p, const char *user, const char *password)
{
	AUTO_BUF struct buf text = { 0 };

	(void)pthread_mutex_lock(&p->lock);
	p->login[0] = '\0';
	if (user != NULL && *user != '\0' &&
	    buf_add_format(&text, "%s:%s", user, password != NULL ? password : "") == 0 &&
	    sodium_base64_encoded_len(text.len, sodium_base64_VARIANT_ORIGINAL) < sizeof p->login)
		(void)sodium_bin2base64(p->login, sizeof p->login, (const unsigned char *)text.data,
					text.len, sodium_base64_VARIANT_ORIGINAL);
	(void)pthread_mutex_unlock(&p->lock);
}

static bool login_ok(struct proxy *p, const char *given)
{
	bool ret;

	(void)pthread_mutex_lock(&p->lock);
	ret = p->login[0] == '\0' || text_eq(p->login, given);
	(void)pthread_mutex_unlock(&p->lock);
	return ret;
}

/* ---- one connection ---------------------------------------------------------------------- */

static void say(int fd, const char *status, const char *header)
{
	AUTO_BUF struct buf text = { 0 };

	if (buf_add_format(&text, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n",
			   status, header) == 0)
		(void)!fs_write_all(fd, text.data, text.len);
}

/* Readable within our patience; the end of the lab counts as no. */
static bool wait_input(struct proxy *p, struct pollfd *fds, nfds_t n)
{
	while (!stopping(p)) {
		int rc = poll(fds, n, LOOK_MS);

		if (rc != 0)
			return rc > 0;
	}
	return false;
}

static int read_head(struct proxy *p, int fd, struct buf *head)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };

	while (strstr(buf_text(head), "\r\n\r\n") == NULL) {
		char piece[2048];
		ssize_t len = wait_input(p, &in, 1) ? read(fd, piece, sizeof piece) : -1;

		if (len <= 0 || head->len > HEAD_MAX || buf_add(head, piece, (size_t)len) < 0)
			return -EINVAL;
	}
	return 0;
}

static int connect_to(const struct proxy_request *r)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)r->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, r->address, &addr.sin_addr);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		cleanup_fd(&fd);
	return fd;
}

/* Both ways, until either end closes. */
static void relay(struct proxy *p, int a, int b)
{
	struct pollfd fds[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
	AUTO_FREE char *piece = malloc(PIECE);

	while (piece != NULL && wait_input(p, fds, 2))
		for (int i = 0; i < 2; i++) {
			ssize_t len;

			if (fds[i].revents == 0)
				continue;
			len = read(fds[i].fd, piece, PIECE);
			if (len <= 0 || fs_write_all(fds[1 - i].fd, piece, (size_t)len) < 0)
				return;
		}
}

static void serve(struct proxy *p, int fd)
{
	AUTO_BUF struct buf head = { 0 }, forward = { 0 };
	struct proxy_request r;
	AUTO_FD int to = -1;

	if (read_head(p, fd, &head) < 0)
		return;
	if (proxy_parse(buf_text(&head), &r, &forward) < 0) {
		say(fd, "400 Bad Request", "");
		return;
	}
	if (!login_ok(p, r.login)) {
		say(fd, "407 Proxy Authentication Required",
		    "Proxy-Authenticate: Basic realm=\"ib-lab\"\r\n");
		return;
	}
	to = connect_to(&r);
	if (to < 0) {
		say(fd, "502 Bad Gateway", "");
		return;
	}
	if (r.tunnel) {
		static const char ok[] = "HTTP/1.1 200 Connection established\r\n\r\n";

		(void)!fs_write_all(fd, ok, sizeof ok - 1);
	} else if (fs_write_all(to, forward.data, forward.len) < 0) {
		return;
	}
	relay(p, fd, to);
}

static void *client_main(void *ctx)
{
	struct client *c = ctx;
	struct proxy *p = c->proxy;

	serve(p, c->fd);
	(void)close(c->fd);
	free(c);
	(void)pthread_mutex_lock(&p->lock);
	if (--p->active == 0)
		(void)pthread_cond_signal(&p->idle);
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- listening --------------------------------------------------------------------------- */

static void take_client(struct proxy *p, int fd)
{
	struct client *c = malloc(sizeof *c);
	pthread_t thread;

	if (c == NULL) {
		(void)close(fd);
		return;
	}
	*c = (struct client) { p, fd };
	(void)pthread_mutex_lock(&p->lock);
	p->active++;
	(void)pthread_mutex_unlock(&p->lock);
	if (pthread_create(&thread, NULL, client_main, c) == 0) {
		(void)pthread_detach(thread);
		return;
	}
	(void)close(fd);
	free(c);
	(void)pthread_mutex_lock(&p->lock);
	p->active--;
	(void)pthread_mutex_unlock(&p->lock);
}

static void *listen_main(void *ctx)
{
	struct proxy *p = ctx;
	struct pollfd in = { .fd = p->listener, .events = POLLIN };

	while (wait_input(p, &in, 1)) {
		int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			take_client(p, fd);
	}
	return NULL;
}

int proxy_start(const char *address, int port, struct proxy **ret, struct error *err)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct proxy *p = calloc(1, sizeof *p);
	int on = 1;

	if (p == NULL)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->idle, NULL);
	(void)inet_pton(AF_INET, address, &addr.sin_addr);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (p->listener >= 0 && bind(p->listener, (struct sockaddr *)&addr, sizeof addr) == 0 &&
	    listen(p->listener, 32) == 0)
		p->started = pthread_create(&p->thread, NULL, listen_main, p) == 0;
	if (!p->started) {
		int sys = errno;

		proxy_stop(p);
		return error_set(err, FAULT_INTERNAL, sys, "cannot listen on %s:%d: %s", address,
				 port, strerror(sys));
	}
	*ret = p;
	return 0;
}

void proxy_stop(struct proxy *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)pthread_mutex_unlock(&p->lock);
	if (p->started)
		(void)pthread_join(p->thread, NULL);
	(void)pthread_mutex_lock(&p->lock);
	while (p->active > 0)
		(void)pthread_cond_wait(&p->idle, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
	cleanup_fd(&p->listener);
	(void)pthread_cond_destroy(&p->idle);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
