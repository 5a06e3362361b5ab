/* tests/unit/host/test_host.c - a world is read like a machine, and nothing outside it can be
 * reached. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "host/root.h"

static const struct {
	const char *name, *link, *target, *path, *text;
	int rc;
} link_rows[] = {
	{ "a plain file", NULL, NULL, "etc/os-release", "ID=inside\n", 0 },
	{ "a leading slash means the root of the world", NULL, NULL, "/etc/os-release",
	  "ID=inside\n", 0 },
	{ "an absolute symlink stays inside", "etc/a", "/etc/os-release", "etc/a", "ID=inside\n",
	  0 },
	{ "an absolute symlink on the way", "x", "/etc", "x/os-release", "ID=inside\n", 0 },
	{ "dot-dot above the root is the root", "etc/b", "../../../../etc/os-release", "etc/b",
	  "ID=inside\n", 0 },
	{ "dot-dot in the path itself", NULL, NULL, "../../etc/../etc/os-release", "ID=inside\n",
	  0 },
	{ "dot-dot after a symlink is the parent of where it leads", "sys/class/net/eth0",
	  "../../devices/pci/eth0", "sys/class/net/eth0/../name", "pci\n", 0 },
	{ "a symlink through a symlink", "y", "/x/os-release", "y", "ID=inside\n", 0 },
	{ "an escape to a file that exists outside", "etc/c", "/../../../../../../../../etc/passwd",
	  "etc/c", NULL, -ENOENT },
	{ "an escape by a relative path", "etc/d", "../../outside", "etc/d", NULL, -ENOENT },
	{ "a symlink to itself", "loop", "loop", "loop", NULL, -ELOOP },
	{ "two symlinks to each other", "ping", "pong", "ping", NULL, -ENOENT },
	{ "the other of the two", "pong", "ping", "pong", NULL, -ELOOP },
	{ "a loop that grows", "grow", "grow/grow", "grow", NULL, -ELOOP },
	{ "a symlink to nothing", "etc/e", "/nowhere", "etc/e", NULL, -ENOENT },
	{ "a file used as a directory", NULL, NULL, "etc/os-release/x", NULL, -ENOTDIR },
	{ "a directory is no text", NULL, NULL, "etc", NULL, -EISDIR },
	{ "a pipe is no text, and does not block", NULL, NULL, "pipe", NULL, -EINVAL },
	{ "not there", NULL, NULL, "etc/nothing", NULL, -ENOENT },
	{ "a missing directory on the way", NULL, NULL, "nothing/at/all", NULL, -ENOENT },
};

static void world_symlinks_stay_inside(void **unused)
{
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_put(&w, "outside", "ID=outside\n");
	world_put(&w, "root/etc/os-release", "ID=inside\n");
	world_put(&w, "root/sys/devices/pci/name", "pci\n");
	world_put_dir(&w, "root/sys/devices/pci/eth0");
	assert_int_equal(mkfifoat(w.fd, "root/pipe", 0600), 0);
	world_start(&w, "", &h);
	for (size_t i = 0; i < ARRAY_SIZE(link_rows); i++) {
		AUTO_BUF struct buf got = { .data = NULL };
		char path[128];
		int rc;

		if (link_rows[i].link) {
			TEXT_FORMAT(path, "root/%s", link_rows[i].link);
			world_put_link(&w, path, link_rows[i].target);
		}
		rc = host_read(&h, link_rows[i].path, 4096, &got);
		if (rc != link_rows[i].rc || (rc == 0 && !text_eq(got.data, link_rows[i].text)))
			fail_msg("host_read: %s: %d '%s'", link_rows[i].name, rc, buf_text(&got));
	}
	host_close(&h);
	world_drop(&w);
}

static void a_chain_of_40_symlinks_is_the_longest(void **unused)
{
	char out[64];
	struct world w;

	(void)unused;
	world_make(&w);
	world_put(&w, "root/l0", "end\n");
	for (int i = 1; i <= ROOT_LINKS_MAX + 1; i++) {
		char path[32], target[32];

		TEXT_FORMAT(path, "root/l%d", i);
		TEXT_FORMAT(target, "l%d", i - 1);
		world_put_link(&w, path, target);
	}
	assert_int_equal(root_resolve(w.fd, "root/l40", true, out, sizeof out), 0);
	assert_string_equal(out, "root/l0");
	assert_int_equal(root_resolve(w.fd, "root/l41", true, out, sizeof out), -ELOOP);
	assert_int_equal(root_resolve(w.fd, "root/l41", false, out, sizeof out), 0);
	assert_string_equal(out, "root/l41");
	assert_int_equal(root_resolve(w.fd, "root/l41", false, out, 4), -ENAMETOOLONG);
	assert_int_equal(root_resolve(w.fd, "/..//.", true, out, sizeof out), 0);
	assert_string_equal(out, ".");
	world_drop(&w);
}

static void a_world_is_read_only(void **unused)
{
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_start(&w, "", &h);
	assert_int_equal(host_open(&h, "new", O_RDONLY | O_CREAT), -EROFS);
	assert_int_equal(host_open(&h, ".", O_WRONLY), -EROFS);
	assert_int_equal(host_open(&h, ".", O_RDWR), -EROFS);
	host_close(&h);
	world_drop(&w);
}

static void reads_are_bounded(void **unused)
{
	AUTO_BUF struct buf b = { .data = NULL };
	char line[8], large[6000] = "";
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_put(&w, "root/seven", " 12345\n");
	world_put(&w, "root/empty", "");
	memset(large, 'x', sizeof large - 1);
	world_put(&w, "root/large", large);
	world_start(&w, "", &h);
	assert_int_equal(buf_add_text(&b, "before"), 0);
	assert_int_equal(host_read(&h, "seven", 6, &b), -EFBIG);
	assert_string_equal(b.data, "before");
	assert_int_equal(host_read(&h, "large", 5000, &b), -EFBIG);
	assert_string_equal(b.data, "before"); /* though its first part had been read */
	assert_int_equal(host_read(&h, "seven", 7, &b), 0);
	assert_string_equal(b.data, "before 12345\n");
	assert_int_equal(HOST_READ_LINE(&h, "seven", line), 0);
	assert_string_equal(line, "12345");
	assert_int_equal(host_read_line(&h, "seven", line, 5), -EFBIG);
	assert_int_equal(host_read_line(&h, "seven", line, 6), 0);
	assert_int_equal(HOST_READ_LINE(&h, "empty", line), 0);
	assert_string_equal(line, "");
	assert_int_equal(HOST_READ_LINE(&h, "nothing", line), -ENOENT);
	host_close(&h);
	world_drop(&w);
}

