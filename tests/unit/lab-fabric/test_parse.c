/* What is parsed and rendered without a fabric: versions, troubles, XML, key-value records. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "kvp.h"
#include "trouble.h"
#include "uri.h"
#include "version.h"
#include "xml.h"

static const struct {
	const char *name, *requested;
	bool auto_upgrade;
	const char *want;
} resolve_rows[] = {
	{ "two numbers get the highest third", "1.1", false, "1.1.10" },
	{ "one number gets the highest of the major", "1", false, "1.2.0" },
	{ "all numbers get exactly that", "1.1.2", false, "1.1.2" },
	{ "ten is above nine, not below two", "1.1", false, "1.1.10" },
	{ "a newer minor version if that is wanted", "1.1", true, "1.2.0" },
	{ "but never another major", "2.0", true, "2.0.0.1" },
	{ "a newer one for a version that is gone", "1.1.11", true, "1.2.0" },
	{ "1.1 is not a prefix of 1.10", "1.10", false, NULL },
	{ "nothing published fits", "3.0", false, NULL },
	{ "not a version", "latest", true, NULL },
	{ "empty", "", true, NULL },
};

static void resolves_versions(void **unused)
{
	json_t *list AUTO_JSON = json_pack("[s,s,s,s,s]", "1.1.10", "1.1.2", "1.2.0", "2.0.0.1",
					   "1.1.9");

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(resolve_rows); i++) {
		const char *got = ext_version_resolve(list, resolve_rows[i].requested,
						      resolve_rows[i].auto_upgrade);

		if (!text_eq(got, resolve_rows[i].want))
			fail_msg("%s: %s", resolve_rows[i].name, got ? got : "nothing");
	}
}

static const struct {
	const char *name, *text;
	int rc, parts;
} version_rows[] = {
	{ "three numbers", "1.1.0", 0, 3 },
	{ "four numbers", "1.0.0.0", 0, 4 },
	{ "five are too many", "1.0.0.0.0", -EINVAL, 0 },
	{ "a dot at the end", "1.", -EINVAL, 0 },
	{ "a dot at the start", ".1", -EINVAL, 0 },
	{ "a sign", "1.-1", -EINVAL, 0 },
	{ "a blank", "1. 1", -EINVAL, 0 },
	{ "a word", "1.1-rc", -EINVAL, 0 },
	{ "a number out of range", "99999999999999999999", -EINVAL, 0 },
	{ "nothing", "", -EINVAL, 0 },
};

static void parses_versions(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(version_rows); i++) {
		struct ext_version v = { .parts = 0 };
		int rc = ext_version_parse(version_rows[i].text, &v);

		if (rc != version_rows[i].rc || v.parts != version_rows[i].parts)
			fail_msg("%s", version_rows[i].name);
	}
}

static const struct {
	const char *name, *mode;
	int rc;
	struct trouble want;
} trouble_rows[] = {
	{ "no trouble", "ok", 0, { TROUBLE_NONE, 0, -1, 0 } },
	{ "a status for ever", "503", 0, { TROUBLE_STATUS, 503, -1, 0 } },
	{ "a status some times", "429:3", 0, { TROUBLE_STATUS, 429, 3, 0 } },
	{ "a delay", "delay:1500", 0, { TROUBLE_DELAY, 0, -1, 1500 } },
	{ "silence", "silent", 0, { TROUBLE_SILENT, 0, -1, 0 } },
	{ "a reset", "reset", 0, { TROUBLE_RESET, 0, -1, 0 } },
	{ "a status that HTTP has not", "42", -EINVAL, { 0 } },
	{ "zero times is not a trouble", "429:0", -EINVAL, { 0 } },
	{ "a negative delay", "delay:-1", -EINVAL, { 0 } },
	{ "a delay without a number", "delay:", -EINVAL, { 0 } },
	{ "an unknown word", "late", -EINVAL, { 0 } },
	{ "a word too long for a status", "123456789012", -EINVAL, { 0 } },
	{ "nothing", "", -EINVAL, { 0 } },
};

static void parses_troubles(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(trouble_rows); i++) {
		const struct trouble *want = &trouble_rows[i].want;
		struct trouble got = { 0 };
		int rc = trouble_parse(trouble_rows[i].mode, &got);

		if (rc != trouble_rows[i].rc || got.kind != want->kind ||
		    got.status != want->status || got.times != want->times ||
		    got.delay_ms != want->delay_ms)
			fail_msg("%s", trouble_rows[i].name);
	}
}

static void counts_troubles_down(void **unused)
{
	struct trouble t;

	(void)unused;
	assert_int_equal(trouble_parse("429:2", &t), 0);
	assert_int_equal(trouble_take(&t).status, 429);
	assert_int_equal(trouble_take(&t).status, 429);
	assert_int_equal(trouble_take(&t).kind, TROUBLE_NONE);
	assert_int_equal(trouble_parse("503", &t), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(trouble_take(&t).kind, TROUBLE_STATUS);
}

static const struct {
	const char *name, *text, *want;
} escape_rows[] = {
	{ "plain", "abc", "abc" },
	{ "nothing", "", "" },
	{ "the five", "<a b=\"c\" d='e'>&", "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;" },
	{ "an end of CDATA", "]]>", "]]&gt;" },
	{ "what is escaped already is escaped again", "&amp;", "&amp;amp;" },
	{ "white space survives in an attribute", "a\tb\nc\r", "a&#9;b&#10;c&#13;" },
	{ "a control character is none of XML's",
	  "a\x01"
	  "b",
	  "a\xef\xbf\xbd"
	  "b" },
	{ "UTF-8 stays", "\xc3\xa4", "\xc3\xa4" },
};

static void escapes_xml(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(escape_rows); i++) {
		struct buf b AUTO_BUF = { 0 };

		assert_int_equal(xml_add_text(&b, escape_rows[i].text), 0);
		if (!text_eq(buf_text(&b), escape_rows[i].want))
			fail_msg("%s: %s", escape_rows[i].name, buf_text(&b));
	}
}

static const struct {
	const char *name, *template;
	int rc;
	const char *want;
} fill_rows[] = {
	{ "a value is escaped", "<x>{a}</x>", 0, "<x>1&lt;2</x>" },
	{ "a raw value is not", "<x>{+a}</x>", 0, "<x>1<2</x>" },
	{ "NULL is empty", "<x>{none}</x>", 0, "<x></x>" },
	{ "the same twice", "{a}{a}", 0, "1&lt;21&lt;2" },
	{ "an unknown key is our own bug", "{b}", -EINVAL, NULL },
	{ "half a key", "{aa}", -EINVAL, NULL },
	{ "an open brace", "{a", -EINVAL, NULL },
};

static void fills_templates(void **unused)
{
	static const struct xml_slot slots[] = { { "a", "1<2" }, { "none", NULL } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(fill_rows); i++) {
		struct buf b AUTO_BUF = { 0 };
		int rc = xml_fill(&b, fill_rows[i].template, slots, ARRAY_SIZE(slots));

		if (rc != fill_rows[i].rc || (rc == 0 && !text_eq(buf_text(&b), fill_rows[i].want)))
			fail_msg("%s: %d %s", fill_rows[i].name, rc, buf_text(&b));
	}
}

static void packs_kvp_records(void **unused)
{
	char key[KVP_KEY_SIZE + 1], value[KVP_VALUE_SIZE + 1];
	struct buf b AUTO_BUF = { 0 };

	(void)unused;
	memset(key, 'k', KVP_KEY_SIZE);
	key[KVP_KEY_SIZE] = '\0';
	memset(value, 'v', KVP_VALUE_SIZE);
	value[KVP_VALUE_SIZE] = '\0';
	assert_int_equal(kvp_add(&b, "IPoIB_Data", "NUMPAIRS:0"), 0);
	assert_int_equal(kvp_add(&b, "k", ""), 0);
	assert_int_equal(b.len, 2 * 2560);
	assert_string_equal(b.data, "IPoIB_Data");
	assert_string_equal(b.data + 512, "NUMPAIRS:0");
	for (size_t i = 512 + 10; i < 2560; i++)
		assert_int_equal(b.data[i], 0);
	assert_string_equal(b.data + 2560, "k");
	assert_int_equal(kvp_add(&b, "", "v"), -EINVAL);
	assert_int_equal(kvp_add(&b, key, "v"), -EINVAL);
	assert_int_equal(kvp_add(&b, "k", value), -EINVAL);
	assert_int_equal(kvp_add(&b, key + 1, value + 1), 0);
	assert_int_equal(b.len, 3 * 2560);
}

/* The agent refuses the value unless the bars are as many as the pairs. */
static void writes_ipoib_values(void **unused)
{
	json_t *pairs AUTO_JSON = json_pack("[{s:s,s:s},{s:s,s:s}]", "mac", "00155D33FF17",
					    "address", "172.16.1.14", "mac", "00155D33FF18",
					    "address", "172.16.1.15");
	struct buf b AUTO_BUF = { 0 };

	(void)unused;
	assert_int_equal(kvp_ipoib_value(pairs, &b), 0);
	assert_string_equal(buf_text(&b),
			    "NUMPAIRS:2|00155D33FF17:172.16.1.14|00155D33FF18:172.16.1.15");
}

