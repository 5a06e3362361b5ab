/* tests/unit/act/test_vendor.c - a vendor's driver from nothing, to another version and back;
 * builds that fail, openly or masked; struck at every instant. */
#include "machine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/boot/resume_unit.h"
#include "act/build/dkms.h"
#include "base/digest.h"
#include "base/fs.h"
#include "catalogue/catalogue.h"
#include "crash.h"

#define NEW                "doca-host_3.2.1-044000_amd64.deb"
#define OLD                "doca-host_2.8.0-204000_amd64.deb"
#define FILE_TEXT(version) "a package of " version

static const struct archive_package archive[] = {
	{ "dkms", "3.0.10-8", { NULL }, NULL },
	{ "rdma-core", "44.0-2", { NULL }, NULL },
	{ "ibverbs-providers", "44.0-2", { NULL }, NULL },
	{ "ibverbs-providers", "2510-1", { NULL }, "3.2.1-044000" },
	{ "ibverbs-providers", "2407-1", { NULL }, "2.8.0-204000" },
	{ "mlnx-ofed-kernel-dkms", "25.10-1", { "dkms" }, "3.2.1-044000" },
	{ "rdma-core", "2510-1", { "ibverbs-providers" }, "3.2.1-044000" },
	{ "ofed-loose", "25.10-1", { NULL }, "3.2.1-044000" },
	{ "doca-ofed",
	  "3.2.1-044000",
	  { "mlnx-ofed-kernel-dkms", "rdma-core", "ofed-loose" },
	  "3.2.1-044000" },
	{ "mlnx-ofed-kernel-dkms", "24.07-1", { "dkms" }, "2.8.0-204000" },
	{ "rdma-core", "2407-1", { "ibverbs-providers" }, "2.8.0-204000" },
	{ "ofed-loose", "24.07-1", { NULL }, "2.8.0-204000" },
	/* It does without what it does not say: only who brings it along does. */
	{ "doca-ofed", "2.8.0-204000", { "mlnx-ofed-kernel-dkms", "rdma-core" }, "2.8.0-204000" },
};

static struct driver_row rows[2];
static struct catalogue catalogue;
static char digests[2][DIGEST_TEXT_SIZE + 1];

static void row_make(struct driver_row *row, const char *version, const char *url,
		     const char *sha256)
{
	*row = (struct driver_row) {
		.id = version,
		.route = "doca-ofed",
		.os_ids = "debian",
		.os_versions = "12",
		.generations = "CX6",
		.arch = "x86_64",
		.kernels = "",
		.flavours = "",
		.sizes = "",
		.package_manager = "apt",
		.packages = "doca-ofed",
		.build_packages = "dkms",
		.modules = "mlx5_ib,ib_uverbs",
		.optional_modules = "",
		.services = "openibd",
		.version = version,
		.ofed = "",
		.url = url,
		.sha256 = sha256,
		.repository = "",
		.key = "",
		.options = "",
		.peer_memory = "yes",
		.builds = true,
		.seconds = -1,
		.download_bytes = -1,
		.disk_bytes = -1,
		.source = "a test",
		.why = "the vendor's driver",
	};
}

/* The file is there already: nothing is fetched. */
static void download_put(const struct machine *m, const char *name, const char *text, char *digest)
{
	char path[160];

	TEXT_FORMAT(path, ACT_STATE_DIR "/downloads/%s", name);
	assert_int_equal(fs_make_dirs(m->host.root, ACT_STATE_DIR "/downloads", 0700), 0);
	machine_put(m, path, text);
	digest_of(text, strlen(text), digest);
}

static void make(struct machine *m)
{
	machine_make(m);
	machine_put(m, "etc/apt/preferences.d/other", "");
	download_put(m, NEW, FILE_TEXT("3.2.1"), digests[0]);
	download_put(m, OLD, FILE_TEXT("2.8.0"), digests[1]);
	row_make(&rows[0], "3.2.1", "https://example.com/" NEW, digests[0]);
	row_make(&rows[1], "2.8.0", "https://example.com/" OLD, digests[1]);
	catalogue = catalogue_built_in;
	catalogue.drivers = rows;
	catalogue.ndrivers = ARRAY_SIZE(rows);
	m->catalogue = &catalogue;
	m->archive = archive;
	m->narchive = ARRAY_SIZE(archive);
	m->dkms_builds = true;
	m->settings.driver = CHOICE_DOCA_OFED;
	m->settings.reboot = REBOOT_NEVER;
	/* The kernel's own stack serves until the next boot, and its headers are there. */
	machine_put(m, "lib/modules/6.1.0-56-amd64/build/Makefile", "");
	machine_put(m, "proc/modules",
		    "mlx5_core 65536 0 - Live 0x0\nmlx5_ib 65536 0 - Live 0x0\n"
		    "ib_uverbs 65536 0 - Live 0x0\nib_core 65536 0 - Live 0x0\n");
	machine_show_port(m);
}

