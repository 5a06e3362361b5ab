/* The four services over loopback: what they answer, what they refuse, what they survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "bench.h"

#define VERSION  "x-ms-version: 2012-11-30\r\n"
#define METADATA "Metadata: true\r\n"
#define API      "api-version=2021-02-01"

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	bench_start(b, *state);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bench_stop(*state);
	free(*state);
	return 0;
}

struct ask_row {
	const char *name, *line, *headers;
	int status;
	const char *has; /* in headers or body; NULL: anything */
};

static void check_rows(const struct bench *b, enum fabric_service service,
		       const struct ask_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct reply r AUTO_REPLY = bench_ask(b, service, rows[i].line, rows[i].headers,
						      "");

		if (r.status != rows[i].status ||
		    (rows[i].has && !strstr(buf_text(&r.text), rows[i].has)))
			fail_msg("%s: %d %s", rows[i].name, r.status, buf_text(&r.text));
	}
}

/* ---- instance metadata --------------------------------------------------------------------- */

#define IMDS "GET /metadata/instance"

static const struct ask_row imds_rows[] = {
	{ "the whole", IMDS "?" API, METADATA, 200, "\"vmSize\":\"Standard_HB120rs_v3\"" },
	{ "the agent writes True", IMDS "?" API, "Metadata: True\r\n", 200, NULL },
	{ "no header", IMDS "?" API, "", 400,
	  "{\"error\":\"Bad request. Required metadata header not specified\"}" },
	{ "header false", IMDS "?" API, "Metadata: false\r\n", 400, "Required metadata header" },
	{ "no version", IMDS, METADATA, 400,
	  "\"newest-versions\":[\"2025-04-07\",\"2023-11-15\",\"2023-07-01\"]" },
	{ "empty version", IMDS "?api-version=", METADATA, 400, "newest-versions" },
	{ "version that never was", IMDS "?api-version=2016-01-01", METADATA, 400, "invalid" },
	{ "a proxy in between", IMDS "?" API, METADATA "X-Forwarded-For: 10.0.0.1\r\n", 400,
	  "X-Forwarded-For" },
	{ "one part", IMDS "/compute?" API, METADATA, 200, "{\"" },
	{ "a slash at the end", IMDS "/?" API, METADATA, 200, "\"compute\":{" },
	{ "a leaf as text", IMDS "/compute/vmSize?" API "&format=text", METADATA, 200,
	  "\r\n\r\nStandard_HB120rs_v3" },
	{ "text is plain text", IMDS "/compute/vmSize?" API "&format=text", METADATA, 200,
	  "Content-Type: text/plain" },
	{ "a leaf as JSON", IMDS "/compute/vmSize?" API, METADATA, 400, "text only" },
	{ "the names in a part", IMDS "?" API "&format=text", METADATA, 200,
	  "\r\n\r\ncompute/\nnetwork/\n" },
	{ "the indices of a list", IMDS "/network/interface?" API "&format=text", METADATA, 200,
	  "\r\n\r\n0/\n" },
	{ "an element of a list",
	  IMDS "/network/interface/0/ipv4/ipAddress/0/privateIpAddress?" API "&format=text",
	  METADATA, 200, "\r\n\r\n127.0.0.1" },
	{ "an index beyond the end", IMDS "/network/interface/1?" API, METADATA, 404, NULL },
	{ "a negative index", IMDS "/network/interface/-1?" API, METADATA, 404, NULL },
	{ "no such part", IMDS "/compute/nothing?" API, METADATA, 404, NULL },
	{ "below a leaf", IMDS "/compute/vmSize/x?" API "&format=text", METADATA, 404, NULL },
	{ "two slashes", IMDS "//compute?" API, METADATA, 404, NULL },
	{ "a name too long for any part",
	  IMDS
	  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?" API,
	  METADATA, 404, NULL },
	{ "a field that its version has", IMDS "/compute/azEnvironment?" API "&format=text",
	  METADATA, 200, "AzurePublicCloud" },
	{ "a field that came later",
	  IMDS "/compute/azEnvironment?api-version=2018-02-01&format=text", METADATA, 404, NULL },
	{ "the versions", "GET /metadata/versions", METADATA, 200, "\"2021-02-01\"" },
	{ "no identity",
	  "GET /metadata/identity/oauth2/token?resource=https://management.azure.com&" API,
	  METADATA, 400, "Identity not found" },
	{ "another path", "GET /", METADATA, 404, NULL },
	{ "a post", "POST /metadata/instance?" API, METADATA, 405, NULL },
};

