/* tests/unit/act/test_progress.c - how far a run says it is, and how long the rest takes: by what
 * former runs took, by the catalogue, or not at all. */
#include "machine.h"

#include <errno.h>

#include "act/journal/ended.h"
#include "act/progress.h"
#include "host/run.h"

enum { INSTALL_S = 30, SEEN_MAX = 40 };

struct seen {
	struct event events[SEEN_MAX];
	char slugs[SEEN_MAX][40];
	unsigned count;
};

static struct machine m;
static struct seen seen;

static void note(void *ctx, const struct event *ev)
{
	struct seen *s = ctx;

	if (ev->percent < 0 || s->count == SEEN_MAX)
		return;
	TEXT_COPY(s->slugs[s->count], ev->slug);
	s->events[s->count++] = *ev;
}

/* The machine's own, but a real install takes its time. */
static int slow_run(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		    struct error *err)
{
	bool apt = text_ends(spec->argv[0], "apt-get"), simulates = false, installs = false;

	for (const char *const *word = spec->argv; *word; word++) {
		simulates |= text_eq(*word, "-s") || text_eq(*word, "--download-only");
		installs |= text_eq(*word, "install");
	}
	if (apt && installs && !simulates)
		m.clock.now_ms += INSTALL_S * 1000;
	return machine_runner.run(h, spec, ret, err);
}

static const struct runner slow_runner = { slow_run };

static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	m.host.runner = &slow_runner;
	assert_int_equal(log_add_sink(&m.log, note, &seen, LEVEL_INFO), 0);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static void apply(void)
{
	struct outcome o;

	seen.count = 0;
	machine_apply(&m, &o);
	if (o.exit_code != 0)
		fail_msg("%s", o.message);
}

static const struct event *event_of(const char *slug)
{
	for (unsigned i = 0; i < seen.count; i++)
		if (text_eq(seen.slugs[i], slug))
			return &seen.events[i];
	fail_msg("no event %s with a percentage", slug);
	return NULL;
}

static void only_rises(void)
{
	for (unsigned i = 1; i < seen.count; i++)
		if (seen.events[i].percent < seen.events[i - 1].percent)
			fail_msg("%s says %d %% after %d %%", seen.slugs[i], seen.events[i].percent,
				 seen.events[i - 1].percent);
	assert_int_equal(seen.events[seen.count - 1].percent, 100);
}

static void measures_for_the_next_run(void **unused)
{
	struct outcome o;
	int first;

	(void)unused;
	apply();
	only_rises();
	first = event_of("step.done")->percent;
	for (unsigned i = 0; i < seen.count; i++)
		if (seen.events[i].left_s != 0)
			fail_msg("%s knows what is left, before anything was measured",
				 seen.slugs[i]);
	machine_undo(&m, false, &o);
	assert_int_equal(o.exit_code, 0);
	apply();
	only_rises();
	/* All but the install is done within a second here. */
	assert_true(event_of("step.done")->percent > first);
	assert_in_range(event_of("plan.resolve")->left_s, INSTALL_S, INSTALL_S + 5);
	assert_in_range(event_of("step.begin")->left_s, INSTALL_S, INSTALL_S + 5);
	assert_in_range(event_of("step.done")->left_s, 1, 5);
}

static void plan_tells_what_was_measured(void **unused)
{
	struct plan p = { .decision.route = "inbox", .nsteps = 1, .ncandidates = 1 };
	struct candidate *c = &p.candidates[0];

	(void)unused;
	p.steps[0].kind = STEP_PACKAGES;
	TEXT_COPY(p.steps[0].id, "packages");
	*c = (struct candidate) { .route = "inbox",
				  .eligible = true,
				  .estimate = { -1, -1, -1, "unknown" } };
	estimate_tell(&m.host, &p);
	assert_string_equal(c->estimate.basis, "unknown");
	apply();
	estimate_tell(&m.host, &p);
	assert_string_equal(c->estimate.basis, "measured");
	assert_in_range(c->estimate.seconds, INSTALL_S, INSTALL_S + 5);
	/* Another route takes another time. */
	TEXT_COPY(p.decision.route, "distro");
	TEXT_COPY(c->route, "distro");
	c->estimate.seconds = -1;
	estimate_tell(&m.host, &p);
	assert_int_equal(c->estimate.seconds, -1);
}

static const struct {
	const char *name;
	int64_t catalogue_s;
	struct position at;
	int percent;
	int64_t left_s;
} position_rows[] = {
	{ "nothing is known but the shares", -1, { 1, 10 }, 5 + 85 * 60 / 75, 0 },
	{ "being prepared", 1000, { -1, 0 }, 3, 1000 },
	{ "the first step begins", 1000, { 0, 0 }, 5, 950 },
	{ "half of it", 1000, { 0, 340 }, 39, 610 },
	{ "it takes longer than it should: never over its end",
	  1000,
	  { 0, 800 },
	  5 + 85 * 57 / 75,
	  270 },
	{ "and then nothing is promised", 1000, { 0, 2000 }, 5 + 85 * 57 / 75, 0 },
	{ "looking at the ports", 1000, { 2, 0 }, 90, 100 },
	{ "and it takes its time", 1000, { 2, 120 }, 90, 1 },
};

static void tells_where_it_is(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(position_rows); i++) {
		struct plan p = { .decision.route = "mlnx-ofed", .nsteps = 2, .ncandidates = 1 };
		struct candidate *c = &p.candidates[0];
		struct estimate e;
		int percent;
		int64_t left;

		p.steps[0].kind = STEP_PACKAGES; /* share 60 */
		p.steps[1].kind = STEP_MODULES;  /* share 15 */
		*c = (struct candidate) { .route = "mlnx-ofed", .eligible = true };
		c->estimate.seconds = position_rows[i].catalogue_s;
		estimate_of(&m.host, -1, &p, &e);
		assert_string_equal(e.basis, c->estimate.seconds < 0 ? "unknown" : "catalogue");
		percent = estimate_percent(&e, &p, position_rows[i].at);
		left = estimate_left(&e, &p, position_rows[i].at);
		if (percent != position_rows[i].percent || left != position_rows[i].left_s)
			fail_msg("%s: %d %%, %lld s", position_rows[i].name, percent,
				 (long long)left);
	}
}

static void keeps_the_end(void **unused)
{
	struct outcome o = { .exit_code = 14, .fault = FAULT_DOWNLOAD, .run = "R" };
	struct ended written, read;

	(void)unused;
	assert_int_equal(ended_read(&m.host, &read), -ENOENT);
	assert_int_equal(log_add_secret(&m.log, "geheim"), 0);
	TEXT_COPY(o.message, "the password is geheim");
	ended_of(&o, &written);
	written.seq = 7;
	machine_put(&m, ACT_STATE_DIR "/x", "");
	ended_write(&m.host, &written);
	assert_int_equal(ended_read(&m.host, &read), 0);
	assert_string_equal(read.message, "the password is ***");
	assert_int_equal(read.seq, 7);
	assert_int_equal(read.exit_code, 14);
	assert_int_equal(read.fault, FAULT_DOWNLOAD);
	assert_string_equal(read.run, "R");
	machine_put(&m, ACT_STATE_DIR "/" ENDED_FILE, "{");
	assert_int_equal(ended_read(&m.host, &read), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(measures_for_the_next_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(plan_tells_what_was_measured, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_where_it_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_the_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
