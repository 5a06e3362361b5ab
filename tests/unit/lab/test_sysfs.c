/* The /sys of a cell: what a probe would read there, and what changes with adapter, port and rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/sysfs.h"
#include "lab/vm/vm.h"

static struct vm make_vm(void)
{
	struct vm vm = { .index = 5,
			 .spec = { .name = "x", .vmbus = true, .azure = true, .adapter = true } };

	(void)TEXT_COPY(vm.spec.size, "Standard_HB120rs_v3");
	(void)TEXT_COPY(vm.mac, "02:00:0a:07:00:05");
	vm_spec_defaults(&vm.spec);
	return vm;
}

/* A directory that does not exist yet, below one that the test removes. */
static void tree_path(char base[static 64], char dir[static 80])
{
	(void)text_format(base, 64, "/tmp/ib-lab-test-XXXXXX");
	assert_non_null(mkdtemp(base));
	(void)text_format(dir, 80, "%s/fake", base);
}

static void assert_reads(const char *dir, const char *path, const char *want)
{
	AUTO_BUF struct buf text = { 0 };
	char full[VM_PATH_MAX];

	(void)TEXT_FORMAT(full, "%s/%s", dir, path);
	assert_int_equal(fs_read(AT_FDCWD, full, 4096, &text), 0);
	if (!text_eq(text_trim(text.data), want))
		fail_msg("%s is \"%s\", not \"%s\"", path, text.data, want);
}

static bool is_there(const char *dir, const char *path)
{
	char full[VM_PATH_MAX];
	struct stat st;

	(void)TEXT_FORMAT(full, "%s/%s", dir, path);
	return stat(full, &st) == 0; /* through links: a dangling one is not there */
}

static void has_what_a_probe_reads(void **unused)
{
	char base[64], dir[80];
	struct vm vm = make_vm();
	struct error err = { 0 };

	(void)unused;
	tree_path(base, dir);
	if (sysfs_make(dir, &vm, &err) < 0)
		fail_msg("%s", err.what);
	assert_reads(dir, "sys/bus/pci/devices/0101:00:00.0/vendor", "0x15b3");
	assert_reads(dir, "sys/bus/pci/devices/0101:00:00.0/class", "0x020700");
	assert_reads(dir, "sys/bus/pci/devices/0102:00:00.0/class", "0x020000");
	assert_reads(dir, "sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77");
	assert_true(is_there(dir, "sys/bus/pci/devices/0101:00:00.0/driver"));
	assert_true(is_there(dir, "sys/bus/vmbus/drivers/hv_pci"));
	assert_true(is_there(dir, "sys/class/net/eth0/address"));
	assert_false(is_there(dir, "sys/class/infiniband")); /* no driver was loaded */
	assert_reads(dir, "hca/mlx5_0/ports/1/state", "4: ACTIVE");
	assert_reads(dir, "hca/mlx5_0/ports/1/rate", "200 Gb/sec (4X HDR)");
	assert_int_equal(fs_remove(AT_FDCWD, base), 0);
}

static void changes(void **unused)
{
	char base[64], dir[80];
	struct vm vm = make_vm();

	(void)unused;
	tree_path(base, dir);
	assert_int_equal(sysfs_make(dir, &vm, NULL), 0);
	vm.spec.port = VM_PORT_DOWN;
	vm.spec.rate_gbps = 100;
	assert_int_equal(sysfs_change(dir, &vm, "port", NULL), 0);
	assert_reads(dir, "hca/mlx5_0/ports/1/state", "1: DOWN");
	assert_reads(dir, "hca/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)");
	vm.spec.adapter = false;
	assert_int_equal(sysfs_change(dir, &vm, "adapter", NULL), 0);
	assert_false(is_there(dir, "sys/bus/pci/devices/0101:00:00.0"));
	vm.spec.adapter = true;
	assert_int_equal(sysfs_change(dir, &vm, "adapter", NULL), 0);
	assert_true(is_there(dir, "sys/bus/pci/devices/0101:00:00.0/vendor"));
	assert_int_equal(fs_remove(AT_FDCWD, base), 0);
}

static void knows_vms_without(void **unused)
{
	char base[64], dir[80];
	struct vm vm = make_vm();

	(void)unused;
	vm.spec.vmbus = false;
	vm.spec.adapter = false;
	tree_path(base, dir);
	assert_int_equal(sysfs_make(dir, &vm, NULL), 0);
	assert_false(is_there(dir, "sys/bus/vmbus"));
	assert_true(is_there(dir, "sys/bus/pci/devices"));
	assert_false(is_there(dir, "sys/bus/pci/devices/0101:00:00.0"));
	assert_int_equal(fs_remove(AT_FDCWD, base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_a_probe_reads),
		cmocka_unit_test(changes),
		cmocka_unit_test(knows_vms_without),
	};

	return cmocka_run_group_tests_name("lab/sysfs", tests, NULL, NULL);
}
