/* tests/unit/handler/test_sinks.c - what the sinks make of the stream of events, and the detached
 * start. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "handler/events.h"
#include "handler/launch.h"
#include "handler/reporter.h"
#include "handler/streams.h"

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof *m);

	machine_make(m);
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	machine_drop(*state);
	free(*state);
	return 0;
}

static ino_t inode(const struct machine *m)
{
	struct stat st;

	return fstatat(m->host.root, &(STATUS_DIR "/3.status")[1], &st, 0) == 0 ? st.st_ino : 0;
}

static const struct {
	const char *name;
	struct event ev;
	bool writes;
} event_rows[] = {
	{ "an event without a stage", { .time_ms = T0, .what = "nothing" }, false },
	{ "a stage begins",
	  { .time_ms = T0, .what = "a", .stage = "packages", .state = STAGE_RUNNING, .percent = 5 },
	  true },
	{ "progress within the second",
	  { .time_ms = T0 + 400,
	    .what = "b",
	    .stage = "packages",
	    .state = STAGE_RUNNING,
	    .percent = 6 },
	  false },
	{ "progress after a second",
	  { .time_ms = T0 + 1000,
	    .what = "c",
	    .stage = "packages",
	    .state = STAGE_RUNNING,
	    .percent = 7 },
	  true },
	{ "a change of state at once",
	  { .time_ms = T0 + 1001,
	    .what = "d",
	    .stage = "packages",
	    .state = STAGE_DONE,
	    .percent = 50 },
	  true },
	{ "another stage at once",
	  { .time_ms = T0 + 1002,
	    .what = "e",
	    .stage = "verify",
	    .state = STAGE_WAITING,
	    .percent = -1 },
	  true },
	{ "the clock was set back",
	  { .time_ms = T0 - 99999,
	    .what = "f",
	    .stage = "verify",
	    .state = STAGE_WAITING,
	    .percent = -1 },
	  true },
};

static void writes_once_a_second_but_for_changes(void **state)
{
	struct machine *m = *state;
	struct request req = { .seq = 3, .status_dir = STATUS_DIR };
	struct reporter r;

	reporter_begin(&r, &m->host, &req, "begun");
	for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++) {
		ino_t before;

		/* A file that is linked keeps its inode number, so that a new one has another. */
		if (inode(m) != 0) {
			machine_remove(m, STATUS_DIR "/kept");
			assert_int_equal(linkat(m->host.root, &(STATUS_DIR "/3.status")[1],
						m->host.root, &(STATUS_DIR "/kept")[1], 0),
					 0);
		}
		before = inode(m);
		reporter_sink(&r, &event_rows[i].ev);
		if ((inode(m) != before) != event_rows[i].writes)
			fail_msg("%s", event_rows[i].name);
	}
	char text[200];
	machine_status(m, 3, text, sizeof text);
	assert_string_equal(text, "transitioning 0 f");
}

static void hides_secrets(void **state)
{
	struct machine *m = *state;
	struct request req = { .seq = 3, .status_dir = STATUS_DIR };
	struct reporter r;
	char text[200];

	assert_int_equal(log_add_secret(&m->log, "geheim"), 0);
	reporter_begin(&r, &m->host, &req, "the password is geheim");
	reporter_write(&r);
	machine_status(m, 3, text, sizeof text);
	assert_string_equal(text, "transitioning 0 the password is ***");
}

static void writes_at_most_300_events(void **state)
{
	struct machine *m = *state;
	struct event_writer w = { .host = &m->host, .version = "1.1.7", .operation = "op" };
	char long_text[5000];
	AUTO_JSON json_t *j = NULL;

	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	TEXT_COPY(w.dir, LOG_DIR "/gone");
	struct event ev = {
		.time_ms = 1, .level = LEVEL_WARNING, .slug = "s", .what = long_text, .percent = -1
	};
	event_writer_sink(&w, &ev);
	assert_int_equal(w.count, 0);
	TEXT_COPY(w.dir, LOG_DIR "/events");
	for (int i = 0; i < 310; i++)
		event_writer_sink(&w, &ev);
	assert_int_equal(w.count, EVENTS_PER_RUN_MAX);
	assert_true(machine_has(m, LOG_DIR "/events/1299.json"));
	assert_false(machine_has(m, LOG_DIR "/events/1300.json"));
	j = machine_json(m, LOG_DIR "/events/1000.json");
	assert_string_equal(json_text_at(j, "EventLevel", ""), "Warning");
	assert_int_equal(strlen(json_text_at(j, "Message", "")), EVENT_MESSAGE_SIZE - 1);
}

static void a_big_log_is_set_aside(void **state)
{
	struct machine *m = *state;
	struct streams s;
	char path[128];

	machine_put(m, LOG_FILE, "old");
	TEXT_FORMAT(path, "%s/" LOG_FILE, m->dir);
	assert_int_equal(truncate(path, LOG_FILE_MAX + 1), 0);
	streams_open(&s, &m->app, "", "");
	LOG(&m->log, INFO, "x", "new");
	streams_close(&s);
	assert_true(machine_has(m, LOG_FILE ".1"));
	AUTO_BUF struct buf text = { 0 };
	machine_text(m, LOG_FILE, &text);
	assert_non_null(strstr(buf_text(&text), "info x: new"));
	streams_close(&s);
}

static void a_detached_start_tells_whether_it_executed(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(launch_detached("/bin/true", "worker", &err), 0);
	assert_int_equal(launch_detached("/nonexistent/ib-vmext", "worker", &err), -1);
	assert_int_equal(err.fault, FAULT_WORKER_START);
	assert_non_null(strstr(err.what, "No such file"));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(writes_once_a_second_but_for_changes),
		CASE(hides_secrets),
		CASE(writes_at_most_300_events),
		CASE(a_big_log_is_set_aside),
		cmocka_unit_test(a_detached_start_tells_whether_it_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
