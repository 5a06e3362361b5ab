/* tests/unit/host/test_metadata.c - the metadata service, as it answers and as it fails, on the
 * loopback interface. */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "host/identity.h"
#include "host/metadata.h"

#define OK   "HTTP/1.1 200 OK\r\n"
#define BUSY "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
#define GONE "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
#define REQUEST                                                                                    \
	"GET /metadata/instance?api-version=2021-02-01 HTTP/1.1\r\n"                               \
	"Host: 169.254.169.254\r\n"                                                                \
	"Metadata: true\r\n"

#define TOKEN_REQUEST                                                                              \
	"GET /metadata/identity/oauth2/token?api-version=2018-02-01"                               \
	"&resource=https%3A%2F%2Fstorage.azure.com%2F&client_id=0a1B-2c HTTP/1.1\r\n"              \
	"Host: 169.254.169.254\r\n"                                                                \
	"Metadata: true\r\n"

static const char *wanted = REQUEST; /* how each request must begin */
static const char silence[] = "";
static const char flood[] = "flood";

static const struct {
	const char *name;
	const char *answers[6]; /* one a connection */
	enum metadata_end end;
	int status;
	const char *body;
	unsigned sleeps;
} rows[] = {
	{ "an answer", { OK "Content-Length: 2\r\n\r\n{}" }, METADATA_ANSWERED, 200, "{}", 0 },
	{ "in chunks",
	  { OK "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" },
	  METADATA_ANSWERED,
	  200,
	  "{}",
	  0 },
	{ "until it is closed", { OK "\r\n{}" }, METADATA_ANSWERED, 200, "{}", 0 },
	{ "too busy once", { BUSY, OK "\r\n{}" }, METADATA_ANSWERED, 200, "{}", 1 },
	{ "being updated, then busy",
	  { GONE, BUSY, OK "\r\n{}" },
	  METADATA_ANSWERED,
	  200,
	  "{}",
	  2 },
	{ "too busy to the end",
	  { BUSY, BUSY, BUSY, BUSY, OK "\r\n{}" },
	  METADATA_REFUSED,
	  429,
	  "",
	  3 },
	{ "not found is not tried again",
	  { "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", OK "\r\n{}" },
	  METADATA_REFUSED,
	  404,
	  "",
	  0 },
	{ "busy, then broken", { BUSY, "garbage\r\n" }, METADATA_REFUSED, 0, "", 1 },
	{ "not HTTP", { "220 mail ESMTP\r\n" }, METADATA_REFUSED, 0, "", 0 },
	{ "closed without a word", { NULL }, METADATA_REFUSED, 0, "", 0 },
	{ "cut off", { OK "Content-Length: 9\r\n\r\n{}" }, METADATA_REFUSED, 0, "", 0 },
	{ "too large, and says so",
	  { OK "Content-Length: 65537\r\n\r\n" },
	  METADATA_REFUSED,
	  0,
	  "",
	  0 },
	{ "too large without end", { flood }, METADATA_REFUSED, 0, "", 0 },
	{ "accepted, then silence", { silence }, METADATA_TIMEOUT, 0, "", 0 },
	{ "silence within an answer",
	  { OK "X-Hold: 1\r\nContent-Length: 9\r\n\r\n{}" },
	  METADATA_TIMEOUT,
	  0,
	  "",
	  0 },
};

