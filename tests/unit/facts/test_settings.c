/* tests/unit/facts/test_settings.c - reading settings: what is taken, what is refused, and how the
 * refusal reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts/settings.h"

static json_t *parse(const char *text)
{
	char why[200] = "";
	json_t *j = json_parse(text, strlen(text), why, sizeof why);

	if (j == NULL)
		fail_msg("%s: %s", text, why);
	return j;
}

static void empty_is_the_default(void **unused)
{
	AUTO_JSON json_t *empty = parse("{}");
	struct settings s, standard;

	(void)unused;
	settings_defaults(&standard);
	settings_defaults(&s);
	assert_int_equal(settings_read_public(empty, &s, NULL), 0);
	assert_int_equal(settings_read_public(NULL, &s, NULL), 0);
	assert_int_equal(settings_read_public(json_null(), &s, NULL), 0);
	assert_int_equal(settings_read_protected(NULL, &s, NULL), 0);
	assert_memory_equal(&s, &standard, sizeof s);
	assert_int_equal(s.driver, CHOICE_AUTO);
	assert_int_equal(s.timeouts.adapter_s, 300);
	assert_int_equal(s.timeouts.lock_s, 1800);
	assert_int_equal(s.timeouts.fabric_s, 300);
	assert_int_equal(s.timeouts.total_s, 4500);
	assert_true(s.limits);
	assert_false(s.persistent_names);
}

#define ALL                                                                                        \
	"\"driverVersion\":\"44\",\"mirror\":\"https://m/"                                         \
	"\",\"catalogueUri\":\"c\",\"offlineBundle\":\"o\","                                       \
	"\"prebuilt\":\"p\",\"proxy\":\"http://"                                                   \
	"p:1\",\"noProxy\":\"a,b\",\"identity\":\"i\",\"trustedKeys\":[\"k1\",\"k2\"],"            \
	"\"modulesKey\":\"mk\",\"modulesCert\":\"mc\",\"reboot\":\"never\",\"ipoib\":\"off\","     \
	"\"limits\":false,"                                                                        \
	"\"persistentNames\":true,\"verify\":\"loopback\",\"onUnsupported\":\"skip\","             \
	"\"onRemove\":\"undo\","                                                                   \
	"\"timeouts\":{\"adapter\":0,\"lock\":3600,\"fabric\":1,\"total\":21600},\"force\":true,"  \
	"\"timestamp\":-5"

static void reads_every_public_key(void **unused)
{
	AUTO_JSON json_t *j = parse("{\"driver\":\"inbox\"," ALL "}");
	struct settings s;

	(void)unused;
	settings_defaults(&s);
	assert_int_equal(settings_read_public(j, &s, NULL), 0);
	assert_int_equal(s.driver, CHOICE_INBOX);
	assert_string_equal(driver_choice_name(s.driver), "inbox");
	assert_string_equal(s.driver_version, "44");
	assert_string_equal(s.mirror, "https://m/");
	assert_string_equal(s.catalogue_uri, "c");
	assert_string_equal(s.offline_bundle, "o");
	assert_string_equal(s.prebuilt, "p");
	assert_string_equal(s.proxy, "http://p:1");
	assert_string_equal(s.no_proxy, "a,b");
	assert_string_equal(s.identity, "i");
	assert_int_equal(s.ntrusted_keys, 2);
	assert_string_equal(s.trusted_keys[1], "k2");
	assert_string_equal(s.modules_key, "mk");
	assert_string_equal(s.modules_cert, "mc");
	assert_int_equal(s.reboot, REBOOT_NEVER);
	assert_int_equal(s.ipoib, IPOIB_OFF);
	assert_false(s.limits);
	assert_true(s.persistent_names);
	assert_int_equal(s.verify, VERIFY_LOOPBACK);
	assert_int_equal(s.on_unsupported, UNSUPPORTED_SKIP);
	assert_int_equal(s.on_remove, REMOVE_UNDO);
	assert_int_equal(s.timeouts.adapter_s, 0);
	assert_int_equal(s.timeouts.lock_s, 3600);
	assert_int_equal(s.timeouts.fabric_s, 1);
	assert_int_equal(s.timeouts.total_s, 21600);
	assert_true(s.force);
	assert_true(s.timestamp == -5);
}

static void reads_protected(void **unused)
{
	AUTO_JSON json_t *j = parse(
		"{\"proxyUser\":\"u\",\"proxyPassword\":\"p\",\"sasToken\":\"s\"}");
	struct settings s;

	(void)unused;
	settings_defaults(&s);
	assert_int_equal(settings_read_protected(j, &s, NULL), 0);
	assert_string_equal(s.proxy_user, "u");
	assert_string_equal(s.proxy_password, "p");
	assert_string_equal(s.sas_token, "s");
}

static const char *const good_rows[] = {
	"{\"driver\":\"auto\",\"prefer\":\"cheapest\"}", /* auto asks for nothing, so it contradicts
							    nothing */
	"{\"driver\":\"doca-ofed\"}",
	"{\"timeouts\":{}}",
	"{\"timeouts\":{\"adapter\":300.0}}", /* JSON knows one kind of number */
	"{\"trustedKeys\":[]}",
	"{\"driverVersion\":\"\"}",
	"{\"timestamp\":9223372036854775807}",
};

