/* tests/unit/act/test_catalogue_file.c - which catalogue is used: each reason to refuse a file, and
 * an installed one that is old or new and nothing between. */
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/catalogue/fetch.h"
#include "act/catalogue/file.h"
#include "act/record/receipt.h"
#include "base/fs.h"
#include "catalogue/rows.h"
#include "host/run.h"
#include "crash.h"
#include "signer.h"

/* On the clock of the machine, which starts at 1795000000: 2026-11-26T00:00:00Z. */
#define NOW_MS   INT64_C(651200000)
#define A_MONTH  "2026-12-26T00:00:00Z"
#define THE_FILE "srv/catalogue.json"

static struct machine m;
static struct signer signer;
static char shell_path[128]; /* of THE_FILE, as open(2) takes it */

static struct catalogue_judge judge(void)
{
	return (struct catalogue_judge) { &m.host, &m.settings, &catalogue_built_in };
}

static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	m.clock.now_ms = NOW_MS;
	signer_make(&signer);
	minisig_key_text(&signer.public, m.settings.trusted_keys[0]);
	m.settings.ntrusted_keys = 1;
	(void)TEXT_FORMAT(shell_path, "%s/" THE_FILE, m.dir);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static json_t *some_rows(const struct row_table *table, const void *row)
{
	return json_pack("[o]", row_to_json(table, row));
}

/* One row of each table of the built-in catalogue. */
static void write_document(const char *version, const char *expires, struct buf *ret)
{
	const struct catalogue *c = &catalogue_built_in;
	AUTO_JSON json_t *j = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "schema",
					CATALOGUE_SCHEMA, "version", version, "expires", expires,
					"sizes", some_rows(&size_table, &c->sizes[0]), "adapters",
					some_rows(&adapter_table, &c->adapters[0]), "drivers",
					some_rows(&driver_table, &c->drivers[0]));

	assert_non_null(j);
	assert_int_equal(json_write(j, true, ret), 0);
}

static void put_signed(const char *path, const struct signer *s, const struct buf *text)
{
	AUTO_BUF struct buf signature = { 0 };
	char name[200];

	signer_sign(s, true, text->data, text->len, "a catalogue", &signature);
	(void)TEXT_FORMAT(name, "%s.minisig", path);
	machine_put(&m, path, text->data);
	machine_put(&m, name, signature.data);
}

static void publish(const char *version, const char *expires)
{
	AUTO_BUF struct buf text = { 0 };

	write_document(version, expires, &text);
	put_signed(THE_FILE, &signer, &text);
}

/* What may be wrong with a file that was right. */

static void spoil(const char *path, size_t from_end)
{
	AUTO_BUF struct buf text = { 0 };

	(void)machine_text(&m, path, &text);
	assert_true(text.len > from_end);
	text.data[text.len - 1 - from_end] ^= 1;
	machine_put(&m, path, text.data);
}

static void unsigned_file(void)
{
	assert_int_equal(fs_remove(m.host.root, THE_FILE ".minisig"), 0);
}

static void cut_signature(void)
{
	AUTO_BUF struct buf text = { 0 };

	(void)machine_text(&m, THE_FILE ".minisig", &text);
	text.data[text.len / 2] = '\0';
	machine_put(&m, THE_FILE ".minisig", text.data);
}

static void long_signature(void)
{
	AUTO_BUF struct buf text = { 0 };

	(void)machine_text(&m, THE_FILE ".minisig", &text);
	for (int i = 0; i < MINISIG_BYTES_MAX; i++)
		assert_int_equal(buf_add_text(&text, "x"), 0);
	machine_put(&m, THE_FILE ".minisig", text.data);
}

static void bad_base64(void)
{
	machine_put(&m, THE_FILE ".minisig",
		    "untrusted comment: x\n!!!!\ntrusted comment: y\n!!!!\n");
}

static void another_key(void)
{
	struct signer other;
	AUTO_BUF struct buf text = { 0 };

	signer_make(&other);
	(void)machine_text(&m, THE_FILE, &text);
	put_signed(THE_FILE, &other, &text);
}

