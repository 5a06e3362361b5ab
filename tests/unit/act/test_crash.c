/* tests/unit/act/test_crash.c - a verb that is killed, or finds the disk full, at every single
 * instant, and what the next one makes of it. */
#include "machine.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/journal/journal.h"
#include "act/boot/resume_unit.h"
#include "base/fs.h"
#include "crash.h"

typedef void verb(struct machine *m, struct outcome *ret);

static void apply(struct machine *m, struct outcome *ret)
{
	machine_apply(m, ret);
}

static void undo(struct machine *m, struct outcome *ret)
{
	machine_undo(m, false, ret);
}

static void recover(struct machine *m, struct outcome *ret)
{
	machine_recover(m, ret);
}

/* How the machine is before the verb that is struck. */
static void nothing(struct machine *m)
{
	(void)m;
}

/* An older version, configuration of an earlier life, a file of somebody's at the place of ours. */
static void something(struct machine *m)
{
	static const struct archive_package archive[] = {
		{ "libibumad3", "44.0-2", { NULL } },
		{ "libibverbs1", "44.0-1", { NULL } },
		{ "libnl-3-200", "3.7.0-0.2+b1", { NULL } },
		{ "ibverbs-providers", "44.0-2", { "libibverbs1" } },
		{ "infiniband-diags", "44.0-2", { "libibumad3" } },
		{ "perftest", "4.5+0.17-1", { "libibverbs1" } },
		{ "rdma-core", "44.0-2", { "libnl-3-200" } },
	};

	m->archive = archive;
	m->narchive = ARRAY_SIZE(archive);
	packages_put(m, "libibverbs1", "44.0-1", "install ok installed");
	packages_put(m, "perftest", "4.5+0.17-1", "deinstall ok config-files");
	assert_int_equal(fs_remove(m->host.root, "usr/share/perftest"), 0);
	machine_put(m, "etc/modules-load.d/ib-vmext.conf", "# by hand\nloop\n");
}

/* MLNX_OFED asked for, over packages of the distribution. */
static void mlnx(struct machine *m)
{
	machine_offer_mlnx(m, "5.8-1.0.1.1");
	packages_put(m, "libibverbs1", "44.0-2", "install ok installed");
	packages_put(m, "rdma-core", "44.0-2", "install ok installed");
}

static void installed(struct machine *m)
{
	static struct outcome o;

	machine_apply(m, &o);
	assert_int_equal(o.exit_code, 0);
}

static void something_installed(struct machine *m)
{
	something(m);
	installed(m);
}

static void mlnx_installed(struct machine *m)
{
	mlnx(m);
	installed(m);
}

/* Another MLNX_OFED is there, of which no receipt knows. */
static void mlnx_older(struct machine *m)
{
	machine_offer_mlnx(m, "5.4-1.0.3.0");
	installed(m);
	assert_int_equal(fs_remove(m->host.root, ACT_STATE_DIR "/receipt.json"), 0);
	assert_int_equal(fs_remove(m->host.root, ACT_STATE_DIR "/saved"), 0);
	assert_int_equal(fs_remove(m->host.root, "usr/libexec/ib-vmext"), 0);
	machine_offer_mlnx(m, "5.8-1.0.1.1");
	assert_int_equal(fs_remove(m->host.root, "sys/class/infiniband"), 0);
}

