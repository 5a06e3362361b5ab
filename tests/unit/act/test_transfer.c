/* tests/unit/act/test_transfer.c - ends of curl and wget judged, and what they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "act/fetch/download.h"
#include "act/bundle/offline.h"
#include "act/packages/proxy.h"
#include "act/fetch/transfer.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

static const struct {
	const char *name, *text;
	struct answer want;
} head_rows[] = {
	{ "as HTTP/1.1 has it",
	  "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n",
	  { .status = 200, .length = 12, .total = -1 } },
	{ "as HTTP/2 has it",
	  "HTTP/2 206 \r\nContent-Length: 3\r\nContent-Range: bytes 9-11/12\r\n\r\n",
	  { .status = 206, .length = 3, .total = 12 } },
	{ "the last of several",
	  "HTTP/1.1 200 Connection established\r\nContent-Length: 1\r\n\r\nHTTP/1.1 404 No\r\n\r\n",
	  { .status = 404, .length = -1, .total = -1 } },
	{ "as wget indents it",
	  "Resolving h... done\n  HTTP/1.1 302 Found\n  Location: /b\nLocation: /b [following]\n",
	  { .status = 302, .length = -1, .total = -1, .location = "/b" } },
	{ "a wait in seconds",
	  "HTTP/1.1 429 Slow\nRetry-After: 30\n",
	  { .status = 429, .length = -1, .total = -1, .retry_after_s = 30 } },
	{ "a wait until a date is ours to choose",
	  "HTTP/1.1 503 No\nRetry-After: Fri, 27 Nov 2026 00:00:00 GMT\n",
	  { .status = 503, .length = -1, .total = -1 } },
	{ "a wait of years",
	  "HTTP/1.1 503 No\nRetry-After: 99999999\n",
	  { .status = 503, .length = -1, .total = -1 } },
	{ "a length that is none",
	  "HTTP/1.1 200 OK\nContent-Length: -5\n",
	  { .status = 200, .length = -1, .total = -1 } },
	{ "a length of the whole that is not known",
	  "HTTP/1.1 206 OK\nContent-Range: bytes 0-0/*\n",
	  { .status = 206, .length = -1, .total = -1 } },
	{ "headers before any answer", "Content-Length: 5\n", { .length = -1, .total = -1 } },
	{ "nothing", "", { .length = -1, .total = -1 } },
};

static void parses_heads(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(head_rows); i++) {
		const struct answer *want = &head_rows[i].want;
		struct answer a;

		answer_parse(head_rows[i].text, strlen(head_rows[i].text), &a);
		if (a.status != want->status || a.length != want->length ||
		    a.total != want->total || a.retry_after_s != want->retry_after_s ||
		    !text_eq(a.location, want->location))
			fail_msg("answer_parse: %s", head_rows[i].name);
	}
}

typedef void judge(int code, const struct answer *a, bool proxied, struct judgement *ret);

static const struct {
	const char *name;
	judge *fn;
	int code, status;
	bool proxied;
	enum fault fault;
	bool again, too_far;
} judgement_rows[] = {
	{ "curl: done", judgement_of_curl, 0, 200, false, FAULT_NONE, false, false },
	{ "curl: a part", judgement_of_curl, 0, 206, false, FAULT_NONE, false, false },
	{ "curl: a status that says no file", judgement_of_curl, 0, 204, false, FAULT_DOWNLOAD,
	  false, false },
	{ "curl: no name server", judgement_of_curl, 6, 0, false, FAULT_DOWNLOAD, true, false },
	{ "curl: no connection", judgement_of_curl, 7, 0, false, FAULT_DOWNLOAD, true, false },
	{ "curl: no connection to the proxy", judgement_of_curl, 7, 0, true, FAULT_DOWNLOAD_PROXY,
	  true, false },
	{ "curl: cut off", judgement_of_curl, 18, 200, false, FAULT_DOWNLOAD, true, false },
	{ "curl: the disk is full", judgement_of_curl, 23, 200, false, FAULT_DISK_FULL, false,
	  false },
	{ "curl: too slow", judgement_of_curl, 28, 200, false, FAULT_DOWNLOAD, true, false },
	{ "curl: a certificate that nobody knows", judgement_of_curl, 60, 0, false,
	  FAULT_DOWNLOAD_TLS, false, false },
	{ "curl: no store of certificates", judgement_of_curl, 77, 0, false, FAULT_DOWNLOAD_TLS,
	  false, false },
	{ "curl: the proxy wants a password, before TLS", judgement_of_curl, 56, 407, true,
	  FAULT_DOWNLOAD_PROXY, false, false },
	{ "curl: no parts from this server", judgement_of_curl, 33, 200, false, FAULT_DOWNLOAD,
	  false, true },
	{ "curl: all of it was there", judgement_of_curl, 22, 416, false, FAULT_DOWNLOAD, false,
	  true },
	{ "curl: an option that it does not know", judgement_of_curl, 2, 0, false, FAULT_DOWNLOAD,
	  false, false },
	{ "wget: done", judgement_of_wget, 0, 200, false, FAULT_NONE, false, false },
	{ "wget: network", judgement_of_wget, 4, 0, false, FAULT_DOWNLOAD, true, false },
	{ "wget: network, by a proxy", judgement_of_wget, 4, 0, true, FAULT_DOWNLOAD_PROXY, true,
	  false },
	{ "wget: certificate", judgement_of_wget, 5, 0, false, FAULT_DOWNLOAD_TLS, false, false },
	{ "wget: not there", judgement_of_wget, 8, 404, false, FAULT_DOWNLOAD_NOT_FOUND, false,
	  false },
	{ "wget: file", judgement_of_wget, 3, 200, false, FAULT_DISK_FULL, false, false },
};

static void judges_ends(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(judgement_rows); i++) {
		struct answer a = { .status = judgement_rows[i].status };
		struct judgement v;

		judgement_rows[i].fn(judgement_rows[i].code, &a, judgement_rows[i].proxied, &v);
		if (v.fault != judgement_rows[i].fault || v.again != judgement_rows[i].again ||
		    v.too_far != judgement_rows[i].too_far || v.redirect)
			fail_msg("%s: %s", judgement_rows[i].name, fault_row(v.fault)->slug);
	}
}

/* What is secret comes between quotes that it cannot leave. */
static void configures(void **unused)
{
	struct proxy proxy = { "http://p:3128", "me", "a\"b\\c" };
	struct transfer t = { .url = "https://h/a",
			      .output = "file.part",
			      .offset = 7,
			      .proxy = &proxy,
			      .headers = { "Authorization: Bearer x" },
			      .deadline_s = 60 };
	AUTO_BUF struct buf curl = { 0 }, wget = { 0 }, ask = { 0 };

	(void)unused;
	assert_int_equal(transfer_curl_config(&t, &curl), 0);
	assert_non_null(strstr(buf_text(&curl), "\nproxy-user = \"me:a\\\"b\\\\c\"\n"));
	assert_non_null(strstr(buf_text(&curl), "\nheader = \"Authorization: Bearer x\"\n"));
	assert_non_null(strstr(buf_text(&curl), "\ncontinue-at = 7\n"));
	assert_null(strstr(buf_text(&curl), "insecure"));
	assert_null(strstr(buf_text(&curl), "location"));
	assert_int_equal(transfer_wget_config(&t, &wget), 0);
	assert_non_null(strstr(buf_text(&wget), "\nproxy_password = a\"b\\c\n"));
	assert_non_null(strstr(buf_text(&wget), "\ncheck_certificate = on\n"));
	t.output = NULL;
	proxy.url[0] = '\0';
	assert_int_equal(transfer_curl_config(&t, &ask), 0);
	assert_non_null(strstr(buf_text(&ask), "\nhead\n"));
	/* An empty proxy is none, whatever the environment says. */
	assert_non_null(strstr(buf_text(&ask), "\nproxy = \"\"\n"));
}

