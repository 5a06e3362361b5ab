/* tests/unit/act/machine.c - makes the tree, and runs the verbs on it. */
#include "machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"
#include "catalogue/catalogue.h"
#include "host/metadata.h"

/* In place of host/metadata.c: nobody is asked over the network. */
enum metadata_end metadata_get(const struct host *h, struct buf *ret, int *status)
{
	(void)h;
	if (status)
		*status = 200;
	assert_int_equal(buf_add_text(ret, "{\"compute\":{\"vmSize\":\"Standard_HB120rs_v3\"}}"),
			 0);
	return METADATA_ANSWERED;
}

static int64_t look(const struct clock *c)
{
	return ++((struct test_clock *)c)->now_ms;
}

static int64_t look_real(const struct clock *c)
{
	return 1795000000000 + look(c);
}

static void sleep_not(const struct clock *c, int64_t ms)
{
	((struct test_clock *)c)->now_ms += ms;
	((struct test_clock *)c)->slept_ms += ms;
}

static void hear(void *ctx, const struct event *ev)
{
	struct buf *said = ctx;

	assert_int_equal(buf_add_format(said, "%s: %s\n", ev->slug, ev->what), 0);
}

#define RELEASE "6.1.0-56-amd64"

static const struct {
	const char *path, *text;
} files[] = {
	{ "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n" },
	{ "proc/sys/kernel/osrelease", RELEASE "\n" },
	{ "proc/sys/kernel/random/boot_id", "0c3e0d5c-1f0a-4b5e-9a51-4e2d1b1a0001\n" },
	{ "proc/modules", "mlx5_core 65536 0 - Live 0x0\n" },
	{ "lib/modules/" RELEASE "/modules.dep",
	  "k/mlx5_core.ko:\nk/mlx5_ib.ko: k/mlx5_core.ko\nk/ib_uverbs.ko:\nk/ib_umad.ko:\n"
	  "k/ib_ipoib.ko:\nk/rdma_ucm.ko:\nk/ib_core.ko:\n" },
	{ "lib/modules/" RELEASE "/modules.builtin", "k/pci-hyperv.ko\n" },
	{ "sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n" },
	{ "sys/bus/vmbus/drivers/hv_pci/uevent", "" },
	{ "sys/bus/pci/drivers/mlx5_core/uevent", "" },
	{ "sys/bus/pci/devices/0101:00:00.0/vendor", "0x15b3\n" },
	{ "sys/bus/pci/devices/0101:00:00.0/device", "0x101c\n" },
	{ "sys/bus/pci/devices/0101:00:00.0/class", "0x020700\n" },
	{ "usr/bin/apt-get", "" },
	{ "usr/bin/ib-vmext", "the program" },
	{ "usr/libexec/other/file", "" },
	{ "run/systemd/system/x", "" },
	{ "etc/systemd/system/multi-user.target.wants/other.service", "" },
	{ "etc/modules-load.d/modules.conf", "# none\n" },
	{ "var/lib/dpkg/lock", "" },
	{ "var/lib/dpkg/status", "" },
	{ "var/lib/apt/extended_states", "" },
	{ "var/cache/apt/archives/lock", "" },
};

void machine_put(const struct machine *m, const char *path, const char *text)
{
	char parent[256];
	char *slash;

	TEXT_COPY(parent, path);
	slash = strrchr(parent, '/');
	if (slash) {
		*slash = '\0';
		assert_int_equal(fs_make_dirs(m->host.root, parent, 0755), 0);
	}
	assert_int_equal(fs_replace(m->host.root, path, text, strlen(text), 0644), 0);
}