static const struct {
	const char *name;
	void (*prepare)(struct machine *m);
	verb *struck, *next;
	enum crash_kind kind;
	bool again; /* `next` is struck once, too */
} rows[] = {
	{ "apply, then apply", nothing, apply, apply, CRASH_KILL, false },
	{ "apply, then apply cut off, then apply", nothing, apply, apply, CRASH_KILL, true },
	{ "apply, then undo", nothing, apply, undo, CRASH_KILL, false },
	{ "apply, then undo cut off, then undo", nothing, apply, undo, CRASH_KILL, true },
	{ "apply, then the next boot", nothing, apply, recover, CRASH_KILL, false },
	{ "apply over something, then apply", something, apply, apply, CRASH_KILL, false },
	{ "apply over something, then undo", something, apply, undo, CRASH_KILL, true },
	{ "undo, then undo", installed, undo, undo, CRASH_KILL, false },
	{ "undo, then undo of something", something_installed, undo, undo, CRASH_KILL, true },
	{ "undo, then the next boot", something_installed, undo, recover, CRASH_KILL, false },
	{ "undo, then apply", installed, undo, apply, CRASH_KILL, false },
	{ "disk full in apply, then apply", nothing, apply, apply, CRASH_DISK_FULL, false },
	{ "disk full in apply, then undo", something, apply, undo, CRASH_DISK_FULL, false },
	{ "disk full in undo, then undo", something_installed, undo, undo, CRASH_DISK_FULL, false },
	{ "disk fails in apply, then apply", nothing, apply, apply, CRASH_DISK_FAILS, false },
	{ "disk fails in apply, then undo", something, apply, undo, CRASH_DISK_FAILS, false },
	{ "disk fails in undo, then undo", installed, undo, undo, CRASH_DISK_FAILS, false },
	{ "MLNX_OFED, then apply", mlnx, apply, apply, CRASH_KILL, false },
	{ "MLNX_OFED, then undo cut off, then undo", mlnx, apply, undo, CRASH_KILL, true },
	{ "MLNX_OFED, then the next boot", mlnx, apply, recover, CRASH_KILL, false },
	{ "undo of MLNX_OFED, then undo", mlnx_installed, undo, undo, CRASH_KILL, true },
	{ "MLNX_OFED over another, then undo", mlnx_older, apply, undo, CRASH_KILL, true },
	{ "MLNX_OFED over another, then apply", mlnx_older, apply, apply, CRASH_KILL, false },
	{ "disk full in MLNX_OFED, then undo", mlnx, apply, undo, CRASH_DISK_FULL, false },
};

static struct outcome *shared; /* of the child */

/* In a process of its own, struck at `at`. Returns how many instants it had, 0 if it was killed. */
static uint64_t run_struck(struct machine *m, verb *v, enum crash_kind kind, uint64_t at)
{
	uint64_t *count = (uint64_t *)(shared + 1);
	int status = 0;
	pid_t pid;

	*count = 0;
	memset(shared, 0, sizeof(*shared));
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		crash_arm(kind, at);
		v(m, shared);
		*count = crash_count();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CRASH_STATUS);
	return *count;
}

struct trees {
	struct buf former, now;
};

static bool is_new(const struct machine *m)
{
	return machine_has(m, "usr/share/rdma-core") &&
	       machine_has(m, "etc/modules-load.d/ib-vmext.conf");
}

static void complain(size_t row, uint64_t at, const struct machine *m, const struct outcome *o,
		     const char *what)
{
	(void)m;
	fail_msg("%s, struck at %llu: %s: code %d: %s\n%s", rows[row].name, (unsigned long long)at,
		 what, o->exit_code, o->message, buf_text(&m->said));
}

static void print_tree(const char *name, const char *tree)
{
	char path[64];
	FILE *f;

	(void)text_format(path, sizeof(path), "/tmp/ib-vmext-act-tree.%s", name);
	f = fopen(path, "w");
	if (!f)
		return;
	(void)fputs(tree, f);
	(void)fclose(f);
}

/* Every oracle but the verb's own. */
static void judge(size_t row, uint64_t at, const struct machine *m, const struct outcome *o,
		  struct trees *t, const char *new_tree)
{
	bool former, fresh;

	machine_snapshot(m, &t->now);
	former = text_eq(buf_text(&t->now), buf_text(&t->former));
	fresh = text_eq(buf_text(&t->now), new_tree);
	if (!former && !fresh) {
		print_tree("former", buf_text(&t->former));
		print_tree("now", buf_text(&t->now));
		print_tree("new", new_tree);
		complain(row, at, m, o, "neither old nor new");
	}
	if (rows[row].next == apply && (!fresh || o->exit_code != 0))
		complain(row, at, m, o, "the second apply was no success");
	if (rows[row].next == undo &&
	    (!former || (o->exit_code != 0 && o->fault != FAULT_NOTHING_TO_UNDO)))
		complain(row, at, m, o, "the second undo was no success");
	if (rows[row].next == recover && o->run[0] && rows[row].struck == apply &&
	    (o->exit_code == 0) != fresh)
		complain(row, at, m, o, "what it says is not so");
	if (machine_has(m, ACT_STATE_DIR "/journal/open") || resume_unit_is_there(&m->host))
		complain(row, at, m, o, "something is left open");
	if (former && (machine_has(m, ACT_STATE_DIR "/receipt.json")))
		complain(row, at, m, o, "a receipt of nothing");
}

