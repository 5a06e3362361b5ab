/* tests/unit/act/test_prebuilt.c - the step that puts the modules of a pack in place: to its end,
 * back, struck at every instant, and with packs that are not what they were. */
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/step/step.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/tar.h"
#include "crash.h"
#include "facts/pack.h"
#include "signer.h"

#define RELEASE "6.1.0-56-amd64"
#define ROOT    "lib/modules/" RELEASE "/"
#define PACK    "srv/packs/ib-vmext-pack_doca-ofed-3.2.1_" RELEASE "_x86_64.tar"
#define DEEP    ROOT "extra/mlnx-ofa_kernel/drivers/mlx_compat.ko"
#define IB      ROOT "updates/dkms/mlx5_ib.ko"
#define CORE    ROOT "updates/dkms/mlx5_core.ko"

static struct machine m;
static struct signer signer;
static struct step_context c;
static struct error err;
static struct step step = { .id = "prebuilt", .kind = STEP_PREBUILT, .nitems = 1 };

/* In the order of a manifest. */
static const struct {
	const char *path, *text;
} modules[] = { { DEEP, "mlx_compat of the pack" },
		{ ROOT "extra/mlnx-ofa_kernel/nvme/nvme_rdma.ko", "nvme_rdma of the pack" },
		{ CORE, "mlx5_core of the pack" },
		{ IB, "mlx5_ib of the pack" } };

static void add_file(struct buf *to, const char *path, const void *data, size_t len)
{
	struct tar_entry entry = { .size = len };
	char head[TAR_BLOCK];

	(void)TEXT_COPY(entry.path, path);
	assert_int_equal(tar_write_head(&entry, head), 0);
	assert_int_equal(buf_add(to, head, sizeof(head)), 0);
	assert_int_equal(buf_add(to, data, len), 0);
	assert_int_equal(buf_add_zeros(to, tar_padding(len)), 0);
}

