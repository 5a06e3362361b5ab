/* tests/unit/handler/test_worker.c - the worker from request.json to the final status, and what
 * `enable` makes of it. */
#include "fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "catalogue/catalogue.h"
#include "fake_act.h"
#include "host/lock.h"

#define RESULT "var/lib/ib-vmext/result.json"

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof *m);

	machine_make(m);
	fake_act_reset(m);
	machine_request(m, "3", "{}");
	assert_int_equal(handler_main(&m->app, "enable"), 0);
	machine_forget_output(m);
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

static void work(struct machine *m)
{
	assert_int_equal(handler_main(&m->app, "worker"), 0);
}

static void enable_again(struct machine *m)
{
	machine_forget_output(m);
	assert_int_equal(handler_main(&m->app, "enable"), 0);
}

static bool was_started(const struct machine *m)
{
	return strstr(buf_text(&m->ran), "systemd-run") != NULL;
}

/* The built-in one is what nothing better was found for: the chosen one must come to act. */
static void works_with_the_chosen_catalogue(void **state)
{
	static const struct catalogue chosen = { .version = "2099.1" };
	struct machine *m = *state;

	fake_act.chosen = &chosen;
	machine_request(m, "4", "{\"catalogueUri\": \"/srv/catalogue.json\"}");
	enable_again(m);
	assert_ptr_equal(fake_act.judged_by, &chosen);
	fake_act.catalogue_uri[0] = '\0';
	work(m);
	assert_ptr_equal(fake_act.applied_by, &chosen);
	assert_string_equal(fake_act.catalogue_uri, "/srv/catalogue.json");
}

static void ends_in_success_with_a_substatus_per_stage(void **state)
{
	struct machine *m = *state;
	AUTO_JSON json_t *j = NULL;

	work(m);
	expect_status(m, 3, "success 0 InfiniBand works.");
	j = machine_json(m, STATUS_DIR "/3.status");
	assert_string_equal(json_text_at(j, "0.status.substatus.0.name", ""), "packages");
	assert_string_equal(json_text_at(j, "0.status.substatus.0.status", ""), "success");
	assert_int_equal(fake_act.applies, 1);
	assert_int_equal(fake_act.fetches, 1);
	assert_int_equal(strlen(fake_act.digest), 64);
	work(m); /* started twice: the request has ended */
	assert_int_equal(fake_act.applies, 1);
	assert_int_equal(m->log.nsinks, 0);
}

static void tells_the_agent_by_events(void **state)
{
	struct machine *m = *state;
	AUTO_JSON json_t *j = NULL;

	work(m);
	j = machine_json(m, LOG_DIR "/events/1790000000000000.json");
	for (size_t i = 0; i < 8; i++) {
		static const char *const keys[] = { "Version",    "Timestamp",  "TaskName",
						    "EventLevel", "Message",    "EventPid",
						    "EventTid",   "OperationId" };

		if (!json_is_string(json_object_get(j, keys[i])))
			fail_msg("no %s", keys[i]);
	}
	assert_true(machine_has(m, LOG_DIR "/events/1790000000000001.json"));
}

static void a_lasting_fault_is_not_tried_again(void **state)
{
	struct machine *m = *state;
	AUTO_BUF struct buf before = { 0 }, after = { 0 };

	fake_act.ends[0] = FAULT_PACKAGE_INSTALL;
	work(m);
	expect_status(m, 3, "error 14 The package manager failed to install.");
	assert_int_equal(fake_act.applies, 1);
	machine_text(m, STATUS_DIR "/3.status", &before);
	enable_again(m);
	assert_false(was_started(m));
	machine_text(m, STATUS_DIR "/3.status", &after);
	assert_string_equal(buf_text(&before), buf_text(&after));
	/* The handler's directory was made anew: the same is said from the result. */
	machine_remove(m, STATUS_DIR "/3.status");
	enable_again(m);
	assert_false(was_started(m));
	expect_status(m, 3, "error 14 The package manager failed to install.");
	/* Other settings under the same number are other work. */
	machine_request(m, "3", "{\"timestamp\":1}");
	enable_again(m);
	assert_true(was_started(m));
	expect_status(m, 3, "transitioning");
}

static void another_version_tries_again(void **state)
{
	struct machine *m = *state;

	fake_act.ends[0] = FAULT_PACKAGE_INSTALL;
	work(m);
	m->app.version = "1.1.8";
	enable_again(m);
	assert_true(was_started(m));
}