static void ask_for(struct machine *m, const char *version)
{
	TEXT_COPY(m->settings.driver_version, version);
}

static void expect_state(const struct machine *m, const char *name, const char *wanted)
{
	char state[200];

	packages_state(m, name, state, sizeof(state));
	if (!text_eq(state, wanted))
		fail_msg("%s is %s, not %s\n%s", name, state, wanted, buf_text(&m->said));
}

static void expect_stack(const struct machine *m, const char *kernel, const char *version)
{
	AUTO_BUF struct buf text = { 0 };

	expect_state(m, "mlnx-ofed-kernel-dkms", kernel);
	machine_text(m, "lib/modules/6.1.0-56-amd64/updates/dkms/mlx5_ib.ko", &text);
	assert_string_equal(buf_text(&text), version);
}

static struct machine m;
static struct outcome o;

static int set_up(void **unused)
{
	(void)unused;
	make(&m);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

/* The lines in which they differ. */
static void print_trees(const char *wanted, const char *now)
{
	const char *trees[] = { wanted, now };

	for (int i = 0; i < 2; i++)
		for (const char *p = trees[i], *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
			char line[300];

			TEXT_FORMAT(line, "%.*s", (int)(end - p) + 1, p);
			if (!strstr(trees[1 - i], line))
				print_error("%s %s", i ? "now" : "wanted", line);
		}
}

static void expect_same(const struct buf *wanted, const struct buf *now)
{
	if (text_eq(buf_text(wanted), buf_text(now)))
		return;
	print_trees(buf_text(wanted), buf_text(now));
	fail_msg("%s", buf_text(&m.said));
}

static void expect_success(void)
{
	if (o.exit_code != 0)
		fail_msg("%s\n%s", o.message, buf_text(&m.said));
}

static void installs_and_undoes(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	expect_success();
	expect_state(&m, "doca-ofed", "installed 3.2.1-044000");
	expect_state(&m, "rdma-core", "installed 2510-1");
	expect_stack(&m, "installed 25.10-1", "25.10-1");
	machine_undo(&m, false, &o);
	expect_success();
	machine_snapshot(&m, &now);
	expect_same(&former, &now);
}

/* Down and up again: what nobody's relations name comes along, and the package that is asked for
 * alone is wanted. */
static void goes_to_another_version_and_back(void **unused)
{
	AUTO_BUF struct buf first = { 0 }, now = { 0 };

	(void)unused;
	machine_apply(&m, &o);
	expect_success();
	machine_snapshot(&m, &first);
	ask_for(&m, "2.8.0");
	machine_apply(&m, &o);
	expect_success();
	expect_state(&m, "doca-host", "installed 2.8.0-204000");
	expect_state(&m, "doca-ofed", "installed 2.8.0-204000");
	expect_state(&m, "ofed-loose", "installed 24.07-1");
	expect_stack(&m, "installed 24.07-1", "24.07-1");
	ask_for(&m, "3.2.1");
	machine_apply(&m, &o);
	expect_success();
	expect_stack(&m, "installed 25.10-1", "25.10-1");
	machine_snapshot(&m, &now);
	expect_same(&first, &now);
}

/* The former packages went with the former repository: only what was kept can bring them back. */
static void a_failed_change_of_version_is_taken_back(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	(void)unused;
	machine_apply(&m, &o);
	expect_success();
	machine_snapshot(&m, &former);
	ask_for(&m, "2.8.0");
	m.upsets[0] = (struct upset) { "modinfo", 8, "modinfo: ERROR\n", false };
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	machine_snapshot(&m, &now);
	expect_same(&former, &now);
}

/* Nobody has the file of the former doca-host. */
static void what_cannot_come_back_is_not_begun(void **unused)
{
	(void)unused;
	machine_apply(&m, &o);
	expect_success();
	assert_int_equal(fs_remove(m.host.root, ACT_STATE_DIR "/downloads/" NEW), 0);
	ask_for(&m, "2.8.0");
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_int_equal(o.fault, FAULT_IRREVERSIBLE);
	expect_state(&m, "doca-host", "installed 3.2.1-044000");
	expect_stack(&m, "installed 25.10-1", "25.10-1");
}

static void a_masked_failure_is_mended(void **unused)
{
	(void)unused;
	m.dkms_masked = true;
	machine_apply(&m, &o);
	expect_success();
	expect_stack(&m, "installed 25.10-1", "25.10-1");
}

static const struct {
	const char *name;
	bool full;
	enum fault fault;
	const char *told;
} failures[] = {
	{ "it does not compile", false, FAULT_BUILD_FAILED,
	  "error: too few arguments to function" },
	{ "there is no room", true, FAULT_DISK_FULL, "No space left on device" },
};

static void a_failed_build_is_told_and_taken_back(void **state)
{
	size_t row = (size_t)(uintptr_t)*state;
	AUTO_BUF struct buf former = { 0 }, now = { 0 };

	m.dkms_builds = false;
	m.dkms_full = failures[row].full;
	machine_snapshot(&m, &former);
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 14);
	assert_int_equal(o.fault, failures[row].fault);
	if (!strstr(o.message, failures[row].told))
		fail_msg("%s: %s", failures[row].name, o.message);
	machine_snapshot(&m, &now);
	expect_same(&former, &now);
}

