/* tests/unit/handler/test_update.c - which update.json holds. The format is frozen: these rows may
 * only grow. */
#include "fixture.h"

#include "handler/update.h"

#define NOW INT64_C(1790000000)
#define MARK(at)                                                                                   \
	"{\"schema\":\"ib-vmext/update/1\",\"from\":\"1.1.6\",\"to\":\"1.1.7\",\"at\":" at         \
	",\"boot\":\"b\"}"

static const struct {
	const char *name, *text;
	bool want;
} rows[] = {
	{ "written now", MARK("1790000000"), true },
	{ "89 minutes ago", MARK("1789994660"), true },
	{ "90 minutes ago", MARK("1789994600"), false },
	{ "the clock was set back by an hour since", MARK("1790003600"), true },
	{ "from far in the future", MARK("1790005400"), false },
	{ "a time that overflows", MARK("-9223372036854775808"), false },
	{ "unknown keys of a later version",
	  "{\"schema\":\"ib-vmext/update/1\",\"at\":1790000000,\"more\":[]}", true },
	{ "another schema", "{\"schema\":\"ib-vmext/update/2\",\"at\":1790000000}", false },
	{ "no schema", "{\"at\":1790000000}", false },
	{ "no time", "{\"schema\":\"ib-vmext/update/1\"}", false },
	{ "a time that is text", MARK("\"1790000000\""), false },
	{ "a list", "[]", false },
	{ "damaged", "{\"schema\":", false },
};

static void holds(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_JSON json_t *j = json_parse(rows[i].text, strlen(rows[i].text), NULL, 0);
		struct machine m;

		if (j != NULL && update_holds(j, NOW) != rows[i].want)
			fail_msg("%s", rows[i].name);
		machine_make(&m);
		machine_put(&m, "var/lib/ib-vmext/update.json", rows[i].text);
		m.now_ms = NOW * 1000;
		if (update_is_under_way(&m.host) != rows[i].want)
			fail_msg("%s, as a file", rows[i].name);
		machine_drop(&m);
	}
}

/* On a downgrade the old handler runs `update`. */
static void the_verb_writes_it(void **unused)
{
	struct machine m;
	AUTO_JSON json_t *j = NULL;

	(void)unused;
	machine_make(&m);
	m.app.updating_from = "1.1.6";
	assert_int_equal(handler_main(&m.app, "update"), 0);
	j = machine_json(&m, "var/lib/ib-vmext/update.json");
	assert_string_equal(json_text_at(j, "schema", ""), "ib-vmext/update/1");
	assert_string_equal(json_text_at(j, "from", ""), "1.1.6");
	assert_string_equal(json_text_at(j, "to", ""), "1.1.7");
	assert_int_equal(json_int_at(j, "at", 0), T0 / 1000);
	assert_string_equal(json_text_at(j, "boot", ""), BOOT_1);
	assert_true(update_is_under_way(&m.host));
	machine_drop(&m);
}

static void install_clears_only_a_stale_one(void **unused)
{
	struct machine m;

	(void)unused;
	machine_make(&m);
	assert_int_equal(handler_main(&m.app, "update"), 0);
	assert_int_equal(handler_main(&m.app, "install"), 0);
	assert_true(machine_has(&m, "var/lib/ib-vmext/update.json"));
	m.now_ms += 91 * 60 * 1000;
	assert_int_equal(handler_main(&m.app, "install"), 0);
	assert_false(machine_has(&m, "var/lib/ib-vmext/update.json"));
	machine_remove(&m, HANDLER_DIR "/HandlerEnvironment.json");
	assert_int_equal(handler_main(&m.app, "install"), 1);
	assert_non_null(strstr(buf_text(&m.app.complaint), "HandlerEnvironment.json"));
	machine_drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds),
		cmocka_unit_test(the_verb_writes_it),
		cmocka_unit_test(install_clears_only_a_stale_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