static void writes_the_pool_file(void **unused)
{
	char dir[] = "/tmp/lab-kvp-XXXXXX";
	struct buf records AUTO_BUF = { 0 }, got AUTO_BUF = { 0 };

	(void)unused;
	assert_non_null(mkdtemp(dir));
	AUTO_FD int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(kvp_add(&records, "a", "1"), 0);
	assert_int_equal(kvp_write_pool(root, 0, &records), 0);
	assert_int_equal(fs_read(root, "var/lib/hyperv/.kvp_pool_0", 10000, &got), 0);
	assert_int_equal(got.len, 2560);
	assert_memory_equal(got.data, records.data, 2560);
	assert_int_equal(fs_remove(AT_FDCWD, dir), 0);
}

static const struct {
	const char *name, *text;
	int rc;
	const char *want; /* of uri_decode */
	const char *path; /* of uri_path, after uri_unescape */
} uri_rows[] = {
	{ "a path", "/a/b", 0, "/a/b", "/a/b" },
	{ "the root", "/", 0, "/", "/" },
	{ "a slash at the end", "/a/", 0, "/a/", "/a" },
	{ "nothing", "", 0, "", "" },
	{ "a code", "/a%2Fb%5f", 0, "/a/b_", "/a/b_" },
	{ "a NUL is none", "/a%00b", -EINVAL, NULL, "/a%00b" },
	{ "a code that is cut", "/a%4", -EINVAL, NULL, "/a%4" },
	{ "a percent sign alone", "%", -EINVAL, NULL, "%" },
	{ "no hexadecimal digits", "/%zz/%-1/% 1", -EINVAL, NULL, "/%zz/%-1/% 1" },
	{ "a code is undone once", "%2541", 0, "%41", "%41" },
	{ "too long", "/0123456789abcdef", -EINVAL, NULL, "/0123456789abcd" },
};

