/* lab/vm/machine_config.c: what stands on the disk from which a machine learns what it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/machine.h"
#include "lab/vm/wire.h"

static int setup(void **state)
{
	char *dir = strdup("/tmp/test-machine-config-XXXXXX");

	*state = dir;
	return dir == NULL || mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	int rc = fs_remove(AT_FDCWD, *state);

	free(*state);
	return rc;
}

static struct vm example(const char *dir)
{
	struct vm vm = { .index = 2,
			 .address = "10.7.0.2",
			 .mac = "02:00:0a:07:00:02",
			 .spec = { .name = "m1",
				   .pci = { { 0x15b3, 0x101c, 0x020700 },
					    { 0x1414, 0xba, 0x020000 } },
				   .npci = 2,
				   .agent = true,
				   .vmbus = true,
				   .port = VM_PORT_DOWN,
				   .rate_gbps = 200 } };

	(void)TEXT_COPY(vm.dir, dir);
	return vm;
}

static void read_disk(const char *dir, struct buf *ret)
{
	char path[VM_PATH_MAX];

	buf_clear(ret);
	(void)TEXT_FORMAT(path, "%s/config.img", dir);
	assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, ret), 0);
	assert_int_equal(ret->len, WIRE_CONFIG_SIZE);
}

static const struct {
	const char *name, *line;
} lines[] = {
	{ "not to be parked", "mode=run\n" },
	{ "its name", "\nname=m1\n" },
	{ "its address", "\naddress=10.7.0.2\n" },
	{ "the wire server has a route of its own", "\nroute=168.63.129.16\n" },
	{ "every function, class in six digits", "\npci=15b3:101c:020700,1414:00ba:020000\n" },
	{ "an unplugged adapter", "\nadapter=0\n" },
	{ "the kernel's number of the port's state", "\nport=1\n" },
	{ "the GUID of which KVP gives the MAC 00155D330200", "\nguid=0x00155dfffe330200\n" },
};

static void tells_all(void **state)
{
	struct vm vm = example(*state);
	AUTO_BUF struct buf disk = { 0 };

	assert_int_equal(machine_config_write(&vm, NULL), 0);
	read_disk(*state, &disk);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (strstr(disk.data, lines[i].line) == NULL)
			fail_msg("%s: %s not in\n%s", lines[i].name, lines[i].line, disk.data);
}

static void leaves_nothing_of_a_longer_text(void **state)
{
	struct vm vm = example(*state);
	AUTO_BUF struct buf disk = { 0 };

	assert_int_equal(machine_config_write(&vm, NULL), 0);
	vm.spec.npci = 0;
	assert_int_equal(machine_config_write(&vm, NULL), 0);
	read_disk(*state, &disk);
	assert_non_null(strstr(disk.data, "\npci=\n"));
	assert_null(strstr(disk.data, "15b3"));
	for (size_t i = strlen(disk.data); i < disk.len; i++)
		assert_int_equal(disk.data[i], 0);
}

static void carries_the_key_value_pairs(void **state)
{
	struct vm vm = example(*state);
	AUTO_BUF struct buf disk = { 0 };
	char path[VM_PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/upper/var/lib/hyperv", vm.dir);
	assert_int_equal(fs_make_dirs(AT_FDCWD, path, 0755), 0);
	(void)TEXT_FORMAT(path, "%s/upper/var/lib/hyperv/.kvp_pool_0", vm.dir);
	assert_int_equal(fs_replace(AT_FDCWD, path, "K\0V", 3, 0644), 0);
	assert_int_equal(machine_config_write(&vm, NULL), 0);
	read_disk(*state, &disk);
	assert_non_null(strstr(disk.data, "\nfile=/var/lib/hyperv/.kvp_pool_0 644 4b0056\n"));
}

static void parks(void **state)
{
	AUTO_BUF struct buf disk = { 0 };

	assert_int_equal(machine_config_park(*state, NULL), 0);
	read_disk(*state, &disk);
	assert_string_equal(disk.data, "mode=park\n");
}

static void has_an_id_of_its_own(void **state)
{
	struct vm a = example("/lab/vm/a"), b = example("/lab/vm/b");
	char id[UUID_TEXT_SIZE], again[UUID_TEXT_SIZE], other[UUID_TEXT_SIZE];

	(void)state;
	machine_uuid(&a, id);
	machine_uuid(&a, again);
	machine_uuid(&b, other);
	assert_string_equal(id, again);
	assert_string_not_equal(id, other);
	assert_int_equal(strlen(id), 36);
	assert_int_equal(id[14], '4'); /* RFC 4122: version, variant */
	assert_int_equal(id[19], '8');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_all, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_nothing_of_a_longer_text, setup, teardown),
		cmocka_unit_test_setup_teardown(carries_the_key_value_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(parks, setup, teardown),
		cmocka_unit_test(has_an_id_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
