/* The blob store and the host plugin: signed URLs, page blobs, packages, uploads. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/text.h"
#include "bench.h"
#include "blob.h"

#define WIRE   "x-ms-version: 2012-11-30\r\n"
#define PLUGIN "x-ms-version: 2015-09-01\r\n"
#define STATUS "{\"version\":\"1.1\",\"aggregateStatus\":{\"handlerAggregateStatus\":[]}}"

/* ---- what a blob does with a write, without a fabric ------------------------------------------
 */

enum { PAGE = 512 };

struct write_row {
	const char *name, *comp;
	struct blob_put put;
	size_t body; /* its length */
	int status;
	enum blob_kind kind; /* afterwards */
	size_t len;          /* afterwards */
};

#define UPDATE(r)                                                                                  \
	{                                                                                          \
		.page_write = "update", .range = (r)                                               \
	}

/* One after the other, upon the same blob. */
static const struct write_row write_rows[] = {
	{ "pages of a blob that is not there", "page", UPDATE("bytes=0-511"), PAGE, 404, BLOB_NONE,
	  0 },
	{ "no type", NULL, { 0 }, 3, 400, BLOB_NONE, 0 },
	{ "a type that is not ours", NULL, { .type = "AppendBlob" }, 0, 400, BLOB_NONE, 0 },
	{ "a block blob takes its body", NULL, { .type = "BlockBlob" }, 3, 201, BLOB_BLOCK, 3 },
	{ "and is replaced by the next", NULL, { .type = "BlockBlob" }, 2, 201, BLOB_BLOCK, 2 },
	{ "it has no pages", "page", UPDATE("bytes=0-511"), PAGE, 409, BLOB_BLOCK, 2 },
	{ "a page blob needs a length", NULL, { .type = "PageBlob" }, 0, 400, BLOB_BLOCK, 2 },
	{ "in whole pages", NULL, { "PageBlob", "513", NULL, NULL }, 0, 400, BLOB_BLOCK, 2 },
	{ "not below zero", NULL, { "PageBlob", "-512", NULL, NULL }, 0, 400, BLOB_BLOCK, 2 },
	{ "and no body", NULL, { "PageBlob", "512", NULL, NULL }, 1, 400, BLOB_BLOCK, 2 },
	{ "a page blob is empty pages",
	  NULL,
	  { "PageBlob", "1024", NULL, NULL },
	  0,
	  201,
	  BLOB_PAGE,
	  1024 },
	{ "a page", "page", UPDATE("bytes=512-1023"), PAGE, 201, BLOB_PAGE, 1024 },
	{ "comp in another case", "Page", UPDATE("bytes=0-511"), PAGE, 201, BLOB_PAGE, 1024 },
	{ "beyond the end", "page", UPDATE("bytes=1024-1535"), PAGE, 416, BLOB_PAGE, 1024 },
	{ "half a page", "page", UPDATE("bytes=0-255"), 256, 400, BLOB_PAGE, 1024 },
	{ "not at a page's start", "page", UPDATE("bytes=256-767"), PAGE, 400, BLOB_PAGE, 1024 },
	{ "a range longer than the body", "page", UPDATE("bytes=0-1023"), PAGE, 400, BLOB_PAGE,
	  1024 },
	{ "a range backwards", "page", UPDATE("bytes=511-0"), PAGE, 400, BLOB_PAGE, 1024 },
	{ "a range without an end", "page", UPDATE("bytes=0-"), PAGE, 400, BLOB_PAGE, 1024 },
	{ "a range in other units", "page", UPDATE("pages=0-0"), PAGE, 400, BLOB_PAGE, 1024 },
	{ "a range that overflows", "page", UPDATE("bytes=0-99999999999999999999"), PAGE, 400,
	  BLOB_PAGE, 1024 },
	{ "no range", "page", { .page_write = "update" }, PAGE, 400, BLOB_PAGE, 1024 },
	{ "no verb", "page", { .range = "bytes=0-511" }, PAGE, 400, BLOB_PAGE, 1024 },
	{ "clear",
	  "page",
	  { .page_write = "clear", .range = "bytes=0-511" },
	  0,
	  201,
	  BLOB_PAGE,
	  1024 },
	{ "clear has no body",
	  "page",
	  { .page_write = "clear", .range = "bytes=0-511" },
	  PAGE,
	  400,
	  BLOB_PAGE,
	  1024 },
};

