/* tests/unit/act/test_spdx.c - the receipt as SPDX: what a run put on the disk is in it, with
 * versions, sources and digests, and it is what SPDX 2.3 asks for. */
#include "machine.h"

#include <ctype.h>
#include <fcntl.h>

#include "act/record/receipt.h"
#include "act/record/spdx.h"
#include "base/digest.h"
#include "base/fs.h"
#include "host/run.h"

static struct machine m;

/* A fixture: what `apt-get --print-uris download` says, with a password in one address. */
static const char uris[] =
	"'http://mirror.test/pool/rdma-core_44.0-2_amd64.deb' rdma-core_44.0-2_amd64.deb 62828 "
	"SHA256:1111111111111111111111111111111111111111111111111111111111111111\n"
	"'https://u:geheim@mirror.test/pool/perftest_4.5-1_amd64.deb' perftest_4.5-1_amd64.deb 9 "
	"SHA512:33\n";

static int run_with_uris(const struct host *h, const struct run_spec *spec, struct run_result *ret,
			 struct error *err)
{
	for (const char *const *word = spec->argv; *word; word++) {
		if (!text_eq(*word, "--print-uris"))
			continue;
		ret->end = RUN_EXITED;
		return buf_add_text(&ret->out, uris);
	}
	return machine_runner.run(h, spec, ret, err);
}

static const struct runner runner_with_uris = { run_with_uris };

static int set_up(void **unused)
{
	struct outcome o;

	(void)unused;
	machine_make(&m);
	m.host.runner = &runner_with_uris;
	machine_apply(&m, &o);
	if (o.exit_code != 0)
		fail_msg("%s", o.message);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static json_t *document_of(const struct machine *of)
{
	AUTO_JSON json_t *receipt = receipt_read(&of->host);
	json_t *document;

	assert_non_null(receipt);
	document = spdx_of_receipt(receipt);
	assert_non_null(document);
	return document;
}

/* The required keys of the schema of SPDX 2.3, and those of the specification that it leaves out
 * (6.5 document namespace, 7.15 and 8.6 copyright text where files are analysed). */
static const struct {
	const char *list; /* "" is the document */
	const char *keys[8];
} required[] = {
	{ "",
	  { "SPDXID", "creationInfo", "dataLicense", "name", "spdxVersion", "documentNamespace" } },
	{ "packages", { "SPDXID", "downloadLocation", "name" } },
	{ "files", { "SPDXID", "checksums", "fileName" } },
	{ "relationships", { "spdxElementId", "relatedSpdxElement", "relationshipType" } },
};

static void wants_keys(const json_t *of, const char *const *keys, const char *list)
{
	for (; *keys; keys++)
		if (!json_object_get(of, *keys))
			fail_msg("%s: no %s", list, *keys);
}

static void has_the_required_keys(void **unused)
{
	AUTO_JSON json_t *d = document_of(&m);

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		const json_t *list = json_object_get(d, required[i].list);

		if (!required[i].list[0])
			wants_keys(d, required[i].keys, "document");
		else if (json_array_size(list) == 0)
			fail_msg("no %s", required[i].list);
		for (size_t n = 0; n < json_array_size(list); n++)
			wants_keys(json_array_get(list, n), required[i].keys, required[i].list);
	}
	assert_string_equal(json_text_at(d, "spdxVersion", ""), "SPDX-2.3");
	assert_string_equal(json_text_at(d, "dataLicense", ""), "CC0-1.0");
	assert_non_null(json_at(d, "creationInfo.created"));
	assert_true(text_starts(json_text_at(d, "creationInfo.creators.0", ""), "Tool: ib-vmext-"));
}

/* [a-zA-Z0-9.-]+ behind "SPDXRef-", each once, and none that a relationship names is missing. */
static void ids_are_ids(void **unused)
{
	AUTO_JSON json_t *d = document_of(&m), *ids = json_object();
	const json_t *relationships = json_object_get(d, "relationships");

	(void)unused;
	for (size_t i = 1; i < 3; i++) {
		const json_t *list = json_object_get(d, required[i].list);

		for (size_t n = 0; n < json_array_size(list); n++) {
			const char *id = json_text_at(json_array_get(list, n), "SPDXID", "");

			assert_true(text_starts(id, "SPDXRef-"));
			for (const char *p = id; *p; p++)
				if (!isalnum((unsigned char)*p) && *p != '.' && *p != '-')
					fail_msg("%s", id);
			assert_null(json_object_get(ids, id));
			json_object_set_new(ids, id, json_true());
		}
	}
	assert_int_equal(json_array_size(relationships), json_object_size(ids));
	for (size_t i = 0; i < json_array_size(relationships); i++) {
		const json_t *r = json_array_get(relationships, i);

		assert_string_equal(json_text_at(r, "spdxElementId", ""), "SPDXRef-DOCUMENT");
		assert_non_null(json_object_get(ids, json_text_at(r, "relatedSpdxElement", "")));
	}
}