#define OWN       "https://me.blob.core.windows.net/packs"
#define CATALOGUE "https://us.blob.core.windows.net/a"

static const struct {
	const char *name, *url, *sas, *want;
	bool identity;
} key_rows[] = {
	{ "a blob of the settings", OWN "/a", "?sv=1&sig=x", OWN "/a?sv=1&sig=x", false },
	{ "the same without a token", OWN "/a", "", OWN "/a", true },
	{ "a blob of somebody else", "https://you.blob.core.windows.net/packs/a", "?sv=1&sig=x",
	  "https://you.blob.core.windows.net/packs/a", false },
	{ "somebody else's, with an identity", "https://you.blob.core.windows.net/packs/a", "",
	  "https://you.blob.core.windows.net/packs/a", false },
	{ "the vendor", "https://content.example.com/a", "?sv=1&sig=x",
	  "https://content.example.com/a", false },
	{ "without TLS", "http://me.blob.core.windows.net/packs/a", "?sv=1&sig=x",
	  "http://me.blob.core.windows.net/packs/a", false },
	{ "an address that has one", OWN "/a?sv=2&sig=y", "sv=1&sig=x", OWN "/a?sv=2&sig=y",
	  false },
	{ "a catalogue of the settings", CATALOGUE "/c.json", "?sv=1&sig=x",
	  CATALOGUE "/c.json?sv=1&sig=x", false },
	{ "its signature", CATALOGUE "/c.json.minisig", "?sv=1&sig=x",
	  CATALOGUE "/c.json.minisig?sv=1&sig=x", false },
	{ "its signature, without a token", CATALOGUE "/c.json.minisig", "",
	  CATALOGUE "/c.json.minisig", true },
	{ "another's signature beside it", CATALOGUE "/d.json.minisig", "",
	  CATALOGUE "/d.json.minisig", false },
	{ "a name that begins alike", CATALOGUE "/c.json.minisigx", "",
	  CATALOGUE "/c.json.minisigx", false },
	{ "a token that would be another option", OWN "/a", "x\"\noutput = \"/etc/passwd", NULL,
	  false },
};