struct pieces {
	struct buf all;
	unsigned taken, open; /* of `open` pieces the last part is not whole */
};

static void take_piece(const char *text, size_t len, void *ctx)
{
	struct pieces *p = ctx;

	p->taken++;
	p->open += len < 2 || memcmp(text + len - 2, "\n\n", 2) != 0;
	assert_int_equal(buf_add(&p->all, text, len), 0);
}

static const struct piece_row {
	const char *name;
	size_t part, parts; /* bytes of each with its end, how many there are */
	size_t lost;        /* of its end: it was cut off there */
	unsigned taken_min, open;
} piece_rows[] = {
	{ "empty", 0, 0, 0, 0, 0 },
	{ "one part", 100, 1, 0, 1, 0 },
	{ "one part without its end", 100, 1, 2, 1, 1 },
	{ "longer than what is read at once", 1000, 300, 0, 2, 0 },
	{ "as long as what is read at once", 32768, 4, 0, 4, 0 },
	{ "half of an end on either side", 32769, 4, 0, 4, 0 },
	{ "each part longer than what is read at once", 100000, 3, 0, 3, 0 },
	{ "the last of many without its end", 1000, 300, 1, 2, 1 },
};

static void long_files_come_in_pieces(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(piece_rows); i++) {
		const struct piece_row *r = &piece_rows[i];
		AUTO_BUF struct buf text = { 0 };
		struct pieces got = { 0 };
		struct world w;
		struct host h;

		for (size_t n = 0; n < r->parts; n++) {
			for (size_t k = 0; k + 2 < r->part; k++)
				assert_int_equal(buf_add(&text, k % 40 == 39 ? "\n" : "x", 1), 0);
			assert_int_equal(buf_add_text(&text, "\n\n"), 0);
		}
		text.len -= r->lost;
		if (text.data != NULL)
			text.data[text.len] = '\0';
		world_make(&w);
		world_put(&w, "root/long", buf_text(&text));
		world_start(&w, "", &h);
		if (host_read_pieces(&h, "long", text.len, "\n\n", take_piece, &got) != 0 ||
		    strcmp(buf_text(&got.all), buf_text(&text)) != 0 || got.taken < r->taken_min ||
		    got.open != r->open)
			fail_msg("%s: %zu of %zu bytes in %u pieces, %u not whole", r->name,
				 got.all.len, text.len, got.taken, got.open);
		if (text.len > 0)
			assert_int_equal(host_read_pieces(&h, "long", text.len - 1, "\n\n",
							  take_piece, &got),
					 -EFBIG);
		assert_int_equal(host_read_pieces(&h, "none", 9, "\n", take_piece, &got), -ENOENT);
		assert_int_equal(host_read_pieces(&h, "", 9, "\n", take_piece, &got), -EISDIR);
		buf_free(&got.all);
		host_close(&h);
		world_drop(&w);
	}
}

