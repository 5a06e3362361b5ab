/* tests/unit/act/test_initramfs.c - what holds the driver's modules is kept, made anew, and put
 * back. */
#include "machine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/step/step.h"
#include "base/fs.h"
#include "host/run.h"

#define K      "6.1.0-18-amd64"
#define OTHER  "6.1.0-99-amd64" /* its initramfs holds nothing of ours */
#define IMAGE  "boot/initrd.img-"
#define CORE   "lib/modules/" K "/updates/dkms/mlx5_core.ko"
#define FORMER "usr/lib/modules/" K "/kernel/mlx5_core.ko\n"

/* An initramfs is the list of what is in it. update-initramfs takes the modules of today. */
static struct buf asked;
static bool fails;
static struct machine m;

static int list(const struct host *h, const char *path, struct run_result *ret)
{
	assert_int_equal(fs_read(h->root, path + 1, 4096, &ret->out), 0);
	return 0;
}

static int play(const struct host *h, const struct run_spec *spec, struct run_result *ret,
		struct error *err)
{
	const char *const *a = spec->argv;

	(void)err;
	ret->end = RUN_EXITED;
	if (text_eq(a[0], "lsinitramfs"))
		return list(h, a[1], ret);
	if (text_eq(a[0], "lsinitrd"))
		return list(h, a[1], ret);
	if (text_eq(a[0], "dracut")) {
		/* It writes over what is there, and may die in it. */
		assert_string_equal(a[1], "--force");
		assert_int_equal(fs_replace(h->root, a[2] + 1, "usr/" CORE "\n",
					    fails ? 5 : strlen("usr/" CORE "\n"), 0600),
				 0);
		ret->code = fails;
		return 0;
	}
	assert_string_equal(a[0], "update-initramfs");
	assert_string_equal(a[1], "-u");
	assert_int_equal(buf_add_format(&asked, "%s;", a[3]), 0);
	ret->code = fails;
	if (fails)
		assert_int_equal(buf_add_text(&ret->err, "E: no space left\n"), 0);
	else
		machine_put(&m, IMAGE K, machine_has(&m, CORE) ? "usr/" CORE "\n" : FORMER);
	return 0;
}

static const struct runner player = { .run = play };
static struct step_context c;
static struct step keep, renew;

static void make_old(const char *path, time_t at)
{
	const struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };

	assert_int_equal(utimensat(m.host.root, path, times, 0), 0);
}