static void writes_blobs(void **unused)
{
	enum blob_kind kind = BLOB_NONE;
	struct buf blob AUTO_BUF = { 0 };
	char ones[1024];

	(void)unused;
	memset(ones, '1', sizeof ones);
	for (size_t i = 0; i < ARRAY_SIZE(write_rows); i++) {
		const struct write_row *row = &write_rows[i];
		struct buf body AUTO_BUF = { 0 };
		const char *code = NULL;
		int status;

		assert_int_equal(buf_add(&body, ones, row->body), 0);
		status = blob_write(&kind, &blob, row->comp, &row->put, &body, &code);
		if (status != row->status || kind != row->kind || blob.len != row->len)
			fail_msg("%s: %d %s", row->name, status, code ? code : "");
	}
	for (size_t i = 0; i < blob.len; i++)
		assert_int_equal(blob.data[i], i < PAGE ? 0 : '1');
}

/* ---- with a fabric -------------------------------------------------------------------------- */

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	const struct fabric_extension ext = { "sample", "Lab", "Sample",           "1.1.0", false,
					      "{}",     NULL,  FABRIC_EXT_ENABLED, NULL };
	struct error err;

	bench_start(b, *state);
	assert_int_equal(fabric_set_extension(b->fabric, "vm1", &ext, NULL, &err), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bench_stop(*state);
	free(*state);
	return 0;
}

/* What the goal state says of the host plugin's headers and the blobs. */
struct goal {
	char headers[1024]; /* of the host plugin: container and configuration */
	char status[512];   /* the whole URLs */
	char manifest[512];
	char package[512];
};

static const char *path_of(const char *url)
{
	return strchr(url + strlen("http://"), '/');
}

static void goal_read(const struct bench *b, struct goal *g)
{
	struct reply main AUTO_REPLY = bench_ask(b, FABRIC_WIRE, "GET /machine?comp=goalstate",
						 WIRE, "");
	char container[64], config[256], url[1024], line[1200];

	reply_xml(&main, "<ContainerId>", "<", container, sizeof container);
	reply_xml(&main, "<ConfigName>", "<", config, sizeof config);
	reply_xml(&main, "<ExtensionsConfig>", "<", url, sizeof url);
	(void)TEXT_FORMAT(g->headers,
			  PLUGIN "x-ms-containerid: %s\r\nx-ms-host-config-name: %s\r\n", container,
			  config);
	(void)TEXT_FORMAT(line, "GET %s", path_of(url));
	struct reply ext AUTO_REPLY = bench_ask(b, FABRIC_WIRE, line, WIRE, "");

	reply_xml(&ext, "Blob\">", "<", g->status, sizeof g->status);
	reply_xml(&ext, " location=\"", "\"", g->manifest, sizeof g->manifest);
	(void)TEXT_FORMAT(line, "GET %s", path_of(g->manifest));
	struct reply manifest AUTO_REPLY = bench_ask(b, FABRIC_BLOB, line, "", "");

	reply_xml(&manifest, "<Version>1.1.0</Version><Uris><Uri>", "<", g->package,
		  sizeof g->package);
	assert_true(*g->status && *g->manifest && *g->package);
}

static int blob_ask(const struct bench *b, const char *method, const char *url, const char *headers,
		    const char *body)
{
	char line[1024];

	(void)TEXT_FORMAT(line, "%s %s", method, path_of(url));
	struct reply r AUTO_REPLY = bench_ask(b, FABRIC_BLOB, line, headers, body);

	return r.status;
}