static void no_key_at_all(void)
{
	m.settings.ntrusted_keys = 0;
}

static void a_key_that_is_none(void)
{
	TEXT_COPY(m.settings.trusted_keys[0], "RWnonsense");
}

static void another_byte(void)
{
	spoil(THE_FILE, 5);
}

static void another_signature(void)
{
	AUTO_BUF struct buf text = { 0 };
	char *at;

	(void)machine_text(&m, THE_FILE ".minisig", &text);
	at = strchr(text.data, '\n') + 60; /* past the key id; base64 as before */
	*at = *at == 'A' ? 'B' : 'A';
	machine_put(&m, THE_FILE ".minisig", text.data);
}

static void another_comment(void)
{
	AUTO_BUF struct buf text = { 0 };

	(void)machine_text(&m, THE_FILE ".minisig", &text);
	*strstr(text.data, "a catalogue") = 'A';
	machine_put(&m, THE_FILE ".minisig", text.data);
}

static void too_large(void)
{
	AUTO_FD int fd = openat(m.host.root, THE_FILE, O_WRONLY | O_CLOEXEC);

	assert_int_equal(ftruncate(fd, CATALOGUE_BYTES_MAX + 1), 0);
}

static void sign_text(const char *text)
{
	AUTO_BUF struct buf b = { 0 };

	assert_int_equal(buf_add_text(&b, text), 0);
	put_signed(THE_FILE, &signer, &b);
}

static void no_json(void)
{
	sign_text("{\"schema\": \"ib-vmext/catalogue/1\",\n}");
}

static void a_key_twice(void)
{
	sign_text("{\"schema\": \"ib-vmext/catalogue/1\", \"version\": \"2099\", \"version\": "
		  "\"1\"}");
}

static void a_bad_row(void)
{
	AUTO_BUF struct buf text = { 0 };
	char *at;

	(void)machine_text(&m, THE_FILE, &text);
	at = strstr(text.data, "\"packageManager\": \"apt\"");
	assert_non_null(at);
	memcpy(strstr(at, "apt"), "apk", 3);
	put_signed(THE_FILE, &signer, &text);
}

static void not_there(void)
{
	assert_int_equal(fs_remove(m.host.root, THE_FILE), 0);
}

static void a_directory(void)
{
	not_there();
	assert_int_equal(fs_make_dirs(m.host.root, THE_FILE, 0755), 0);
}

static void used_a_newer_one(void)
{
	machine_put(&m, ACT_STATE_DIR "/receipt.json",
		    "{\"schema\": \"ib-vmext/receipt/1\", \"catalogue\": \"2099.1.2\"}");
}

static void used_this_one(void)
{
	machine_put(&m, ACT_STATE_DIR "/receipt.json",
		    "{\"schema\": \"ib-vmext/receipt/1\", \"catalogue\": \"2099.1.1\"}");
}