static void add_manifest(struct buf *to)
{
	struct pack *p = calloc(1, sizeof(*p));
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *j = NULL;

	assert_non_null(p);
	*p = (struct pack) {
		.driver = DRIVER_DOCA_OFED,
		.version = "3.2.1",
		.target = { .os_id = "debian", .os_version = "12", .release = RELEASE },
		.nfiles = ARRAY_SIZE(modules)
	};
	assert_int_equal(host_machine(&m.host, p->target.arch, sizeof(p->target.arch)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		struct pack_file *file = &p->files[i];

		(void)TEXT_COPY(file->path, modules[i].path);
		file->size = strlen(modules[i].text);
		digest_of(modules[i].text, file->size, file->sha256);
	}
	j = pack_to_json(p);
	assert_int_equal(json_write(j, true, &text), 0);
	add_file(to, PACK_MANIFEST, text.data, text.len);
	free(p);
}

static void put_signed(const struct buf *pack)
{
	AUTO_BUF struct buf signature = { 0 };

	machine_put(&m, PACK, "");
	assert_int_equal(fs_replace(m.host.root, PACK, pack->data, pack->len, 0644), 0);
	signer_sign(&signer, true, pack->data, pack->len, "c", &signature);
	machine_put(&m, PACK ".minisig", buf_text(&signature));
}

static void put_pack(void)
{
	AUTO_BUF struct buf pack = { 0 };

	add_manifest(&pack);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		add_file(&pack, modules[i].path, modules[i].text, strlen(modules[i].text));
	assert_int_equal(buf_add_zeros(&pack, 2 * TAR_BLOCK), 0);
	put_signed(&pack);
}

/* A machine that has one of the modules already, another one. */
static void make(void)
{
	machine_make(&m);
	put_pack();
	machine_put(&m, CORE, "mlx5_core of somebody");
	assert_int_equal(fchmodat(m.host.root, CORE, 0600, 0), 0);
	machine_put(&m, ROOT "modules.dep", "updates/dkms/mlx5_core.ko:\nk/ib_core.ko:\n");
	m.settings.ntrusted_keys = 1;
	minisig_key_text(&signer.public, m.settings.trusted_keys[0]);
	assert_int_equal(fs_make_dirs(m.host.root, "var/lib/ib-vmext", 0700), 0);
	c = (struct step_context) { .host = &m.host, .settings = &m.settings, .run = "run-1" };
	c.state_dir = openat(m.host.root, "var/lib/ib-vmext", O_RDONLY | O_DIRECTORY);
	assert_true(c.state_dir >= 0);
	(void)TEXT_COPY(step.items[0], "/" PACK);
	err = (struct error) { 0 };
}

static void drop(void)
{
	(void)close(c.state_dir);
	machine_drop(&m);
}

static int set_up(void **unused)
{
	(void)unused;
	signer_make(&signer);
	make();
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	drop();
	return 0;
}

static json_t *prepare(void)
{
	json_t *before = NULL;

	if (step_prebuilt.prepare(&c, &step, &before, &err) < 0)
		fail_msg("prepare: %s", err.what);
	return before;
}

static void must(int rc, const char *what)
{
	if (rc < 0)
		fail_msg("%s: %s", what, err.what);
}

static void expect_tree(const struct buf *want, const char *what)
{
	AUTO_BUF struct buf now = { 0 };

	machine_snapshot(&m, &now);
	if (!text_eq(buf_text(&now), buf_text(want)))
		fail_msg("%s: the tree is\n%s\nand not\n%s", what, buf_text(&now), buf_text(want));
}

static void puts_in_place_and_takes_back(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, text = { 0 };
	AUTO_JSON json_t *before = NULL;

	(void)unused;
	machine_snapshot(&m, &former);
	before = prepare();
	expect_tree(&former, "prepare changes nothing");
	assert_int_equal(step_prebuilt.confirm(&c, &step, &err), -1);
	/* At the next boot nobody may know who is trusted. */
	m.settings.ntrusted_keys = 0;
	must(step_prebuilt.apply(&c, &step, before, &err), "apply");
	must(step_prebuilt.confirm(&c, &step, &err), "confirm");
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		assert_string_equal(machine_text(&m, modules[i].path, &text), modules[i].text);
	assert_non_null(strstr(machine_text(&m, ROOT "modules.dep", &text), "dkms/mlx5_ib.ko:"));
	must(step_prebuilt.undo(&c, &step, before, &err), "undo");
	expect_tree(&former, "after undo");
	must(step_prebuilt.undo(&c, &step, before, &err), "undo again");
	expect_tree(&former, "after undo again");
	assert_null(strstr(buf_text(&m.said), "prebuilt.kept"));
}

/* What somebody puts in the place of ours is not ours to remove. */
static void keeps_what_others_put_there(void **unused)
{
	AUTO_JSON json_t *before = prepare();
	AUTO_BUF struct buf text = { 0 };

	(void)unused;
	must(step_prebuilt.apply(&c, &step, before, &err), "apply");
	machine_put(&m, IB, "built here since");
	must(step_prebuilt.undo(&c, &step, before, &err), "undo");
	assert_string_equal(machine_text(&m, IB, &text), "built here since");
	assert_string_equal(machine_text(&m, CORE, &text), "mlx5_core of somebody");
	assert_false(machine_has(&m, DEEP));
	assert_non_null(strstr(buf_text(&m.said), "prebuilt.kept: /" IB));
}

static void change_pack(void)
{
	AUTO_FD int fd = openat(m.host.root, PACK, O_RDWR);
	struct stat st;

	/* In the last module, before the two blocks at the end. */
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(pwrite(fd, "X", 1, st.st_size - 3 * TAR_BLOCK), 1);
}

static void remove_pack(void)
{
	assert_int_equal(unlinkat(m.host.root, PACK, 0), 0);
}

static void empty_pack(void)
{
	machine_put(&m, PACK, "no pack");
}

static void distrust(void)
{
	m.settings.ntrusted_keys = 0;
}

static void boot_another_kernel(void)
{
	machine_put(&m, "proc/sys/kernel/osrelease", "6.1.0-57-amd64\n");
}

static const struct {
	const char *name;
	void (*change)(void);
	bool before_only; /* afterwards it does not matter */
} late_rows[] = {
	{ "a module has changed", change_pack, false },
	{ "the pack is gone", remove_pack, false },
	{ "it is another file", empty_pack, false },
	{ "its signer is not trusted any more", distrust, true },
	{ "another kernel runs", boot_another_kernel, true },
};

/* Since the plan was made; and since it was verified. Nothing is left of it in either case. */
static void a_mismatch_leaves_nothing(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(late_rows); i++) {
		bool late = i % 2 == 1;
		AUTO_BUF struct buf former = { 0 };
		AUTO_JSON json_t *before = NULL;
		int rc;

		if (late && late_rows[i / 2].before_only)
			continue;
		drop();
		make();
		before = late ? prepare() : NULL;
		late_rows[i / 2].change();
		machine_snapshot(&m, &former);
		rc = late ? step_prebuilt.apply(&c, &step, before, &err)
			  : step_prebuilt.prepare(&c, &step, &before, &err);
		if (rc == 0 || err.fault != FAULT_PACK_MISMATCH)
			fail_msg("%s: %s", late_rows[i / 2].name, err.what);
		if (late)
			must(step_prebuilt.undo(&c, &step, before, &err), "undo");
		expect_tree(&former, late_rows[i / 2].name);
	}
}