static void packages_are_read_by_signed_urls(void **state)
{
	struct bench *b = *state;
	struct goal g;
	char line[1024], *mark;

	goal_read(b, &g);
	(void)TEXT_FORMAT(line, "GET %s", path_of(g.package));
	struct reply r AUTO_REPLY = bench_ask(b, FABRIC_BLOB, line, "", "");

	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "1.1.0");
	(void)TEXT_FORMAT(line, "HEAD %s", path_of(g.package));
	struct reply head AUTO_REPLY = bench_ask(b, FABRIC_BLOB, line, "", "");

	assert_int_equal(head.status, 200);
	assert_string_equal(head.body, "");
	assert_non_null(strstr(buf_text(&head.text), "Content-Length: 5"));
	assert_int_equal(blob_ask(b, "PUT", g.package, "x-ms-blob-type: BlockBlob\r\n", "x"), 403);
	mark = strstr(g.package, "1.1.0.zip"); /* the signature is another path's */
	memcpy(mark, "1.1.1.zip", 9);
	assert_int_equal(blob_ask(b, "GET", g.package, "", ""), 403);
	*strchr(g.package, '?') = '\0';
	assert_int_equal(blob_ask(b, "GET", g.package, "", ""), 403);
}

static void status_blobs_are_written_only(void **state)
{
	struct bench *b = *state;
	struct goal g;

	goal_read(b, &g);
	assert_int_equal(blob_ask(b, "GET", g.status, "", ""), 403);
	assert_int_equal(blob_ask(b, "PUT", g.status, "", STATUS), 400);
	assert_int_equal(blob_ask(b, "PUT", g.status, "x-ms-blob-type: BlockBlob\r\n", STATUS),
			 201);
	*strstr(g.status, "&sig=") = '\0';
	assert_int_equal(blob_ask(b, "PUT", g.status, "x-ms-blob-type: BlockBlob\r\n", STATUS),
			 403);
	json_t *report AUTO_JSON = fabric_vm_report(b->fabric, "vm1");

	assert_int_equal(json_int_at(report, "serial", 0), 1);
	assert_string_equal(json_text_at(report, "status.version", ""), "1.1");
}

/* The other VM's blob, by the URL that was given to the other VM. */
static void a_vm_writes_its_own_status_only(void **state)
{
	struct bench *b = *state;
	const struct fabric_vm vm = { .name = "vm2", .address = "127.0.0.2" };
	struct buf text AUTO_BUF = { 0 };
	struct error err;
	struct goal g;

	goal_read(b, &g);
	assert_int_equal(fabric_add_vm(b->fabric, &vm, &err), 0);
	assert_int_equal(buf_add_format(&text,
					"PUT %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
					"x-ms-blob-type: BlockBlob\r\nContent-Length: 2\r\n\r\n{}",
					path_of(g.status)),
			 0);
	struct reply r AUTO_REPLY = bench_send(b, FABRIC_BLOB, "127.0.0.2", text.data, text.len,
					       10000);

	assert_int_equal(r.status, 403);
}

static void pages_make_a_report_once_they_are_json(void **state)
{
	struct bench *b = *state;
	const struct fabric_vm vm = { .name = "vm1", .address = "127.0.0.1", .page_blob = true };
	char url[600], page[513];
	struct error err;
	struct goal g;

	goal_read(b, &g);
	assert_int_equal(fabric_add_vm(b->fabric, &vm, &err), 0);
	assert_int_equal(blob_ask(b, "PUT", g.status,
				  "x-ms-blob-type: PageBlob\r\nx-ms-blob-content-length: 512\r\n",
				  ""),
			 201);
	json_t *before AUTO_JSON = fabric_vm_report(b->fabric, "vm1");

	assert_true(json_is_null(before));
	memset(page, ' ', 512); /* blanks to the end, as through the host */
	page[512] = '\0';
	memcpy(page, STATUS, strlen(STATUS));
	(void)TEXT_FORMAT(url, "%s&comp=page", g.status);
	assert_int_equal(blob_ask(b, "PUT", url,
				  "x-ms-page-write: update\r\nx-ms-range: bytes=0-511\r\n", page),
			 201);
	json_t *after AUTO_JSON = fabric_vm_report(b->fabric, "vm1");

	assert_int_equal(json_int_at(after, "serial", 0), 1);
}

