/* tests/unit/host/test_http.c - whatever comes over the socket is HTTP, or is refused. */
#include "fixture.h"

#include <stdio.h>

#include "host/http.h"

enum { BODY_MAX = 16 };

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *name, *data;
	bool closed;
	enum http_end end;
	int status;
	const char *body;
} rows[] = {
	{ "length given", OK "Content-Length: 2\r\n\r\n{}", false, HTTP_DONE, 200, "{}" },
	{ "what follows the length is not ours", OK "Content-Length: 2\r\n\r\n{}xyz", false,
	  HTTP_DONE, 200, "{}" },
	{ "names in any case, spaces around the value", OK "CONTENT-length:\t 2 \r\n\r\n{}", false,
	  HTTP_DONE, 200, "{}" },
	{ "lines that end in LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", false,
	  HTTP_DONE, 200, "{}" },
	{ "HTTP/1.0, no reason", "HTTP/1.0 404\r\nContent-Length: 0\r\n\r\n", false, HTTP_DONE, 404,
	  "" },
	{ "no length: until it is closed", OK "\r\n{}", true, HTTP_DONE, 200, "{}" },
	{ "no length, still open", OK "\r\n{}", false, HTTP_MORE, 0, "" },
	{ "204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", false, HTTP_DONE, 204, "" },
	{ "chunks", OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1;x=y\r\n!\r\n0\r\n\r\n",
	  false, HTTP_DONE, 200, "{}!" },
	{ "chunks beat a length",
	  OK "Content-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", false,
	  HTTP_DONE, 200, "a" },
	{ "chunks with trailers", OK "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", false,
	  HTTP_DONE, 200, "" },
	{ "a size in capitals", OK "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
	  false, HTTP_DONE, 200, "0123456789" },
	{ "as large as allowed", OK "Content-Length: 16\r\n\r\n0123456789abcdef", false, HTTP_DONE,
	  200, "0123456789abcdef" },

	{ "nothing yet", "", false, HTTP_MORE, 0, "" },
	{ "nothing at all", "", true, HTTP_BAD, 0, "" },
	{ "a head without its end", OK "Content-Length: 2\r\n", false, HTTP_MORE, 0, "" },
	{ "cut off in the head", OK "Content-Length: 2\r\n", true, HTTP_BAD, 0, "" },
	{ "cut off in the body", OK "Content-Length: 3\r\n\r\n{}", true, HTTP_BAD, 0, "" },
	{ "cut off in a chunk", OK "Transfer-Encoding: chunked\r\n\r\n5\r\n{}", true, HTTP_BAD, 0,
	  "" },
	{ "cut off before the last chunk", OK "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", true,
	  HTTP_BAD, 0, "" },
	{ "cut off before the trailers end", OK "Transfer-Encoding: chunked\r\n\r\n0\r\n", true,
	  HTTP_BAD, 0, "" },

	{ "not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", false, HTTP_BAD, 0, "" },
	{ "an HTML page without a head", "<html>\n", false, HTTP_BAD, 0, "" },
	{ "an empty first line", "\r\n\r\n", false, HTTP_BAD, 0, "" },
	{ "HTTP/2 in text", "HTTP/2 200 OK\r\n\r\n", false, HTTP_BAD, 0, "" },
	{ "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", false, HTTP_BAD, 0, "" },
	{ "a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", false, HTTP_BAD, 0, "" },
	{ "a status of letters", "HTTP/1.1 abc OK\r\n\r\n", false, HTTP_BAD, 0, "" },
	{ "an interim answer that we did not ask for", "HTTP/1.1 100 Continue\r\n\r\n", false,
	  HTTP_BAD, 0, "" },
	{ "a status beyond the classes", "HTTP/1.1 999 X\r\n\r\n", false, HTTP_BAD, 0, "" },
	{ "a field without a colon", OK "Content-Length 2\r\n\r\n{}", false, HTTP_BAD, 0, "" },
	{ "a field without a name", OK ": 2\r\n\r\n{}", false, HTTP_BAD, 0, "" },
	{ "a length that is no number", OK "Content-Length: two\r\n\r\n{}", false, HTTP_BAD, 0,
	  "" },
	{ "an empty length", OK "Content-Length:\r\n\r\n{}", false, HTTP_BAD, 0, "" },
	{ "a negative length", OK "Content-Length: -2\r\n\r\n{}", false, HTTP_BAD, 0, "" },
	{ "a length with something behind it", OK "Content-Length: 2, 3\r\n\r\n{}", false, HTTP_BAD,
	  0, "" },
	{ "a length that no integer holds", OK "Content-Length: 99999999999999999999999\r\n\r\n{}",
	  false, HTTP_BAD, 0, "" },
	{ "two lengths that agree", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", false,
	  HTTP_DONE, 200, "{}" },
	{ "two lengths that differ", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false,
	  HTTP_BAD, 0, "" },
	{ "a coding that we do not have", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", false,
	  HTTP_BAD, 0, "" },
	{ "a chunk size that is no number", OK "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", false,
	  HTTP_BAD, 0, "" },
	{ "an empty chunk size", OK "Transfer-Encoding: chunked\r\n\r\n\r\n", false, HTTP_BAD, 0,
	  "" },
	{ "a chunk size with letters behind it",
	  OK "Transfer-Encoding: chunked\r\n\r\n2z\r\n{}\r\n", false, HTTP_BAD, 0, "" },
	{ "a chunk size that no integer holds",
	  OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n", false, HTTP_BAD, 0, "" },
	{ "a chunk longer than its size",
	  OK "Transfer-Encoding: chunked\r\n\r\n1\r\n{}}\r\n0\r\n\r\n", false, HTTP_BAD, 0, "" },

	{ "a length beyond the limit, before the body comes", OK "Content-Length: 17\r\n\r\n",
	  false, HTTP_TOO_LARGE, 0, "" },
	{ "an endless body without a length", OK "\r\n0123456789abcdefg", false, HTTP_TOO_LARGE, 0,
	  "" },
	{ "a chunk beyond the limit, before it comes",
	  OK "Transfer-Encoding: chunked\r\n\r\n11\r\n", false, HTTP_TOO_LARGE, 0, "" },
	{ "chunks beyond the limit together",
	  OK "Transfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n8\r\n", false, HTTP_TOO_LARGE, 0,
	  "" },
};

static void parses_answers(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf body = { .max = BODY_MAX };
		int status = 0;
		enum http_end end = http_parse(rows[i].data, strlen(rows[i].data), rows[i].closed,
					       &status, &body);

		if (end != rows[i].end || status != rows[i].status ||
		    !text_eq(buf_text(&body), rows[i].body))
			fail_msg("http_parse: %s: end %d, status %d, body '%s'", rows[i].name,
				 (int)end, status, buf_text(&body));
	}
}