void machine_make(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	/* In memory where that can be: the tests make thousands of these. */
	TEXT_FORMAT(m->dir, "%s/ib-vmext-act-XXXXXX",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(m->dir));
	TEXT_FORMAT(m->program, "%s/usr/bin/ib-vmext", m->dir);
	m->clock = (struct test_clock) {
		.clock = { .realtime_ms = look_real, .monotonic_ms = look, .sleep_ms = sleep_not }
	};
	m->host = (struct host) { .root = open(m->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				  .live = true,
				  .runner = &machine_runner,
				  .clock = &m->clock.clock,
				  .log = &m->log };
	assert_true(m->host.root >= 0);
	assert_int_equal(log_add_sink(&m->log, hear, &m->said, LEVEL_DEBUG), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		machine_put(m, files[i].path, files[i].text);
	assert_int_equal(fs_make_dirs(m->host.root, "var/lib/dpkg/updates", 0755), 0);
	assert_int_equal(symlinkat("../../drivers/mlx5_core", m->host.root,
				   "sys/bus/pci/devices/0101:00:00.0/driver"),
			 0);
	settings_defaults(&m->settings);
	m->catalogue = &catalogue_built_in;
	m->archive = archive_usual;
	m->narchive = archive_usual_count;
	packages_put(m, "base-files", "12.4", "install ok installed");
}

void machine_drop(struct machine *m)
{
	host_close(&m->host);
	buf_free(&m->said);
	assert_int_equal(fs_remove(AT_FDCWD, m->dir), 0);
}

bool machine_has(const struct machine *m, const char *path)
{
	return fs_exists(m->host.root, path);
}

const char *machine_text(const struct machine *m, const char *path, struct buf *ret)
{
	buf_clear(ret);
	(void)!fs_read(m->host.root, path, 1 << 20, ret);
	return buf_text(ret);
}

static void fail_outcome(struct outcome *ret, const struct error *err)
{
	ret->exit_code = 14;
	ret->fault = err->fault;
	TEXT_COPY(ret->message, err->what);
}

static bool open_act(struct machine *m, struct act *a, struct outcome *ret)
{
	struct error err = { 0 };

	memset(ret, 0, sizeof(*ret));
	buf_clear(&m->said);
	if (act_open(a, &m->host, m->catalogue, true, &err) == 0) {
		a->program = m->program;
		return true;
	}
	fail_outcome(ret, &err);
	return false;
}

void machine_apply(struct machine *m, struct outcome *ret)
{
	struct apply_options o = { .settings = &m->settings,
				   .settings_digest = "digest",
				   .version = IB_VMEXT_VERSION,
				   .seq = 3,
				   .wait = true,
				   .stop = m->stop,
				   .ctx = m->stop_ctx,
				   .agreed = m->agreed };
	struct error err = { 0 };
	struct act a;

	if (!open_act(m, &a, ret))
		return;
	if (act_apply(&a, &o, ret, &err) < 0)
		fail_outcome(ret, &err);
	act_close(&a);
}

void machine_undo(struct machine *m, bool force, struct outcome *ret)
{
	struct error err = { 0 };
	struct act a;

	if (!open_act(m, &a, ret))
		return;
	if (act_undo(&a, force, ret, &err) < 0)
		fail_outcome(ret, &err);
	act_close(&a);
}

void machine_recover(struct machine *m, struct outcome *ret)
{
	struct error err = { 0 };
	struct act a;
	bool found;

	if (!open_act(m, &a, ret))
		return;
	if (act_recover(&a, &found, ret, &err) < 0)
		fail_outcome(ret, &err);
	act_close(&a);
}

struct walk {
	int root;
	char path[512];
	struct buf *ret;
};

static const char *const not_ours[] = { "var/lib/ib-vmext", "sys", "proc", "var/cache",
					"var/lib/apt/extended_states" };

/* Nor what the package system leaves when it is killed. */
static bool is_not_ours(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_ours); i++)
		if (text_eq(path, not_ours[i]))
			return true;
	return text_starts(path, "var/lib/apt/.") || text_starts(path, "var/lib/dpkg/.") ||
	       text_starts(path, "usr/share/.") || text_starts(path, "usr/bin/.") ||
	       text_starts(path, "usr/sbin/.") || text_starts(path, "etc/security/.");
}

static void describe(const struct walk *w, const char *path, const struct stat *st)
{
	char digest[DIGEST_TEXT_SIZE] = "";
	AUTO_FD int fd = S_ISREG(st->st_mode) ? openat(w->root, path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd >= 0)
		assert_int_equal(digest_of_fd(fd, digest), 0);
	assert_int_equal(
		buf_add_format(w->ret, "%06o %s %s\n", (unsigned)st->st_mode, path, digest), 0);
}

static int walk(void *ctx, const char *name)
{
	struct walk *w = ctx;
	size_t len = strlen(w->path);
	struct stat st;

	assert_int_equal(
		text_format(w->path + len, sizeof(w->path) - len, "%s%s", len ? "/" : "", name), 0);
	if (is_not_ours(w->path)) {
		w->path[len] = '\0';
		return 0;
	}
	assert_int_equal(fstatat(w->root, w->path, &st, AT_SYMLINK_NOFOLLOW), 0);
	describe(w, w->path, &st);
	if (S_ISDIR(st.st_mode))
		assert_int_equal(fs_list(w->root, w->path, walk, w), 0);
	w->path[len] = '\0';
	return 0;
}

void machine_snapshot(const struct machine *m, struct buf *ret)
{
	struct walk w = { .root = m->host.root, .ret = ret };

	buf_clear(ret);
	assert_int_equal(fs_list(m->host.root, ".", walk, &w), 0);
	packages_list_auto(m, ret);
}

void machine_restart(struct machine *m)
{
	static unsigned boots = 1;
	char boot[48];

	TEXT_FORMAT(boot, "0c3e0d5c-1f0a-4b5e-9a51-4e2d1b1a%04x\n", ++boots);
	machine_put(m, "proc/sys/kernel/random/boot_id", boot);
	assert_int_equal(fs_remove(m->host.root, "sys/class/infiniband"), 0);
	machine_put(m, "proc/modules", "mlx5_core 65536 0 - Live 0x0\n");
	if (m->driver_dead || !machine_has(m, "etc/modules-load.d/ib-vmext.conf"))
		return;
	machine_put(m, "proc/modules",
		    "mlx5_core 65536 0 - Live 0x0\nmlx5_ib 65536 0 - Live 0x0\n"
		    "ib_uverbs 65536 0 - Live 0x0\nib_core 65536 0 - Live 0x0\n");
	machine_show_port(m);
}
