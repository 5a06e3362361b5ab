/* tests/unit/handler/test_enable.c - what `enable` says, writes, starts and returns, case by case.
 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_act.h"
#include "handler/update.h"
#include "host/lock.h"

#define REQUEST "var/lib/ib-vmext/request.json"
#define PROGRAM "/usr/libexec/ib-vmext/1.1.7/ib-vmext"

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof *m);

	machine_make(m);
	fake_act_reset(m);
	machine_request(m, "3", "{}");
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	machine_drop(*state);
	free(*state);
	return 0;
}

static void expect_status(const struct machine *m, int64_t seq, const char *part)
{
	char text[1200];

	machine_status(m, seq, text, sizeof text);
	if (strstr(text, part) == NULL)
		fail_msg("%lld.status is \"%s\", without \"%s\"", (long long)seq, text, part);
}

static void expect_run(const struct machine *m, const char *part, bool want)
{
	if ((strstr(buf_text(&m->ran), part) != NULL) != want)
		fail_msg("\"%s\" %s run: %s", part, want ? "was not" : "was", buf_text(&m->ran));
}

static void gives_the_work_to_a_worker(void **state)
{
	struct machine *m = *state;
	AUTO_JSON json_t *request = NULL;
	struct stat st;

	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_status(m, 3, "transitioning 0 Starting by the route inbox: it serves");
	request = machine_json(m, REQUEST);
	assert_int_equal(json_int_at(request, "seq", -1), 3);
	assert_string_equal(json_text_at(request, "statusDir", ""), STATUS_DIR);
	assert_int_equal(strlen(json_text_at(request, "settingsDigest", "")), 64);
	assert_string_equal(json_text_at(request, "version", ""), "1.1.7");
	assert_true(json_is_null(json_object_get(request, "protected")));
	expect_run(m, PROGRAM " --version\n", true);
	expect_run(m, "systemd-run --unit=ib-vmext-worker-3-", true);
	expect_run(m, "--property=CPUWeight=20 --property=IOWeight=20 " PROGRAM " handler worker\n",
		   true);
	assert_int_equal(fstatat(m->host.root, &PROGRAM[1], &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fake_act.applies, 0);
}

static void logs_for_people_and_machines(void **state)
{
	struct machine *m = *state;
	AUTO_BUF struct buf text = { 0 }, lines = { 0 };

	assert_int_equal(handler_main(&m->app, "enable"), 0);
	machine_text(m, "var/log/azure/ib-vmext-status", &text);
	assert_non_null(strstr(buf_text(&text), "info enable.accepted: request 3: Starting"));
	machine_text(m, LOG_DIR "/ib-vmext.log.jsonl", &lines);
	assert_non_null(strstr(buf_text(&lines), "\"slug\":\"enable.accepted\""));
	assert_int_equal(m->log.nsinks, 0);
}

static void a_machine_that_is_right_costs_nothing(void **state)
{
	struct machine *m = *state;
	AUTO_BUF struct buf before = { 0 }, after = { 0 };

	fake_act.holds = true;
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_status(m, 3, "success 0 1 of 1 InfiniBand ports ACTIVE.");
	assert_int_equal(m->ran.len, 0);
	assert_int_equal(fake_act.judgements, 0);
	machine_text(m, STATUS_DIR "/3.status", &before);
	m->now_ms += 5000;
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	machine_text(m, STATUS_DIR "/3.status", &after);
	assert_string_equal(buf_text(&before), buf_text(&after));
}

static void a_status_left_transitioning_is_put_right(void **state)
{
	struct machine *m = *state;

	fake_act.holds = true;
	machine_put(m, STATUS_DIR "/3.status", "[{\"status\":{\"status\":\"transitioning\"}}]");
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_status(m, 3, "success 0");
}

#define BAKED "/var/lib/ib-vmext/baked.json"

static void a_vm_of_an_image_that_fits_needs_no_worker(void **state)
{
	struct machine *m = *state;

	machine_put(m, BAKED, "{}");
	fake_act.fits = true;
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_status(m, 3, "success 0 InfiniBand works.");
	assert_int_equal(m->ran.len, 0);
	assert_int_equal(fake_act.adoptions, 1);
	assert_int_equal(fake_act.judgements, 0);
	assert_true(machine_has(m, "/var/lib/ib-vmext/request.json"));
	assert_true(machine_has(m, "/var/lib/ib-vmext/ended.json"));
}

static void one_that_does_not_fit_is_done_as_any(void **state)
{
	struct machine *m = *state;

	machine_put(m, BAKED, "{}");
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_run(m, "systemd-run", true);
	expect_status(m, 3, "transitioning 0 Starting by the route inbox");
	assert_int_equal(fake_act.adoptions, 1);
}

static void a_vm_of_no_image_is_not_held_against_any(void **state)
{
	struct machine *m = *state;

	fake_act.fits = true;
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	assert_int_equal(fake_act.adoptions, 0);
	expect_run(m, "systemd-run", true);
}

static const struct {
	const char *name;
	enum fault judged;
	bool may_change;
	const char *settings;
	int want;
	const char *status;
	bool starts;
} judged_rows[] = {
	{ "no VMBus", FAULT_NO_VMBUS, false, "{}", 10, "error 10 ", false },
	{ "Network Direct", FAULT_NETWORK_DIRECT, false, "{}", 11, "error 11 ", false },
	{ "another image", FAULT_UNSUPPORTED_IMAGE, false, "{}", 12, "error 12 ", false },
	{ "a size without InfiniBand", FAULT_SIZE_WITHOUT_INFINIBAND, false, "{}", 13, "error 13 ",
	  false },
	{ "the same in a mixed scale set", FAULT_SIZE_WITHOUT_INFINIBAND, false,
	  "{\"onUnsupported\":\"skip\"}", 0, "success 0 Skipped", false },
	{ "another image, by this catalogue", FAULT_UNSUPPORTED_IMAGE, false,
	  "{\"catalogueUri\":\"https://example.com/c.json\"}", 0,
	  "transitioning 0 Fetching the catalogue", true },
	{ "no VMBus, whatever the catalogue", FAULT_NO_VMBUS, false,
	  "{\"catalogueUri\":\"https://example.com/c.json\"}", 10, "error 10 ", false },
	{ "an adapter that may still come", FAULT_ADAPTER_ABSENT, true, "{}", 0,
	  "transitioning 0 Waiting up to 300 s", true },
	{ "its wait is named as set", FAULT_ADAPTER_ABSENT, true, "{\"timeouts\":{\"adapter\":7}}",
	  0, "transitioning 0 Waiting up to 7 s", true },
};

static void refuses_what_waiting_cannot_change(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(judged_rows); i++) {
		struct machine m;
		char text[1200];
		int code;

		machine_make(&m);
		fake_act_reset(&m);
		fake_act.judged = judged_rows[i].judged;
		fake_act.may_change = judged_rows[i].may_change;
		machine_request(&m, "3", judged_rows[i].settings);
		code = handler_main(&m.app, "enable");
		machine_status(&m, 3, text, sizeof text);
		if (code != judged_rows[i].want || strstr(text, judged_rows[i].status) == NULL)
			fail_msg("%s: %d, %s", judged_rows[i].name, code, text);
		if (judged_rows[i].want != 0 && strstr(text, "Next: ") == NULL)
			fail_msg("%s: no next step in %s", judged_rows[i].name, text);
		expect_run(&m, "systemd-run", judged_rows[i].starts);
		machine_drop(&m);
	}
}

static void refuses_a_route_that_is_not_carried_out(void **state)
{
	struct machine *m = *state;

	fake_act.not_carried = true;
	assert_int_equal(handler_main(&m->app, "enable"), 12);
	expect_status(m, 3, "error 12 The route doca-ofed has the step download");
	expect_status(m, 3, "{\"driver\": \"inbox\"}");
	expect_run(m, "systemd-run", false);
	assert_int_equal(fake_act.applies, 0);
}

static void bad_settings_are_an_error_status_and_1(void **state)
{
	struct machine *m = *state;

	machine_request(m, "3", "{\"drvier\":\"inbox\"}");
	assert_int_equal(handler_main(&m->app, "enable"), 1);
	expect_status(m, 3, "drvier");
	expect_status(m, 3, "error 1 ");
	assert_non_null(strstr(buf_text(&m->app.complaint), "drvier"));
	assert_false(machine_has(m, REQUEST));
	machine_put(m, HANDLER_DIR "/config/3.settings", "{\"runtimeSettings\":");
	assert_int_equal(handler_main(&m->app, "enable"), 1);
	expect_status(m, 3, "3.settings: the settings file is malformed");
	machine_remove(m, HANDLER_DIR "/config/3.settings");
	assert_int_equal(handler_main(&m->app, "enable"), 1);
	expect_status(m, 3, "3.settings cannot be read: No such file");
}

static void without_an_environment_only_stderr_is_left(void **state)
{
	struct machine *m = *state;

	machine_put(m, HANDLER_DIR "/HandlerEnvironment.json", "[");
	assert_int_equal(handler_main(&m->app, "enable"), 1);
	assert_non_null(
		strstr(buf_text(&m->app.complaint), "HandlerEnvironment.json is malformed"));
	assert_false(machine_has(m, STATUS_DIR "/3.status"));
}

static void a_status_folder_that_is_gone_is_14(void **state)
{
	struct machine *m = *state;

	machine_remove(m, STATUS_DIR);
	assert_int_equal(handler_main(&m->app, "enable"), 14);
	assert_non_null(strstr(buf_text(&m->app.complaint), "3.status"));
	expect_run(m, "systemd-run", false);
}

static const struct answer old_systemd[] = {
	{ "systemd-run", "CPUWeight", 1, "", "Unknown assignment CPUWeight=20.\n" },
};

static void systemd_before_232_gets_the_old_weights(void **state)
{
	struct machine *m = *state;

	m->answers = old_systemd;
	m->nanswers = ARRAY_SIZE(old_systemd);
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_run(m, "--property=CPUShares=64 --property=BlockIOWeight=50 " PROGRAM, true);
	expect_status(m, 3, "transitioning");
}

static const struct answer no_weights[] = {
	{ "systemd-run", "Weight", 1, "",
	  "Failed to start transient service unit: Cannot set property BlockIOWeight, or unknown "
	  "property.\n" },
};

static void a_systemd_without_weights_gets_none(void **state)
{
	struct machine *m = *state;

	m->answers = no_weights;
	m->nanswers = ARRAY_SIZE(no_weights);
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_run(m, "--description=InfiniBand driver worker " PROGRAM " handler worker", true);
}

static const struct {
	const char *name;
	struct answer answer;
	const char *said;
} start_rows[] = {
	{ "systemd refuses",
	  { "systemd-run", NULL, 1, "", "Failed to start transient service unit: Access denied" },
	  "Access denied" },
	{ "systemd-run is not there",
	  { "systemd-run", NULL, -1, "", "" },
	  "systemd-run did not start" },
	{ "the unit failed at once", { "systemctl", "is-failed", 0, "", "" }, "it ended at once" },
	{ "the copy may not be executed",
	  { PROGRAM, "--version", -1, "", "" },
	  "cannot be run (not executable)" },
	{ "the copy does not run",
	  { PROGRAM, "--version", 126, "", "" },
	  "cannot be run (exit code 126)" },
};

static void a_worker_that_does_not_start_is_an_error(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(start_rows); i++) {
		struct machine m;
		char text[1200];

		machine_make(&m);
		fake_act_reset(&m);
		machine_request(&m, "3", "{}");
		m.answers = &start_rows[i].answer;
		m.nanswers = 1;
		assert_int_equal(handler_main(&m.app, "enable"), 14);
		machine_status(&m, 3, text, sizeof text);
		if (strncmp(text, "error 14 ", 9) != 0 || strstr(text, start_rows[i].said) == NULL)
			fail_msg("%s: %s", start_rows[i].name, text);
		machine_drop(&m);
	}
}

static void the_same_request_again_touches_nothing_while_at_work(void **state)
{
	struct machine *m = *state;
	AUTO_BUF struct buf before = { 0 }, after = { 0 };
	char path[64];
	pid_t holder;
	int dir, lock;

	assert_int_equal(handler_main(&m->app, "enable"), 0);
	machine_text(m, STATUS_DIR "/3.status", &before);
	machine_forget_output(m);
	dir = openat(m->host.root, "var/lib/ib-vmext", O_RDONLY | O_DIRECTORY);
	lock = lock_take(dir, "lock", &holder);
	assert_true(lock >= 0);
	TEXT_FORMAT(path, "proc/%ld/cmdline", (long)getpid());
	/* Only a worker takes requests over; text functions end at NUL, so the file is written by
	 * hand. */
	machine_put(m, path, "x");
	int fd = openat(m->host.root, path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "ib-vmext\0handler\0worker", 24), 24);
	close(fd);
	m->now_ms += 60000;
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	assert_int_equal(m->ran.len, 0);
	machine_text(m, STATUS_DIR "/3.status", &after);
	assert_string_equal(buf_text(&before), buf_text(&after));
	/* Another request: only request.json is replaced. */
	machine_request(m, "4", "{}");
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_run(m, "systemd-run", false);
	expect_status(m, 4, "transitioning");
	close(lock);
	close(dir);
}