static void a_new_goal_state_tries_again(void **state)
{
	struct machine *m = *state;

	fake_act.ends[0] = FAULT_PACKAGE_INSTALL;
	work(m);
	machine_request(m, "4", "{}");
	enable_again(m);
	assert_true(was_started(m));
	work(m);
	expect_status(m, 4, "success 0");
	expect_status(m, 3, "error 14");
}

static void a_transient_fault_is_tried_again_by_itself(void **state)
{
	struct machine *m = *state;

	fake_act.ends[0] = FAULT_DOWNLOAD;
	fake_act.ends[1] = FAULT_DOWNLOAD;
	work(m);
	expect_status(m, 3, "success 0 InfiniBand works.");
	assert_int_equal(fake_act.applies, 3);
	assert_in_range(m->now_ms - T0, 20000, 23000);
	assert_in_range(fake_act.total_s, 4500 - 23, 4500 - 20);
}

static void four_times_at_most(void **state)
{
	struct machine *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(fake_act.ends); i++)
		fake_act.ends[i] = FAULT_DOWNLOAD;
	work(m);
	expect_status(m, 3, "error 14 A file could not be downloaded.");
	assert_int_equal(fake_act.applies, 4);
	enable_again(m);
	assert_false(was_started(m));
	machine_put(m, "proc/sys/kernel/random/boot_id", "another\n");
	enable_again(m);
	assert_true(was_started(m));
}

static void uninstall_meanwhile(struct fake_act *f)
{
	f->during = NULL;
	assert_int_equal(handler_main(&f->machine->app, "uninstall"), 0);
}

static void nor_for_an_extension_that_was_removed(void **state)
{
	struct machine *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(fake_act.ends); i++)
		fake_act.ends[i] = FAULT_DOWNLOAD;
	fake_act.during = uninstall_meanwhile;
	work(m);
	assert_int_equal(fake_act.applies, 1);
	expect_status(m, 3, "error 14 A file could not be downloaded.");
}

static void not_past_the_total(void **state)
{
	struct machine *m = *state;

	machine_request(m, "4", "{\"timeouts\":{\"total\":10}}");
	enable_again(m);
	for (size_t i = 0; i < ARRAY_SIZE(fake_act.ends); i++)
		fake_act.ends[i] = FAULT_DOWNLOAD;
	work(m);
	assert_int_equal(fake_act.applies, 2);
}

static void success_that_no_longer_holds_runs_again(void **state)
{
	struct machine *m = *state;

	work(m);
	enable_again(m);
	assert_true(was_started(m));
	expect_status(m, 3, "transitioning");
	work(m);
	assert_int_equal(fake_act.applies, 2);
}

static void ask_for_request_4(struct fake_act *f)
{
	f->during = NULL;
	f->machine->now_ms += 1000;
	machine_request(f->machine, "4", "{}");
	assert_int_equal(handler_main(&f->machine->app, "enable"), 0);
}

static void a_newer_request_takes_over_between_steps(void **state)
{
	struct machine *m = *state;

	fake_act.during = ask_for_request_4;
	work(m);
	assert_true(fake_act.was_stopped);
	assert_int_equal(fake_act.applies, 2);
	expect_status(m, 3, "error 14 replaced by request 4. Next: ");
	expect_status(m, 4, "success 0");
}

/* The extension is updated while its old version's worker is at work: the same work, another
 * folder. */
static void move_the_status(struct fake_act *f)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf moved = { 0 };
	const char *at;

	f->during = NULL;
	machine_put_dir(f->machine, HANDLER_DIR "9/status");
	machine_text(f->machine, "var/lib/ib-vmext/request.json", &text);
	at = strstr(buf_text(&text), "/status\"");
	assert_non_null(at);
	assert_int_equal(buf_add(&moved, text.data, (size_t)(at - text.data)), 0);
	assert_int_equal(buf_add_format(&moved, "9%s", at), 0);
	machine_put(f->machine, "var/lib/ib-vmext/request.json", buf_text(&moved));
	machine_remove(f->machine, STATUS_DIR);
}

