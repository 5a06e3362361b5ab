/* tests/unit/act/test_sign.c - the owner's key, and the files that it signs. */
#include "machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/build/sign.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "host/run.h"

static const char names[][192] = { "mlx5_ib", "ib_core" };

static int note(void *ctx, const char *path)
{
	assert_int_equal(buf_add_format(ctx, "%s ", path), 0);
	return 0;
}

static const struct {
	const char *dep, *files;
} deps[] = {
	{ "updates/mlx5-ib.ko: updates/mlx5_core.ko kernel/x.ko\nupdates/other.ko:\n",
	  "updates/mlx5-ib.ko updates/mlx5_core.ko " },
	{ "kernel/mlx5_ib.ko: kernel/ib_core.ko\nkernel/ib_core.ko:\n", "" },
	{ "extra/ib_core.ko.xz:\nextra/mlx5_ibx.ko:\n", "extra/ib_core.ko.xz " },
	{ "extra/ib_core.ko.xz", "" },
	{ "", "" },
};

static void finds_the_files(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(deps); i++) {
		AUTO_BUF struct buf got = { 0 };

		assert_int_equal(sign_files(deps[i].dep, names, 2, note, &got), 0);
		assert_string_equal(buf_text(&got), deps[i].files);
	}
}

/* The programs: mokutil as told, sign-file by adding the mark, xz by another name. */
static const char *enrolled;
static unsigned signings;

static void rename_file(const struct host *h, const char *from, const char *to)
{
	assert_int_equal(renameat(h->root, from + 1, h->root, to + 1), 0);
}

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	const char *const *argv = spec->argv;
	size_t n = 0;
	char other[300];

	(void)err;
	while (argv[n])
		n++;
	ret->end = RUN_EXITED;
	if (text_eq(argv[0], "mokutil")) {
		assert_int_equal(buf_add_text(&ret->out, enrolled), 0);
	} else if (text_eq(argv[0], "xz") && text_eq(argv[1], "-d")) {
		TEXT_FORMAT(other, "%.*s", (int)strlen(argv[n - 1]) - 3, argv[n - 1]);
		rename_file(h, argv[n - 1], other);
	} else if (text_eq(argv[0], "xz")) {
		TEXT_FORMAT(other, "%s.xz", argv[n - 1]);
		rename_file(h, argv[n - 1], other);
	} else {
		assert_true(text_ends(argv[0], "/scripts/sign-file"));
		assert_string_equal(argv[2], "/root/mok.key");
		assert_int_equal(fs_replace(h->root, argv[4] + 1, "m~Module signature appended~\n",
					    29, 0600),
				 0);
		signings++;
	}
	return 0;
}

static const struct runner player = { .run = play };
static struct machine m;
static struct plan p;

static int set_up(void **unused)
{
	(void)unused;
	machine_make(&m);
	m.host.runner = &player;
	enrolled = "/root/mok.der is already enrolled\n";
	signings = 0;
	machine_put(&m, "root/mok.key", "secret");
	machine_put(&m, "root/mok.der", "public");
	assert_int_equal(fchmodat(m.host.root, "root/mok.key", 0600, 0), 0);
	TEXT_COPY(m.settings.modules_key, "/root/mok.key");
	TEXT_COPY(m.settings.modules_cert, "/root/mok.der");
	p = (struct plan) { .nsteps = 1, .steps[0].kind = STEP_SIGN, .steps[0].nitems = 2 };
	memcpy(p.steps[0].items, names, sizeof(names));
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static void readable(void)
{
	assert_int_equal(fchmodat(m.host.root, "root/mok.key", 0640, 0), 0);
}

static void no_key(void)
{
	TEXT_COPY(m.settings.modules_key, "/root/none");
}

static void no_cert(void)
{
	m.settings.modules_cert[0] = '\0';
}

static void cert_not_there(void)
{
	TEXT_COPY(m.settings.modules_cert, "/root/none.der");
}

static void not_enrolled(void)
{
	enrolled = "/root/mok.der is not enrolled\n";
}

static void judges_the_key(void **unused)
{
	static const struct {
		void (*spoil)(void);
		const char *why;
	} rows[] = {
		{ readable, "root alone can read" }, { no_key, "No such file" },
		{ no_cert, "as modulesCert" },       { cert_not_there, "is not there" },
		{ not_enrolled, "is not enrolled" },
	};
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(sign_possible(&m.host, &m.settings, &p, &err), 0);
	enrolled = "Failed to read\n"; /* nobody knows */
	assert_int_equal(sign_possible(&m.host, &m.settings, &p, &err), 0);
	assert_non_null(strstr(m.said.data, "sign.enrolled"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tear_down(NULL);
		set_up(NULL);
		rows[i].spoil();
		assert_int_equal(sign_possible(&m.host, &m.settings, &p, &err), -1);
		assert_int_equal(err.fault, FAULT_SECURE_BOOT_KEY);
		if (!strstr(err.what, rows[i].why))
			fail_msg("%s", err.what);
		p.steps[0].kind = STEP_FILE;
		assert_int_equal(sign_possible(&m.host, &m.settings, &p, &err), 0);
	}
}

static void signs_once(void **unused)
{
	struct step_context c = { .host = &m.host, .settings = &m.settings };
	AUTO_BUF struct buf text = { 0 };
	struct error err = { 0 };

	(void)unused;
	assert_int_equal(fs_make_dirs(m.host.root, ACT_STATE_DIR, 0700), 0);
	c.state_dir = openat(m.host.root, ACT_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	machine_put(&m, "lib/modules/6.9/modules.dep",
		    "updates/mlx5_ib.ko: updates/ib_core.ko.xz kernel/x.ko\n");
	machine_put(&m, "lib/modules/6.9/updates/mlx5_ib.ko", "module");
	machine_put(&m, "lib/modules/6.9/updates/ib_core.ko.xz", "module");
	machine_put(&m, "lib/modules/6.9/kernel/x.ko", "module");
	machine_put(&m, "lib/modules/6.9/build/scripts/sign-file", "");
	assert_int_equal(step_sign.confirm(&c, &p.steps[0], &err), -1);
	assert_int_equal(step_sign.apply(&c, &p.steps[0], NULL, &err), 0);
	assert_int_equal(signings, 2);
	assert_int_equal(step_sign.confirm(&c, &p.steps[0], &err), 0);
	machine_text(&m, "lib/modules/6.9/updates/ib_core.ko.xz", &text);
	assert_non_null(strstr(text.data, "signature appended"));
	assert_string_equal(machine_text(&m, "lib/modules/6.9/kernel/x.ko", &text), "module");
	/* Again, as after a crash: nothing is signed twice. */
	assert_int_equal(step_sign.apply(&c, &p.steps[0], NULL, &err), 0);
	assert_int_equal(signings, 2);
	assert_false(machine_has(&m, ACT_STATE_DIR "/sign"));
	(void)close(c.state_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_files),
		cmocka_unit_test_setup_teardown(judges_the_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(signs_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