static void takes_what_is_right(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(good_rows); i++) {
		AUTO_JSON json_t *j = parse(good_rows[i]);
		struct error err = { 0 };
		struct settings s;

		settings_defaults(&s);
		if (settings_read_public(j, &s, &err) != 0)
			fail_msg("%s: %s", good_rows[i], err.what);
	}
}

static const struct {
	const char *text, *what;
} bad_rows[] = {
	{ "{\"driverVerison\":\"1\"}",
	  "settings.driverVerison: unknown setting; did you mean driverVersion?" },
	{ "{\"DriverVersion\":\"1\"}",
	  "settings.DriverVersion: unknown setting; did you mean driverVersion?" },
	{ "{\"colour\":1}", "settings.colour: unknown setting" },
	{ "{\"timeouts\":{\"adaptor\":1}}",
	  "settings.timeouts.adaptor: unknown setting; did you mean timeouts.adapter?" },
	{ "{\"timeouts.adapter\":1}", "settings.timeouts.adapter: unknown setting" },
	{ "{\"a\\nb\":1}", "settings.a?b: unknown setting" },
	{ "{\"timeouts\":300}", "settings.timeouts: must be an object" },
	{ "[]", "settings: must be an object" },
	{ "{\"driver\":\"inboxx\"}", "settings.driver: must be one of auto, mlnx-ofed, doca-ofed, "
				     "distro, inbox, not \"inboxx\"; did you mean inbox?" },
	{ "{\"driver\":\"Inbox\"}", "settings.driver: must be one of auto, mlnx-ofed, doca-ofed, "
				    "distro, inbox, not \"Inbox\"; did you mean inbox?" },
	{ "{\"reboot\":true}", "settings.reboot: must be one of ifNeeded, never" },
	{ "{\"driver\":null}",
	  "settings.driver: must be one of auto, mlnx-ofed, doca-ofed, distro, inbox" },
	{ "{\"force\":\"true\"}", "settings.force: must be true or false" },
	{ "{\"limits\":1}", "settings.limits: must be true or false" },
	{ "{\"mirror\":1}", "settings.mirror: must be text" },
	{ "{\"mirror\":\"a\\nb\"}", "settings.mirror: holds a control character" },
	{ "{\"identity\":"
	  "\"01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	  "67890123456789"
	  "0123456789012345678901234567\"}",
	  "settings.identity: is longer than 127 bytes" },
	{ "{\"timeouts\":{\"adapter\":\"300\"}}",
	  "settings.timeouts.adapter: must be a whole number from 0 to 3600" },
	{ "{\"timeouts\":{\"adapter\":0.5}}",
	  "settings.timeouts.adapter: must be a whole number from 0 to 3600" },
	{ "{\"timeouts\":{\"adapter\":1e300}}",
	  "settings.timeouts.adapter: must be a whole number from 0 to 3600" },
	{ "{\"timeouts\":{\"adapter\":-1}}",
	  "settings.timeouts.adapter: -1 is out of range 0 to 3600; the nearest is 0" },
	{ "{\"timeouts\":{\"total\":99999999999}}",
	  "settings.timeouts.total: 99999999999 is out of range 0 to 21600; the nearest is 21600" },
	{ "{\"timestamp\":\"now\"}", "settings.timestamp: must be a whole number" },
	{ "{\"trustedKeys\":\"k\"}", "settings.trustedKeys: must be a list of texts" },
	{ "{\"trustedKeys\":[\"k\",1]}", "settings.trustedKeys[1]: must be text" },
	{ "{\"trustedKeys\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
	  "settings.trustedKeys: has more than 8 elements" },
	{ "{\"sasToken\":\"s\"}", "settings.sasToken: belongs in protectedSettings" },
	{ "{\"driver\":\"inbox\",\"prefer\":\"vendor\"}",
	  "settings.prefer: contradicts driver: give one of the two, or leave driver at auto" },
};