static void link_names_are_not_followed(void **unused)
{
	char name[16];
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_put_link(&w, "root/sys/dev/driver", "../../bus/pci/drivers/mlx5_core");
	world_put_link(&w, "root/abs", "/sys");
	world_put_link(&w, "root/bare", "hv_pci");
	world_start(&w, "", &h);
	assert_int_equal(host_read_link_name(&h, "sys/dev/driver", name, sizeof name), 0);
	assert_string_equal(name, "mlx5_core");
	assert_int_equal(host_read_link_name(&h, "abs/dev/driver", name, sizeof name), 0);
	assert_string_equal(name, "mlx5_core");
	assert_int_equal(host_read_link_name(&h, "bare", name, sizeof name), 0);
	assert_string_equal(name, "hv_pci");
	assert_int_equal(host_read_link_name(&h, "sys/dev/driver", name, 4), -ENAMETOOLONG);
	assert_int_equal(host_read_link_name(&h, "sys/dev", name, sizeof name), -EINVAL);
	assert_int_equal(host_read_link_name(&h, "none", name, sizeof name), -ENOENT);
	host_close(&h);
	world_drop(&w);
}

static void the_kernel_of_a_world(void **unused)
{
	char text[64];
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_start(&w, "", &h);
	assert_int_equal(host_kernel_release(&h, text, sizeof text), -ENOENT);
	assert_int_equal(host_machine(&h, text, sizeof text), -ENOENT);
	host_close(&h);

	world_start(&w, "\"kernel\":{\"release\":\"5.15.0-1\",\"machine\":\"aarch64\"}", &h);
	assert_int_equal(host_kernel_release(&h, text, sizeof text), 0);
	assert_string_equal(text, "5.15.0-1");
	assert_int_equal(HOST_READ_LINE(&h, "/proc/sys/kernel/osrelease", text), 0);
	assert_string_equal(text, "5.15.0-1");
	assert_int_equal(host_machine(&h, text, sizeof text), 0);
	assert_string_equal(text, "aarch64");

	/* The file wins where it is there. */
	world_put(&w, "root/proc/sys/kernel/osrelease", "6.8.0-2\n");
	assert_int_equal(host_kernel_release(&h, text, sizeof text), 0);
	assert_string_equal(text, "6.8.0-2");
	host_close(&h);
	world_drop(&w);
}

static int join(void *ctx, const char *name)
{
	if (buf_add_text(ctx, name) < 0 || buf_add_text(ctx, " ") < 0)
		return -ENOMEM;
	return text_eq(name, "stop") ? 7 : 0;
}

static const struct {
	const char *name, *path, *want;
	int rc;
} list_rows[] = {
	{ "names in byte order", "sys/bus/pci", "Z a b ", 0 },
	{ "only world.json knows it", "sys/bus/vmbus/devices", "guid-1 guid-2 ", 0 },
	{ "its parent, with what is on the disk", "sys/bus", "pci vmbus ", 0 },
	{ "an empty directory that is listed", "sys/bus/vmbus/devices/guid-1", "", 0 },
	{ "the beginning of a name is not the name", "sys/bus/vmbus/dev", "", 0 },
	{ "through a symlink", "link", "Z a b ", 0 },
	{ "not there", "nothing", "", 0 },
	{ "the callback stops it", "stops", "a stop ", 7 },
	{ "the callback stops a merged one", "merged", "a stop ", 7 },
	{ "the root itself", "", "dev link merged stops sys ", 0 },
};

