/* tests/unit/act/test_foreign.c - somebody else's modules that hang on the stack: kept, built anew
 * by DKMS, put back to the byte. */
#include "machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/step/step.h"
#include "base/fs.h"
#include "host/run.h"

#define K      "6.1.0-18-amd64"
#define TREE   "var/lib/dkms/"
#define BUILT  TREE "beegfs/7.4/" K "/x86_64/"
#define PLACED "lib/modules/" K "/updates/dkms/beegfs.ko"

static struct buf asked;
static bool fails;

/* dkms writes over what is there. */
static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	unsigned at = 0;

	(void)err;
	ret->end = RUN_EXITED;
	while (spec->argv[at] && !text_eq(spec->argv[at], "dkms"))
		at++;
	for (unsigned i = at; spec->argv[at] && spec->argv[i]; i++)
		if (!text_eq(spec->argv[i], "-j") && !text_eq(spec->argv[i - (i > at)], "-j"))
			assert_int_equal(buf_add_format(&asked, "%s ", spec->argv[i]), 0);
	if (text_eq(spec->argv[0], "depmod"))
		assert_int_equal(buf_add_format(&asked, "depmod %s;", spec->argv[2]), 0);
	if (!spec->argv[at])
		return 0;
	assert_int_equal(buf_add_text(&asked, ";"), 0);
	ret->code = fails ? 10 : 0;
	if (fails)
		return fs_replace(h->root, TREE "beegfs/7.4/build/make.log",
				  "ib.c:9: error: no such member\n", 30, 0644);
	if (text_eq(spec->argv[at + 1], "build")) {
		assert_int_equal(fs_replace(h->root, BUILT "module/beegfs.ko", "new", 3, 0644), 0);
		return fs_replace(h->root, BUILT "log/make.log", "new", 3, 0644);
	}
	return fs_replace(h->root, PLACED, "new", 3, 0644);
}

static const struct runner player = { .run = play };
static struct machine m;
static struct step_context c;
static struct step keep, rebuild;

static void module_put(const char *name, bool installed)
{
	char path[160], to[80];

	(void)TEXT_FORMAT(path, TREE "%s/7.4/" K "/x86_64/module/%s.ko", name, name);
	machine_put(&m, path, "old");
	(void)TEXT_FORMAT(path, TREE "%s/7.4/" K "/x86_64/log/make.log", name);
	machine_put(&m, path, "old");
	if (!installed)
		return;
	(void)TEXT_FORMAT(path, "lib/modules/" K "/updates/dkms/%s.ko", name);
	machine_put(&m, path, "old");
	(void)TEXT_FORMAT(path, TREE "%s/kernel-" K "-x86_64", name);
	(void)TEXT_FORMAT(to, "7.4/" K "/x86_64");
	assert_int_equal(symlinkat(to, m.host.root, path), 0);
}

static void prepare(void)
{
	buf_clear(&asked);
	fails = false;
	machine_make(&m);
	m.host.runner = &player;
	machine_put(&m, "lib/modules/" K "/modules.order", "");
	machine_put(&m, "lib/modules/" K "/build/Makefile", "");
	machine_put(&m, TREE "beegfs/7.4/build/Makefile", "");
	module_put("beegfs", true);
	module_put("zfs", true);     /* does not hang on the stack */
	module_put("lustre", false); /* built once, not in use */
	keep = (struct step) { .id = "foreign-keep",
			       .kind = STEP_FOREIGN,
			       .items = { "keep", "beegfs", "lustre" },
			       .nitems = 3 };
	rebuild = keep;
	(void)TEXT_COPY(rebuild.id, "foreign-rebuild");
	(void)TEXT_COPY(rebuild.items[0], "rebuild");
	c = (struct step_context) { .host = &m.host, .settings = &m.settings, .run = "run" };
	c.packages.deadline_s = 60;
	c.state_dir = openat(m.host.root, "var/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c.state_dir >= 0);
}

static void drop(void)
{
	(void)close(c.state_dir);
	machine_drop(&m);
}

static void expect_files(const char *text)
{
	static const char *const files[] = { BUILT "module/beegfs.ko", BUILT "log/make.log",
					     PLACED };
	AUTO_BUF struct buf got = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_string_equal(machine_text(&m, files[i], &got), text);
}

static void built_anew_and_put_back(void **unused)
{
	AUTO_JSON json_t *kept = NULL, *built = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	assert_int_equal(step_prepare(&c, &keep, &kept, &err), 0);
	assert_int_equal(json_array_size(json_object_get(kept, "kept")), 3);
	assert_int_equal(step_apply(&c, &keep, kept, &err), 0);
	expect_files("old");
	assert_int_equal(step_prepare(&c, &rebuild, &built, &err), 0);
	if (step_apply(&c, &rebuild, built, &err) < 0)
		fail_msg("%s", err.what);
	assert_string_equal(buf_text(&asked), "dkms build -m beegfs -v 7.4 -k " K " --force ;"
					      "dkms install -m beegfs -v 7.4 -k " K " --force ;");
	expect_files("new");
	buf_clear(&asked);
	assert_int_equal(step_undo(&c, &rebuild, built, &err), 0);
	assert_int_equal(step_undo(&c, &keep, kept, &err), 0);
	expect_files("old");
	assert_string_equal(buf_text(&asked), "depmod " K ";");
	assert_int_equal(step_undo(&c, &keep, kept, &err), 0);
	drop();
}

static void what_does_not_compile_ends_the_run(void **unused)
{
	AUTO_JSON json_t *built = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	fails = true;
	assert_int_equal(step_prepare(&c, &rebuild, &built, &err), 0);
	assert_int_equal(step_apply(&c, &rebuild, built, &err), -1);
	assert_int_equal(err.fault, FAULT_BUILD_FAILED);
	assert_non_null(strstr(err.what, "beegfs 7.4 does not compile for kernel " K
					 ": ib.c:9: error: no such member"));
	m.settings.force = true;
	assert_int_equal(step_apply(&c, &rebuild, built, &err), 0);
	drop();
}

static void of_a_kernel_that_is_gone_nothing_comes_back(void **unused)
{
	AUTO_JSON json_t *kept = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	assert_int_equal(step_prepare(&c, &keep, &kept, &err), 0);
	assert_int_equal(fs_remove(m.host.root, "lib/modules/" K), 0);
	assert_int_equal(fs_remove(m.host.root, BUILT "module"), 0);
	assert_int_equal(step_undo(&c, &keep, kept, &err), 0);
	assert_false(machine_has(&m, PLACED));
	assert_false(machine_has(&m, BUILT "module/beegfs.ko"));
	drop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_anew_and_put_back),
		cmocka_unit_test(what_does_not_compile_ends_the_run),
		cmocka_unit_test(of_a_kernel_that_is_gone_nothing_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
