/* tests/unit/host/test_recorder.c - what is asked of a machine is noted where it really is, and
 * what was not found is not. */
#include "fixture.h"

#include <errno.h>

#include "host/metadata.h"
#include "host/recorder.h"
#include "host/run.h"

/* A world that is taken for the live machine: what is missing from it is missing. */
struct bench {
	struct world w;
	struct recorder r;
	struct host h;
};

static void bench_open(struct bench *b, const char *members)
{
	world_make(&b->w);
	world_put(&b->w, "root/sys/devices/a/state", "4: ACTIVE\n");
	world_put(&b->w, "root/sys/devices/a/net/ib0/mtu", "4092\n");
	world_put_link(&b->w, "root/sys/class/x/a", "../../devices/a");
	world_put_link(&b->w, "root/sys/devices/a/driver", "../../bus/drivers/mlx5_core");
	world_put_link(&b->w, "root/etc/dangling", "/nowhere");
	world_put(&b->w, "root/etc/seen", "SECRET");
	world_put(&b->w, "root/etc/pieces", "two\nlines\n");
	world_put_dir(&b->w, "root/run/empty");
	world_start(&b->w, members, &b->h);
	assert_int_equal(recorder_init(&b->r), 0);
	b->h.recorder = &b->r;
}

static void bench_close(struct bench *b)
{
	host_close(&b->h);
	recorder_free(&b->r);
	world_drop(&b->w);
}

static int pass(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return 0;
}

static void pass_piece(const char *text, size_t len, void *ctx)
{
	(void)text;
	*(size_t *)ctx += len;
}

static void ask_everything(const struct host *h)
{
	AUTO_BUF struct buf b = { 0 };
	char text[64];
	uint64_t free_bytes, total_bytes;
	size_t taken = 0;

	assert_int_equal(HOST_READ_LINE(h, "sys/class/x/a/state", text), 0);
	assert_int_equal(host_read_link_name(h, "/sys/class/x/a/driver", text, sizeof text), 0);
	assert_int_equal(host_list(h, "sys/class/x/a/net", pass, NULL), 0);
	assert_int_equal(host_read(h, "etc/seen", 3, &b), -EFBIG);
	assert_int_equal(host_read_pieces(h, "etc/pieces", 99, "\n", pass_piece, &taken), 0);
	assert_int_equal(taken, strlen("two\nlines\n"));
	assert_true(host_exists(h, "run/empty"));
	assert_false(host_exists(h, "etc/dangling"));
	assert_int_equal(host_read(h, "etc/missing", 3, &b), -ENOENT);
	assert_false(host_exists(h, "etc/missing"));
	assert_int_equal(host_space(h, "/var", &free_bytes, &total_bytes), 0);
	assert_int_equal(host_machine(h, text, sizeof text), 0);
}

static const struct {
	const char *name, *path;
	enum noted_kind kind;
	bool was_read;
	const char *content;
	size_t longer_than;
} rows[] = {
	{ "the symlink on the way", "sys/class/x/a", NOTED_LINK, false, "../../devices/a", 0 },
	{ "a file, where it really is", "sys/devices/a/state", NOTED_FILE, true, "4: ACTIVE\n", 0 },
	{ "a symlink that was read", "sys/devices/a/driver", NOTED_LINK, false,
	  "../../bus/drivers/mlx5_core", 0 },
	{ "a directory that was listed", "sys/devices/a/net", NOTED_DIR, false, "", 0 },
	{ "a name in it", "sys/devices/a/net/ib0", NOTED_DIR, false, "", 0 },
	{ "a file that is too long", "etc/seen", NOTED_FILE, false, "", 3 },
	{ "a file read in pieces", "etc/pieces", NOTED_FILE, true, "two\nlines\n", 0 },
	{ "a directory that is there", "run/empty", NOTED_DIR, false, "", 0 },
};

static void notes_what_is_found(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, "\"kernel\":{\"machine\":\"x86_64\"},\"statfs\":{\"/\":{\"freeBytes\":1,"
		       "\"totalBytes\":2}}");
	ask_everything(&b.h);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct noted *n = recorder_find(&b.r, rows[i].path);

		if (!n || n->kind != rows[i].kind || n->was_read != rows[i].was_read ||
		    n->longer_than != rows[i].longer_than ||
		    !text_eq(buf_text(&n->content), rows[i].content))
			fail_msg("recorder: %s", rows[i].name);
	}
	assert_int_equal(b.r.count, ARRAY_SIZE(rows));
	assert_null(b.r.failed);
	assert_string_equal(b.r.machine, "x86_64");
	assert_int_equal(json_int_at(json_object_get(b.r.spaces, "/var"), "freeBytes", 0), 1);
	bench_close(&b);
}