static void what_is_not_json_is_no_report(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "1", "{\"a\":1,\"a\":2}", "\xff" };
	struct bench *b = *state;
	struct goal g;

	goal_read(b, &g);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(
			blob_ask(b, "PUT", g.status, "x-ms-blob-type: BlockBlob\r\n", texts[i]),
			201);
	json_t *report AUTO_JSON = fabric_vm_report(b->fabric, "vm1");

	assert_true(json_is_null(report));
}

/* ---- the host plugin ------------------------------------------------------------------------- */

static void the_host_knows_its_vm_by_headers(void **state)
{
	static const struct {
		const char *name, *line, *headers;
		int status;
		const char *has;
	} rows[] = {
		{ "versions need none", "GET /versions", "", 200, "2015-09-01" },
		{ "health neither", "GET /health", "", 200, NULL },
		{ "no version", "GET /vmSettings", "", 400, "Version" },
		{ "no container", "GET /vmSettings", PLUGIN, 400, "InvalidContainerConfiguration" },
		{ "a wrong container", "GET /extensionArtifact", PLUGIN "x-ms-containerid: x\r\n",
		  400, "InvalidContainerConfiguration" },
		{ "a log from a wrong container", "PUT /vmAgentLog",
		  PLUGIN "x-ms-containerid: x\r\n", 400, "InvalidContainerConfiguration" },
		{ "another path", "GET /", PLUGIN, 404, NULL },
	};
	const struct bench *b = *state;
	struct goal g;
	char headers[1024];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reply r AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, rows[i].line,
						      rows[i].headers, "");

		if (r.status != rows[i].status || (rows[i].has && !strstr(r.body, rows[i].has)))
			fail_msg("%s: %d %s", rows[i].name, r.status, r.body);
	}
	goal_read(b, &g);
	*strstr(g.headers, "x-ms-host-config-name") = '\0';
	(void)TEXT_FORMAT(headers, "%sx-ms-host-config-name: stale\r\n", g.headers);
	struct reply r AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /vmSettings", headers, "");

	assert_int_equal(r.status, 410);
	assert_string_equal(r.body, "RequestRoleConfigFileNotFound");
}

static void vm_settings_have_an_etag(void **state)
{
	const struct bench *b = *state;
	struct goal g;
	char headers[1200], etag[32];
	struct error err;

	goal_read(b, &g);
	struct reply full AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /vmSettings", g.headers,
						 "");

	assert_int_equal(full.status, 200);
	json_t *settings AUTO_JSON = json_parse(full.body, strlen(full.body), NULL, 0);

	assert_string_equal(json_text_at(settings, "extensionGoalStates.0.name", ""), "Lab.Sample");
	assert_string_equal(
		json_text_at(settings, "extensionGoalStates.0.settings.0.publicSettings", ""),
		"{}");
	assert_string_equal(json_text_at(settings, "extensionGoalStatesSource", ""), "Fabric");
	reply_between(&full, "ETag: ", "\r\n", etag, sizeof etag);
	(void)TEXT_FORMAT(headers, "%sIf-None-Match: %s\r\n", g.headers, etag);
	struct reply same AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /vmSettings", headers, "");

	assert_int_equal(same.status, 304);
	assert_int_equal(fabric_bump(b->fabric, "vm1", NULL, &err), 0);
	struct reply changed AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /vmSettings", headers,
						    "");

	assert_int_equal(changed.status, 200);
}

static void fast_track_passes_by_the_wire_server(void **state)
{
	struct bench *b = *state;
	struct error err;
	struct goal g;

	b->fast_track = true;
	bench_restart(b);
	goal_read(b, &g);
	assert_int_equal(fabric_bump(b->fabric, "vm1", NULL, &err), 0);
	struct reply wire AUTO_REPLY = bench_ask(b, FABRIC_WIRE, "GET /machine?comp=goalstate",
						 WIRE, "");
	struct reply host AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /vmSettings", g.headers,
						 "");

	assert_non_null(strstr(wire.body, "<Incarnation>2</Incarnation>"));
	assert_non_null(strstr(buf_text(&host.text), "ETag: 3\r\n"));
	assert_non_null(strstr(host.body, "\"extensionGoalStatesSource\":\"FastTrack\""));
}

