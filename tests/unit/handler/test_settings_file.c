/* tests/unit/handler/test_settings_file.c - N.settings in all its forms, and its protected part. */
#include "fixture.h"

#include "facts/settings.h"
#include "handler/settings_file.h"

#define THUMB       "0123456789ABCDEF0123456789ABCDEF01234567"
#define WRAP(inner) "{\"runtimeSettings\":[{\"handlerSettings\":" inner "}]}"

static const struct {
	const char *name, *text;
	enum fault fault;   /* FAULT_NONE: it is read */
	const char *driver; /* public "driver", NULL if none; or a part of the message */
	const char *secret;
} rows[] = {
	{ "no settings at all: zero bytes", "", FAULT_NONE, NULL, NULL },
	{ "white space only", " \n", FAULT_NONE, NULL, NULL },
	{ "both parts null",
	  WRAP("{\"publicSettings\":null,\"protectedSettings\":null,"
	       "\"protectedSettingsCertThumbprint\":null}"),
	  FAULT_NONE, NULL, NULL },
	{ "public only", WRAP("{\"publicSettings\":{\"driver\":\"inbox\"}}"), FAULT_NONE, "inbox",
	  NULL },
	{ "public as a string of JSON",
	  WRAP("{\"publicSettings\":\"{\\\"driver\\\":\\\"inbox\\\"}\"}"), FAULT_NONE, "inbox",
	  NULL },
	{ "public as an empty string", WRAP("{\"publicSettings\":\"\"}"), FAULT_NONE, NULL, NULL },
	{ "both parts",
	  WRAP("{\"publicSettings\":{\"driver\":\"auto\"},\"protectedSettings\":\"QUJD\","
	       "\"protectedSettingsCertThumbprint\":\"" THUMB "\"}"),
	  FAULT_NONE, "auto", "QUJD" },
	{ "an empty protected part is none", WRAP("{\"protectedSettings\":\"\"}"), FAULT_NONE, NULL,
	  NULL },
	{ "handlerSettings null", WRAP("null"), FAULT_NONE, NULL, NULL },
	{ "no handlerSettings", "{\"runtimeSettings\":[{}]}", FAULT_NONE, NULL, NULL },
	{ "not JSON", "runtimeSettings", FAULT_SETTINGS_FILE, "malformed", NULL },
	{ "cut in the middle", "{\"runtimeSettings\":[{\"handl", FAULT_SETTINGS_FILE, "malformed",
	  NULL },
	{ "a list", "[]", FAULT_SETTINGS_FILE, "runtimeSettings", NULL },
	{ "an empty list of settings", "{\"runtimeSettings\":[]}", FAULT_SETTINGS_FILE,
	  "runtimeSettings", NULL },
	{ "an element that is a number", "{\"runtimeSettings\":[7]}", FAULT_SETTINGS_FILE,
	  "[0] is not an object", NULL },
	{ "handlerSettings a string", WRAP("\"x\""), FAULT_SETTINGS_FILE, "handlerSettings is not",
	  NULL },
	{ "public a list", WRAP("{\"publicSettings\":[]}"), FAULT_SETTINGS_FILE, "publicSettings",
	  NULL },
	{ "public a string that is no JSON", WRAP("{\"publicSettings\":\"driver\"}"),
	  FAULT_SETTINGS_FILE, "publicSettings", NULL },
	{ "public a string of another type", WRAP("{\"publicSettings\":\"[1]\"}"),
	  FAULT_SETTINGS_FILE, "publicSettings", NULL },
	{ "the same key twice", WRAP("{\"publicSettings\":{\"a\":1,\"a\":2}}"), FAULT_SETTINGS_FILE,
	  "malformed", NULL },
	{ "protected an object", WRAP("{\"protectedSettings\":{}}"), FAULT_SETTINGS_FILE,
	  "protectedSettings", NULL },
	{ "protected without a thumbprint", WRAP("{\"protectedSettings\":\"QUJD\"}"),
	  FAULT_PROTECTED_SETTINGS, "40 hex", NULL },
	{ "a thumbprint that is a path",
	  WRAP("{\"protectedSettings\":\"QUJD\",\"protectedSettingsCertThumbprint\":\"../../../../"
	       "etc/shadow000000000000000000\"}"),
	  FAULT_PROTECTED_SETTINGS, "40 hex", NULL },
};

static void reads_settings_files(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_SETTINGS_FILE struct settings_file f = { 0 };
		struct error err = { 0 };
		size_t len = strlen(rows[i].text);
		AUTO_FREE char *text = malloc(len > 0 ? len : 1); /* without a NUL at its end */
		int rc;

		assert_non_null(text);
		memcpy(text, rows[i].text, len);
		rc = settings_file_parse(text, len, &f, &err);

		if ((rc < 0) != (rows[i].fault != FAULT_NONE) || err.fault != rows[i].fault)
			fail_msg("%s: %d %s", rows[i].name, rc, err.what);
		if (rc < 0 && strstr(err.what, rows[i].driver) == NULL)
			fail_msg("%s: %s", rows[i].name, err.what);
		if (rc == 0 &&
		    (!json_is_object(f.public_part) ||
		     !text_eq(json_text_at(f.public_part, "driver", NULL), rows[i].driver) ||
		     !text_eq(f.protected_part, rows[i].secret)))
			fail_msg("%s: read otherwise", rows[i].name);
	}
}