/* Returns a listening descriptor of the loopback interface, and its port. */
static int listen_somewhere(int backlog, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* In the child: read a whole request. A wrong one ends the server, which no row
 * expects. */
static bool request_is_right(int fd)
{
	char text[1024] = "";
	size_t len = 0;

	while (len < sizeof text - 1 && !strstr(text, "\r\n\r\n")) {
		ssize_t n = read(fd, text + len, sizeof text - 1 - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
	}
	return text_starts(text, wanted) && strstr(text, "\r\nConnection: close\r\n");
}

static void send_flood(int fd)
{
	char piece[4096];

	memset(piece, 'x', sizeof piece);
	(void)fs_write_all(fd, OK "\r\n", strlen(OK) + 2);
	while (fs_write_all(fd, piece, sizeof piece) == 0)
		;
}

__attribute__((noreturn)) static void serve(int fd, const char *const *answers)
{
	(void)signal(SIGPIPE, SIG_IGN);
	for (;; answers++) {
		int c = accept(fd, NULL, NULL);

		if (c < 0 || !request_is_right(c))
			_exit(1);
		if (*answers == silence || (*answers && strstr(*answers, "X-Hold")))
			(void)dup(c); /* stays open until we are killed */
		if (*answers == flood)
			send_flood(c);
		else if (*answers)
			(void)fs_write_all(c, *answers, strlen(*answers));
		close(c);
		if (!*answers)
			_exit(0);
	}
}

static void loopback(struct metadata_service *service, uint16_t port, int answer_ms)
{
	*service = (struct metadata_service) { .address = INADDR_LOOPBACK,
					       .port = port,
					       .connect_ms = answer_ms,
					       .answer_ms = answer_ms };
}

static int64_t real_now(const struct clock *c)
{
	(void)c;
	return clock_system.monotonic_ms(&clock_system);
}

static void asks_a_service(void **unused)
{
	struct test_clock clock;
	struct host h;

	(void)unused;
	test_clock_init(&clock);
	clock.clock.monotonic_ms = real_now; /* waits are real, pauses between tries are counted */
	assert_int_equal(host_open_live(&h, NULL, NULL), 0);
	h.clock = &clock.clock;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf body = { .data = NULL };
		struct metadata_service service;
		enum metadata_end end;
		uint16_t port = 0;
		int status = -1, fd = listen_somewhere(8, &port);
		pid_t server = fork();

		assert_true(server >= 0);
		if (server == 0)
			serve(fd, rows[i].answers);
		close(fd);
		clock.sleeps = 0;
		loopback(&service, port, rows[i].end == METADATA_TIMEOUT ? 100 : 20000);
		end = metadata_ask(&h, &service, &body, &status);
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
		if (end != rows[i].end || status != rows[i].status ||
		    clock.sleeps != rows[i].sleeps || !text_eq(buf_text(&body), rows[i].body))
			fail_msg("metadata_ask: %s: end %d, status %d, %u sleeps, '%s'",
				 rows[i].name, (int)end, status, clock.sleeps, buf_text(&body));
	}
	host_close(&h);
}

static const struct {
	const char *name, *id, *answer;
	enum metadata_end end;
	const char *token;
} token_rows[] = {
	{ "a token", "0a1B-2c", OK "\r\n{\"access_token\":\"eyJ0.e-_x=\",\"expires_in\":\"86399\"}",
	  METADATA_ANSWERED, "eyJ0.e-_x=" },
	{ "no such identity", "0a1B-2c", "HTTP/1.1 400 Bad\r\n\r\n{\"error\":\"invalid_request\"}",
	  METADATA_REFUSED, "" },
	{ "a token that would be another header", "0a1B-2c",
	  OK "\r\n{\"access_token\":\"x\\r\\nHost: y\"}", METADATA_REFUSED, "" },
	{ "no token", "0a1B-2c", OK "\r\n{}", METADATA_REFUSED, "" },
	{ "an id that would be another question", "a&resource=b", NULL, METADATA_REFUSED, "" },
};

static void asks_for_a_token(void **unused)
{
	struct host h;

	(void)unused;
	assert_int_equal(host_open_live(&h, NULL, NULL), 0);
	wanted = TOKEN_REQUEST;
	for (size_t i = 0; i < ARRAY_SIZE(token_rows); i++) {
		AUTO_BUF struct buf token = { .data = NULL };
		struct metadata_service service;
		enum metadata_end end;
		uint16_t port = 0;
		int fd = listen_somewhere(8, &port);
		pid_t server = fork();

		assert_true(server >= 0);
		if (server == 0)
			serve(fd, &token_rows[i].answer);
		close(fd);
		loopback(&service, port, 20000);
		end = identity_token(&h, &service, token_rows[i].id, &token, NULL);
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
		if (end != token_rows[i].end || !text_eq(buf_text(&token), token_rows[i].token))
			fail_msg("%s: end %d, '%s'", token_rows[i].name, (int)end,
				 buf_text(&token));
	}
	wanted = REQUEST;
	host_close(&h);
}

static void nobody_listens(void **unused)
{
	AUTO_BUF struct buf body = { .data = NULL };
	struct metadata_service service;
	uint16_t port = 0;
	struct host h;

	(void)unused;
	close(listen_somewhere(1, &port)); /* a port that is free now */
	loopback(&service, port, 5000);
	assert_int_equal(host_open_live(&h, NULL, NULL), 0);
	assert_int_equal(metadata_ask(&h, &service, &body, NULL), METADATA_NONE);
	host_close(&h);
}

static void a_connection_that_is_never_made(void **unused)
{
	AUTO_BUF struct buf body = { .data = NULL };
	struct metadata_service service;
	uint16_t port = 0;
	int fd = listen_somewhere(0, &port), status = -1, callers[4];
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct host h;

	(void)unused;
	/* A full queue that nobody empties: the kernel drops what else comes. */
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(callers[i], (struct sockaddr *)&to, sizeof to);
	}
	loopback(&service, port, 100);
	assert_int_equal(host_open_live(&h, NULL, NULL), 0);
	assert_int_equal(metadata_ask(&h, &service, &body, &status), METADATA_TIMEOUT);
	assert_int_equal(status, 0);
	host_close(&h);
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		close(callers[i]);
	close(fd);
}

static const struct {
	const char *name, *members;
	enum metadata_end end;
	int status;
	const char *body;
} world_rows[] = {
	{ "the whole answer", "\"imds\":{\"compute\":{\"vmSize\":\"X\"}}", METADATA_ANSWERED, 200,
	  "{\"compute\":{\"vmSize\":\"X\"}}" },
	{ "no service", "\"imds\":null", METADATA_NONE, 0, "" },
	{ "nothing said", "", METADATA_NONE, 0, "" },
	{ "silence", "\"imds\":{\"error\":\"timeout\"}", METADATA_TIMEOUT, 0, "" },
	{ "too busy", "\"imds\":{\"error\":\"429\"}", METADATA_REFUSED, 429, "" },
	{ "not found", "\"imds\":{\"error\":\"404\"}", METADATA_REFUSED, 404, "" },
	{ "an error that we do not know", "\"imds\":{\"error\":\"moon\"}", METADATA_REFUSED, 0,
	  "" },
};

static void a_world_answers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(world_rows); i++) {
		AUTO_BUF struct buf body = { .data = NULL };
		enum metadata_end end;
		struct world w;
		struct host h;
		int status = -1;

		world_make(&w);
		world_start(&w, world_rows[i].members, &h);
		end = metadata_get(&h, &body, &status);
		if (end != world_rows[i].end || status != world_rows[i].status ||
		    !text_eq(buf_text(&body), world_rows[i].body))
			fail_msg("metadata_get: %s: end %d, status %d, '%s'", world_rows[i].name,
				 (int)end, status, buf_text(&body));
		host_close(&h);
		world_drop(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_a_service),
		cmocka_unit_test(asks_for_a_token),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_connection_that_is_never_made),
		cmocka_unit_test(a_world_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
