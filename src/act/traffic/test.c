/* act/traffic/test.c - runs the programs of a test, and says how it ended. */
#include "act/traffic/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "act/traffic/output.h"
#include "base/log.h"
#include "base/text.h"
#include "host/background.h"
#include "host/host.h"
#include "host/run.h"
#include "host/tcp.h"
#include "probe/listener.h"

enum {
	POLL_MS = 50,
	LISTEN_POLL_MS = 200,
	SERVER_ENDS_MS = 5000, /* once the client is done */
	CONNECT_MS = 2000,
	NAMES_S = 10,
};

#define LOCAL_ADDRESS "127.0.0.1"

static void command_text(const struct tool_words *w, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < w->command.n && used < size; i++) {
		(void)text_format(ret + used, size - used, "%s%s", i > 0 ? " " : "",
				  w->command.argv[i]);
		used += strlen(ret + used);
	}
}

/* Prepare an end of the test; its command line is what the finding shows. */
static int prepare(const struct port_test *t, const struct tool_call *call, struct tool_words *ret,
		   struct traffic_facts *facts, struct error *err)
{
	if (tool_command(call, ret, err) < 0)
		return -1;
	(void)TEXT_COPY(facts->program, t->tool->name);
	command_text(ret, facts->command, sizeof(facts->command));
	return 0;
}

static struct run_spec spec_of(const struct port_test *t, const struct tool_words *w)
{
	return (struct run_spec) { .argv = w->command.argv,
				   .deadline_s = (int)t->seconds + TRAFFIC_SETUP_S,
				   .dies_with_us = true };
}

/* Until somebody listens, or nobody does any more. False: the program has ended before, or it takes
 * too long. */
static bool wait_for_listener(const struct host *h, struct background *server, uint16_t port,
			      bool there, int64_t most_ms)
{
	int64_t until = h->clock->monotonic_ms(h->clock) + most_ms;

	while (listener_is_there(h, port) != there) {
		if (background_is_over(server) || h->clock->monotonic_ms(h->clock) >= until)
			return false;
		h->clock->sleep_ms(h->clock, there ? POLL_MS : LISTEN_POLL_MS);
	}
	return true;
}

static void add_output(struct buf *to, const struct run_result *r)
{
	/* Without memory the reason is a shorter one. */
	(void)!buf_add(to, buf_text(&r->err), r->err.len);
	(void)!buf_add_text(to, "\n");
	(void)!buf_add(to, buf_text(&r->out), r->out.len);
	(void)!buf_add_text(to, "\n");
}

/* Of what both ends say, what tells most; `second` may be NULL. */
static void fail(const struct port_test *t, const struct run_result *first,
		 const struct run_result *second, struct traffic_facts *ret)
{
	const struct run_spec spec = { .deadline_s = (int)t->seconds + TRAFFIC_SETUP_S };
	AUTO_BUF struct buf text = { 0 };
	char reason[sizeof(ret->why)], end[64];

	add_output(&text, first);
	if (second)
		add_output(&text, second);
	output_reason(buf_text(&text), text.len, reason, sizeof(reason));
	run_end_text(first, &spec, end, sizeof(end));
	ret->end = TRAFFIC_FAILED;
	(void)TEXT_FORMAT(ret->why, "%s: %s%s%.110s", t->tool->name, end, reason[0] ? ": " : "",
			  reason);
}

/* Did this end get through? A server's own table is that of its client; where nothing arrives,
 * ib_write_bw counts to 0 and is content. */
static bool take(const struct port_test *t, const struct run_result *r, struct traffic_facts *ret)
{
	struct traffic_output o;

	if (!run_ok(r) || tool_parse(t->tool, buf_text(&r->out), r->out.len, &o) < 0)
		return false;
	ret->end = o.messages > 0 ? TRAFFIC_PASSED : TRAFFIC_FAILED;
	ret->messages = o.messages;
	ret->rate_mbps = o.rate_mbps;
	ret->seconds = t->tool->measures_rate ? t->seconds : 0;
	ret->checked = t->tool->compares;
	if (o.messages == 0)
		(void)TEXT_FORMAT(ret->why, "%s: no message arrived", t->tool->name);
	return true;
}