static const struct {
	const char *name, *version, *expires;
	void (*spoil)(void);
	enum fault fault;
	const char *text; /* in the message */
} file_rows[] = {
	{ "newer", "2099.1.1", A_MONTH, NULL, FAULT_NONE, "" },
	{ "as old as the built-in one", NULL, A_MONTH, NULL, FAULT_NONE, "" },
	{ "as old as the last one used", "2099.1.1", A_MONTH, used_this_one, FAULT_NONE, "" },
	{ "a second before its end", "2099.1.1", "2026-11-26T00:00:02Z", NULL, FAULT_NONE, "" },
	{ "at its end", "2099.1.1", "2026-11-26T00:00:00Z", NULL, FAULT_CATALOGUE_EXPIRED,
	  "held until 2026-11-26T00:00:00Z" },
	{ "older than the built-in one", "2020.1.1", A_MONTH, NULL, FAULT_CATALOGUE_ROLLED_BACK,
	  "has version 2020.1.1, and the built-in one has" },
	{ "older than the last one used", "2099.1.1", A_MONTH, used_a_newer_one,
	  FAULT_CATALOGUE_ROLLED_BACK, "the last run used one that has 2099.1.2" },
	{ "unsigned", "2099.1.1", A_MONTH, unsigned_file, FAULT_CATALOGUE_SIGNATURE,
	  "catalogue.json.minisig is not there" },
	{ "a signature that is cut", "2099.1.1", A_MONTH, cut_signature, FAULT_CATALOGUE_SIGNATURE,
	  "catalogue.json.minisig is not a signature of minisign: line" },
	{ "a signature that is too long", "2099.1.1", A_MONTH, long_signature,
	  FAULT_CATALOGUE_SIGNATURE, "too long" },
	{ "bad base64", "2099.1.1", A_MONTH, bad_base64, FAULT_CATALOGUE_SIGNATURE,
	  "line 2 is not the base64" },
	{ "another key", "2099.1.1", A_MONTH, another_key, FAULT_CATALOGUE_SIGNATURE,
	  "not among the 1 trusted here" },
	{ "no trusted key at all", "2099.1.1", A_MONTH, no_key_at_all, FAULT_CATALOGUE_SIGNATURE,
	  "not among the 0 trusted here" },
	{ "a trusted key that is none", "2099.1.1", A_MONTH, a_key_that_is_none, FAULT_SETTINGS,
	  "trustedKeys[0] is not a public key" },
	{ "another byte in the file", "2099.1.1", A_MONTH, another_byte, FAULT_CATALOGUE_SIGNATURE,
	  "the catalogue is not what was signed" },
	{ "another byte in the signature", "2099.1.1", A_MONTH, another_signature,
	  FAULT_CATALOGUE_SIGNATURE, "the catalogue is not what was signed" },
	{ "another trusted comment", "2099.1.1", A_MONTH, another_comment,
	  FAULT_CATALOGUE_SIGNATURE, "the trusted comment of the signature is not what was" },
	{ "too large", "2099.1.1", A_MONTH, too_large, FAULT_CATALOGUE_MALFORMED,
	  "is larger than" },
	{ "no JSON", "2099.1.1", A_MONTH, no_json, FAULT_CATALOGUE_MALFORMED, "line 2" },
	{ "a key twice", "2099.1.1", A_MONTH, a_key_twice, FAULT_CATALOGUE_MALFORMED, "duplicate" },
	{ "a bad row", "2099.1.1", A_MONTH, a_bad_row, FAULT_CATALOGUE_MALFORMED,
	  "\": \"packageManager\" is \"apk\"" },
	{ "not there", "2099.1.1", A_MONTH, not_there, FAULT_CATALOGUE_UNREADABLE,
	  "cannot be read: No such file" },
	{ "a directory", "2099.1.1", A_MONTH, a_directory, FAULT_CATALOGUE_UNREADABLE,
	  "cannot be read" },
};

static void publish_row(size_t i)
{
	const char *version = file_rows[i].version;

	publish(version != NULL ? version : catalogue_built_in.version, file_rows[i].expires);
	if (file_rows[i].spoil != NULL)
		file_rows[i].spoil();
}

static void refuses_a_named_file_with_a_fault(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++) {
		AUTO_CATALOGUE struct catalogue_owned c = { 0 };
		struct catalogue_judge by = judge();
		struct error err = { 0 };
		int rc;

		publish_row(i);
		rc = catalogue_file_read(&by, shell_path, &c, &err);
		if (rc != (file_rows[i].fault == FAULT_NONE ? 0 : -1) ||
		    err.fault != file_rows[i].fault || strstr(err.what, file_rows[i].text) == NULL)
			fail_msg("%s: %d %s: %s", file_rows[i].name, rc, fault_row(err.fault)->slug,
				 err.what);
		/* The path is named wherever it is at fault. */
		if (rc < 0 && err.fault != FAULT_SETTINGS && strstr(err.what, THE_FILE) == NULL)
			fail_msg("%s: %s", file_rows[i].name, err.what);
		if (rc < 0)
			assert_int_equal(fault_row(err.fault)->exit_code, 1);
		(void)tear_down(unused);
		(void)set_up(unused);
	}
}