static void the_same_work_for_another_folder_goes_on(void **state)
{
	struct machine *m = *state;
	AUTO_BUF struct buf text = { 0 };

	fake_act.during = move_the_status;
	work(m);
	assert_false(fake_act.was_stopped);
	assert_int_equal(fake_act.applies, 1);
	machine_text(m, HANDLER_DIR "9/status/3.status", &text);
	assert_non_null(strstr(buf_text(&text), "\"status\":\"success\""));
	assert_false(machine_has(m, STATUS_DIR));
}

static void delete_the_handler(struct fake_act *f)
{
	machine_remove(f->machine, HANDLER_DIR);
}

static void outlives_the_handlers_directory(void **state)
{
	struct machine *m = *state;
	AUTO_JSON json_t *j = NULL;

	fake_act.during = delete_the_handler;
	work(m);
	j = machine_json(m, RESULT);
	assert_true(json_bool_at(j, "success", false));
	assert_false(machine_has(m, HANDLER_DIR));
}

static void skips_what_is_not_supported_if_so_told(void **state)
{
	struct machine *m = *state;

	machine_request(m, "4", "{\"onUnsupported\":\"skip\"}");
	enable_again(m);
	fake_act.ends[0] = FAULT_ADAPTER_ABSENT;
	work(m);
	expect_status(m, 4, "success 0 Skipped");
}

static void waits_for_a_run_at_a_shell_and_says_so(void **state)
{
	struct machine *m = *state;
	pid_t holder;
	int dir = openat(m->host.root, "var/lib/ib-vmext", O_RDONLY | O_DIRECTORY);
	int lock = lock_take(dir, "lock", &holder);

	machine_request(m, "4", "{\"timeouts\":{\"lock\":30}}");
	enable_again(m);
	m->now_ms = T0;
	work(m);
	assert_int_equal(fake_act.applies, 0);
	expect_status(m, 4, "error 14 another run is at work");
	assert_in_range(m->now_ms - T0, 29000, 32000);
	close(lock);
	close(dir);
}

static void damaged_state_is_no_work(void **state)
{
	struct machine *m = *state;

	machine_put(m, "var/lib/ib-vmext/request.json", "{\"schema\":");
	work(m);
	machine_put(m, "var/lib/ib-vmext/request.json",
		    "{\"schema\":\"ib-vmext/request/1\",\"seq\":1}");
	work(m);
	machine_remove(m, "var/lib/ib-vmext/request.json");
	work(m);
	assert_int_equal(fake_act.applies, 0);
}

static void a_result_that_cannot_be_kept_is_no_loop(void **state)
{
	struct machine *m = *state;

	machine_put(m, RESULT "/in-the-way", "");
	work(m);
	assert_int_equal(fake_act.applies, 1);
	expect_status(m, 3, "success 0");
}

static void resume_needs_an_open_journal(void **state)
{
	struct machine *m = *state;

	assert_int_equal(handler_main(&m->app, "resume"), 0);
	assert_int_equal(fake_act.applies, 0);
	machine_put(m, "var/lib/ib-vmext/journal/open", "run-1");
	assert_int_equal(handler_main(&m->app, "resume"), 0);
	assert_int_equal(fake_act.applies, 1);
	assert_int_equal(fake_act.recoveries, 0);
	expect_status(m, 3, "success");
	/* Open again, by a run at a shell: the request has ended. */
	assert_int_equal(handler_main(&m->app, "resume"), 0);
	assert_int_equal(fake_act.applies, 1);
	assert_int_equal(fake_act.recoveries, 1);
}

static void boot_looks_at_the_kernel(void **state)
{
	struct machine *m = *state;

	assert_int_equal(handler_main(&m->app, "boot"), 0);
	assert_int_equal(fake_act.mends, 1);
	machine_put(m, "var/lib/ib-vmext/journal/open", "run-1");
	assert_int_equal(handler_main(&m->app, "boot"), 0);
	assert_int_equal(fake_act.mends, 1);
	assert_int_equal(fake_act.applies, 0);
}

/* The machine goes down: the request stays open, and the next boot's worker ends it. */
static void a_restart_is_no_end(void **state)
{
	struct machine *m = *state;

	fake_act.restarts = 1;
	work(m);
	assert_int_equal(fake_act.applies, 1);
	assert_false(machine_has(m, RESULT));
	expect_status(m, 3, "transitioning");
	work(m);
	assert_int_equal(fake_act.applies, 2);
	assert_true(machine_has(m, RESULT));
	expect_status(m, 3, "success 0");
}