/* Both ends, one after the other; both are taken down, whatever happens. */
static int run_both(const struct port_test *t, const struct tool_words *server_words,
		    const struct tool_words *client_words, uint16_t port, struct traffic_facts *ret,
		    struct error *err)
{
	AUTO_BACKGROUND struct background *server = NULL;
	AUTO_RUN struct run_result client = { 0 };
	const struct run_spec server_spec = spec_of(t, server_words),
			      client_spec = spec_of(t, client_words);
	const struct run_result *served;

	if (background_start(t->host, &server_spec, &server, err) < 0)
		return -1;
	if (!wait_for_listener(t->host, server, port, true, TRAFFIC_SETUP_S * 1000LL)) {
		fail(t, background_end(server, 0), NULL, ret);
		return 0;
	}
	if (run(t->host, &client_spec, &client, err) < 0)
		return -1;
	served = background_end(server, run_ok(&client) ? SERVER_ENDS_MS : 0);
	if (!take(t, served, ret) || !take(t, &client, ret))
		fail(t, &client, served, ret);
	return 0;
}

int test_loopback(const struct port_test *t, struct traffic_facts *ret, struct error *err)
{
	struct tool_call call = { t->tool, t->binding, NULL, t->tool->peer_port, t->seconds };
	AUTO_TOOL_WORDS struct tool_words server = { 0 }, client = { 0 };
	int rc = t->host->live ? tcp_free_port(&call.tcp_port) : 0;

	if (rc < 0)
		return error_set(err, FAULT_PROGRAM_FAILED, -rc, "there is no free TCP port: %s",
				 strerror(-rc));
	if (prepare(t, &call, &server, ret, err) < 0)
		return -1;
	call.peer = LOCAL_ADDRESS;
	if (prepare(t, &call, &client, ret, err) < 0)
		return -1;
	return run_both(t, &server, &client, call.tcp_port, ret, err);
}

/* The address of ret->peer. Returns 0, or -1 with the end in *ret. */
static int find_address(const struct port_test *t, char *address, size_t size,
			struct traffic_facts *ret)
{
	const char *const argv[] = { "getent", "ahostsv4", ret->peer, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = NAMES_S };
	AUTO_RUN struct run_result r = { 0 };
	struct in_addr a;
	char word[INET_ADDRSTRLEN] = "";

	if (inet_pton(AF_INET, ret->peer, &a) == 1)
		return text_copy(address, size, ret->peer);
	if (run(t->host, &spec, &r, NULL) == 0 && run_ok(&r))
		(void)TEXT_FORMAT(word, "%.*s", (int)strcspn(buf_text(&r.out), " \t\n"),
				  buf_text(&r.out));
	if (inet_pton(AF_INET, word, &a) == 1)
		return text_copy(address, size, word);
	ret->end = TRAFFIC_UNREACHABLE;
	(void)TEXT_FORMAT(ret->command, "getent ahostsv4 %s", ret->peer);
	(void)TEXT_FORMAT(ret->why, "no IPv4 address is known for %s", ret->peer);
	return -1;
}

/* The programs say no more than that they could not connect: ask once more, why. */
static void find_out(const struct port_test *t, const char *address, bool refused_now,
		     struct traffic_facts *ret)
{
	struct in_addr a = { 0 };
	int fd;