static void depmod_must_end_well(void **unused)
{
	AUTO_JSON json_t *before = prepare();

	(void)unused;
	m.upsets[0] = (struct upset) { "depmod", 1, "depmod: ERROR\n", false };
	assert_int_equal(step_prebuilt.apply(&c, &step, before, &err), -1);
	assert_int_equal(err.fault, FAULT_PROGRAM_FAILED);
	assert_non_null(strstr(err.what, "depmod: ERROR"));
	must(step_prebuilt.apply(&c, &step, before, &err), "apply again");
}

/* Struck. */

typedef int act(const json_t *before);

static int apply(const json_t *before)
{
	return step_prebuilt.apply(&c, &step, before, &err);
}

static int undo(const json_t *before)
{
	return step_prebuilt.undo(&c, &step, before, &err);
}

static const struct {
	const char *name;
	bool applied; /* before it is struck */
	act *struck, *next;
	enum crash_kind kind;
} strike_rows[] = {
	{ "apply, then apply", false, apply, apply, CRASH_KILL },
	{ "apply, then undo", false, apply, undo, CRASH_KILL },
	{ "undo, then undo", true, undo, undo, CRASH_KILL },
	{ "disk full in apply, then undo", false, apply, undo, CRASH_DISK_FULL },
	{ "disk full in apply, then apply", false, apply, apply, CRASH_DISK_FULL },
	{ "disk full in undo, then undo", true, undo, undo, CRASH_DISK_FULL },
};

/* In a process of its own. False if it ended before `at`. */
static bool run_struck(act *a, const json_t *before, enum crash_kind kind, uint64_t at)
{
	static uint64_t *count;
	int status = 0;
	pid_t pid;

	if (count == NULL)
		count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*count = UINT64_MAX;
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		crash_arm(kind, at);
		(void)a(before);
		*count = crash_count();
		_exit(0);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return *count >= at;
}

static bool strike(size_t row, uint64_t at, const struct buf *fresh)
{
	AUTO_BUF struct buf former = { 0 };
	AUTO_JSON json_t *before = NULL;
	bool struck;

	drop();
	make();
	machine_snapshot(&m, &former);
	before = prepare();
	if (strike_rows[row].applied)
		must(apply(before), "apply");
	struck = run_struck(strike_rows[row].struck, before, strike_rows[row].kind, at);
	must(strike_rows[row].next(before), strike_rows[row].name);
	expect_tree(strike_rows[row].next == undo ? &former : fresh, strike_rows[row].name);
	must(undo(before), "undo at last");
	expect_tree(&former, "undo at last");
	return struck;
}

static void survives_every_instant(void **unused)
{
	AUTO_BUF struct buf fresh = { 0 };
	AUTO_JSON json_t *before = prepare();

	(void)unused;
	must(apply(before), "apply");
	machine_snapshot(&m, &fresh);
	for (size_t row = 0; row < ARRAY_SIZE(strike_rows); row++) {
		uint64_t at = 1;

		while (strike(row, at, &fresh))
			at++;
		assert_true(at > 8); /* there is that much to cut in two */
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(puts_in_place_and_takes_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_what_others_put_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mismatch_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(depmod_must_end_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_every_instant, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