/* The same files by the setting: the plan goes on, and the log says why with which catalogue. */
static void warns_of_a_refused_file_of_the_setting(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++) {
		AUTO_CATALOGUE_CHOICE struct catalogue_choice c = { 0 };
		struct catalogue_judge by = judge();
		const char *slug = fault_row(file_rows[i].fault)->slug;
		bool good = file_rows[i].fault == FAULT_NONE;

		publish_row(i);
		TEXT_COPY(m.settings.catalogue_uri,
			  i % 2 == 0 ? "/" THE_FILE : "file:///" THE_FILE);
		catalogue_choose(&by, &c);
		if (good != (c.use != &catalogue_built_in) || (good && c.use->ndrivers != 1))
			fail_msg("%s: %s", file_rows[i].name, buf_text(&m.said));
		assert_string_equal(c.from, good ? "/" THE_FILE : "built in");
		if (good != (m.said.len == 0))
			fail_msg("%s: %s", file_rows[i].name, buf_text(&m.said));
		if (!good && (strstr(m.said.data, slug) == NULL ||
			      strstr(m.said.data, catalogue_built_in.version) == NULL ||
			      strstr(m.said.data, fault_row(file_rows[i].fault)->remedy) == NULL))
			fail_msg("%s: %s", file_rows[i].name, m.said.data);
		(void)tear_down(unused);
		(void)set_up(unused);
	}
}

static void other_addresses_are_refused(void **unused)
{
	static const struct {
		const char *uri, *text;
	} rows[] = {
		{ "https://example.com/catalogue.json", "catalogue update FILE" },
		{ "http://example.com/catalogue.json", "catalogue-remote" },
		{ "srv/catalogue.json", "no absolute path" },
		{ "file://srv/catalogue.json", "no absolute path" },
		{ "ftp://example.com/catalogue.json", "no absolute path" },
	};

	(void)unused;
	publish("2099.1.1", A_MONTH);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_CATALOGUE_CHOICE struct catalogue_choice c = { 0 };
		struct catalogue_judge by = judge();

		TEXT_COPY(m.settings.catalogue_uri, rows[i].uri);
		buf_clear(&m.said);
		catalogue_choose(&by, &c);
		assert_ptr_equal(c.use, &catalogue_built_in);
		if (strstr(buf_text(&m.said), rows[i].text) == NULL)
			fail_msg("%s: %s", rows[i].uri, buf_text(&m.said));
	}
}

static int install_at(enum crash_kind kind, uint64_t at, struct error *err)
{
	AUTO_CATALOGUE struct catalogue_owned c = { 0 };
	struct catalogue_judge by = judge();
	struct act act;
	int rc;

	assert_int_equal(act_open(&act, &m.host, &catalogue_built_in, true, err), 0);
	crash_arm(kind, at);
	rc = catalogue_install(&act, &by, shell_path, &c, err);
	crash_arm(CRASH_NONE, 0);
	act_close(&act);
	return rc;
}

static int install(struct error *err)
{
	return install_at(CRASH_NONE, 0, err);
}

/* The version in use, by whoever has no settings; "" for the built-in one. */
static void expect_in_use(const char *version)
{
	AUTO_CATALOGUE_CHOICE struct catalogue_choice c = { 0 };
	struct catalogue_judge by = { &m.host, NULL, &catalogue_built_in };

	catalogue_choose(&by, &c);
	assert_string_equal(c.use == &catalogue_built_in ? "" : c.use->version, version);
}

static int count(void *ctx, const char *name)
{
	*(unsigned *)ctx += text_starts(name, "catalogue-");
	return 0;
}

static unsigned directories(void)
{
	unsigned n = 0;

	assert_int_equal(fs_list(m.host.root, ACT_STATE_DIR, count, &n), 0);
	return n;
}

