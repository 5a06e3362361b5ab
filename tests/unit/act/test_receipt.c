/* tests/unit/act/test_receipt.c - the quick way of a re-enable: taken on a VM that is as the
 * receipt says, and not taken when any one thing differs. */
#include "machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/record/receipt.h"
#include "base/fs.h"

#define MODULES "lib/modules/6.1.0-56-amd64/"
#define PORT    "sys/class/infiniband/mlx5_0/ports/1/"

static struct machine m;

static int set_up(void **unused)
{
	struct outcome o;

	(void)unused;
	machine_make(&m);
	/* The module files that the receipt watches. */
	machine_put(&m, MODULES "k/mlx5_core.ko", "core");
	machine_put(&m, MODULES "k/mlx5_ib.ko", "ib");
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	machine_drop(&m);
	return 0;
}

static bool holds(const char *digest, const char *version, const char **why)
{
	char message[256];

	return receipt_holds(&m.host, digest, version, why, message, sizeof message);
}

static void holds_where_nothing_differs(void **unused)
{
	const char *why = "unset";

	(void)unused;
	m.nruns = 0;
	assert_true(holds("digest", IB_VMEXT_VERSION, &why));
	assert_null(why);
	assert_int_equal(m.nruns, 0);
}

/* The content stays, and so do inode and size: only the time differs. */
static void touch(const char *path)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	assert_int_equal(utimensat(m.host.root, path, times, 0), 0);
}

/* Another file under the same name, of the same size and time. */
static void replace(const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	struct stat st;

	assert_int_equal(fstatat(m.host.root, path, &st, 0), 0);
	(void)machine_text(&m, path, &text);
	machine_put(&m, path, buf_text(&text));
	assert_int_equal(utimensat(m.host.root, path,
				   (const struct timespec[2]) { st.st_atim, st.st_mtim }, 0),
			 0);
}

static void port_is_down(void)
{
	machine_put(&m, PORT "state", "1: DOWN\n");
}

static void ports_are_gone(void)
{
	assert_int_equal(renameat(m.host.root, "sys/class/infiniband", m.host.root, "sys/gone"), 0);
}

static void boot_again(void)
{
	machine_put(&m, "proc/sys/kernel/random/boot_id", "0c3e0d5c-1f0a-4b5e-9a51-4e2d1b1a0002\n");
}

static void boot_another_kernel(void)
{
	machine_put(&m, "proc/sys/kernel/osrelease", "6.1.0-57-amd64\n");
}

static void another_adapter(void)
{
	machine_put(&m, "sys/bus/pci/devices/0101:00:00.0/device", "0x101e\n");
}

static void one_more_adapter(void)
{
	machine_put(&m, "sys/bus/pci/devices/0102:00:00.0/vendor", "0x15b3\n");
	machine_put(&m, "sys/bus/pci/devices/0102:00:00.0/device", "0x101c\n");
	machine_put(&m, "sys/bus/pci/devices/0102:00:00.0/class", "0x020700\n");
}

static void packages_changed(void)
{
	touch("var/lib/dpkg/status");
}

static void module_touched(void)
{
	touch(MODULES "k/mlx5_ib.ko");
}

static void module_replaced(void)
{
	replace(MODULES "k/mlx5_core.ko");
}

static void module_of_another_size(void)
{
	AUTO_FD int fd = openat(m.host.root, MODULES "k/mlx5_core.ko", O_WRONLY | O_CLOEXEC);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, st.st_size + 1), 0);
	assert_int_equal(futimens(fd, (const struct timespec[2]) { st.st_atim, st.st_mtim }), 0);
}

static void modules_indexed_anew(void)
{
	touch(MODULES "modules.dep");
}

static void receipt_gone(void)
{
	assert_int_equal(unlinkat(m.host.root, "var/lib/ib-vmext/receipt.json", 0), 0);
}

static void run_is_open(void)
{
	machine_put(&m, "var/lib/ib-vmext/journal/open", "X");
}

static const struct {
	const char *name;
	void (*change)(void);
	const char *digest, *version, *why; /* why: what is named as different */
} rows[] = {
	{ "another boot", boot_again, "digest", IB_VMEXT_VERSION, "boot" },
	{ "another kernel", boot_another_kernel, "digest", IB_VMEXT_VERSION, "kernel" },
	{ "another adapter in the slot", another_adapter, "digest", IB_VMEXT_VERSION, "pci" },
	{ "one adapter more", one_more_adapter, "digest", IB_VMEXT_VERSION, "pci" },
	{ "other settings as received", NULL, "other", IB_VMEXT_VERSION, "settings" },
	{ "another version of the handler", NULL, "digest", "1.1.99", "version" },
	{ "the package database was written", packages_changed, "digest", IB_VMEXT_VERSION,
	  "packages" },
	{ "a module has another time", module_touched, "digest", IB_VMEXT_VERSION, "modules" },
	{ "a module is another file", module_replaced, "digest", IB_VMEXT_VERSION, "modules" },
	{ "a module has another size", module_of_another_size, "digest", IB_VMEXT_VERSION,
	  "modules" },
	{ "depmod ran", modules_indexed_anew, "digest", IB_VMEXT_VERSION, "modules" },
	{ "a port is down", port_is_down, "digest", IB_VMEXT_VERSION, "ports" },
	{ "the ports are gone", ports_are_gone, "digest", IB_VMEXT_VERSION, "ports" },
	{ "there is no receipt", receipt_gone, "digest", IB_VMEXT_VERSION, "receipt" },
	{ "a run is open", run_is_open, "digest", IB_VMEXT_VERSION, "journal" },
};

static void does_not_hold_where_one_thing_differs(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *why = NULL;

		set_up(unused);
		assert_true(holds("digest", IB_VMEXT_VERSION, NULL));
		if (rows[i].change)
			rows[i].change();
		if (holds(rows[i].digest, rows[i].version, &why))
			fail_msg("%s: and yet the quick way is taken", rows[i].name);
		if (!text_starts(why, rows[i].why))
			fail_msg("%s: %s is named", rows[i].name, why);
		tear_down(unused);
	}
}

static int read_one(void *ctx, const char *name)
{
	char path[200];

	TEXT_FORMAT(path, ACT_STATE_DIR "/journal/%s", name);
	return fs_read(m.host.root, path, 1 << 20, ctx);
}

/* A password in an address of the public settings is no protected setting, and stays out even so.
 */
static void journal_keeps_no_password(void **unused)
{
	AUTO_BUF struct buf text = { 0 };
	struct outcome o;

	(void)unused;
	machine_make(&m);
	TEXT_COPY(m.settings.mirror, "https://u:geheim@h/?sig=geheim");
	machine_apply(&m, &o);
	assert_int_equal(o.exit_code, 0);
	assert_int_equal(fs_list(m.host.root, ACT_STATE_DIR "/journal", read_one, &text), 0);
	assert_non_null(strstr(text.data, "https://u:***@h/?sig=***"));
	assert_null(strstr(text.data, "geheim"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(holds_where_nothing_differs, set_up, tear_down),
		cmocka_unit_test(does_not_hold_where_one_thing_differs),
		cmocka_unit_test_teardown(journal_keeps_no_password, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