	(void)inet_pton(AF_INET, address, &a);
	fd = tcp_connect(t->host, ntohl(a.s_addr), t->tool->peer_port, CONNECT_MS);
	if (fd >= 0)
		(void)close(fd);
	if (fd == -ECONNREFUSED && refused_now) {
		ret->end = TRAFFIC_NOBODY;
		(void)TEXT_FORMAT(ret->why, "nobody listens at %s, TCP port %u", ret->peer,
				  t->tool->peer_port);
	} else if (fd < 0 && fd != -ECONNREFUSED) {
		ret->end = TRAFFIC_UNREACHABLE;
		(void)TEXT_FORMAT(ret->why, "%s, TCP port %u: %s", ret->peer, t->tool->peer_port,
				  strerror(-fd));
	}
}

int test_peer(const struct port_test *t, struct traffic_facts *ret, struct error *err)
{
	char address[INET_ADDRSTRLEN];
	struct tool_call call = { t->tool, t->binding, address, t->tool->peer_port, t->seconds };
	AUTO_TOOL_WORDS struct tool_words words = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct run_spec spec;

	(void)TEXT_COPY(ret->program, t->tool->name);
	if (find_address(t, address, sizeof(address), ret) < 0)
		return 0;
	if (prepare(t, &call, &words, ret, err) < 0)
		return -1;
	spec = spec_of(t, &words);
	if (run(t->host, &spec, &r, err) < 0)
		return -1;
	if (take(t, &r, ret))
		return 0;
	fail(t, &r, NULL, ret);
	if (r.end == RUN_TIMED_OUT || strstr(ret->why, "Couldn't connect"))
		find_out(t, address, r.end != RUN_TIMED_OUT, ret);
	return 0;
}

static void say_waiting(const struct port_test *t)
{
	const struct clock *c = t->host->clock;
	char until[21], what[120];

	time_text(c->realtime_ms(c) + TRAFFIC_LISTEN_S * 1000LL, until);
	(void)TEXT_FORMAT(what, "TCP port %u, for %s/%u with %s, until %s", t->tool->peer_port,
			  t->binding->device, t->binding->port, t->tool->name, until);
	if (t->waiting)
		t->waiting(t->ctx, what);
}

/* Until one peer was served, or nobody came. */
static void serve(const struct port_test *t, struct background *server, struct traffic_facts *ret)
{
	uint16_t port = t->tool->peer_port;
	const struct run_result *r;

	if (!wait_for_listener(t->host, server, port, true, TRAFFIC_SETUP_S * 1000LL)) {
		fail(t, background_end(server, 0), NULL, ret);
		return;
	}
	say_waiting(t);
	/* Each program takes one connection, and listens no more then. */
	if (!wait_for_listener(t->host, server, port, false, TRAFFIC_LISTEN_S * 1000LL) &&
	    !background_is_over(server)) {
		ret->end = TRAFFIC_NOBODY;
		(void)TEXT_FORMAT(ret->why, "nobody came within %d s", TRAFFIC_LISTEN_S);
		return;
	}
	r = background_end(server, (TRAFFIC_SECONDS_MAX + TRAFFIC_SETUP_S) * 1000LL);
	if (!take(t, r, ret))
		fail(t, r, NULL, ret);
	ret->seconds = 0; /* the peer may have been asked for another number */
}

int test_listen(const struct port_test *t, struct traffic_facts *ret, struct error *err)
{
	struct tool_call call = { t->tool, t->binding, NULL, t->tool->peer_port, t->seconds };
	AUTO_TOOL_WORDS struct tool_words words = { 0 };
	AUTO_BACKGROUND struct background *server = NULL;
	struct run_spec spec;

	if (prepare(t, &call, &words, ret, err) < 0)
		return -1;
	/* Who holds the port would be taken for the program. */
	if (t->host->live && listener_is_there(t->host, call.tcp_port)) {
		ret->end = TRAFFIC_FAILED;
		(void)TEXT_FORMAT(ret->why, "another program listens on TCP port %u",
				  call.tcp_port);
		return 0;
	}
	spec = spec_of(t, &words);
	if (background_start(t->host, &spec, &server, err) < 0)
		return -1;
	serve(t, server, ret);
	return 0;
}
