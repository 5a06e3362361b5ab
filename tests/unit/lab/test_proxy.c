/* What a request to the proxy asks for, and what the server gets to see of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/mirror/proxy.h"

static const struct {
	const char *name, *head;
	int rc;
	bool tunnel;
	const char *address;
	int port;
	const char *login, *forward;
} rows[] = {
	{ "a plain request loses what is the proxy's",
	  "GET http://10.7.0.1:8000/el9/x HTTP/1.1\r\nHost: 10.7.0.1:8000\r\n"
	  "Proxy-Authorization: Basic YTpi\r\nConnection: keep-alive\r\nRange: bytes=5-\r\n\r\n",
	  0, false, "10.7.0.1", 8000, "YTpi",
	  "GET /el9/x HTTP/1.1\r\nConnection: close\r\nHost: 10.7.0.1:8000\r\n"
	  "Range: bytes=5-\r\n\r\n" },
	{ "no port, no path", "HEAD http://10.7.0.1 HTTP/1.1\r\n\r\n", 0, false, "10.7.0.1", 80, "",
	  "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n" },
	{ "a tunnel", "CONNECT 10.7.0.1:443 HTTP/1.1\r\nproxy-authorization: basic eDp5\r\n\r\n", 0,
	  true, "10.7.0.1", 443, "eDp5", NULL },
	{ "a name", "GET http://example.org/ HTTP/1.1\r\n\r\n", -22, false, NULL, 0, NULL, NULL },
	{ "a path alone", "GET /el9/x HTTP/1.1\r\n\r\n", -22, false, NULL, 0, NULL, NULL },
	{ "a port that is none", "CONNECT 10.7.0.1:70000 HTTP/1.1\r\n\r\n", -22, false, NULL, 0,
	  NULL, NULL },
	{ "a port that would be 80 if it were cut", "CONNECT 10.7.0.1:4294967376 HTTP/1.1\r\n\r\n",
	  -22, false, NULL, 0, NULL, NULL },
	{ "a tunnel to a path", "CONNECT 10.7.0.1:80/x HTTP/1.1\r\n\r\n", -22, false, NULL, 0, NULL,
	  NULL },
	{ "no request", "\r\n\r\n", -22, false, NULL, 0, NULL, NULL },
	{ "a header without a colon", "GET http://10.7.0.1/ HTTP/1.1\r\nHost\r\n\r\n", -22, false,
	  NULL, 0, NULL, NULL },
};

static void heads_are_understood(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf forward = { 0 };
		struct proxy_request r;
		int rc = proxy_parse(rows[i].head, &r, &forward);

		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].name, rc);
		if (rc < 0)
			continue;
		if (r.tunnel != rows[i].tunnel || !text_eq(r.address, rows[i].address) ||
		    r.port != rows[i].port || !text_eq(r.login, rows[i].login) ||
		    (rows[i].forward != NULL && !text_eq(buf_text(&forward), rows[i].forward)))
			fail_msg("%s: %s %d \"%s\" %s", rows[i].name, r.address, r.port, r.login,
				 buf_text(&forward));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