static void a_run_at_a_shell_does_not_take_requests_over(void **state)
{
	struct machine *m = *state;
	pid_t holder;
	int dir, lock;

	machine_put_dir(m, "var/lib/ib-vmext");
	dir = openat(m->host.root, "var/lib/ib-vmext", O_RDONLY | O_DIRECTORY);
	lock = lock_take(dir, "lock", &holder);
	fake_act.holds = true; /* ... but somebody is changing the machine */
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	expect_run(m, "systemd-run", true);
	close(lock);
	close(dir);
}

static void an_update_ends_with_enable(void **state)
{
	struct machine *m = *state;

	assert_int_equal(handler_main(&m->app, "update"), 0);
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	assert_false(update_is_under_way(&m->host));
}

static void the_copy_is_made_once(void **state)
{
	struct machine *m = *state;
	struct stat first, second;

	assert_int_equal(handler_main(&m->app, "enable"), 0);
	assert_int_equal(fstatat(m->host.root, &PROGRAM[1], &first, 0), 0);
	machine_request(m, "4", "{}");
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	assert_int_equal(fstatat(m->host.root, &PROGRAM[1], &second, 0), 0);
	assert_int_equal(first.st_ino, second.st_ino);
}

static void an_unknown_verb_is_1(void **state)
{
	struct machine *m = *state;

	assert_int_equal(handler_main(&m->app, "enabel"), 1);
	assert_int_equal(handler_main(&m->app, "disable"), 0);
	assert_int_equal(m->ran.len, 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(gives_the_work_to_a_worker),
		CASE(logs_for_people_and_machines),
		CASE(a_machine_that_is_right_costs_nothing),
		CASE(a_status_left_transitioning_is_put_right),
		CASE(a_vm_of_an_image_that_fits_needs_no_worker),
		CASE(one_that_does_not_fit_is_done_as_any),
		CASE(a_vm_of_no_image_is_not_held_against_any),
		cmocka_unit_test(refuses_what_waiting_cannot_change),
		cmocka_unit_test_setup_teardown(refuses_a_route_that_is_not_carried_out, set_up,
						tear_down),
		CASE(bad_settings_are_an_error_status_and_1),
		CASE(without_an_environment_only_stderr_is_left),
		CASE(a_status_folder_that_is_gone_is_14),
		CASE(systemd_before_232_gets_the_old_weights),
		CASE(a_systemd_without_weights_gets_none),
		cmocka_unit_test(a_worker_that_does_not_start_is_an_error),
		CASE(the_same_request_again_touches_nothing_while_at_work),
		CASE(a_run_at_a_shell_does_not_take_requests_over),
		CASE(an_update_ends_with_enable),
		CASE(the_copy_is_made_once),
		CASE(an_unknown_verb_is_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