static void lists_directories(void **unused)
{
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_put_dir(&w, "root/sys/bus/pci/b");
	world_put_dir(&w, "root/sys/bus/pci/Z");
	world_put_dir(&w, "root/sys/bus/pci/a");
	world_put(&w, "root/stops/stop", "");
	world_put(&w, "root/stops/a", "");
	world_put(&w, "root/stops/z", "");
	world_put_dir(&w, "root/merged/stop");
	world_put_link(&w, "root/link", "/sys/bus/pci");
	world_start(
		&w,
		"\"dirs\":[\"dev\",\"merged/a\",\"merged/z\",\"/sys/bus/vmbus/devices/guid-2/\","
		"\"sys/bus/vmbus/devices/guid-1\"]",
		&h);
	for (size_t i = 0; i < ARRAY_SIZE(list_rows); i++) {
		AUTO_BUF struct buf got = { .data = NULL };
		int rc = host_list(&h, list_rows[i].path, join, &got);

		if (rc != list_rows[i].rc || !text_eq(buf_text(&got), list_rows[i].want))
			fail_msg("host_list: %s: %d '%s'", list_rows[i].name, rc, buf_text(&got));
	}
	host_close(&h);
	world_drop(&w);
}

static const struct {
	const char *name, *path;
	bool exists, knows;
} known_rows[] = {
	{ "a directory of sys", "sys/bus", true, true },
	{ "missing from a directory of sys: a fact", "sys/bus/vmbus", false, true },
	{ "so is all below it", "sys/bus/vmbus/devices", false, true },
	{ "listed in world.json", "sys/class/infiniband", true, true },
	{ "the parent of what is listed", "sys/class", true, true },
	{ "the root of sys", "sys", true, true },
	{ "with a slash in front", "/sys/bus", true, true },
	{ "elsewhere a missing file is unknown", "etc/apt", false, false },
	{ "elsewhere even in a directory that is there", "etc", true, false },
	{ "a name that begins alike", "system", false, false },
	{ "a dangling symlink is not there", "etc/dangling", false, false },
};

static void knows_what_is_missing(void **unused)
{
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_put_dir(&w, "root/sys/bus");
	world_put_dir(&w, "root/etc");
	world_put_link(&w, "root/etc/dangling", "nothing");
	world_start(&w, "\"dirs\":[\"sys/class/infiniband\"]", &h);
	for (size_t i = 0; i < ARRAY_SIZE(known_rows); i++) {
		if (host_exists(&h, known_rows[i].path) != known_rows[i].exists)
			fail_msg("host_exists: %s", known_rows[i].name);
		if (host_knows(&h, known_rows[i].path) != known_rows[i].knows)
			fail_msg("host_knows: %s", known_rows[i].name);
	}
	host_close(&h);
	world_drop(&w);

	world_make(&w);
	world_start(&w, "", &h);
	assert_false(host_knows(&h, "sys/bus")); /* a world without sys/ says nothing about it */
	host_close(&h);
	world_drop(&w);
}

static const struct {
	const char *name, *path;
	int rc;
	uint64_t free;
} space_rows[] = {
	{ "the root", "", 0, 10 },
	{ "a file system of its own", "boot", 0, 20 },
	{ "below it", "boot/efi/x", 0, 20 },
	{ "a name that begins alike is not below it", "boots", 0, 10 },
	{ "an entry without figures is unknown", "odd/x", -ENODATA, 0 },
};