static void prepare(void)
{
	buf_clear(&asked);
	fails = false;
	machine_make(&m);
	m.host.runner = &player;
	machine_put(&m, "proc/sys/kernel/osrelease", K "\n");
	machine_put(&m, "boot/vmlinuz-" K, "");
	machine_put(&m, "boot/vmlinuz-" OTHER, "");
	machine_put(&m, "lib/modules/" K "/modules.dep", "");
	machine_put(&m, "lib/modules/" OTHER "/modules.dep", "");
	machine_put(&m, IMAGE K, FORMER);
	machine_put(&m, IMAGE OTHER, "usr/lib/modules/" OTHER "/kernel/ext4.ko\n");
	make_old(IMAGE K, 1000000);
	keep = (struct step) { .id = "initramfs-keep",
			       .kind = STEP_INITRAMFS,
			       .items = { "keep", "update-initramfs", "mlx5_core" },
			       .nitems = 3 };
	renew = keep;
	(void)TEXT_COPY(renew.id, "initramfs");
	(void)TEXT_COPY(renew.items[0], "renew");
	c = (struct step_context) { .host = &m.host, .settings = &m.settings, .run = "run" };
	c.state_dir = openat(m.host.root, "var/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c.state_dir >= 0);
}

static void drop(void)
{
	(void)close(c.state_dir);
	machine_drop(&m);
}

static void install_the_driver(void)
{
	machine_put(&m, "lib/modules/" K "/modules.dep", "updates/dkms/mlx5_core.ko:\n");
	machine_put(&m, CORE, "new");
}

static void made_anew_and_put_back(void **unused)
{
	AUTO_JSON json_t *kept = NULL, *renewed = NULL;
	AUTO_BUF struct buf text = { 0 };
	struct error err = { 0 };

	(void)unused;
	prepare();
	assert_int_equal(step_initramfs.prepare(&c, &keep, &kept, &err), 0);
	assert_int_equal(json_array_size(json_object_get(kept, "kept")), 1);
	assert_int_equal(step_initramfs.apply(&c, &keep, kept, &err), 0);
	assert_int_equal(step_initramfs.confirm(&c, &keep, &err), 0);
	install_the_driver();
	assert_int_equal(step_initramfs.prepare(&c, &renew, &renewed, &err), 0);
	/* Whoever died in it begins again: */
	assert_int_equal(step_initramfs.confirm(&c, &renew, &err), -1);
	assert_int_equal(err.fault, FAULT_INITRAMFS_FAILED);
	assert_int_equal(step_initramfs.apply(&c, &renew, renewed, &err), 0);
	assert_string_equal(buf_text(&asked), K ";");
	assert_int_equal(step_initramfs.confirm(&c, &renew, &err), 0);
	assert_string_equal(machine_text(&m, IMAGE K, &text), "usr/" CORE "\n");
	assert_int_equal(step_initramfs.undo(&c, &renew, renewed, &err), 0);
	assert_int_equal(step_initramfs.undo(&c, &keep, kept, &err), 0);
	assert_string_equal(machine_text(&m, IMAGE K, &text), FORMER);
	assert_int_equal(step_initramfs.undo(&c, &keep, kept, &err), 0);
	assert_string_equal(buf_text(&asked), K ";");
	drop();
}

static void undo_of(json_t *kept, json_t *renewed, int rc, struct error *err)
{
	assert_int_equal(step_initramfs.undo(&c, &renew, renewed, err), 0);
	assert_int_equal(unlinkat(m.host.root, CORE, 0), 0);
	machine_put(&m, "lib/modules/" K "/modules.dep", "kernel/mlx5_core.ko:\n");
	c.run = "undo"; /* a run of its own */
	assert_int_equal(step_initramfs.undo(&c, &keep, kept, err), rc);
}

/* What others put into it since the run would be lost with the one that was kept. */
static void renewed_by_others_it_is_made_anew(void **unused)
{
	static const char others[] = "usr/" CORE "\netc/crypttab\n";

	(void)unused;
	for (int i = 0; i < 2; i++) {
		AUTO_JSON json_t *kept = NULL, *renewed = NULL;
		AUTO_BUF struct buf text = { 0 };
		struct error err = { 0 };

		prepare();
		assert_int_equal(step_initramfs.prepare(&c, &keep, &kept, &err), 0);
		install_the_driver();
		assert_int_equal(step_initramfs.prepare(&c, &renew, &renewed, &err), 0);
		assert_int_equal(step_initramfs.apply(&c, &renew, renewed, &err), 0);
		machine_put(&m, IMAGE K, others);
		fails = i == 1;
		undo_of(kept, renewed, fails ? -1 : 0, &err);
		assert_string_equal(buf_text(&asked), K ";" K ";");
		assert_string_equal(machine_text(&m, IMAGE K, &text), fails ? others : FORMER);
		if (fails) {
			assert_int_equal(err.fault, FAULT_KEPT_BACK);
			assert_non_null(strstr(err.what, "/" IMAGE K));
			assert_non_null(strstr(err.what, "no space left"));
		}
		drop();
	}
}

/* Of a run that was cut off while it was made, nobody knows whose it is. */
static void half_done_it_is_put_back(void **unused)
{
	AUTO_JSON json_t *kept = NULL, *renewed = NULL;
	AUTO_BUF struct buf text = { 0 };
	struct error err = { 0 };

	(void)unused;
	prepare();
	assert_int_equal(step_initramfs.prepare(&c, &keep, &kept, &err), 0);
	install_the_driver();
	assert_int_equal(step_initramfs.prepare(&c, &renew, &renewed, &err), 0);
	machine_put(&m, IMAGE K, "usr/" CORE "\n");
	undo_of(kept, renewed, 0, &err);
	assert_string_equal(buf_text(&asked), "");
	assert_string_equal(machine_text(&m, IMAGE K, &text), FORMER);
	drop();
}

static void a_kernel_that_is_gone_gets_none_back(void **unused)
{
	AUTO_JSON json_t *kept = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	machine_put(&m, "proc/sys/kernel/osrelease", OTHER "\n");
	machine_put(&m, "lib/modules/" K "/modules.dep", "");
	assert_int_equal(step_initramfs.prepare(&c, &keep, &kept, &err), 0);
	assert_int_equal(unlinkat(m.host.root, IMAGE K, 0), 0);
	assert_int_equal(unlinkat(m.host.root, "boot/vmlinuz-" K, 0), 0);
	assert_int_equal(step_initramfs.undo(&c, &keep, kept, &err), 0);
	assert_false(machine_has(&m, IMAGE K));
	drop();
}

/* A power cut must find the former image or the new one. */
static void dracut_never_writes_over_what_boots(void **unused)
{
	static const char image[] = "boot/initramfs-" K ".img";

	(void)unused;
	for (int i = 0; i < 2; i++) {
		AUTO_JSON json_t *renewed = NULL;
		AUTO_BUF struct buf text = { 0 };
		struct error err = { 0 };

		prepare();
		fails = i == 0;
		assert_int_equal(unlinkat(m.host.root, IMAGE K, 0), 0);
		machine_put(&m, image, FORMER);
		make_old(image, 1000000);
		(void)TEXT_COPY(renew.items[1], "dracut");
		install_the_driver();
		assert_int_equal(step_initramfs.prepare(&c, &renew, &renewed, &err), 0);
		assert_int_equal(step_initramfs.apply(&c, &renew, renewed, &err), fails ? -1 : 0);
		assert_string_equal(machine_text(&m, image, &text),
				    fails ? FORMER : "usr/" CORE "\n");
		assert_false(machine_has(&m, "boot/initramfs-" K ".img.ib-vmext-new"));
		drop();
	}
}

static void says_what_went_wrong(void **unused)
{
	AUTO_JSON json_t *renewed = NULL;
	struct error err = { 0 };

	(void)unused;
	prepare();
	fails = true;
	install_the_driver();
	assert_int_equal(step_initramfs.prepare(&c, &renew, &renewed, &err), 0);
	assert_int_equal(step_initramfs.apply(&c, &renew, renewed, &err), -1);
	assert_int_equal(err.fault, FAULT_INITRAMFS_FAILED);
	assert_non_null(strstr(err.what, "/" IMAGE K));
	assert_non_null(strstr(err.what, "no space left"));
	drop();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_anew_and_put_back),
		cmocka_unit_test(renewed_by_others_it_is_made_anew),
		cmocka_unit_test(half_done_it_is_put_back),
		cmocka_unit_test(a_kernel_that_is_gone_gets_none_back),
		cmocka_unit_test(dracut_never_writes_over_what_boots),
		cmocka_unit_test(says_what_went_wrong),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&asked);
	return rc;
}