static void addresses_are_read(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(uri_rows); i++) {
		const char *text = uri_rows[i].text;
		char got[16] = "", path[16] = "", copy[32];
		int rc = uri_decode(text, strlen(text), got, sizeof got);
		size_t n;

		(void)TEXT_COPY(copy, text);
		n = uri_unescape(copy);
		assert_int_equal(n, strlen(copy));
		(void)uri_path(copy, path, sizeof path);
		if (rc != uri_rows[i].rc || (rc == 0 && !text_eq(got, uri_rows[i].want)) ||
		    !text_eq(path, uri_rows[i].path))
			fail_msg("%s: %d %s %s", uri_rows[i].name, rc, got, path);
	}
}

static const struct {
	const char *name, *form;
	int rc;
	const char *want;
} form_rows[] = {
	{ "the first", "key=a&b=c", 0, "a" },
	{ "the last", "b=c&key=a", 0, "a" },
	{ "empty", "key=&b=c", 0, "" },
	{ "the first of two", "key=a&key=b", 0, "a" },
	{ "plus is a space", "key=a+b%2B", 0, "a b+" },
	{ "not there", "other=key&xkey=a&keyx=b", -ENOENT, "" },
	{ "no value", "key&b=c", -ENOENT, "" },
	{ "no form", "", -ENOENT, "" },
	{ "what follows a NUL is not lost", "key=a%00b", -EINVAL, "" },
	{ "too long is not cut", "key=0123456789abcdef", -EINVAL, "" },
};

static void forms_are_read(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(form_rows); i++) {
		char got[16];
		int rc = uri_form_value(form_rows[i].form, "key", got, sizeof got);

		if (rc != form_rows[i].rc || !text_eq(got, form_rows[i].want))
			fail_msg("%s: %d %s", form_rows[i].name, rc, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_versions),    cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(forms_are_read),       cmocka_unit_test(parses_versions),
		cmocka_unit_test(parses_troubles),      cmocka_unit_test(counts_troubles_down),
		cmocka_unit_test(escapes_xml),          cmocka_unit_test(fills_templates),
		cmocka_unit_test(packs_kvp_records),    cmocka_unit_test(writes_ipoib_values),
		cmocka_unit_test(writes_the_pool_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