static void keeps_keys_to_their_doors(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(key_rows); i++) {
		struct settings s;
		struct error err = { 0 };
		char got[URL_SIZE] = "";
		int rc;

		settings_defaults(&s);
		(void)TEXT_COPY(s.prebuilt, OWN);
		(void)TEXT_COPY(s.catalogue_uri, CATALOGUE "/c.json");
		(void)TEXT_COPY(s.identity, "an-id");
		(void)TEXT_COPY(s.sas_token, key_rows[i].sas);
		rc = download_address(&s, key_rows[i].url, got, sizeof got, &err);
		if ((rc == 0) != (key_rows[i].want != NULL) ||
		    (rc == 0 && !text_eq(got, key_rows[i].want)) ||
		    download_wants_identity(&s, key_rows[i].url) != key_rows[i].identity)
			fail_msg("%s: %s", key_rows[i].name, got);
	}
}

static const struct {
	const char *name, *proxy, *user, *password, *url, *want;
} proxy_rows[] = {
	{ "a bare one", "p:3128", "", "", "https://h/a", "http://p:3128" },
	{ "without a port", "http://p", "", "", "https://h/a", "http://p:80" },
	{ "with a user", "https://p/", "m e", "a:b@c", "https://h/a",
	  "https://m%20e:a%3Ab%40c@p:443" },
	{ "with a user in the address", "http://me:x@p:1", "", "", "https://h/a",
	  "http://me:x@p:1" },
	{ "not for a listed host", "p:1", "", "", "https://own.example.com/a", "" },
	{ "not for the metadata service", "p:1", "", "", "http://169.254.169.254/a", "" },
	{ "not for a file", "p:1", "", "", "/a", "" },
	{ "one that is none", "socks5://p:1", "", "", "https://h/a", NULL },
	{ "a password with a line's end", "p:1", "me", "a\nb", "https://h/a", NULL },
};