static void metadata_answers(void **state)
{
	check_rows(*state, FABRIC_IMDS, imds_rows, ARRAY_SIZE(imds_rows));
}

/* ---- managed identities -------------------------------------------------------------------- */

#define TOKEN   "GET /metadata/identity/oauth2/token?api-version=2018-02-01"
#define STORAGE "&resource=https%3A%2F%2Fstorage.azure.com%2F"
#define USER_ID "/subscriptions/s/x/reader"

/* Tells whose it would be. */
static int tell(void *ctx, const char *resource, const char *id, const json_t *who,
		struct fabric_token *ret)
{
	ret->expires_s = 4102444800; /* in 2100 */
	return buf_add_format(&ret->text, "%s %s %s %s", (const char *)ctx, resource,
			      id ? id : "system", json_text_at(who, "principalId", "?"));
}

static const struct ask_row token_rows[] = {
	{ "no header", TOKEN STORAGE, "", 400,
	  "{\"error\":\"invalid_request\",\"error_description\":\"Required metadata header not "
	  "specified\"}" },
	{ "by a proxy", TOKEN STORAGE, METADATA "X-Forwarded-For: 10.0.0.1\r\n", 400,
	  "X-Forwarded-For" },
	{ "no version", "GET /metadata/identity/oauth2/token?resource=x", METADATA, 400,
	  "'api-version' is missing" },
	{ "no resource", TOKEN, METADATA, 400, "'resource' is missing" },
	{ "a resource that is none", TOKEN "&resource=https://example.org/", METADATA, 400,
	  "\"error\":\"invalid_resource\"" },
	{ "the system's", TOKEN STORAGE, METADATA, 200,
	  "\"access_token\":\"made https://storage.azure.com/ system P0\"" },
	{ "numbers are texts", TOKEN STORAGE, METADATA, 200, "\"expires_on\":\"4102444800\"" },
	{ "whose it is", TOKEN STORAGE, METADATA, 200, "\"client_id\":\"C0\"" },
	{ "a user's by client id", TOKEN STORAGE "&client_id=c1", METADATA, 200, USER_ID " P1\"" },
	{ "by object id", TOKEN STORAGE "&object_id=P1", METADATA, 200, USER_ID " P1\"" },
	{ "by resource id", TOKEN STORAGE "&msi_res_id=" USER_ID, METADATA, 200, USER_ID " P1\"" },
	{ "the system's by client id", TOKEN STORAGE "&client_id=C0", METADATA, 200,
	  "system P0\"" },
	{ "two names", TOKEN STORAGE "&client_id=C0&object_id=P1", METADATA, 400, "Only one" },
	{ "a client id that is not of this VM", TOKEN STORAGE "&client_id=C9", METADATA, 400,
	  "Identity not found" },
	{ "a post", "POST /metadata/identity/oauth2/token", METADATA, 405, NULL },
};

static void assign(const struct bench *b, const char *text)
{
	json_t *identity AUTO_JSON = text ? json_parse(text, strlen(text), NULL, 0) : NULL;
	struct error err = { 0 };

	assert_true(!text || identity);
	assert_int_equal(fabric_set_identity(b->fabric, "vm1", identity, &err), 0);
}