/* What a process that was struck, but lived, says must be so. */
static void judge_struck(size_t row, uint64_t at, const struct machine *m, struct trees *t,
			 const char *new_tree)
{
	bool open = machine_has(m, ACT_STATE_DIR "/journal/open");

	machine_snapshot(m, &t->now);
	if (shared->exit_code == 0 && rows[row].struck == apply &&
	    !text_eq(buf_text(&t->now), new_tree))
		complain(row, at, m, shared, "success, but not new");
	if (strstr(shared->message, "as it was before") && !open &&
	    !text_eq(buf_text(&t->now), buf_text(&t->former)))
		complain(row, at, m, shared, "says that it is as before");
}

static void leaves_nothing(size_t row, uint64_t at, struct machine *m, struct trees *t)
{
	static struct outcome o;

	machine_undo(m, false, &o);
	machine_snapshot(m, &t->now);
	if (!text_eq(buf_text(&t->now), buf_text(&t->former)) ||
	    machine_has(m, ACT_STATE_DIR "/receipt.json"))
		complain(row, at, m, &o, "the last undo left something");
}

/* One instant. Returns false when the verb ended before it. */
static bool strike(size_t row, uint64_t at, const char *new_tree)
{
	static struct machine m;
	static struct outcome o;
	struct trees t = { .former = { 0 } };
	uint64_t count;

	machine_make(&m);
	if (rows[row].prepare == something_installed)
		something(&m);
	else if (rows[row].prepare == mlnx_installed)
		mlnx(&m);
	else if (rows[row].prepare != installed)
		rows[row].prepare(&m);
	machine_snapshot(&m, &t.former);
	if (rows[row].prepare == something_installed || rows[row].prepare == mlnx_installed ||
	    rows[row].prepare == installed)
		installed(&m);
	count = run_struck(&m, rows[row].struck, rows[row].kind, at);
	if (count != 0)
		judge_struck(row, at, &m, &t, new_tree);
	if (rows[row].again)
		(void)run_struck(&m, rows[row].next, CRASH_KILL, 1 + at * 13 % 150);
	rows[row].next(&m, &o);
	judge(row, at, &m, &o, &t, new_tree);
	leaves_nothing(row, at, &m, &t);
	buf_free(&t.former);
	buf_free(&t.now);
	machine_drop(&m);
	return count == 0 || count >= at;
}

/* The tree as a run that nobody disturbs makes it. */
static void make_new_tree(size_t row, struct buf *ret)
{
	static struct machine m;

	machine_make(&m);
	if (rows[row].prepare == something || rows[row].prepare == something_installed)
		something(&m);
	else if (rows[row].prepare == mlnx || rows[row].prepare == mlnx_installed)
		mlnx(&m);
	else if (rows[row].prepare == mlnx_older)
		mlnx_older(&m);
	installed(&m);
	assert_true(is_new(&m));
	machine_snapshot(&m, ret);
	machine_drop(&m);
}

/* Of the instants of a row, every how many-th is tried. All of them take minutes: `every` as the
 * argument does that. */
static uint64_t stride;

static void read_arguments(int argc, char **argv)
{
	stride = crash_stride(7);
	for (int i = 1; i < argc; i++) {
		if (text_eq(argv[i], "every"))
			stride = 1;
		else
			cmocka_set_test_filter(argv[i]);
	}
}

static void survives(void **state)
{
	size_t row = (size_t)((uintptr_t)*state);
	AUTO_BUF struct buf new_tree = { 0 };
	uint64_t at = 1 + row % stride;

	make_new_tree(row, &new_tree);
	while (strike(row, at, buf_text(&new_tree)))
		at += stride;
	assert_true(at > 100); /* there is that much to cut in two */
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ARRAY_SIZE(rows)];

	shared = mmap(NULL, sizeof(*shared) + sizeof(uint64_t), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tests[i] = (struct CMUnitTest) { .name = rows[i].name,
						 .test_func = survives,
						 .initial_state = (void *)(uintptr_t)i };
	read_arguments(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
