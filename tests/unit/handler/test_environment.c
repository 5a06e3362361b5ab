/* tests/unit/handler/test_environment.c - HandlerEnvironment.json and the number of the request. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "handler/environment.h"

#define FOLDERS "\"logFolder\":\"/l\",\"configFolder\":\"/c\",\"statusFolder\":\"/s\""

static const struct {
	const char *name, *text;
	int rc;
	const char *said; /* part of the reason, or the events folder */
} parse_rows[] = {
	{ "as agent 2.15 writes it",
	  "[{\"handlerEnvironment\":{" FOLDERS ",\"eventsFolder\":\"/e\"}}]", 0, "/e" },
	{ "an old agent has no events folder", "[{\"handlerEnvironment\":{" FOLDERS "}}]", 0, "" },
	{ "the preview name of it",
	  "[{\"handlerEnvironment\":{" FOLDERS ",\"eventsFolder_preview\":\"/p\"}}]", 0, "/p" },
	{ "null is not a folder, where one is not needed",
	  "[{\"handlerEnvironment\":{" FOLDERS ",\"eventsFolder\":null}}]", 0, "" },
	{ "empty file", "", -1, "" },
	{ "cut in the middle", "[{\"handlerEnvironment\":{\"logFolder\":", -1, "" },
	{ "an object instead of a list", "{\"handlerEnvironment\":{" FOLDERS "}}", -1,
	  "not a list" },
	{ "an empty list", "[]", -1, "not a list" },
	{ "element 0 is no object", "[1]", -1, "handlerEnvironment" },
	{ "handlerEnvironment is a list", "[{\"handlerEnvironment\":[]}]", -1,
	  "handlerEnvironment" },
	{ "no status folder",
	  "[{\"handlerEnvironment\":{\"logFolder\":\"/l\",\"configFolder\":\"/c\"}}]", -1,
	  "statusFolder is missing" },
	{ "a folder that is a number",
	  "[{\"handlerEnvironment\":{\"logFolder\":7,\"configFolder\":\"/c\",\"statusFolder\":\"/"
	  "s\"}}]",
	  -1, "logFolder is not a string" },
	{ "a relative folder",
	  "[{\"handlerEnvironment\":{\"logFolder\":\"l\",\"configFolder\":\"/"
	  "c\",\"statusFolder\":\"/s\"}}]",
	  -1, "logFolder is not an absolute path" },
	{ "a way up",
	  "[{\"handlerEnvironment\":{\"logFolder\":\"/l/../../etc\",\"configFolder\":\"/"
	  "c\",\"statusFolder\":\"/s\"}}]",
	  -1, "not an absolute path" },
	{ "the same key twice", "[{\"handlerEnvironment\":{\"logFolder\":\"/l\"," FOLDERS "}}]", -1,
	  "" },
};

static void parses(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(parse_rows); i++) {
		struct environment env = { .directory = "/d" };
		char why[200] = "";
		int rc = environment_parse(parse_rows[i].text, strlen(parse_rows[i].text), &env,
					   why, sizeof why);

		if ((rc < 0) != (parse_rows[i].rc < 0))
			fail_msg("%s: %d %s", parse_rows[i].name, rc, why);
		if (rc < 0 && (why[0] == '\0' || strstr(why, parse_rows[i].said) == NULL))
			fail_msg("%s: the reason is \"%s\"", parse_rows[i].name, why);
		if (rc == 0 && (!text_eq(env.events_folder, parse_rows[i].said) ||
				!text_eq(env.status_folder, "/s") || !text_eq(env.directory, "/d")))
			fail_msg("%s: %s", parse_rows[i].name, env.events_folder);
	}
}

static void a_folder_too_long_is_refused(void **unused)
{
	struct environment env = { 0 };
	char text[2000], path[700], why[200] = "";

	(void)unused;
	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	TEXT_FORMAT(text, "[{\"handlerEnvironment\":{\"logFolder\":\"%s\"}}]", path);
	assert_true(environment_parse(text, strlen(text), &env, why, sizeof why) < 0);
	assert_non_null(strstr(why, "too long"));
}