static void identities_have_tokens(void **state)
{
	static const struct ask_row none = { "nobody makes tokens", TOKEN STORAGE, METADATA, 500,
					     "Failed to retrieve" };
	static const struct ask_row one = { "the only one of a user's", TOKEN STORAGE, METADATA,
					    200, "y P2" };
	static const struct ask_row many = { "one of many", TOKEN STORAGE, METADATA, 400,
					     "Multiple user assigned identities exist" };
	static const struct ask_row gone = { "taken away", TOKEN STORAGE, METADATA, 400,
					     "Identity not found" };
	struct bench *b = *state;
	struct error err = { 0 };

	assign(b, "{\"principalId\":\"P0\",\"clientId\":\"C0\",\"userAssignedIdentities\":{"
		  "\"" USER_ID "\":{\"principalId\":\"P1\",\"clientId\":\"C1\"}}}");
	check_rows(b, FABRIC_IMDS, &none, 1);
	fabric_set_tokens(b->fabric, tell, (char[]) { "made" });
	check_rows(b, FABRIC_IMDS, token_rows, ARRAY_SIZE(token_rows));
	bench_restart(b);
	fabric_set_tokens(b->fabric, tell, (char[]) { "made" });
	check_rows(b, FABRIC_IMDS, token_rows, ARRAY_SIZE(token_rows)); /* it is kept */
	assign(b, "{\"userAssignedIdentities\":{\"/y\":{\"principalId\":\"P2\"}}}");
	check_rows(b, FABRIC_IMDS, &one, 1);
	assign(b, "{\"userAssignedIdentities\":{\"/y\":{},\"/z\":{}}}");
	check_rows(b, FABRIC_IMDS, &many, 1);
	assign(b, NULL);
	check_rows(b, FABRIC_IMDS, &gone, 1);
	assert_int_equal(fabric_set_identity(b->fabric, "vm9", NULL, &err), -1);
}

/* ---- wire server --------------------------------------------------------------------------- */

static const struct ask_row wire_rows[] = {
	{ "versions need no version", "GET /?comp=versions", "", 200,
	  "<Version>2012-11-30</Version>" },
	{ "goal state", "GET /machine/?comp=goalstate", VERSION, 200,
	  "<Incarnation>1</Incarnation>" },
	{ "without the slash", "GET /machine?comp=goalstate", VERSION, 200, NULL },
	{ "comp in another case", "GET /machine?comp=GoalState", VERSION, 200, NULL },
	{ "no version", "GET /machine/?comp=goalstate", "", 400,
	  "MissingOrIncorrectVersionHeader" },
	{ "a version that is not spoken", "GET /machine/?comp=goalstate",
	  "x-ms-version: 2030-01-01\r\n", 400, "MissingOrIncorrectVersionHeader" },
	{ "no comp", "GET /machine/", VERSION, 404, "ResourceNotFound" },
	{ "a post where one reads", "POST /machine/?comp=goalstate", VERSION, 405, NULL },
	{ "health", "POST /machine?comp=health", VERSION, 200, NULL },
	{ "telemetry", "POST /machine?comp=telemetrydata", VERSION, 200, NULL },
	{ "role properties are accepted", "POST /machine?comp=roleProperties", VERSION, 202, NULL },
	{ "health service", "POST /HealthService", "", 200, NULL },
	{ "another container's configuration",
	  "GET /machine/00000000-0000-0000-0000-000000000000/x?comp=config&type=sharedConfig&"
	  "incarnation=1",
	  VERSION, 404, NULL },
};

static void wire_server_answers(void **state)
{
	check_rows(*state, FABRIC_WIRE, wire_rows, ARRAY_SIZE(wire_rows));
}

/* "http://127.0.0.1:1234/machine/..." of an element of the goal state, as a request line. */
static void goal_url(const struct bench *b, const char *element, char *ret, size_t size)
{
	struct reply r AUTO_REPLY = bench_ask(b, FABRIC_WIRE, "GET /machine/?comp=goalstate",
					      VERSION, "");
	char open[64], close[64], url[1024];

	(void)TEXT_FORMAT(open, "<%s>", element);
	(void)TEXT_FORMAT(close, "</%s>", element);
	reply_xml(&r, open, close, url, sizeof url);
	assert_true(text_starts(url, "http://127.0.0.1:"));
	assert_int_equal(text_format(ret, size, "GET %s", strstr(url, "/machine/")), 0);
}

static void goal_state_leads_to_its_parts(void **state)
{
	static const struct ask_row parts[] = {
		{ "HostingEnvironmentConfig", NULL, NULL, 200, "<Incarnation number=\"1\"" },
		{ "SharedConfig", NULL, NULL, 200,
		  " rdmaMacAddress=\"00155D33FF17\" rdmaIPv4Address=\"172.16.1.14\"" },
		{ "ExtensionsConfig", NULL, NULL, 200, "statusBlobType=\"BlockBlob\"" },
		{ "FullConfig", NULL, NULL, 404, NULL },
		{ "Certificates", NULL, NULL, 400, "x-ms-guest-agent-public-x509-cert" },
	};
	char line[1024];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct ask_row row = parts[i];

		goal_url(*state, parts[i].name, line, sizeof line);
		row.line = line;
		row.headers = VERSION;
		check_rows(*state, FABRIC_WIRE, &row, 1);
	}
}