static const struct {
	const char *name;
	const char *settings;
	bool update;
	enum fault end;
	int want;
	const char *said;
	bool starts, forgets;
} uninstall_rows[] = {
	{ "an update touches nothing", "{\"onRemove\":\"undo\"}", true, FAULT_NONE, 0,
	  "an update is under way", false, false },
	{ "keep is the default", "{}", false, FAULT_NONE, 0, "stays", false, true },
	{ "undo, done", "{\"onRemove\":\"undo\"}", false, FAULT_NONE, 0, "InfiniBand works.", true,
	  true },
	{ "undo, nothing there", "{\"onRemove\":\"undo\"}", false, FAULT_NOTHING_TO_UNDO, 0,
	  "nothing to undo", true, true },
	{ "undo, failed", "{\"onRemove\":\"undo\"}", false, FAULT_UNDO_FAILED, 14,
	  "Going back failed", true, false },
};

static struct machine *undoing;

/* The worker ends the first time that uninstall looks away. */
static void work_instead_of_sleep(const struct clock *c, int64_t ms)
{
	(void)c;
	undoing->now_ms += ms;
	if (fake_act.undos == 0)
		work(undoing);
}

static void uninstalls(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(uninstall_rows); i++) {
		AUTO_BUF struct buf said = { 0 };
		struct machine m;
		int code;

		machine_make(&m);
		fake_act_reset(&m);
		machine_request(&m, "3", uninstall_rows[i].settings);
		assert_int_equal(handler_main(&m.app, "enable"), 0);
		machine_forget_output(&m);
		if (uninstall_rows[i].update)
			assert_int_equal(handler_main(&m.app, "update"), 0);
		fake_act.undo_ends = uninstall_rows[i].end;
		undoing = &m;
		m.clock.sleep_ms = work_instead_of_sleep;
		code = handler_main(&m.app, "uninstall");
		assert_int_equal(buf_add_format(&said, "%s%s", buf_text(&m.app.out),
						buf_text(&m.app.complaint)),
				 0);
		if (code != uninstall_rows[i].want ||
		    strstr(buf_text(&said), uninstall_rows[i].said) == NULL)
			fail_msg("%s: %d %s", uninstall_rows[i].name, code, buf_text(&said));
		if (was_started(&m) != uninstall_rows[i].starts ||
		    (fake_act.undos > 0) != uninstall_rows[i].starts)
			fail_msg("%s: %s", uninstall_rows[i].name, buf_text(&m.ran));
		if (machine_has(&m, "var/lib/ib-vmext/request.json") == uninstall_rows[i].forgets)
			fail_msg("%s: request.json", uninstall_rows[i].name);
		machine_drop(&m);
	}
}

static void an_undo_that_takes_too_long_is_left_to_the_worker(void **state)
{
	struct machine *m = *state;

	machine_request(m, "3", "{\"onRemove\":\"undo\"}");
	enable_again(m);
	m->now_ms = T0;
	assert_int_equal(handler_main(&m->app, "uninstall"), 0);
	assert_non_null(strstr(buf_text(&m->app.out), "still being taken back"));
	assert_in_range(m->now_ms - T0, 240000, 250000);
	assert_true(machine_has(m, "var/lib/ib-vmext/request.json"));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(works_with_the_chosen_catalogue),
		CASE(ends_in_success_with_a_substatus_per_stage),
		CASE(tells_the_agent_by_events),
		CASE(a_lasting_fault_is_not_tried_again),
		CASE(another_version_tries_again),
		CASE(a_new_goal_state_tries_again),
		CASE(a_transient_fault_is_tried_again_by_itself),
		CASE(four_times_at_most),
		CASE(nor_for_an_extension_that_was_removed),
		CASE(not_past_the_total),
		CASE(success_that_no_longer_holds_runs_again),
		CASE(a_newer_request_takes_over_between_steps),
		CASE(the_same_work_for_another_folder_goes_on),
		CASE(outlives_the_handlers_directory),
		CASE(skips_what_is_not_supported_if_so_told),
		CASE(waits_for_a_run_at_a_shell_and_says_so),
		CASE(damaged_state_is_no_work),
		CASE(a_result_that_cannot_be_kept_is_no_loop),
		CASE(resume_needs_an_open_journal),
		CASE(boot_looks_at_the_kernel),
		CASE(a_restart_is_no_end),
		cmocka_unit_test(uninstalls),
		CASE(an_undo_that_takes_too_long_is_left_to_the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