/* A process that holds dpkg's lock until it is killed. */
static pid_t lock_start(void)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = openat(m.host.root, "var/lib/dpkg/lock-frontend", O_RDWR);

		if (fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

/* What compiling needs is there, so that the repository is the first that wants the lock: what it
 * has not begun needs no lock to be taken back. */
static void a_lock_held_for_ever_leaves_nothing(void **unused)
{
	AUTO_BUF struct buf former = { 0 }, now = { 0 };
	pid_t pid;

	(void)unused;
	packages_put(&m, "dkms", "3.0.10-8", "install ok installed");
	machine_put(&m, "var/lib/dpkg/lock-frontend", "");
	machine_snapshot(&m, &former);
	pid = lock_start();
	machine_apply(&m, &o);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(o.fault, FAULT_PACKAGE_LOCK);
	machine_snapshot(&m, &now);
	expect_same(&former, &now);
	assert_false(machine_has(&m, ACT_STATE_DIR "/journal/open"));
}

static void needs_headers(void **unused)
{
	(void)unused;
	m.dkms_masked = true;
	assert_int_equal(fs_remove(m.host.root, "lib/modules/6.1.0-56-amd64/build"), 0);
	machine_apply(&m, &o);
	assert_int_equal(o.fault, FAULT_KERNEL_HEADERS);
	expect_state(&m, "doca-ofed", "");
}

static void needs_memory(void **unused)
{
	(void)unused;
	m.dkms_masked = true;
	machine_put(&m, "proc/meminfo", "MemTotal: 2000000 kB\nMemAvailable:     300000 kB\n");
	machine_apply(&m, &o);
	assert_int_equal(o.fault, FAULT_BUILD_MEMORY);
	assert_non_null(strstr(o.message, "292 MiB"));
	expect_state(&m, "doca-ofed", "");
}

/* What a package's script leaves of its modules goes when the package has gone. */
static void sweeps_what_lost_its_source(void **unused)
{
	static const char left[] = "var/lib/dkms/iser/1.0/6.1.0-56-amd64/x86_64/module/ib_iser.ko";
	static const char foreign[] = "var/lib/dkms/zfs/2.1/6.1.0-56-amd64/x86_64/module/zfs.ko";
	AUTO_JSON json_t *before = dkms_note(&m.host);

	(void)unused;
	machine_put(&m, left, "x");
	machine_put(&m, foreign, "x");
	machine_put(&m, "var/lib/dkms/mok.key", "x");
	machine_put(&m, "lib/modules/6.1.0-56-amd64/updates/dkms/ib_iser.ko", "x");
	(void)!symlinkat("1.0/6.1.0-56-amd64/x86_64", m.host.root,
			 "var/lib/dkms/iser/kernel-6.1.0-56-amd64-x86_64");
	dkms_sweep(&m.host, before);
	assert_false(machine_has(&m, "var/lib/dkms/iser"));
	assert_false(machine_has(&m, "lib/modules/6.1.0-56-amd64/updates/dkms/ib_iser.ko"));
	assert_true(machine_has(&m, foreign));
	assert_true(machine_has(&m, "var/lib/dkms/mok.key"));
	assert_int_equal(fs_remove(m.host.root, "var/lib/dkms/zfs"), 0);
	dkms_sweep(&m.host, before);
	assert_false(machine_has(&m, "var/lib/dkms/mok.key"));
}

static void cuts_a_log(void **unused)
{
	char cut[320];

	(void)unused;
	dkms_log_cut("a\nx.c:1: error: one\nb\nmake: *** [x] Error 2\n", cut, sizeof(cut));
	assert_string_equal(cut, "x.c:1: error: one; make: *** [x] Error 2");
	dkms_log_cut("", cut, sizeof(cut));
	assert_string_equal(cut, "");
}

/* ---- struck ---- */

static void nothing(struct machine *x)
{
	(void)x;
}

static void other_version(struct machine *x)
{
	static struct outcome out;

	machine_apply(x, &out);
	assert_int_equal(out.exit_code, 0);
	ask_for(x, "2.8.0");
}

static void masked(struct machine *x)
{
	x->dkms_masked = true;
}

static const struct {
	const char *name;
	void (*prepare)(struct machine *x);
	bool undo; /* next */
	enum crash_kind kind;
} strikes[] = {
	{ "apply, then apply", nothing, false, CRASH_KILL },
	{ "apply, then undo", nothing, true, CRASH_KILL },
	{ "a build, then apply", masked, false, CRASH_KILL },
	{ "a build, then undo", masked, true, CRASH_KILL },
	{ "another version, then apply", other_version, false, CRASH_KILL },
	{ "another version, then undo", other_version, true, CRASH_KILL },
	{ "disk full, then apply", masked, false, CRASH_DISK_FULL },
	{ "disk full in another version", other_version, false, CRASH_DISK_FULL },
};

/* Returns false when the verb ended before it. */
static bool struck(struct machine *x, enum crash_kind kind, uint64_t at)
{
	static struct outcome out;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		crash_arm(kind, at);
		machine_apply(x, &out);
		_exit(crash_count() < at ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) != 1;
}

static bool strike(size_t row, uint64_t at, const char *fresh)
{
	static struct machine x;
	static struct outcome out;
	AUTO_BUF struct buf clean = { 0 }, now = { 0 };
	bool more;

	make(&x);
	machine_snapshot(&x, &clean);
	strikes[row].prepare(&x);
	more = struck(&x, strikes[row].kind, at);
	if (strikes[row].undo)
		machine_undo(&x, false, &out);
	else
		machine_apply(&x, &out);
	machine_snapshot(&x, &now);
	if (!text_eq(buf_text(&now), strikes[row].undo ? buf_text(&clean) : fresh))
		print_trees(strikes[row].undo ? buf_text(&clean) : fresh, buf_text(&now));
	if (!text_eq(buf_text(&now), strikes[row].undo ? buf_text(&clean) : fresh) ||
	    machine_has(&x, ACT_STATE_DIR "/journal/open") || resume_unit_is_there(&x.host))
		fail_msg("%s, struck at %llu: code %d: %s\n%s", strikes[row].name,
			 (unsigned long long)at, out.exit_code, out.message, buf_text(&x.said));
	machine_drop(&x);
	return more;
}

static uint64_t stride;

static void survives(void **state)
{
	size_t row = (size_t)(uintptr_t)*state;
	static struct machine x;
	static struct outcome out;
	AUTO_BUF struct buf fresh = { 0 };
	uint64_t at = 1 + row % stride;

	make(&x);
	strikes[row].prepare(&x);
	machine_apply(&x, &out);
	assert_int_equal(out.exit_code, 0);
	machine_snapshot(&x, &fresh);
	machine_drop(&x);
	while (strike(row, at, buf_text(&fresh)))
		at += stride;
	assert_true(at > 100);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(int argc, char **argv)
{
	struct CMUnitTest tests[11 + ARRAY_SIZE(failures) + ARRAY_SIZE(strikes)] = {
		TEST(installs_and_undoes),
		TEST(goes_to_another_version_and_back),
		TEST(a_failed_change_of_version_is_taken_back),
		TEST(what_cannot_come_back_is_not_begun),
		TEST(a_masked_failure_is_mended),
		TEST(a_lock_held_for_ever_leaves_nothing),
		TEST(needs_headers),
		TEST(needs_memory),
		TEST(sweeps_what_lost_its_source),
		TEST(cuts_a_log),
	};
	size_t n = 10;

	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		tests[n++] = (struct CMUnitTest) { failures[i].name,
						   a_failed_build_is_told_and_taken_back, set_up,
						   tear_down, (void *)(uintptr_t)i };
	for (size_t i = 0; i < ARRAY_SIZE(strikes); i++)
		tests[n++] = (struct CMUnitTest) { strikes[i].name, survives, NULL, NULL,
						   (void *)(uintptr_t)i };
	stride = argc > 1 && text_eq(argv[1], "every") ? 1 : crash_stride(11);
	return _cmocka_run_group_tests("vendor", tests, n, NULL, NULL);
}