static void a_thumbprint_is_made_upper_case(void **unused)
{
	AUTO_SETTINGS_FILE struct settings_file f = { 0 };
	const char *text = WRAP(
		"{\"protectedSettings\":\"QUJD\",\"protectedSettingsCertThumbprint\":"
		"\"0123456789abcdef0123456789abcdef01234567\"}");

	(void)unused;
	assert_int_equal(settings_file_parse(text, strlen(text), &f, NULL), 0);
	assert_string_equal(f.thumbprint, THUMB);
}

/* RFC 4648, section 10, and what is none. */
static const struct {
	const char *text, *want; /* NULL: refused */
} base64_rows[] = {
	{ "Zg==", "f" },
	{ "Zm8=", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg==", "foob" },
	{ "Zm9v\r\nYmFy\n", "foobar" },
	{ "", NULL },
	{ "Zg", NULL },
	{ "Zg=", NULL },
	{ "Zg===", NULL },
	{ "Z=g=", NULL },
	{ "Zm9v!", NULL },
	{ "Zm9-", NULL },
};

static void decodes_base64(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(base64_rows); i++) {
		AUTO_BUF struct buf b = { 0 };
		int rc = base64_decode(base64_rows[i].text, &b);

		if ((rc < 0) != (base64_rows[i].want == NULL) ||
		    (rc == 0 && !text_eq(buf_text(&b), base64_rows[i].want)))
			fail_msg("\"%s\": %d \"%s\"", base64_rows[i].text, rc, buf_text(&b));
	}
}

static const struct {
	const char *name, *base64;
	bool certificate;
	struct answer openssl;
	enum fault fault;
	const char *said;
} protected_rows[] = {
	{ "decrypted",
	  "QUJD",
	  true,
	  { "openssl", NULL, 0, "{\"proxyPassword\":\"geheim\"}", "" },
	  FAULT_NONE,
	  "" },
	{ "no base64",
	  "%%",
	  true,
	  { "openssl", NULL, 0, "{}", "" },
	  FAULT_PROTECTED_SETTINGS,
	  "not base64" },
	{ "another machine's certificate",
	  "QUJD",
	  false,
	  { "openssl", NULL, 0, "{}", "" },
	  FAULT_PROTECTED_SETTINGS,
	  "/var/lib/waagent/" THUMB ".prv is not there" },
	{ "openssl is not installed",
	  "QUJD",
	  true,
	  { "openssl", NULL, -1, "", "" },
	  FAULT_PROGRAM_MISSING,
	  "openssl is not installed" },
	{ "openssl refuses",
	  "QUJD",
	  true,
	  { "openssl", NULL, 4, "",
	    "Error decrypting CMS structure\nerror: no matching recipient\n" },
	  FAULT_PROTECTED_SETTINGS,
	  "(exit code 4): error: no matching recipient" },
	{ "what comes out is no JSON, and is not quoted",
	  "QUJD",
	  true,
	  { "openssl", NULL, 0, "geheim", "" },
	  FAULT_PROTECTED_SETTINGS,
	  "not JSON" },
	{ "an unknown key in it",
	  "QUJD",
	  true,
	  { "openssl", NULL, 0, "{\"pasword\":\"geheim\"}", "" },
	  FAULT_SETTINGS,
	  "pasword" },
};

static void decrypts(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(protected_rows); i++) {
		struct machine m;
		struct settings s;
		struct error err = { 0 };

		machine_make(&m);
		m.answers = &protected_rows[i].openssl;
		m.nanswers = 1;
		if (protected_rows[i].certificate) {
			machine_put(&m, "var/lib/waagent/" THUMB ".prv", "key");
			machine_put(&m, "var/lib/waagent/" THUMB ".crt", "certificate");
		}
		settings_defaults(&s);
		if (protected_read(&m.host, protected_rows[i].base64, THUMB, &s, &err) < 0) {
			if (err.fault != protected_rows[i].fault ||
			    strstr(err.what, protected_rows[i].said) == NULL)
				fail_msg("%s: %s", protected_rows[i].name, err.what);
			assert_null(strstr(err.what, "geheim"));
		} else {
			assert_int_equal(protected_rows[i].fault, FAULT_NONE);
			assert_string_equal(s.proxy_password, "geheim");
			assert_string_equal(buf_text(&m.input), "ABC");
			assert_string_equal(
				buf_text(&m.ran),
				"openssl cms -decrypt -inform DER -inkey /var/lib/waagent/" THUMB
				".prv -recip /var/lib/waagent/" THUMB ".crt\n");
		}
		machine_drop(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_settings_files),
		cmocka_unit_test(a_thumbprint_is_made_upper_case),
		cmocka_unit_test(decodes_base64),
		cmocka_unit_test(decrypts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
