/* tests/unit/cli/test_capture.c - a captured world is the machine that it was captured from, and
 * nobody can tell whose. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "cli/capture.h"
#include "host/recorder.h"
#include "probe/probe.h"

static const char *worlds;

/* The facts of a world, without what a capture may replace. */
static json_t *facts_of(const char *dir)
{
	const struct probe_options options = { .metadata = true };
	static struct facts f;
	struct error err = { 0 };
	struct host h;

	if (host_open_world(&h, dir, NULL, &err) < 0)
		fail_msg("%s: %s", dir, err.what);
	if (probe_facts(&h, &options, &f, &err) < 0)
		fail_msg("%s: %s", dir, err.what);
	host_close(&h);
	return facts_to_json(&f);
}

static void put_aside_in(json_t *list, const char *key)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		assert_int_equal(json_object_set_new(item, key, json_null()), 0);
	}
}

static void put_aside(json_t *facts)
{
	json_t *ports = json_object_get(facts, "ports"), *assigned = json_at(facts, "kvp.assigned");

	put_aside_in(ports, "guid");
	put_aside_in(ports, "ipv4");
	put_aside_in(ports, "assignedIpv4");
	put_aside_in(assigned, "mac");
	put_aside_in(assigned, "ipv4");
	if (json_at(facts, "vm.placementGroup"))
		assert_int_equal(json_object_set_new(json_object_get(facts, "vm"), "placementGroup",
						     json_null()),
				 0);
}

static void capture(const char *from, const char *to, struct capture_summary *ret)
{
	struct error err = { 0 };
	struct host h;

	if (host_open_world(&h, from, NULL, &err) < 0)
		fail_msg("%s: %s", from, err.what);
	if (capture_machine(&h, to, ret, &err) < 0)
		fail_msg("%s: %s", from, err.what);
	host_close(&h);
}

struct tally {
	const char *to;
	unsigned worlds, wrong;
};

static int compare_world(void *ctx, const char *name)
{
	struct tally *t = ctx;
	struct capture_summary s;
	AUTO_JSON json_t *was = NULL, *is = NULL;
	char from[512];
	const char *key;
	json_t *value;

	(void)TEXT_FORMAT(from, "%s/%s/world.json", worlds, name);
	if (!fs_exists(AT_FDCWD, from))
		return 0; /* a README */
	(void)TEXT_FORMAT(from, "%s/%s", worlds, name);
	capture(from, t->to, &s);
	was = facts_of(from);
	is = facts_of(t->to);
	put_aside(was);
	put_aside(is);
	json_object_foreach(was, key, value)
	{
		if (json_equal(value, json_object_get(is, key)))
			continue;
		print_error("%s: facts.%s is another in the captured world\n", name, key);
		t->wrong++;
	}
	assert_int_equal(json_object_size(was), json_object_size(is));
	t->worlds++;
	return fs_remove(AT_FDCWD, t->to);
}

static void each_world_is_captured_as_it_is(void **unused)
{
	struct world w;
	char to[128];
	struct tally t = { .to = to };

	(void)unused;
	world_make(&w);
	(void)TEXT_FORMAT(to, "%s/captured", w.dir);
	assert_int_equal(fs_list(AT_FDCWD, worlds, compare_world, &t), 0);
	assert_true(t.worlds >= 12);
	assert_int_equal(t.wrong, 0);
	world_drop(&w);
}