static void counts_a_place_once_and_its_last_content(void **unused)
{
	struct bench b;
	char text[64];

	(void)unused;
	bench_open(&b, "");
	assert_int_equal(HOST_READ_LINE(&b.h, "sys/devices/a/state", text), 0);
	world_put(&b.w, "root/sys/devices/a/state", "1: DOWN\n");
	assert_int_equal(HOST_READ_LINE(&b.h, "sys/class/x/a/state", text), 0);
	assert_int_equal(b.r.count, 2);
	assert_string_equal(recorder_find(&b.r, "sys/devices/a/state")->content.data, "1: DOWN\n");
	assert_int_equal(b.r.bytes, strlen("1: DOWN\n") + strlen("../../devices/a"));
	bench_close(&b);
}

static void notes_where_missing_is_a_fact(void **unused)
{
	struct bench b;

	(void)unused;
	bench_open(&b, "\"complete\":[\"var/lib/dkms\"]");
	assert_true(host_knows(&b.h, "sys/class/none"));
	assert_true(host_knows(&b.h, "var/lib/dkms/x"));
	assert_false(host_knows(&b.h, "var/lib"));
	assert_false(host_knows(&b.h, "var/lib/dkmsx"));
	assert_int_equal(json_object_size(b.r.complete), 1);
	assert_non_null(json_object_get(b.r.complete, "var/lib/dkms/x"));
	b.h.live = true;
	assert_true(host_knows(&b.h, "etc/infiniband"));
	assert_non_null(json_object_get(b.r.complete, "etc/infiniband"));
	bench_close(&b);
}

static struct run_result played;

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	(void)h;
	(void)spec;
	(void)err;
	ret->end = played.end;
	ret->code = played.code;
	return buf_add(&ret->out, "a\0b\xff\n", 5);
}

static const struct {
	const char *name;
	enum run_end end;
	int code, want; /* -1: not noted */
} runs[] = {
	{ "an end", RUN_EXITED, 3, 3 },
	{ "a signal", RUN_SIGNALLED, 9, 137 },
	{ "no end in time", RUN_TIMED_OUT, 0, 124 },
	{ "no such program", RUN_NOT_FOUND, 0, -1 },
};

static void notes_programs(void **unused)
{
	static const struct runner player = { play };
	static const char *const argv[] = { "rpm", "-qa", NULL };
	const struct run_spec spec = { .argv = argv, .deadline_s = 1 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		AUTO_RUN struct run_result result = { 0 };
		const json_t *noted;
		struct bench b;

		bench_open(&b, "");
		b.h.runner = &player;
		played = (struct run_result) { .end = runs[i].end, .code = runs[i].code };
		assert_int_equal(run(&b.h, &spec, &result, NULL), 0);
		noted = json_array_get(b.r.commands, 0);
		if (json_int_at(noted, "code", -1) != runs[i].want)
			fail_msg("recorder: %s", runs[i].name);
		if (noted) {
			assert_string_equal(json_text_at(noted, "argv.1", ""), "-qa");
			assert_string_equal(json_text_at(noted, "stdout", ""), "a?b?\n");
		}
		bench_close(&b);
	}
}

static const char *const answers[] = {
	"null",
	"{\"error\":\"timeout\"}",
	"{\"error\":\"429\"}",
	"{\"compute\":{\"vmSize\":\"Standard_HB120rs_v3\"}}",
};

static void notes_metadata_as_a_world_has_it(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		AUTO_BUF struct buf body = { 0 };
		char members[128];
		struct bench b;

		(void)TEXT_FORMAT(members, "\"imds\":%s", answers[i]);
		bench_open(&b, members);
		assert_null(b.r.imds);
		(void)metadata_get(&b.h, &body, NULL);
		if (!json_equal(b.r.imds, json_object_get(b.h.world, "imds")))
			fail_msg("recorder: %s", answers[i]);
		bench_close(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_what_is_found),
		cmocka_unit_test(counts_a_place_once_and_its_last_content),
		cmocka_unit_test(notes_where_missing_is_a_fact),
		cmocka_unit_test(notes_programs),
		cmocka_unit_test(notes_metadata_as_a_world_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