static void an_old_incarnation_is_gone(void **state)
{
	const struct bench *b = *state;
	char line[1024], *incarnation;
	struct ask_row row = { "before the bump", line, VERSION, 200, NULL };
	struct error err;

	goal_url(b, "SharedConfig", line, sizeof line);
	check_rows(b, FABRIC_WIRE, &row, 1);
	assert_int_equal(fabric_bump(b->fabric, "vm1", NULL, &err), 0);
	row = (struct ask_row) { "after the bump", line, VERSION, 410, "ResourceNotAvailable" };
	check_rows(b, FABRIC_WIRE, &row, 1);
	incarnation = strstr(line, "&incarnation=");
	*incarnation = '\0';
	row = (struct ask_row) { "no incarnation", line, VERSION, 400, NULL };
	check_rows(b, FABRIC_WIRE, &row, 1);
}

static void a_held_goal_state_stays(void **state)
{
	const struct bench *b = *state;
	struct ask_row row = { "held", "GET /machine/?comp=goalstate", VERSION, 200,
			       "<Incarnation>1</Incarnation>" };
	struct error err;

	assert_int_equal(fabric_set_fault(b->fabric, "vm1", "goalstate", "hold", &err), 0);
	assert_int_equal(fabric_bump(b->fabric, "vm1", NULL, &err), 0);
	check_rows(b, FABRIC_WIRE, &row, 1);
	assert_int_equal(fabric_set_fault(b->fabric, "vm1", "goalstate", "ok", &err), 0);
	row.has = "<Incarnation>2</Incarnation>";
	row.name = "let go";
	check_rows(b, FABRIC_WIRE, &row, 1);
}

/* ---- strangers and troubles ---------------------------------------------------------------- */

static void strangers_get_nothing(void **state)
{
	static const char line[] = "GET /machine/?comp=goalstate HTTP/1.1\r\nHost: x\r\n" VERSION
				   "Connection: close\r\n\r\n";

	for (int service = 0; service < FABRIC_SERVICES; service++) {
		struct reply r AUTO_REPLY = bench_send(*state, (enum fabric_service)service,
						       "127.0.0.9", line, strlen(line), 10000);

		assert_int_equal(r.status, 404);
	}
}

static void vms_are_told_apart_by_address(void **state)
{
	static const char line[] = "GET /metadata/instance/compute/name?" API
				   "&format=text HTTP/1.1\r\nHost: x\r\n" METADATA
				   "Connection: close\r\n\r\n";
	const struct bench *b = *state;
	const struct fabric_vm vm = { .name = "vm2", .address = "127.0.0.2" };
	struct error err;

	assert_int_equal(fabric_add_vm(b->fabric, &vm, &err), 0);
	for (int i = 1; i <= 2; i++) {
		char from[16], name[8];

		(void)TEXT_FORMAT(from, "127.0.0.%d", i);
		(void)TEXT_FORMAT(name, "vm%d", i);
		struct reply r AUTO_REPLY = bench_send(b, FABRIC_IMDS, from, line, strlen(line),
						       10000);

		assert_string_equal(r.body, name);
	}
}

static const struct {
	const char *name, *mode;
	int wait_ms, first, second;
} fault_rows[] = {
	{ "two refusals, then as usual", "429:1", 10000, 429, 200 },
	{ "gone for ever", "404", 10000, 404, 404 },
	{ "late but in time", "delay:30", 10000, 200, 200 },
	{ "too late for the one who asks", "delay:60000", 60, -2, -2 },
	{ "never an answer", "silent", 60, -2, -2 },
	{ "a reset", "reset", 10000, -1, -1 },
};

static void services_misbehave_on_demand(void **state)
{
	static const char line[] = "GET /metadata/instance?" API " HTTP/1.1\r\nHost: x\r\n" METADATA
				   "Connection: close\r\n\r\n";
	const struct bench *b = *state;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(fault_rows); i++) {
		int wait_ms = fault_rows[i].wait_ms;

		assert_int_equal(fabric_set_imds(b->fabric, "vm1", fault_rows[i].mode, &err), 0);
		struct reply one AUTO_REPLY = bench_send(b, FABRIC_IMDS, "127.0.0.1", line,
							 strlen(line), wait_ms);
		struct reply two AUTO_REPLY = bench_send(b, FABRIC_IMDS, "127.0.0.1", line,
							 strlen(line), wait_ms);

		if (one.status != fault_rows[i].first || two.status != fault_rows[i].second)
			fail_msg("%s: %d, %d", fault_rows[i].name, one.status, two.status);
	}
}

