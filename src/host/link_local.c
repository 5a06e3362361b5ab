/* host/link_local.c - one bounded exchange with a service of the host, over a socket of our own. */
#include "host/link_local.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "host/host.h"
#include "host/http.h"
#include "host/tcp.h"

enum {
	BODY_MAX = 64 << 10,
	ANSWER_MAX = 2 * BODY_MAX, /* with its head, and what chunks cost */
};

const struct metadata_service metadata_service_azure = {
	.address = 0xa9fea9fe, /* 169.254.169.254 */
	.port = 80,
	.connect_ms = 1000,
	.answer_ms = 2000,
};

/* Before the second, third and fourth try: 429 means too many requests a second, 410 a service that
 * is being updated. */
static const int pauses_ms[] = { 250, 500, 1000 };

static int64_t now_ms(const struct host *h)
{
	return h->clock->monotonic_ms(h->clock);
}

static int connect_to(const struct host *h, const struct metadata_service *service)
{
	return tcp_connect(h, service->address, service->port, service->connect_ms);
}

static int send_request(const struct host *h, int fd, const struct buf *request, int64_t until_ms)
{
	size_t sent = 0;

	while (sent < request->len) {
		ssize_t n = send(fd, request->data + sent, request->len - sent, MSG_NOSIGNAL);
		int rc = 0;

		if (n > 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			rc = tcp_wait(h, fd, POLLOUT, until_ms);
		else if (errno != EINTR)
			rc = -errno;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Returns the bytes added, 0 at the end, or -errno; -EFBIG for an answer beyond all bounds. */
static ssize_t receive(const struct host *h, int fd, int64_t until_ms, struct buf *answer)
{
	for (;;) {
		char chunk[4096];
		ssize_t n = recv(fd, chunk, sizeof chunk, 0);
		int rc;

		if (n > 0)
			rc = buf_add(answer, chunk, (size_t)n);
		else if (n == 0)
			return 0;
		else if (errno == EAGAIN)
			rc = tcp_wait(h, fd, POLLIN, until_ms);
		else
			rc = errno == EINTR ? 0 : -errno;
		if (rc < 0 || n > 0)
			return rc < 0 ? rc : n;
	}
}

static enum metadata_end read_answer(const struct host *h, int fd, int64_t until_ms,
				     struct buf *ret, int *status)
{
	AUTO_BUF struct buf answer = { .max = ANSWER_MAX };
	AUTO_BUF struct buf body = { .max = BODY_MAX };

	for (;;) {
		ssize_t n = receive(h, fd, until_ms, &answer);
		enum http_end end;

		if (n < 0)
			return n == -ETIMEDOUT ? METADATA_TIMEOUT : METADATA_REFUSED;
		end = http_parse(buf_text(&answer), answer.len, n == 0, status, &body);
		if (end == HTTP_MORE)
			continue;
		if (end != HTTP_DONE || *status != 200)
			return METADATA_REFUSED;
		return buf_add(ret, buf_text(&body), body.len) < 0 ? METADATA_REFUSED
								   : METADATA_ANSWERED;
	}
}

static enum metadata_end ask_once(const struct host *h, const struct metadata_service *service,
				  const struct buf *request, struct buf *ret, int *status)
{
	AUTO_FD int fd = connect_to(h, service);
	int64_t until_ms;
	int rc;

	if (fd < 0)
		return fd == -ETIMEDOUT ? METADATA_TIMEOUT : METADATA_NONE;
	until_ms = now_ms(h) + service->answer_ms;
	rc = send_request(h, fd, request, until_ms);
	if (rc < 0)
		return rc == -ETIMEDOUT ? METADATA_TIMEOUT : METADATA_REFUSED;
	return read_answer(h, fd, until_ms, ret, status);
}

enum metadata_end link_local_ask(const struct host *h, const struct metadata_service *service,
				 const char *target, struct buf *ret, int *status)
{
	AUTO_BUF struct buf request = { 0 };
	enum metadata_end end;
	int got = 0;

	if (buf_add_format(&request,
			   "GET %s HTTP/1.1\r\nHost: 169.254.169.254\r\nMetadata: true\r\n"
			   "Accept: application/json\r\nConnection: close\r\n\r\n",
			   target) < 0)
		return METADATA_REFUSED;

	for (size_t i = 0;; i++) {
		got = 0;
		end = ask_once(h, service, &request, ret, &got);
		if (i == ARRAY_SIZE(pauses_ms) || (got != 429 && got != 410))
			break;
		h->clock->sleep_ms(h->clock, pauses_ms[i]);
	}
	if (status)
		*status = got;
	return end;
}