static void space_of_a_world(void **unused)
{
	uint64_t avail = 0, total = 0;
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	world_start(
		&w,
		"\"statfs\":{\"/\":{\"freeBytes\":10,\"totalBytes\":100},"
		"\"/boot\":{\"freeBytes\":20,\"totalBytes\":200},\"/odd\":{\"freeBytes\":\"1\"}}",
		&h);
	for (size_t i = 0; i < ARRAY_SIZE(space_rows); i++) {
		int rc = host_space(&h, space_rows[i].path, &avail, &total);

		if (rc != space_rows[i].rc)
			fail_msg("host_space: %s: %d", space_rows[i].name, rc);
		if (rc == 0 && (avail != space_rows[i].free || total != avail * 10))
			fail_msg("host_space: %s: %ju of %ju", space_rows[i].name, (uintmax_t)avail,
				 (uintmax_t)total);
	}
	host_close(&h);
	world_start(&w, "", &h);
	assert_int_equal(host_space(&h, "x", &avail, &total), -ENODATA);
	host_close(&h);
	world_drop(&w);
}

static const struct {
	const char *name, *json, *says;
} bad_rows[] = {
	{ "no world.json", NULL, "cannot read world.json" },
	{ "not JSON", "{", "not JSON" },
	{ "no schema", "{}", "schema" },
	{ "a schema of another kind", "{\"schema\":\"ib-vmext/facts/1\"}", "schema" },
	{ "a key twice", "{\"schema\":\"ib-vmext/world/1\",\"dirs\":[],\"dirs\":[]}", "not JSON" },
	{ "dirs is no array", "{\"schema\":\"ib-vmext/world/1\",\"dirs\":{}}",
	  "\"dirs\" is not an array" },
	{ "imds is no object", "{\"schema\":\"ib-vmext/world/1\",\"imds\":\"429\"}",
	  "\"imds\" is not an object" },
	{ "a command without argv",
	  "{\"schema\":\"ib-vmext/world/1\",\"commands\":[{\"argv\":[\"a\"]},{}]}",
	  "commands.1 has no argv" },
	{ "not even an object", "[]", "schema" },
};

static void refuses_what_is_no_world(void **unused)
{
	struct error err;
	struct world w;
	struct host h;

	(void)unused;
	world_make(&w);
	for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
		err = (struct error) { .what = "" };
		if (bad_rows[i].json)
			world_put(&w, "world.json", bad_rows[i].json);
		if (host_open_world(&h, w.dir, NULL, &err) != -1 || err.fault != FAULT_WORLD ||
		    !strstr(err.what, bad_rows[i].says) || !strstr(err.what, w.dir))
			fail_msg("host_open_world: %s: %s", bad_rows[i].name, err.what);
	}
	world_drop(&w);
	assert_int_equal(host_open_world(&h, w.dir, NULL, &err), -1);
	assert_int_equal(err.fault, FAULT_WORLD);
}

static void this_machine_is_read_the_same_way(void **unused)
{
	uint64_t avail = 0, total = 0;
	char text[256];
	struct host h;

	(void)unused;
	assert_int_equal(host_open_live(&h, NULL, NULL), 0);
	assert_true(h.live);
	/* A file of proc says size 0, and its text is there all the same. */
	assert_int_equal(host_kernel_release(&h, text, sizeof text), 0);
	assert_true(strlen(text) > 0);
	assert_int_equal(host_machine(&h, text, sizeof text), 0);
	assert_int_equal(host_read_link_name(&h, "proc/self/ns/mnt", text, sizeof text), 0);
	assert_true(text_starts(text, "mnt:["));
	assert_true(host_exists(&h, "/proc"));
	assert_true(host_knows(&h, "etc/nothing"));
	assert_int_equal(host_space(&h, "no/such/place", &avail, &total), 0);
	assert_true(total > 0 && avail <= total);
	assert_int_equal(host_open(&h, "no/such/place", 0), -ENOENT);
	host_close(&h);
	host_close(&h); /* twice is harmless */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(world_symlinks_stay_inside),
		cmocka_unit_test(a_chain_of_40_symlinks_is_the_longest),
		cmocka_unit_test(a_world_is_read_only),
		cmocka_unit_test(reads_are_bounded),
		cmocka_unit_test(long_files_come_in_pieces),
		cmocka_unit_test(link_names_are_not_followed),
		cmocka_unit_test(the_kernel_of_a_world),
		cmocka_unit_test(lists_directories),
		cmocka_unit_test(knows_what_is_missing),
		cmocka_unit_test(space_of_a_world),
		cmocka_unit_test(refuses_what_is_no_world),
		cmocka_unit_test(this_machine_is_read_the_same_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