static void chooses_proxies(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(proxy_rows); i++) {
		struct settings s;
		struct proxy p;
		struct error err = { 0 };
		char got[1000] = "";
		int rc;

		settings_defaults(&s);
		(void)TEXT_COPY(s.proxy, proxy_rows[i].proxy);
		(void)TEXT_COPY(s.no_proxy, "example.com");
		(void)TEXT_COPY(s.proxy_user, proxy_rows[i].user);
		(void)TEXT_COPY(s.proxy_password, proxy_rows[i].password);
		rc = proxy_for(&s, proxy_rows[i].url, &p, &err);
		if (rc == 0)
			assert_int_equal(proxy_with_user(&p, got, sizeof got), 0);
		if ((rc == 0) != (proxy_rows[i].want != NULL) ||
		    (rc == 0 && !text_eq(got, proxy_rows[i].want)))
			fail_msg("%s: %s", proxy_rows[i].name, got);
	}
}

/* What the owner wrote stays, but for a proxy beside ours. */
static void writes_for_package_managers(void **unused)
{
	static const struct proxy p = { "http://p:3128", "me", "a\"b:%" };
	static const struct {
		const char *name, *own, *want;
	} rows[] = {
		{ "the owner's file",
		  "[main]\ngpgcheck=1\nproxy=http://old:1\nproxy_username=you\n[r]\nx=1\n",
		  "[main]\nproxy=http://p:3128\nproxy_username=me\nproxy_password=a\"b:%\n"
		  "gpgcheck=1\n[r]\nx=1\n" },
		{ "no end of the line", "[main]",
		  "[main]\nproxy=http://p:3128\nproxy_username=me\nproxy_password=a\"b:%\n" },
		{ "no file", "",
		  "\n[main]\nproxy=http://p:3128\nproxy_username=me\nproxy_password=a\"b:%\n" },
	};
	AUTO_BUF struct buf apt = { 0 }, curlrc = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf ini = { 0 };

		assert_int_equal(package_proxy_ini(&p, rows[i].own, &ini), 0);
		if (!text_eq(buf_text(&ini), rows[i].want))
			fail_msg("%s: %s", rows[i].name, buf_text(&ini));
	}
	assert_int_equal(package_proxy_apt(&p, &apt), 0);
	assert_non_null(strstr(buf_text(&apt),
			       "Acquire::https::Proxy \"http://me:a%22b%3A%25@p:3128\";\n"));
	assert_int_equal(package_proxy_curlrc(&p, &curlrc), 0);
	assert_string_equal(buf_text(&curlrc), "proxy-user = \"me:a\\\"b:%\"\n");
}

