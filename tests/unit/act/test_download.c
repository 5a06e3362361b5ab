/* tests/unit/act/test_download.c - downloads by the real curl and the real wget, from a server that
 * behaves badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "act/fetch/download.h"
#include "act/fetch/reach.h"
#include "act/fetch/transfer.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "place.h"
#include "host/run.h"
#include "server.h"

#define WRONG "0000000000000000000000000000000000000000000000000000000000000000"

/* Time goes on by itself; sleeping only moves it. */
struct test_clock {
	struct clock clock;
	int64_t ahead_ms;
};

static struct server server;
static struct test_clock test_clock;
static struct log log_of_test;
static struct place place;
static struct settings settings;
static struct download_context context;
static char right[DIGEST_TEXT_SIZE], said[8192];
static bool without_curl;

static int64_t monotonic(const struct clock *c)
{
	return clock_system.monotonic_ms(c) + ((const struct test_clock *)c)->ahead_ms;
}

static int64_t realtime(const struct clock *c)
{
	return clock_system.realtime_ms(c) + ((const struct test_clock *)c)->ahead_ms;
}

static void sleep_not(const struct clock *c, int64_t ms)
{
	((struct test_clock *)c)->ahead_ms += ms;
}

/* What stands in a command line is everybody's to read. */
static int run_watched(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		       struct error *err)
{
	for (size_t i = 0; spec->argv[i] != NULL; i++) {
		assert_null(strstr(spec->argv[i], "pass word"));
		assert_null(strstr(spec->argv[i], "http"));
	}
	assert_null(spec->env);
	if (without_curl && text_eq(spec->argv[0], "curl")) {
		*ret = (struct run_result) { .end = RUN_NOT_FOUND };
		return 0;
	}
	return runner_real.run(h, spec, ret, err);
}

static const struct runner watched = { run_watched };

static void hear(void *ctx, const struct event *ev)
{
	size_t len = strlen(said);

	(void)ctx;
	(void)text_format(said + len, sizeof said - len, "%s: %s\n", ev->slug, ev->what);
}

static int set_up(void **unused)
{
	(void)unused;
	place_make(&place);
	test_clock = (struct test_clock) { .clock = { realtime, monotonic, sleep_not } };
	place.host.runner = &watched;
	place.host.clock = &test_clock.clock;
	place.host.log = &log_of_test;
	settings_defaults(&settings);
	context = (struct download_context) {
		.host = &place.host, .settings = &settings, .stage = "download", .deadline_s = 600
	};
	said[0] = '\0';
	without_curl = false;
	server_forget(&server);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	place_drop(&place);
	return 0;
}

static const char *sha256_of(const char *path)
{
	static char sha256[DIGEST_TEXT_SIZE];
	AUTO_FD int fd = openat(place.host.root, path, O_RDONLY);

	return fd >= 0 && digest_of_fd(fd, sha256) == 0 ? sha256 : "";
}

static int get(const char *path, const char *sha256, struct error *err)
{
	char url[200], got[DIGEST_TEXT_SIZE];
	struct download d = { .url = server_url(&server, path, url, sizeof url),
			      .sha256 = sha256,
			      .whose = "the catalogue",
			      .path = "file" };

	*err = (struct error) { 0 };
	return download_get(&context, &d, got, err);
}

static const struct {
	const char *name, *path;
	enum fault fault;
	unsigned gets; /* requests that it takes; 0: any number */
} rows[] = {
	{ "the file", "/file", FAULT_NONE, 1 },
	{ "a server without parts", "/whole", FAULT_NONE, 1 },
	{ "a redirect", "/to/file", FAULT_NONE, 2 },
	{ "redirects", "/to/to/to/file", FAULT_NONE, 4 },
	{ "cut off, and gone on with", "/flaky/3", FAULT_NONE, 4 },
	{ "cut off more often than we try without a new byte", "/flaky/7", FAULT_NONE, 8 },
	{ "too many requests, for a while", "/busy/2", FAULT_NONE, 3 },
	{ "no such file, and not asked again", "/status/404", FAULT_DOWNLOAD_NOT_FOUND, 1 },
	{ "gone", "/status/410", FAULT_DOWNLOAD_NOT_FOUND, 1 },
	{ "forbidden", "/status/403", FAULT_DOWNLOAD_REFUSED, 1 },
	{ "unauthorized", "/status/401", FAULT_DOWNLOAD_REFUSED, 1 },
	{ "overloaded for ever", "/status/503", FAULT_DOWNLOAD, 5 },
	{ "too many requests for ever", "/busy/100", FAULT_DOWNLOAD, 5 },
	{ "a status that nobody expects", "/status/300", FAULT_DOWNLOAD, 1 },
	{ "redirects without an end", "/loop", FAULT_DOWNLOAD_REDIRECT, 11 },
	{ "a redirect to another scheme", "/away", FAULT_DOWNLOAD_TLS, 1 },
	{ "cut off for ever, with a server that gives no parts", "/cut", FAULT_DOWNLOAD, 0 },
};