static void says_what_is_wrong(void **unused)
{
	struct settings standard;

	(void)unused;
	settings_defaults(&standard);
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		AUTO_JSON json_t *j = parse(bad_rows[i].text);
		struct error err = { 0 };
		struct settings s = standard;

		if (settings_read_public(j, &s, &err) == 0 || err.fault != FAULT_SETTINGS ||
		    !text_eq(err.what, bad_rows[i].what))
			fail_msg("%s: \"%s\"", bad_rows[i].text, err.what);
		assert_memory_equal(&s, &standard, sizeof s);
	}
}

static void never_shows_a_secret(void **unused)
{
	static const char *const rows[][2] = {
		{ "{\"sasToken\":[\"SECRET\"]}", "protectedSettings.sasToken: must be text" },
		{ "{\"proxyPassword\":\"SECRET\\u0001\"}",
		  "protectedSettings.proxyPassword: holds a control character" },
		{ "{\"proxyPasword\":\"SECRET\"}",
		  "protectedSettings.proxyPasword: unknown setting; did you mean proxyPassword?" },
		{ "{\"driver\":\"inbox\"}",
		  "protectedSettings.driver: belongs in the public settings" },
		{ "{\"timeouts\":{}}", "protectedSettings.timeouts: unknown setting" },
		{ "[\"SECRET\"]", "protectedSettings: must be an object" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_JSON json_t *j = parse(rows[i][0]);
		struct error err = { 0 };
		struct settings s;

		settings_defaults(&s);
		assert_int_equal(settings_read_protected(j, &s, &err), -1);
		assert_string_equal(err.what, rows[i][1]);
	}
}

static void written_as_given(void **unused)
{
	static const char *const rows[] = { "{}", "{\"driver\":\"inbox\"," ALL "}",
					    "{\"prefer\":\"cheapest\"}" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_JSON json_t *given = parse(rows[i]), *written = NULL;
		struct settings s, back;

		settings_defaults(&s);
		settings_defaults(&back);
		assert_int_equal(settings_read_public(given, &s, NULL), 0);
		(void)TEXT_COPY(s.sas_token, "SECRET");
		written = settings_to_json(&s);
		assert_true(json_equal(written, given));
		assert_int_equal(settings_read_public(written, &back, NULL), 0);
		s.sas_token[0] = '\0';
		memset(s.sas_token, 0, sizeof s.sas_token);
		assert_memory_equal(&back, &s, sizeof s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_the_default), cmocka_unit_test(reads_every_public_key),
		cmocka_unit_test(reads_protected),      cmocka_unit_test(takes_what_is_right),
		cmocka_unit_test(says_what_is_wrong),   cmocka_unit_test(never_shows_a_secret),
		cmocka_unit_test(written_as_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