/* A program that looks at what it is given. */
static int look(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	struct stat st;

	(void)err;
	assert_string_equal(spec->argv[1], "-c");
	for (size_t i = 0; spec->argv[i] != NULL; i++)
		assert_null(strstr(spec->argv[i], "secret"));
	for (size_t i = 0; spec->env[i] != NULL; i++)
		assert_null(strstr(spec->env[i], "secret"));
	assert_string_equal(spec->env[0], "A=b");
	assert_string_equal(spec->env[1], "no_proxy=example.com");
	assert_int_equal(fs_read(h->root, spec->argv[2] + 1, 1000, &text), 0);
	assert_non_null(strstr(buf_text(&text), "http://me:secret@p:3128"));
	assert_int_equal(fstatat(h->root, spec->argv[2] + 1, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	*ret = (struct run_result) { .end = RUN_EXITED };
	return 0;
}

static void hides_the_password(void **unused)
{
	static const struct runner looks = { look };
	char dir[] = "/tmp/ib-vmext-proxy-XXXXXX";
	const char *const argv[] = { "apt-get", "update", NULL }, *const env[] = { "A=b", NULL };
	struct run_spec spec = { .argv = argv, .env = env, .deadline_s = 10 };
	struct host h = { .live = true, .runner = &looks, .clock = &clock_system };
	struct settings s;
	struct package_context c = { .host = &h, .settings = &s };
	struct run_result r = { 0 };
	struct error err = { 0 };

	(void)unused;
	assert_non_null(mkdtemp(dir));
	h.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	settings_defaults(&s);
	(void)TEXT_COPY(s.proxy, "p:3128");
	(void)TEXT_COPY(s.no_proxy, "example.com");
	(void)TEXT_COPY(s.proxy_user, "me");
	(void)TEXT_COPY(s.proxy_password, "secret");
	assert_int_equal(package_proxy_run(&c, &spec, &r, &err), 0);
	assert_false(fs_exists(h.root, PACKAGE_PROXY_DIR));
	host_close(&h);
	assert_int_equal(fs_remove(AT_FDCWD, dir), 0);
}

/* What dnf, tdnf and zypper are told where an offline bundle is used: its files alone. */
static int look_local(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		      struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	const char *conf;

	(void)err;
	*ret = (struct run_result) { .end = RUN_EXITED };
	assert_null(spec->env[0]);
	if (text_eq(spec->argv[0], "zypper")) {
		assert_true(text_starts(spec->argv[1], "--reposd-dir=/" OFFLINE_DIR "/local"));
		assert_true(text_starts(spec->argv[2], "--cache-dir=/" OFFLINE_DIR "/local"));
		assert_string_equal(spec->argv[3], "install");
		return 0;
	}
	assert_string_equal(spec->argv[1], "-c");
	assert_int_equal(fs_read(h->root, spec->argv[2] + 1, 1000, &text), 0);
	conf = buf_text(&text);
	assert_non_null(strstr(conf, "\nreposdir=/" OFFLINE_DIR "/local/repos.d\n"));
	assert_non_null(strstr(conf, "\nrepodir=/" OFFLINE_DIR "/local/repos.d\n"));
	assert_non_null(strstr(conf, "\ncachedir=/" OFFLINE_DIR "/local/cache\n"));
	assert_non_null(strstr(conf, "\nexclude=x\n"));
	assert_null(strstr(conf, "owner"));
	return 0;
}

static void asks_the_bundle_alone(void **unused)
{
	static const struct runner looks = { look_local };
	static const char *const programs[] = { "dnf", "tdnf", "zypper" };
	static const char conf[] = "[main]\nexclude=x\nreposdir=/owner\nproxy=http://owner\n"
				   "cachedir=/owner\n[owner]\nbaseurl=http://owner/\n";
	char dir[] = "/tmp/ib-vmext-local-XXXXXX";
	struct host h = { .live = true, .runner = &looks, .clock = &clock_system };
	struct settings s;
	struct package_context c = { .host = &h, .settings = &s };

	(void)unused;
	assert_non_null(mkdtemp(dir));
	h.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	settings_defaults(&s);
	(void)TEXT_COPY(s.offline_bundle, "/root/bundle");
	(void)TEXT_COPY(s.proxy, "p:3128");
	(void)TEXT_COPY(s.no_proxy, "example.com");
	assert_int_equal(fs_make_dirs(h.root, OFFLINE_DIR "/local", 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		const char *const argv[] = { programs[i], "install", NULL };
		struct run_spec spec = { .argv = argv, .deadline_s = 10 };
		struct run_result r = { 0 };
		struct error err = { 0 };
		char etc[40];

		(void)TEXT_FORMAT(etc, "etc/%s", programs[i]);
		assert_int_equal(fs_make_dirs(h.root, etc, 0755), 0);
		(void)TEXT_FORMAT(etc, "etc/%s/%s.conf", programs[i], programs[i]);
		assert_int_equal(fs_replace(h.root, etc, conf, sizeof conf - 1, 0644), 0);
		assert_int_equal(package_proxy_run(&c, &spec, &r, &err), 0);
	}
	assert_false(fs_exists(h.root, PACKAGE_PROXY_DIR));
	host_close(&h);
	assert_int_equal(fs_remove(AT_FDCWD, dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_heads),       cmocka_unit_test(judges_ends),
		cmocka_unit_test(configures),         cmocka_unit_test(keeps_keys_to_their_doors),
		cmocka_unit_test(chooses_proxies),    cmocka_unit_test(writes_for_package_managers),
		cmocka_unit_test(hides_the_password), cmocka_unit_test(asks_the_bundle_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