static void try_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err;
		int rc;

		server_forget(&server);
		(void)unlinkat(place.host.root, "file", 0);
		(void)unlinkat(place.host.root, "file.part", 0);
		rc = get(rows[i].path, right, &err);
		if (err.fault != rows[i].fault || (rc == 0) != (err.fault == FAULT_NONE))
			fail_msg("%s: %s: %s", rows[i].name, fault_row(err.fault)->slug, err.what);
		if (rows[i].gets && server.seen->gets != rows[i].gets)
			fail_msg("%s: %u requests", rows[i].name, server.seen->gets);
		if (text_eq(sha256_of("file"), right) != (rc == 0))
			fail_msg("%s: the file", rows[i].name);
	}
}

static void downloads_by_curl(void **unused)
{
	(void)unused;
	try_rows();
}

static void downloads_by_wget(void **unused)
{
	(void)unused;
	without_curl = true;
	try_rows();
	assert_false(fs_exists(place.host.root, TRANSFER_WGETRC));
}

/* Bytes that are there are not asked for again. */
static void resumes(void **unused)
{
	static char file[SERVER_FILE_BYTES];
	struct error err;

	(void)unused;
	server_file(file);
	assert_int_equal(fs_replace(place.host.root, "file.part", file, 200 << 10, 0600), 0);
	assert_int_equal(get("/file", right, &err), 0);
	assert_int_equal(server.seen->sent, 100 << 10);
	assert_string_equal(sha256_of("file"), right);
	assert_false(fs_exists(place.host.root, "file.part"));
}

/* What lies there may be of another file, or whole. */
static void begins_anew(void **unused)
{
	static char file[SERVER_FILE_BYTES];
	struct error err;

	(void)unused;
	assert_int_equal(fs_replace(place.host.root, "file.part", "of another file", 15, 0600), 0);
	assert_int_equal(get("/file", right, &err), 0);
	assert_string_equal(sha256_of("file"), right);
	server_file(file);
	assert_int_equal(fs_replace(place.host.root, "file.part", file, sizeof file, 0600), 0);
	assert_int_equal(get("/file", right, &err), 0);
	assert_string_equal(sha256_of("file"), right);
}