static const json_t *named(const json_t *d, const char *list, const char *key, const char *value)
{
	const json_t *all = json_object_get(d, list);

	for (size_t i = 0; i < json_array_size(all); i++)
		if (text_eq(json_text_at(json_array_get(all, i), key, ""), value))
			return json_array_get(all, i);
	fail_msg("no %s with %s %s", list, key, value);
	return NULL;
}

static void packages_tell_where_they_are_from(void **unused)
{
	AUTO_JSON json_t *d = document_of(&m);
	const json_t *p = named(d, "packages", "name", "rdma-core");

	(void)unused;
	assert_string_equal(json_text_at(p, "versionInfo", ""), "44.0-2");
	assert_string_equal(json_text_at(p, "downloadLocation", ""),
			    "http://mirror.test/pool/rdma-core_44.0-2_amd64.deb");
	assert_string_equal(json_text_at(p, "checksums.0.algorithm", ""), "SHA256");
	assert_int_equal(strlen(json_text_at(p, "checksums.0.checksumValue", "")), 64);
	assert_true(text_starts(json_text_at(p, "externalRefs.0.referenceLocator", ""),
				"pkg:deb/debian/rdma-core@44.0-2"));
	p = named(d, "packages", "name", "perftest");
	assert_string_equal(json_text_at(p, "downloadLocation", ""),
			    "https://u:***@mirror.test/pool/perftest_4.5-1_amd64.deb");
	assert_string_equal(json_text_at(p, "checksums.0.algorithm", ""), "SHA512");
	assert_string_equal(json_text_at(p, "checksums.0.checksumValue", ""), "33");
	/* Of which nothing is told. */
	p = named(d, "packages", "name", "infiniband-diags");
	assert_string_equal(json_text_at(p, "downloadLocation", ""), "NOASSERTION");
}

static void files_are_those_of_the_disk(void **unused)
{
	AUTO_JSON json_t *d = document_of(&m);
	const json_t *f = named(d, "files", "fileName", "./etc/modules-load.d/ib-vmext.conf");
	AUTO_BUF struct buf text = { 0 };
	char digest[DIGEST_TEXT_SIZE];

	(void)unused;
	assert_int_equal(fs_read(m.host.root, "etc/modules-load.d/ib-vmext.conf", 1 << 20, &text),
			 0);
	digest_of(text.data, text.len, digest);
	assert_string_equal(json_text_at(f, "checksums.0.algorithm", ""), "SHA1");
	assert_int_equal(strlen(json_text_at(f, "checksums.0.checksumValue", "")), 40);
	assert_string_equal(json_text_at(f, "checksums.1.checksumValue", ""), digest);
	(void)named(d, "files", "fileName", "./usr/libexec/ib-vmext/" IB_VMEXT_VERSION "/ib-vmext");
}

static void is_the_same_for_the_same_receipt(void **unused)
{
	AUTO_JSON json_t *a = document_of(&m), *b = document_of(&m);
	char *first = json_dumps(a, JSON_SORT_KEYS), *second = json_dumps(b, JSON_SORT_KEYS);

	(void)unused;
	assert_string_equal(first, second);
	free(first);
	free(second);
}

/* A later run that replaces something is what counts; a receipt of an older program has no "put".
 */
static void later_runs_count(void **unused)
{
	AUTO_JSON json_t *receipt = json_pack(
		"{s:s, s:s, s:[{}, {s:{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}], s:[]}}, {s:{s:[{s:s, "
		"s:s, s:s}], s:[]}}], s:[{s:s, s:s, s:b}]}",
		"at", "2026-01-01T00:00:00Z", "version", "1.1.0", "installed", "put", "format",
		"rpm", "distribution", "rhel", "packages", "name", "a", "version", "1", "name", "b",
		"version", "1:2+x~y", "files", "put", "packages", "name", "a", "version", "2",
		"vendor", "V", "files", "artefacts", "url", "https://h/d/x.tgz", "sha256",
		"2222222222222222222222222222222222222222222222222222222222222222", "pinned", 1);
	AUTO_JSON json_t *d = NULL;

	(void)unused;
	assert_non_null(receipt);
	d = spdx_of_receipt(receipt);
	assert_int_equal(json_array_size(json_object_get(d, "packages")), 3);
	assert_string_equal(json_text_at(named(d, "packages", "name", "a"), "versionInfo", ""),
			    "2");
	assert_string_equal(json_text_at(named(d, "packages", "name", "a"), "supplier", ""),
			    "Organization: V");
	assert_string_equal(json_text_at(named(d, "packages", "name", "b"),
					 "externalRefs.0.referenceLocator", ""),
			    "pkg:rpm/rhel/b@1%3A2%2Bx~y");
	assert_string_equal(
		json_text_at(named(d, "packages", "name", "x.tgz"), "downloadLocation", ""),
		"https://h/d/x.tgz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_required_keys),
		cmocka_unit_test(ids_are_ids),
		cmocka_unit_test(packages_tell_where_they_are_from),
		cmocka_unit_test(files_are_those_of_the_disk),
		cmocka_unit_test(is_the_same_for_the_same_receipt),
		cmocka_unit_test(later_runs_count),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
