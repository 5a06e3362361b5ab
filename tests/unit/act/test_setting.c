/* tests/unit/act/test_setting.c - one line of waagent.conf is set and put back, and nothing else of
 * the file. */
#include "machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/setting.h"
#include "act/step/step.h"
#include "base/fs.h"

#define CONF "etc/waagent.conf"
#define KEY  "OS.EnableRDMA"

static const struct {
	const char *name, *text, *want; /* want: with KEY=y */
} rows[] = {
	{ "a line is replaced", "A=1\n" KEY "=n\nB=2\n", "A=1\n" KEY "=y\nB=2\n" },
	{ "there is none", "A=1\n", "A=1\n" KEY "=y\n" },
	{ "a comment is none", "# " KEY "=n\n", "# " KEY "=n\n" KEY "=y\n" },
	{ "no end of the last line", "A=1", "A=1\n" KEY "=y\n" },
	{ "nor of the line itself", "A=1\n" KEY "=n", "A=1\n" KEY "=y" },
	{ "an empty file", "", KEY "=y\n" },
	{ "of two the last counts", KEY "=y\n" KEY "=n\n", KEY "=y\n" KEY "=y\n" },
	{ "ends of lines stay", "A=1\r\n" KEY " = n\r\nB\r\n", "A=1\r\n" KEY "=y\r\nB\r\n" },
	{ "a longer key is another", KEY "X=n\n", KEY "X=n\n" KEY "=y\n" },
};

static void sets_one_line(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf then = { 0 }, back = { 0 };
		const char *text = rows[i].text;

		assert_false(setting_has(text, strlen(text), KEY, "y"));
		assert_int_equal(setting_put(text, strlen(text), KEY, "y", &then), 0);
		if (!text_eq(buf_text(&then), rows[i].want))
			fail_msg("%s: %s", rows[i].name, buf_text(&then));
		assert_true(setting_has(buf_text(&then), then.len, KEY, "y"));
		assert_int_equal(
			setting_restore(buf_text(&then), then.len, KEY, text, strlen(text), &back),
			0);
		if (!text_eq(buf_text(&back), text) && !text_ends(rows[i].name, "last line"))
			fail_msg("%s: back: %s", rows[i].name, buf_text(&back));
	}
}

static struct machine m;
static struct step_context c;
static struct step step;
static json_t *before;

static int make(void **unused)
{
	struct error err = { 0 };

	(void)unused;
	machine_make(&m);
	machine_put(&m, CONF, "# mine\n" KEY "=n\nA=1\n");
	assert_int_equal(fchmodat(m.host.root, CONF, 0640, 0), 0);
	assert_int_equal(fs_make_dirs(m.host.root, "var/lib/ib-vmext", 0700), 0);
	step = (struct step) {
		.id = "agent-rdma", .kind = STEP_SETTING, .items = { CONF, KEY, "y" }, .nitems = 3
	};
	c = (struct step_context) { .host = &m.host, .settings = &m.settings, .run = "r" };
	c.state_dir = openat(m.host.root, "var/lib/ib-vmext", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c.state_dir >= 0);
	assert_false(step_setting.check(&c, &step));
	assert_int_equal(step_setting.prepare(&c, &step, &before, &err), 0);
	assert_int_equal(step_setting.apply(&c, &step, before, &err), 0);
	assert_int_equal(step_setting.confirm(&c, &step, &err), 0);
	return 0;
}

static int drop(void **unused)
{
	(void)unused;
	json_decref(before);
	(void)close(c.state_dir);
	machine_drop(&m);
	return 0;
}

static void expect(const char *path, const char *text)
{
	AUTO_BUF struct buf now = { 0 };

	assert_string_equal(machine_text(&m, path, &now), text);
}

static void undo(void)
{
	struct error err = { 0 };

	assert_int_equal(step_setting.undo(&c, &step, before, &err), 0);
}

static void mode_stays_and_undo_is_exact(void **unused)
{
	struct stat st;

	(void)unused;
	expect(CONF, "# mine\n" KEY "=y\nA=1\n");
	undo();
	expect(CONF, "# mine\n" KEY "=n\nA=1\n");
	assert_int_equal(fstatat(m.host.root, CONF, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_false(machine_has(&m, CONF ".ib-vmext-kept"));
	undo();
	expect(CONF, "# mine\n" KEY "=n\nA=1\n");
}

static void what_others_changed_meanwhile_stays(void **unused)
{
	(void)unused;
	machine_put(&m, CONF, "# mine\n" KEY "=y\nA=2\n");
	undo();
	expect(CONF, "# mine\n" KEY "=n\nA=2\n");
	expect(CONF ".ib-vmext-kept", "# mine\n" KEY "=y\nA=2\n");
}

static void a_line_that_is_theirs_stays(void **unused)
{
	(void)unused;
	machine_put(&m, CONF, KEY "=n # theirs\n");
	undo();
	expect(CONF, KEY "=n # theirs\n");
	assert_false(machine_has(&m, CONF ".ib-vmext-kept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_one_line),
		cmocka_unit_test_setup_teardown(mode_stays_and_undo_is_exact, make, drop),
		cmocka_unit_test_setup_teardown(what_others_changed_meanwhile_stays, make, drop),
		cmocka_unit_test_setup_teardown(a_line_that_is_theirs_stays, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