/* A machine that tells whose it is wherever it can. */
static void make_marked(const struct world *w, struct host *ret)
{
	world_put(w, "root/etc/os-release", "ID=debian\nVERSION_ID=12\nBUILD=00155d4d4152\n");
	world_put(w, "root/etc/hostname", "MARKERHOST.corp.MARKERDOMAIN\n");
	world_put(w, "root/proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
	world_put(w, "root/proc/modules", "mlx5_ib 1 0 - Live 0x0\n");
	world_put(w, "root/sys/class/infiniband/mlx5_0/node_guid", "0015:5dff:fe4d:4152\n");
	world_put(w, "root/sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
	world_put(w, "root/sys/class/infiniband/mlx5_0/ports/1/link_layer", "InfiniBand\n");
	world_put(w, "root/sys/class/net/ib0/address",
		  "00:00:01:49:fe:80:00:00:00:00:00:00:00:15:5d:ff:fd:4d:41:52\n");
	world_put(w, "root/usr/bin/ofed_info", "");
	world_start(w,
		    "\"kernel\":{\"machine\":\"x86_64\"},\"imds\":{\"compute\":{\"vmSize\":"
		    "\"Standard_HB120rs_v3\",\"name\":\"MARKERVM\",\"subscriptionId\":"
		    "\"4d41524b-4552-4d41-524b-45524d41524b\",\"userData\":\"MARKERDATA\","
		    "\"tags\":\"owner:MARKERTAG\",\"osProfile\":{\"adminUsername\":\"MARKERUSER\"},"
		    "\"resourceId\":\"/subscriptions/4d41524b-4552-4d41-524b-45524d41524b/x/"
		    "MARKERGROUP\"},\"network\":{\"interface\":[{\"macAddress\":\"000D3A4D4152\","
		    "\"ipv4\":{\"ipAddress\":[{\"privateIpAddress\":\"10.77.65.82\"}]}}]}},"
		    "\"commands\":[{\"argv\":[\"ofed_info\",\"-s\"],\"code\":0,\"stdout\":"
		    "\"MLNX_OFED_LINUX-5.5-1.0.3.2:\\non MARKERVM by MARKERUSER from "
		    "http://u:MARKERPASS@MARKERPROXY.corp:3128/\\n\"}]",
		    ret);
}

static const char *const markers[] = { "MARKER",   "4d:41:52", "fe4d:4152",  "4D4152",
				       "4d41524b", "4d4152",   "10.77.65.82" };

static int search(void *ctx, const char *name);

static void search_dir(const char *dir)
{
	char path[512];

	(void)TEXT_COPY(path, dir);
	assert_int_equal(fs_list(AT_FDCWD, dir, search, path), 0);
}

static int search(void *ctx, const char *name)
{
	AUTO_BUF struct buf b = { 0 };
	struct stat st;
	char path[512];

	(void)TEXT_FORMAT(path, "%s/%s", (const char *)ctx, name);
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++)
		assert_null(strstr(name, markers[i]));
	assert_int_equal(lstat(path, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		search_dir(path);
		return 0;
	}
	if (!S_ISREG(st.st_mode) || fs_read(AT_FDCWD, path, 1 << 20, &b) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(markers); i++)
		if (memmem(buf_text(&b), b.len, markers[i], strlen(markers[i])))
			fail_msg("%s has %s", path, markers[i]);
	return 0;
}

static void nothing_tells_whose_it_is(void **unused)
{
	struct capture_summary s;
	AUTO_JSON json_t *facts = NULL;
	struct world w;
	struct host h;
	char to[128];

	(void)unused;
	world_make(&w);
	make_marked(&w, &h);
	host_close(&h);
	(void)TEXT_FORMAT(to, "%s/captured", w.dir);
	capture(w.dir, to, &s);
	search_dir(to);
	facts = facts_of(to);
	assert_string_equal(json_text_at(facts, "ports.0.netdev", ""), "ib0");
	assert_string_equal(json_text_at(facts, "ports.0.guid", ""), "0015:5dff:fe00:0001");
	assert_string_equal(json_text_at(facts, "driver.version", ""), "5.5-1.0.3.2");
	assert_true(s.hidden[ALIAS_NAME] >= 3 && s.hidden[ALIAS_HARDWARE] == 1);
	world_drop(&w);
}

static int count(void *ctx, const char *name)
{
	(void)name;
	++*(unsigned *)ctx;
	return 0;
}

/* Each refusal names the place, and leaves nothing there that was not. */
static void refuse(const struct host *h, const char *dir, enum fault fault, const char *says)
{
	struct capture_summary s;
	struct error err = { 0 };

	assert_int_equal(capture_machine(h, dir, &s, &err), -1);
	if (err.fault != fault || !strstr(err.what, says))
		fail_msg("%s: %d: %s", dir, (int)err.fault, err.what);
}

static const struct {
	const char *name, *dir;
	enum fault fault;
	const char *says;
} refusals[] = {
	{ "is not empty", "full", FAULT_WORLD_EXISTS, "exists and is not empty" },
	{ "is a file", "file", FAULT_WORLD_EXISTS, "file cannot become a world" },
	{ "its parent is not there", "none/world", FAULT_WRITE_FAILED, "none: No such file" },
	{ "has no name of its own", "full/..", FAULT_USAGE, "give it a name" },
	/* Whoever the test runs as, nobody can make a directory there. */
	{ "cannot be written to", "/proc/ib-vmext", FAULT_WRITE_FAILED, "/proc/ib-vmext" },
};

static void refuses_a_place_that_is_not_free(void **unused)
{
	unsigned before = 0, after = 0;
	struct world w;
	struct host h;
	char dir[128];

	(void)unused;
	world_make(&w);
	world_put(&w, "full/x", "1");
	world_put(&w, "file", "1");
	world_put(&w, "root/etc/os-release", "ID=debian\n");
	world_start(&w, "", &h);
	assert_int_equal(fs_list(w.fd, ".", count, &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		(void)TEXT_FORMAT(dir, "%s%s%s", refusals[i].dir[0] == '/' ? "" : w.dir,
				  refusals[i].dir[0] == '/' ? "" : "/", refusals[i].dir);
		refuse(&h, dir, refusals[i].fault, refusals[i].says);
	}
	assert_int_equal(fs_list(w.fd, ".", count, &after), 0);
	assert_int_equal(after, before);
	host_close(&h);
	world_drop(&w);
}

static void a_full_file_system_is_named(void **unused)
{
	struct error err = { 0 };
	struct world w;

	(void)unused;
	world_make(&w);
	assert_int_equal(capture_check_room(w.fd, "/x/world", (size_t)1 << 60, &err), -1);
	assert_int_equal(err.fault, FAULT_DISK_FULL);
	assert_non_null(strstr(err.what, "/x/world needs"));
	assert_int_equal(capture_check_room(w.fd, "/x/world", 0, &err), 0);
	world_drop(&w);
}

static void an_empty_directory_will_do(void **unused)
{
	struct capture_summary s;
	struct world w;
	struct host h;
	char to[128];

	(void)unused;
	world_make(&w);
	world_put_dir(&w, "empty");
	world_put(&w, "root/etc/os-release", "ID=debian\n");
	world_start(&w, "", &h);
	(void)TEXT_FORMAT(to, "%s/empty//", w.dir);
	capture(w.dir, to, &s);
	assert_true(fs_exists(w.fd, "empty/world.json"));
	host_close(&h);
	world_drop(&w);
}

static void more_than_a_world_holds_is_refused(void **unused)
{
	AUTO_BUF struct buf big = { 0 };
	unsigned before = 0, after = 0;
	struct world w;
	struct host h;
	char to[128];

	(void)unused;
	world_make(&w);
	for (unsigned i = 0; big.len <= 8 << 20; i++)
		assert_int_equal(
			buf_add_format(&big, "Package: linux-%u\nStatus: a ok installed\n\n", i),
			0);
	world_put(&w, "root/usr/bin/apt-get", "");
	world_put(&w, "root/var/lib/dpkg/status", big.data);
	world_start(&w, "", &h);
	(void)TEXT_FORMAT(to, "%s/captured", w.dir);
	assert_int_equal(fs_list(w.fd, ".", count, &before), 0);
	refuse(&h, to, FAULT_READ_FAILED, "/var/lib/dpkg/status");
	assert_int_equal(fs_list(w.fd, ".", count, &after), 0);
	assert_int_equal(after, before);
	host_close(&h);
	world_drop(&w);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_world_is_captured_as_it_is),
		cmocka_unit_test(nothing_tells_whose_it_is),
		cmocka_unit_test(refuses_a_place_that_is_not_free),
		cmocka_unit_test(a_full_file_system_is_named),
		cmocka_unit_test(an_empty_directory_will_do),
		cmocka_unit_test(more_than_a_world_holds_is_refused),
	};

	if (argc != 2)
		return 2;
	worlds = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