static void names_file_and_reason(void **unused)
{
	struct machine m;
	struct environment env = { 0 };
	struct error err = { 0 };

	(void)unused;
	machine_make(&m);
	assert_int_equal(environment_read(&m.app, &env, &err), 0);
	assert_string_equal(env.status_folder, STATUS_DIR);
	assert_string_equal(env.directory, HANDLER_DIR);
	machine_put(&m, HANDLER_DIR "/HandlerEnvironment.json", "{}");
	assert_int_equal(environment_read(&m.app, &env, &err), -1);
	assert_int_equal(err.fault, FAULT_HANDLER_ENVIRONMENT);
	assert_non_null(strstr(err.what, HANDLER_DIR
			       "/HandlerEnvironment.json is malformed: it is not a list"));
	machine_remove(&m, HANDLER_DIR "/HandlerEnvironment.json");
	assert_int_equal(environment_read(&m.app, &env, &err), -1);
	assert_int_equal(err.fault, FAULT_HANDLER_ENVIRONMENT);
	assert_non_null(strstr(err.what, "No such file"));
	machine_drop(&m);
}

/* Without the agent's variable: above bin/ of the running program. */
static void finds_the_directory_of_the_program(void **unused)
{
	struct machine m;
	struct environment env = { 0 };
	char link[128];

	(void)unused;
	machine_make(&m);
	m.app.extension_path = NULL;
	assert_int_equal(symlinkat(HANDLER_DIR "/bin/ib-vmext-x86_64", m.host.root, "exe"), 0);
	TEXT_FORMAT(link, "%s/exe", m.dir);
	m.app.program = link;
	assert_int_equal(environment_read(&m.app, &env, NULL), 0);
	assert_string_equal(env.directory, HANDLER_DIR);
	machine_drop(&m);
}

static const struct {
	const char *name, *variable;
	const char *files[3]; /* in the order of their mtime */
	int64_t want;         /* -1: FAULT_SETTINGS_FILE */
} sequence_rows[] = {
	{ "the variable wins over newer files", "3", { "9.settings" }, 3 },
	{ "no settings at all is request 0", "0", { NULL }, 0 },
	{ "an agent before 2.2.44 sets none: the newest, not the largest",
	  NULL,
	  { "9.settings", "4.settings" },
	  4 },
	{ "an empty variable is none", "", { "5.settings" }, 5 },
	{ "other files are no requests",
	  NULL,
	  { "2.settings", "ext.7.settings", "8.settings.bak" },
	  2 },
	{ "a number without end is none",
	  NULL,
	  { "1.settings", "99999999999999999999999.settings" },
	  1 },
	{ "no file", NULL, { NULL }, -1 },
	{ "not a number", "two", { "2.settings" }, -1 },
	{ "a negative number", "-1", { "2.settings" }, -1 },
};

static void finds_the_sequence_number(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(sequence_rows); i++) {
		struct machine m;
		struct environment env = { .config_folder = HANDLER_DIR "/config" };
		struct error err = { 0 };
		int64_t seq = -1;
		int rc;

		machine_make(&m);
		for (size_t f = 0; f < 3 && sequence_rows[i].files[f] != NULL; f++) {
			struct timespec at[2] = { { .tv_sec = 1000 + (time_t)f },
						  { .tv_sec = 1000 + (time_t)f } };
			char path[256];

			TEXT_FORMAT(path, HANDLER_DIR "/config/%s", sequence_rows[i].files[f]);
			machine_put(&m, path, "{}");
			assert_int_equal(utimensat(m.host.root, path + 1, at, 0), 0);
		}
		m.app.sequence = sequence_rows[i].variable;
		rc = environment_sequence(&m.app, &env, &seq, &err);
		if (seq != sequence_rows[i].want || (rc < 0 && err.fault != FAULT_SETTINGS_FILE))
			fail_msg("%s: %lld", sequence_rows[i].name, (long long)seq);
		machine_drop(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(a_folder_too_long_is_refused),
		cmocka_unit_test(names_file_and_reason),
		cmocka_unit_test(finds_the_directory_of_the_program),
		cmocka_unit_test(finds_the_sequence_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