static void an_installed_one_is_used_by_all(void **unused)
{
	struct error err = { 0 };
	struct stat st;

	(void)unused;
	expect_in_use("");
	assert_int_equal(m.said.len, 0); /* none is no reason to warn */
	publish("2099.1.1", A_MONTH);
	if (install(&err) < 0)
		fail_msg("%s", err.what);
	expect_in_use("2099.1.1");
	assert_int_equal(m.said.len, 0);
	assert_int_equal(fstatat(m.host.root, CATALOGUE_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(machine_has(&m, CATALOGUE_FILE ".minisig"));
	publish("2099.1.2", A_MONTH);
	assert_int_equal(install(&err), 0);
	expect_in_use("2099.1.2");
	assert_int_equal(install(&err), 0); /* the same again */
	expect_in_use("2099.1.2");
	assert_int_equal(directories(), 1);
}

static void an_update_does_not_go_back(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	publish("2099.1.2", A_MONTH);
	assert_int_equal(install(&err), 0);
	publish("2099.1.1", A_MONTH);
	assert_int_equal(install(&err), -1);
	assert_int_equal(err.fault, FAULT_CATALOGUE_ROLLED_BACK);
	assert_non_null(strstr(err.what, "the installed one has 2099.1.2"));
	expect_in_use("2099.1.2");
	/* Nor does a file of the setting, and nobody forgets it when the installed one expires. */
	TEXT_COPY(m.settings.catalogue_uri, "/" THE_FILE);
	m.clock.now_ms += INT64_C(40) * 86400 * 1000;
	publish("2099.1.1", "2027-12-26T00:00:00Z");
	assert_int_equal(install(&err), -1);
	assert_int_equal(err.fault, FAULT_CATALOGUE_ROLLED_BACK);
	expect_in_use("");
	assert_non_null(strstr(m.said.data, "catalogue-expired"));
}

static void a_damaged_installed_one_is_not_used(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	publish("2099.1.2", A_MONTH);
	assert_int_equal(install(&err), 0);
	spoil(CATALOGUE_FILE, 5);
	expect_in_use("");
	assert_non_null(strstr(m.said.data, "catalogue-signature"));
	publish("2099.1.1", A_MONTH); /* what it was cannot be told any more */
	assert_int_equal(install(&err), 0);
	expect_in_use("2099.1.1");
}

static void each_refused_file_leaves_the_installed_one(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++) {
		struct error err = { 0 };

		if (file_rows[i].fault != FAULT_NONE) {
			publish(catalogue_built_in.version, A_MONTH);
			assert_int_equal(install(&err), 0);
			publish_row(i);
			assert_int_equal(install(&err), -1);
			assert_int_equal(err.fault, file_rows[i].fault);
			assert_int_equal(fs_remove(m.host.root, ACT_STATE_DIR "/receipt.json"), 0);
			expect_in_use(catalogue_built_in.version);
		}
		(void)tear_down(unused);
		(void)set_up(unused);
	}
}

static void looking_writes_nothing(void **unused)
{
	AUTO_CATALOGUE_CHOICE struct catalogue_choice c = { 0 };
	struct catalogue_judge by = judge();

	(void)unused;
	publish("2099.1.1", A_MONTH);
	TEXT_COPY(m.settings.catalogue_uri, "/" THE_FILE);
	crash_arm(CRASH_NONE, 0);
	catalogue_choose(&by, &c);
	assert_int_equal(crash_count(), 0);
	assert_string_equal(c.use->version, "2099.1.1");
	assert_false(machine_has(&m, ACT_STATE_DIR));
}

/* Killed, or out of space, at each instant: the former one or the new one. */
static bool install_struck(enum crash_kind kind, uint64_t at)
{
	struct error err = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(install_at(kind, at, &err) < 0 ? 1 : 0);
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

static void in_use(char *ret, size_t size)
{
	AUTO_CATALOGUE_CHOICE struct catalogue_choice c = { 0 };
	struct catalogue_judge by = { &m.host, NULL, &catalogue_built_in };

	catalogue_choose(&by, &c);
	(void)text_copy(ret, size, c.use == &catalogue_built_in ? "" : c.use->version);
}

static void an_update_is_old_or_new_at_each_instant(void **unused)
{
	static const enum crash_kind kinds[] = { CRASH_KILL, CRASH_DISK_FULL };

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		uint64_t instants = 1;

		for (bool done = false; !done; instants++) {
			struct error err = { 0 };
			char version[32];

			publish("2099.1.1", A_MONTH);
			assert_int_equal(install(&err), 0);
			publish("2099.1.2", A_MONTH);
			done = install_struck(kinds[k], instants);
			in_use(version, sizeof version);
			if (!text_eq(version, "2099.1.2") &&
			    (done || !text_eq(version, "2099.1.1")))
				fail_msg("instant %d: \"%s\"", (int)instants, version);
			assert_int_equal(install(&err), 0);
			expect_in_use("2099.1.2");
			assert_int_equal(directories(), 1);
			(void)tear_down(unused);
			(void)set_up(unused);
		}
		assert_true(instants > 10);
	}
}

static void the_receipt_keeps_the_newest(void **unused)
{
	static struct outcome o;
	AUTO_JSON json_t *first = NULL;
	AUTO_JSON json_t *second = NULL;

	(void)unused;
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	first = receipt_read(&m.host);
	assert_string_equal(json_text_at(first, "catalogue", ""), catalogue_built_in.version);
	used_a_newer_one();
	machine_apply(&m, &o);
	second = receipt_read(&m.host);
	assert_string_equal(json_text_at(second, "catalogue", ""), "2099.1.2");
}

/* In the place of curl: a server of srv/ that speaks TLS, which no test can have. */
static bool network_down;

static int play_curl(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		     struct error *err)
{
	const char *output = strstr(spec->input, "output = \"") + strlen("output = \"");
	bool signature = strstr(spec->input, ".json.minisig?v=1\"") != NULL;
	AUTO_BUF struct buf text = { 0 };
	char path[100];

	(void)h;
	(void)err;
	assert_string_equal(spec->argv[0], "curl");
	assert_non_null(strstr(spec->input, "url = \"https://example.com/catalogue.json"));
	*ret = (struct run_result) { .end = RUN_EXITED, .code = network_down ? 6 : 0 };
	if (network_down)
		return 0;
	(void)TEXT_FORMAT(path, "%.*s", (int)strcspn(output, "\""), output);
	machine_put(&m, path, machine_text(&m, signature ? THE_FILE ".minisig" : THE_FILE, &text));
	return buf_add_text(&ret->out, "HTTP/1.1 200 OK\r\n\r\n");
}

static void fetch(const char *say)
{
	static const struct runner curl = { play_curl };
	struct catalogue_judge by = judge();

	m.host.runner = &curl;
	(void)TEXT_COPY(m.settings.catalogue_uri, "https://example.com/catalogue.json?v=1");
	buf_clear(&m.said);
	catalogue_fetch(&by);
	if (strstr(buf_text(&m.said), say) == NULL)
		fail_msg("%s: %s", say, buf_text(&m.said));
	assert_false(machine_has(&m, ACT_STATE_DIR "/fetched-catalogue.json"));
}

/* The last good one stays while the network is down, or what comes is not right. */
static void a_web_address_is_fetched(void **unused)
{
	(void)unused;
	network_down = false;
	publish("2099.1.1", A_MONTH);
	fetch("catalogue.fetched");
	expect_in_use("2099.1.1");
	network_down = true;
	fetch("catalogue.kept");
	expect_in_use("2099.1.1");
	network_down = false;
	publish("2099.1.2", A_MONTH);
	spoil(THE_FILE, 10);
	fetch("catalogue-signature");
	expect_in_use("2099.1.1");
	publish("2099.1.0", A_MONTH);
	fetch("catalogue-rolled-back");
	expect_in_use("2099.1.1");
	publish("2099.1.2", A_MONTH);
	fetch("catalogue.fetched");
	expect_in_use("2099.1.2");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(refuses_a_named_file_with_a_fault),
		CASE(warns_of_a_refused_file_of_the_setting),
		CASE(other_addresses_are_refused),
		CASE(an_installed_one_is_used_by_all),
		CASE(an_update_does_not_go_back),
		CASE(a_damaged_installed_one_is_not_used),
		CASE(each_refused_file_leaves_the_installed_one),
		CASE(looking_writes_nothing),
		CASE(an_update_is_old_or_new_at_each_instant),
		CASE(the_receipt_keeps_the_newest),
		CASE(a_web_address_is_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
