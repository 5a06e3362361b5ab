/* lab/vm/initrd.c: the archive that the kernel unpacks, and the order in which the modules are
 * loaded. */
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
#include "lab/vm/initrd.h"

#define RELEASE "6.1.0-1-amd64"

static int setup(void **state)
{
	char *dir = strdup("/tmp/test-initrd-XXXXXX");

	*state = dir;
	return dir == NULL || mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
	int rc = fs_remove(AT_FDCWD, *state);

	free(*state);
	return rc;
}

static void put(const char *dir, const char *path, const char *text)
{
	char full[512], parent[512];

	(void)TEXT_FORMAT(full, "%s/%s", dir, path);
	(void)TEXT_COPY(parent, full);
	*strrchr(parent, '/') = '\0';
	assert_int_equal(fs_make_dirs(AT_FDCWD, parent, 0755), 0);
	assert_int_equal(fs_replace(AT_FDCWD, full, text, strlen(text), 0644), 0);
}

/* depmod(8) lists dependencies in full, the ones to load first at the end. */
static void put_modules(const char *dir)
{
	static const char *const modules[] = { "a/virtio.ko",      "a/ring.ko",
					       "a/virtio_pci.ko",  "b/virtio_blk.ko",
					       "b/virtio_blk2.ko", "c/crc32c_generic.ko",
					       "c/ext4.ko",        "c/jbd2.ko" };

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		char path[128];

		(void)TEXT_FORMAT(path, "lib/modules/" RELEASE "/%s", modules[i]);
		put(dir, path, modules[i]);
	}
	put(dir, "lib/modules/" RELEASE "/modules.dep",
	    "c/jbd2.ko:\n"
	    "c/ext4.ko: c/jbd2.ko c/crc32c_generic.ko\n"
	    "c/crc32c_generic.ko:\n"
	    "b/virtio_blk2.ko: c/jbd2.ko\n"
	    "b/virtio_blk.ko: a/ring.ko a/virtio.ko\n"
	    "a/virtio_pci.ko: a/ring.ko a/virtio.ko\n");
	put(dir, "lab-init", "\177ELF");
}

/* Where the content of a file in a newc archive is; its size in *len. NULL if it is not there. */
static const char *find(const struct buf *cpio, const char *name, size_t *len, unsigned *mode)
{
	size_t at = 0;

	while (at + 110 <= cpio->len) {
		char field[9] = "";
		size_t size, name_size, data;

		assert_memory_equal(cpio->data + at, "070701", 6);
		memcpy(field, cpio->data + at + 54, 8);
		size = strtoul(field, NULL, 16);
		memcpy(field, cpio->data + at + 94, 8);
		name_size = strtoul(field, NULL, 16);
		memcpy(field, cpio->data + at + 14, 8);
		*mode = (unsigned)strtoul(field, NULL, 16);
		data = (at + 110 + name_size + 3) / 4 * 4;
		*len = size;
		if (strcmp(cpio->data + at + 110, name) == 0)
			return cpio->data + data;
		at = (data + size + 3) / 4 * 4;
	}
	return NULL;
}

static void make(const char *dir, struct buf *ret)
{
	char init[512], out[512];

	(void)TEXT_FORMAT(init, "%s/lab-init", dir);
	(void)TEXT_FORMAT(out, "%s/initrd", dir);
	assert_int_equal(initrd_make(dir, RELEASE, init, out, NULL), 0);
	assert_int_equal(fs_read(AT_FDCWD, out, 1 << 20, ret), 0);
}

static void loads_dependencies_first_and_once(void **state)
{
	static const char want[] = "/a/virtio.ko\n/a/ring.ko\n/a/virtio_pci.ko\n/b/virtio_blk.ko\n"
				   "/c/crc32c_generic.ko\n/c/jbd2.ko\n/c/ext4.ko\n";
	AUTO_BUF struct buf cpio = { 0 };
	const char *list;
	size_t len = 0;
	unsigned mode;

	put_modules(*state);
	make(*state, &cpio);
	list = find(&cpio, "modules", &len, &mode);
	assert_non_null(list);
	assert_int_equal(len, sizeof want - 1);
	assert_memory_equal(list, want, len);
}

static void holds_what_it_lists(void **state)
{
	AUTO_BUF struct buf cpio = { 0 };
	size_t len = 0;
	unsigned mode;
	const char *data;

	put_modules(*state);
	make(*state, &cpio);
	data = find(&cpio, "c/ext4.ko", &len, &mode);
	assert_non_null(data);
	assert_memory_equal(data, "c/ext4.ko", len);
	assert_non_null(find(&cpio, "c", &len, &mode));
	assert_int_equal(mode, 040755);
	assert_non_null(find(&cpio, "init", &len, &mode));
	assert_int_equal(mode, 0100755);
	assert_null(find(&cpio, "b/virtio_blk2.ko", &len, &mode));
	assert_non_null(find(&cpio, "TRAILER!!!", &len, &mode));
}

static void fails_without_modules(void **state)
{
	struct error err = { 0 };

	assert_int_equal(initrd_make(*state, RELEASE, "/dev/null", "/dev/null", &err), -1);
	assert_non_null(strstr(err.what, "No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loads_dependencies_first_and_once, setup, teardown),
		cmocka_unit_test_setup_teardown(holds_what_it_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(fails_without_modules, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