/* ---- what no client should send ------------------------------------------------------------ */

static const struct {
	const char *name, *text;
} malformed_rows[] = {
	{ "nothing but an end", "\r\n\r\n" },
	{ "not HTTP", "hello\r\n\r\n" },
	{ "half a line", "GET /mach" },
	{ "no version", "GET /\r\n\r\n" },
	{ "a bad percent sign",
	  "GET /%zz?comp=%% HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" },
	{ "a NUL in the path", "GET /%00machine?comp=goalstate HTTP/1.1\r\nHost: x\r\n" VERSION
			       "Connection: close\r\n\r\n" },
	{ "a length that is no number", "POST /machine?comp=health HTTP/1.1\r\nHost: x\r\n"
					"Content-Length: many\r\n\r\n" },
	{ "a negative length", "PUT /status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" },
	{ "bad chunks", "PUT /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
			"Connection: close\r\n\r\nzz\r\nabc\r\n0\r\n\r\n" },
	{ "dots that climb",
	  "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" },
	{ "dots that climb in the catalogue",
	  "GET /catalogue/Lab.Sample/../../../etc/passwd.zip?sp=r&sig=x HTTP/1.1\r\nHost: x\r\n"
	  "Connection: close\r\n\r\n" },
};

static void malformed_requests_harm_nobody(void **state)
{
	static const struct ask_row after = { "still there", "GET /?comp=versions", "", 200, NULL };

	for (size_t i = 0; i < ARRAY_SIZE(malformed_rows); i++) {
		const char *text = malformed_rows[i].text;

		for (int service = 0; service < FABRIC_SERVICES; service++) {
			struct reply r AUTO_REPLY = bench_send(*state, (enum fabric_service)service,
							       "127.0.0.1", text, strlen(text), 20);

			if (r.status >= 200 && r.status < 300)
				fail_msg("%s: %d", malformed_rows[i].name, r.status);
		}
	}
	check_rows(*state, FABRIC_WIRE, &after, 1);
}

static void a_body_has_its_limit(void **state)
{
	size_t size = (8 << 20) + 1;
	struct buf text AUTO_BUF = { 0 };

	assert_int_equal(buf_add_format(&text,
					"PUT /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
					"Content-Length: %zu\r\n\r\n",
					size),
			 0);
	AUTO_FREE char *body = calloc(1, size);

	assert_int_equal(buf_add(&text, body, size), 0);
	struct reply r AUTO_REPLY = bench_send(*state, FABRIC_PLUGIN, "127.0.0.1", text.data,
					       text.len, 10000);

	assert_int_equal(r.status, 413);
}

static void requests_are_counted(void **state)
{
	const struct bench *b = *state;

	check_rows(b, FABRIC_WIRE, wire_rows, 2);
	check_rows(b, FABRIC_IMDS, imds_rows, 3);
	json_t *counts AUTO_JSON = fabric_counts(b->fabric, "vm1");

	/* keys have dots, so json_at cannot walk to them */
	assert_int_equal(json_integer_value(json_object_get(counts, "wire.versions")), 1);
	assert_int_equal(json_integer_value(json_object_get(counts, "wire.goalstate")), 1);
	assert_int_equal(json_integer_value(json_object_get(counts, "imds.instance")), 3);
}

#define BENCH_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(metadata_answers),
		BENCH_TEST(identities_have_tokens),
		BENCH_TEST(wire_server_answers),
		BENCH_TEST(goal_state_leads_to_its_parts),
		BENCH_TEST(an_old_incarnation_is_gone),
		BENCH_TEST(a_held_goal_state_stays),
		BENCH_TEST(strangers_get_nothing),
		BENCH_TEST(vms_are_told_apart_by_address),
		BENCH_TEST(services_misbehave_on_demand),
		BENCH_TEST(malformed_requests_harm_nobody),
		BENCH_TEST(a_body_has_its_limit),
		BENCH_TEST(requests_are_counted),
	};

	return cmocka_run_group_tests(tests, bench_seed, bench_unseed);
}
