/* tests/unit/act/test_services.c - units that are enabled for the next boot, and not started. */
#include "machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/step/step.h"
#include "base/fs.h"
#include "host/run.h"

/* systemctl: a unit is a file, enabled by a link; "masked" cannot be. What it was asked to do goes
 * to `asked`. */
static struct buf asked;
static bool lies;

static const char *link_of(const char *name)
{
	static char path[120];

	(void)TEXT_FORMAT(path, "etc/systemd/system/multi-user.target.wants/%s.service", name);
	return path;
}

static bool has_unit(const struct host *h, const char *name)
{
	char path[120];

	(void)TEXT_FORMAT(path, "lib/systemd/system/%s.service", name);
	return fs_exists(h->root, path);
}

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	const char *verb = spec->argv[1], *name = spec->argv[2];

	(void)err;
	assert_string_equal(spec->argv[0], "systemctl");
	ret->end = RUN_EXITED;
	if (text_eq(verb, "is-enabled")) {
		ret->code = !fs_exists(h->root, link_of(name));
		return 0;
	}
	assert_int_equal(buf_add_format(&asked, "%s %s;", verb, name ? name : ""), 0);
	if (text_eq(verb, "daemon-reload"))
		return 0;
	ret->code = !has_unit(h, name) || text_eq(name, "masked");
	if (ret->code)
		assert_int_equal(buf_add_text(&ret->err, "Failed: no such unit\n"), 0);
	else if (text_eq(verb, "disable"))
		assert_int_equal(unlinkat(h->root, link_of(name), 0), 0);
	else if (!lies)
		(void)symlinkat("/x", h->root, link_of(name));
	return 0;
}

static const struct runner player = { .run = play };
static struct machine m;
static struct step_context c;

static void prepare(void)
{
	buf_clear(&asked);
	lies = false;
	machine_make(&m);
	m.host.runner = &player;
	machine_put(&m, "lib/systemd/system/openibd.service", "");
	machine_put(&m, "lib/systemd/system/other.service", "");
	machine_put(&m, "lib/systemd/system/masked.service", "");
	machine_put(&m, link_of("other"), "");
	c = (struct step_context) { .host = &m.host, .settings = &m.settings };
}

static const char *what_was_asked(void)
{
	static char text[300];

	(void)TEXT_COPY(text, buf_text(&asked));
	buf_clear(&asked);
	return text;
}

static void enables_and_takes_back(void **unused)
{
	static const struct step s = { .id = "services",
				       .kind = STEP_SERVICES,
				       .items = { "openibd", "other" },
				       .nitems = 2 };
	AUTO_JSON json_t *before = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	assert_false(step_services.check(&c, &s));
	assert_int_equal(step_services.prepare(&c, &s, &before, &err), 0);
	assert_int_equal(step_services.confirm(&c, &s, &err), -1);
	assert_int_equal(step_services.apply(&c, &s, before, &err), 0);
	assert_string_equal(what_was_asked(), "daemon-reload ;enable openibd;enable other;");
	assert_int_equal(step_services.confirm(&c, &s, &err), 0);
	assert_true(step_services.check(&c, &s));
	assert_int_equal(step_services.undo(&c, &s, before, &err), 0);
	assert_string_equal(what_was_asked(), "disable openibd;");
	assert_false(machine_has(&m, link_of("openibd")));
	assert_true(machine_has(&m, link_of("other")));
	assert_int_equal(step_services.undo(&c, &s, before, &err), 0);
	assert_string_equal(what_was_asked(), "");
	machine_drop(&m);
}

static const struct {
	const char *unit;
	bool lies;
	const char *what;
} troubles[] = {
	{ "nosuch", false, "systemctl enable nosuch: exit code 1: Failed: no such unit" },
	{ "masked", false, "systemctl enable masked: exit code 1" },
	{ "openibd", true, "it is not enabled" },
};

static void says_what_went_wrong(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++) {
		struct step s = { .id = "services", .kind = STEP_SERVICES, .nitems = 1 };
		AUTO_JSON json_t *before = NULL;
		struct error err = { 0 };

		prepare();
		lies = troubles[i].lies;
		(void)TEXT_COPY(s.items[0], troubles[i].unit);
		assert_int_equal(step_services.prepare(&c, &s, &before, &err), 0);
		if (step_services.apply(&c, &s, before, &err) == 0)
			assert_int_equal(step_services.confirm(&c, &s, &err), -1);
		assert_int_equal(err.fault, FAULT_SERVICE);
		assert_non_null(strstr(err.what, troubles[i].what));
		assert_int_equal(step_services.undo(&c, &s, before, &err), 0);
		machine_drop(&m);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(enables_and_takes_back),
		cmocka_unit_test(says_what_went_wrong),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&asked);
	return rc;
}