/* Packets may end anywhere: what is good as a whole never looks bad, or done, before its end. */
static void each_beginning_of_a_good_answer_waits_for_more(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].data);

		if (rows[i].end != HTTP_DONE || rows[i].closed || strstr(rows[i].data, "xyz"))
			continue;
		for (size_t n = 0; n < len; n++) {
			AUTO_BUF struct buf body = { .max = BODY_MAX };
			int status = 0;
			enum http_end end = http_parse(rows[i].data, n, false, &status, &body);

			if (end != HTTP_MORE || status != 0 || body.len != 0)
				fail_msg("http_parse: %s: after %zu bytes: %d", rows[i].name, n,
					 (int)end);
		}
	}
}

static void a_head_has_a_limit(void **unused)
{
	AUTO_BUF struct buf head = { .data = NULL };
	AUTO_BUF struct buf body = { .max = BODY_MAX };
	int status = 0;

	(void)unused;
	assert_int_equal(buf_add_text(&head, OK), 0);
	while (head.len < 17 << 10)
		assert_int_equal(buf_add_text(&head, "X-Padding: 0123456789\r\n"), 0);
	assert_int_equal(http_parse(head.data, head.len, false, &status, &body), HTTP_TOO_LARGE);

	buf_clear(&head);
	while (head.len < 17 << 10) /* one line without an end */
		assert_int_equal(buf_add_text(&head, "HTTP/1.1 200 "), 0);
	assert_int_equal(http_parse(head.data, head.len, false, &status, &body), HTTP_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_answers),
		cmocka_unit_test(each_beginning_of_a_good_answer_waits_for_more),
		cmocka_unit_test(a_head_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
