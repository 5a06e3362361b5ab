/* Starts a fabric on loopback and talks to it over plain sockets. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/text.h"

static void fabric_up(struct bench *b)
{
	const struct fabric_options options = {
		.state_dir = b->dir,
		.fast_track = b->fast_track,
		.wire_address = "127.0.0.1",
		.imds_address = "127.0.0.1",
		.blob_address = "127.0.0.1",
		.wire_port = FABRIC_ANY_PORT,
		.plugin_port = FABRIC_ANY_PORT,
		.imds_port = FABRIC_ANY_PORT,
		.blob_port = FABRIC_ANY_PORT,
	};
	static const char *const published[] = { "1.1.0", "1.2.0", "1.1.1" };
	struct error err = { 0 };
	char path[128];

	if (fabric_start(&options, &b->fabric, &err) < 0)
		fail_msg("fabric_start: %s", err.what);
	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		(void)TEXT_FORMAT(path, "%s/%s.zip", b->dir, published[i]);
		assert_int_equal(fs_replace(AT_FDCWD, path, published[i], 5, 0600), 0);
		assert_int_equal(fabric_publish_extension(b->fabric, "Lab", "Sample", published[i],
							  path, &err),
				 0);
	}
}

static void vm1_add(const struct bench *b)
{
	const struct fabric_vm vm = {
		.name = "vm1",
		.address = "127.0.0.1",
		.size = "Standard_HB120rs_v3",
		.location = "southcentralus",
		.offer = "debian-12",
		.ipoib = &(const struct fabric_ipoib) { "00:15:5d:33:ff:17", "172.16.1.14" },
		.nipoib = 1,
	};
	struct error err = { 0 };

	if (fabric_add_vm(b->fabric, &vm, &err) < 0)
		fail_msg("fabric_add_vm: %s", err.what);
}

static void document_path(const struct bench *b, char *ret, size_t size)
{
	assert_int_equal(text_format(ret, size, "%s/vm1.vm.json", b->dir), 0);
}

void bench_start(struct bench *b, const struct buf *seed)
{
	char path[128];

	*b = (struct bench) { .dir = "/tmp/lab-fabric-XXXXXX" };
	assert_non_null(mkdtemp(b->dir));
	document_path(b, path, sizeof path);
	if (seed->len > 0)
		assert_int_equal(fs_replace(AT_FDCWD, path, seed->data, seed->len, 0600), 0);
	fabric_up(b);
	vm1_add(b);
}

int bench_seed(void **state)
{
	struct buf *seed = calloc(1, sizeof *seed);
	struct bench b;
	char path[128];
	int rc;

	if (!seed)
		return -1;
	*state = seed;
	bench_start(&b, seed);
	document_path(&b, path, sizeof path);
	rc = fs_read(AT_FDCWD, path, 1 << 20, seed);
	bench_stop(&b);
	return rc;
}

int bench_unseed(void **state)
{
	buf_free(*state);
	free(*state);
	return 0;
}

void bench_restart(struct bench *b)
{
	fabric_stop(b->fabric);
	fabric_up(b);
}

void bench_stop(struct bench *b)
{
	fabric_stop(b->fabric);
	assert_int_equal(fs_remove(AT_FDCWD, b->dir), 0);
}

void reply_free(struct reply *r)
{
	buf_free(&r->text);
}

static int dial(const struct bench *b, enum fabric_service service, const char *from)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, self = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, from, &self.sin_addr), 1);
	to.sin_port = htons((uint16_t)fabric_port(b->fabric, service));
	assert_int_equal(bind(fd, (struct sockaddr *)&self, sizeof self), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Read to the end. Returns what a reply without a status line is to be called. */
static int drain(int fd, int wait_ms, struct buf *ret)
{
	char piece[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, wait_ms) == 0)
			return -2;
		n = read(fd, piece, sizeof piece);
		if (n < 0)
			return errno == ECONNRESET ? -1 : 0;
		if (n == 0)
			return 0;
		assert_int_equal(buf_add(ret, piece, (size_t)n), 0);
	}
}

struct reply bench_send(const struct bench *b, enum fabric_service service, const char *from,
			const char *text, size_t len, int wait_ms)
{
	AUTO_FD int fd = dial(b, service, from);
	struct reply r = { .body = "" };
	const char *at;

	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0)
			break; /* refused half-way: the reply says why */
		text += n;
		len -= (size_t)n;
	}
	r.status = drain(fd, wait_ms, &r.text);
	at = buf_text(&r.text);
	if (text_starts(at, "HTTP/1.1 "))
		r.status = (int)strtol(at + 9, NULL, 10);
	at = strstr(at, "\r\n\r\n");
	if (at)
		r.body = at + 4;
	return r;
}

struct reply bench_ask(const struct bench *b, enum fabric_service service, const char *line,
		       const char *headers, const char *body)
{
	struct buf text AUTO_BUF = { 0 };

	assert_int_equal(buf_add_format(&text,
					"%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
					"Content-Length: %zu\r\n%s\r\n%s",
					line, strlen(body), headers, body),
			 0);
	return bench_send(b, service, "127.0.0.1", buf_text(&text), text.len, 10000);
}

void reply_between(const struct reply *r, const char *before, const char *after, char *ret,
		   size_t size)
{
	const char *from = strstr(buf_text(&r->text), before);
	const char *to = from ? strstr(from + strlen(before), after) : NULL;

	ret[0] = '\0';
	if (!to)
		return;
	from += strlen(before);
	assert_true((size_t)(to - from) < size);
	memcpy(ret, from, (size_t)(to - from));
	ret[to - from] = '\0';
}

void reply_xml(const struct reply *r, const char *before, const char *after, char *ret, size_t size)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {
		{ "&lt;", '<' },    { "&gt;", '>' },  { "&quot;", '"' },
		{ "&apos;", '\'' }, { "&amp;", '&' },
	};
	char *to = ret;

	reply_between(r, before, after, ret, size);
	for (const char *at = ret; *at;) {
		size_t len = 1;

		*to = *at;
		for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
			if (text_starts(at, entities[i].entity)) {
				*to = entities[i].c;
				len = strlen(entities[i].entity);
			}
		}
		to++;
		at += len;
	}
	*to = '\0';
}