static void wrong_digest_leaves_nothing(void **unused)
{
	struct error err;

	(void)unused;
	assert_int_equal(get("/file", WRONG, &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_DIGEST);
	assert_non_null(strstr(err.what, right));
	assert_non_null(strstr(err.what, "the catalogue"));
	assert_false(fs_exists(place.host.root, "file"));
	assert_false(fs_exists(place.host.root, "file.part"));
}

static void needs_tls_without_a_digest(void **unused)
{
	struct error err;

	(void)unused;
	assert_int_equal(get("/file", "", &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_TLS);
	assert_int_equal(server.seen->requests, 0);
}

/* The server speaks no TLS. */
static void tells_tls_apart(void **unused)
{
	char url[100], got[DIGEST_TEXT_SIZE];
	struct download d = { .url = url, .sha256 = "", .path = "file" };
	struct error err = { 0 };

	(void)unused;
	(void)TEXT_FORMAT(url, "https://127.0.0.1:%hu/file", server.port);
	assert_int_equal(download_get(&context, &d, got, &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_TLS);
}

/* In the place of curl: a server that speaks TLS, and sends us elsewhere. */
static const char *leads_to;

static int play_redirect(const struct host *h, const struct run_spec *spec, struct run_result *ret,
			 struct error *err)
{
	(void)h;
	(void)err;
	*ret = (struct run_result) { .end = RUN_EXITED };
	/* Whoever goes on gets the file. */
	if (strstr(spec->input, "url = \"https://h.example.com/a\"") == NULL)
		return buf_add_text(&ret->out, "HTTP/1.1 200 OK\r\n\r\n");
	return buf_add_format(&ret->out, "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n", leads_to);
}

static void never_leaves_tls(void **unused)
{
	static const struct runner redirects = { play_redirect };
	static const struct {
		const char *to;
		enum fault fault;
	} to_rows[] = {
		{ "https://cdn.example.com/a", FAULT_NONE },
		{ "/b", FAULT_NONE },
		{ "http://h.example.com/a", FAULT_DOWNLOAD_REDIRECT },
		{ "file:///etc/shadow", FAULT_DOWNLOAD_REDIRECT },
		{ "http:", FAULT_DOWNLOAD_REDIRECT },
	};
	char nothing[DIGEST_TEXT_SIZE], got[DIGEST_TEXT_SIZE];
	struct download d = { .url = "https://h.example.com/a", .sha256 = nothing, .path = "file" };

	(void)unused;
	digest_of("", 0, nothing);
	place.host.runner = &redirects;
	for (size_t i = 0; i < ARRAY_SIZE(to_rows); i++) {
		struct error err = { 0 };

		leads_to = to_rows[i].to;
		(void)download_get(&context, &d, got, &err);
		if (err.fault != to_rows[i].fault)
			fail_msg("%s: %s", leads_to, err.what);
	}
}

static void waits_as_told(void **unused)
{
	struct error err;

	(void)unused;
	assert_int_equal(get("/busy/2", right, &err), 0);
	assert_in_range(test_clock.ahead_ms, 14000, 17000);
	assert_non_null(strstr(said, "HTTP 429; trying again in 7 s"));
}

static void ends_in_time(void **unused)
{
	struct error err;

	(void)unused;
	context.deadline_s = 1;
	assert_int_equal(get("/stall", right, &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD);
}

static bool yes(void *ctx)
{
	(void)ctx;
	return true;
}

static void gives_way(void **unused)
{
	struct error err;

	(void)unused;
	context.stop = yes;
	assert_int_equal(get("/file", right, &err), -1);
	assert_int_equal(err.fault, FAULT_TAKEN_OVER);
}

static int get_proxied(struct error *err)
{
	char got[DIGEST_TEXT_SIZE];
	struct download d = { .url = "http://nowhere.invalid/file?sig=secretly",
			      .sha256 = right,
			      .path = "file" };

	*err = (struct error) { 0 };
	return download_get(&context, &d, got, err);
}

static void goes_through_the_proxy(void)
{
	struct error err;

	(void)unlinkat(place.host.root, "file", 0);
	(void)TEXT_FORMAT(settings.proxy, "127.0.0.1:%hu", server.port);
	settings.proxy_user[0] = settings.proxy_password[0] = '\0';
	assert_int_equal(get_proxied(&err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_PROXY);
	assert_non_null(strstr(err.what, settings.proxy));
	assert_null(strstr(err.what, "secretly"));
	(void)TEXT_COPY(settings.proxy_user, "user");
	(void)TEXT_COPY(settings.proxy_password, "pass word\"");
	assert_int_equal(get_proxied(&err), 0);
	assert_string_equal(sha256_of("file"), right);
	(void)TEXT_COPY(settings.no_proxy, "example.com, .invalid");
	assert_int_equal(get_proxied(&err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD);
	settings.no_proxy[0] = '\0';
	(void)TEXT_COPY(settings.proxy, "127.0.0.1:1");
	assert_int_equal(get_proxied(&err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_PROXY);
}

static void proxies_by_curl(void **unused)
{
	(void)unused;
	goes_through_the_proxy();
}

static void proxies_by_wget(void **unused)
{
	(void)unused;
	without_curl = true;
	goes_through_the_proxy();
}

static void asks(void **unused)
{
	static const struct {
		const char *path;
		int64_t bytes;
		enum fault fault;
	} asked[] = {
		{ "/file", SERVER_FILE_BYTES, FAULT_NONE },
		{ "/to/file", SERVER_FILE_BYTES, FAULT_NONE },
		{ "/head405", SERVER_FILE_BYTES, FAULT_NONE },
		{ "/status/404", -1, FAULT_DOWNLOAD_NOT_FOUND },
		{ "/status/503", -1, FAULT_DOWNLOAD },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct download_size size;
		struct error err = { 0 };
		char url[100];

		server_forget(&server);
		(void)download_ask(&context, server_url(&server, asked[i].path, url, sizeof url),
				   &size, &err);
		if (err.fault != asked[i].fault || size.bytes != asked[i].bytes)
			fail_msg("%s: %s, %lld", asked[i].path, err.what, (long long)size.bytes);
	}
}

static void takes_local_files(void **unused)
{
	static char file[SERVER_FILE_BYTES];
	char got[DIGEST_TEXT_SIZE];
	struct download d = { .url = "file:///there", .sha256 = right, .path = "file" };
	struct download_size size;
	struct error err = { 0 };

	(void)unused;
	server_file(file);
	assert_int_equal(fs_replace(place.host.root, "there", file, sizeof file, 0600), 0);
	assert_int_equal(download_get(&context, &d, got, &err), 0);
	assert_string_equal(sha256_of("file"), right);
	d.url = "/there";
	d.sha256 = WRONG;
	assert_int_equal(download_get(&context, &d, got, &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_DIGEST);
	assert_true(fs_exists(place.host.root, "there"));
	assert_int_equal(download_ask(&context, "/nowhere", &size, &err), -1);
	assert_int_equal(err.fault, FAULT_DOWNLOAD_NOT_FOUND);
}

static const struct {
	const char *name;
	enum step_kind kind;
	const char *path; /* NULL: a port where nobody listens */
	enum fault fault;
	const char *change;
} reach_rows[] = {
	{ "a file", STEP_DOWNLOAD, "/file/a.tgz", FAULT_NONE, "/file/a.tgz answers, 307200 bytes" },
	{ "a file that is not there", STEP_DOWNLOAD, "/status/404", FAULT_DOWNLOAD_NOT_FOUND,
	  NULL },
	{ "no answer", STEP_DOWNLOAD, NULL, FAULT_UNREACHABLE, NULL },
	{ "a host that is overloaded", STEP_DOWNLOAD, "/status/503", FAULT_UNREACHABLE, NULL },
	{ "a repository whose root is hidden", STEP_REPOSITORY, "/status/403", FAULT_NONE,
	  "/status/403 answers" },
	{ "no repository", STEP_REPOSITORY, NULL, FAULT_UNREACHABLE, NULL },
	{ "a step that downloads nothing", STEP_FILE, NULL, FAULT_NONE, NULL },
};

static void reaches(void **unused)
{
	static struct plan p;
	struct step_context c = { .host = &place.host, .settings = &settings };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(reach_rows); i++) {
		struct step *s = &p.steps[0];
		struct error err = { 0 };
		char url[100] = "http://127.0.0.1:1/a";

		if (reach_rows[i].path)
			(void)server_url(&server, reach_rows[i].path, url, sizeof url);
		p = (struct plan) { .nsteps = 1 };
		*s = (struct step) { .kind = reach_rows[i].kind, .nitems = 1 };
		(void)TEXT_COPY(s->items[0], url);
		(void)reach_all(&c, &p, &err);
		if (err.fault != reach_rows[i].fault ||
		    (s->nchanges == 1) != (reach_rows[i].change != NULL) ||
		    (s->nchanges == 1 && !text_ends(s->changes[0], reach_rows[i].change)))
			fail_msg("%s: %s: %s", reach_rows[i].name, fault_row(err.fault)->slug,
				 err.what);
	}
}

static int start(void **unused)
{
	static char file[SERVER_FILE_BYTES];

	(void)unused;
	server_file(file);
	digest_of(file, sizeof file, right);
	server_start(&server);
	return log_add_sink(&log_of_test, hear, NULL, LEVEL_DEBUG);
}

static int stop(void **unused)
{
	(void)unused;
	server_stop(&server);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(downloads_by_curl),
		TEST(downloads_by_wget),
		TEST(resumes),
		TEST(begins_anew),
		TEST(wrong_digest_leaves_nothing),
		TEST(needs_tls_without_a_digest),
		TEST(tells_tls_apart),
		TEST(never_leaves_tls),
		TEST(waits_as_told),
		TEST(ends_in_time),
		TEST(gives_way),
		TEST(proxies_by_curl),
		TEST(proxies_by_wget),
		TEST(asks),
		TEST(takes_local_files),
		TEST(reaches),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