static void artifacts_come_through_the_host(void **state)
{
	static const struct {
		const char *name, *location;
		int status;
	} rows[] = {
		{ "another host", "http://example.com/x?sp=r&sig=x", 400 },
		{ "no URL", "hello", 400 },
		{ "a bad percent sign", "%s/x%%zz", 400 },
		{ "a zero byte", "%s/x%%00", 400 },
		{ "no signature", "%s/catalogue/Lab.Sample/1.1.0.zip", 403 },
		{ "a wrong one", "%s/catalogue/Lab.Sample/1.1.0.zip?sp=r&sig=x", 403 },
	};
	const struct bench *b = *state;
	struct goal g;
	char base[64], location[256], headers[2048];

	goal_read(b, &g);
	(void)TEXT_FORMAT(headers, "%sx-ms-artifact-location: %s\r\n", g.headers, g.package);
	struct reply r AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /extensionArtifact", headers,
					      "");

	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "1.1.0");
	(void)TEXT_FORMAT(base, "http://127.0.0.1:%d", fabric_port(b->fabric, FABRIC_BLOB));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *tail = rows[i].location;

		if (text_starts(tail, "%s"))
			(void)TEXT_FORMAT(location, "%s%s", base, tail + 2);
		else
			(void)TEXT_COPY(location, tail);
		(void)TEXT_FORMAT(headers, "%sx-ms-artifact-location: %s\r\n", g.headers, location);
		struct reply bad AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "GET /extensionArtifact",
							headers, "");

		if (bad.status != rows[i].status)
			fail_msg("%s: %d", rows[i].name, bad.status);
	}
}

static json_t *status_request(const char *url, const char *content)
{
	char base64[1024];

	sodium_bin2base64(base64, sizeof base64, (const unsigned char *)content, strlen(content),
			  sodium_base64_VARIANT_ORIGINAL);
	return json_pack("{s:s,s:[{s:s,s:s}],s:s}", "requestUri", url, "headers", "headerName",
			 "x-ms-blob-type", "headerValue", "BlockBlob", "content", base64);
}

static void status_comes_through_the_host(void **state)
{
	static const char *const bad[] = { "", "{}", "[]", "{\"content\":\"%%\"}",
					   "{\"requestUri\":1}" };
	const struct bench *b = *state;
	struct buf text AUTO_BUF = { 0 };
	struct goal g;

	goal_read(b, &g);
	json_t *request AUTO_JSON = status_request(g.status, STATUS);

	assert_int_equal(json_write(request, false, &text), 0);
	struct reply r AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "PUT /status", g.headers,
					      buf_text(&text));

	assert_int_equal(r.status, 201);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct reply refused AUTO_REPLY = bench_ask(b, FABRIC_PLUGIN, "PUT /status",
							    g.headers, bad[i]);

		assert_int_equal(refused.status, 400);
	}
	json_t *report AUTO_JSON = fabric_vm_report(b->fabric, "vm1");

	assert_int_equal(json_int_at(report, "serial", 0), 1);
}

#define BENCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_blobs),
		BENCH_TEST(packages_are_read_by_signed_urls),
		BENCH_TEST(status_blobs_are_written_only),
		BENCH_TEST(a_vm_writes_its_own_status_only),
		BENCH_TEST(pages_make_a_report_once_they_are_json),
		BENCH_TEST(what_is_not_json_is_no_report),
		BENCH_TEST(the_host_knows_its_vm_by_headers),
		BENCH_TEST(vm_settings_have_an_etag),
		BENCH_TEST(fast_track_passes_by_the_wire_server),
		BENCH_TEST(artifacts_come_through_the_host),
		BENCH_TEST(status_comes_through_the_host),
	};

	return cmocka_run_group_tests(tests, bench_seed, bench_unseed);
}
