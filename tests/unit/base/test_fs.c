/* tests/unit/base/test_fs.c - files and trees, each test in a fresh directory. */
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

struct place {
	char path[32];
	int dir;
};

static int place_make(void **state)
{
	static struct place place;

	(void)TEXT_COPY(place.path, "/tmp/test-fs-XXXXXX");
	if (mkdtemp(place.path) == NULL)
		return -1;
	place.dir = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &place;
	return place.dir < 0 ? -1 : 0;
}

static int place_remove(void **state)
{
	struct place *p = *state;

	(void)close(p->dir);
	return fs_remove(AT_FDCWD, p->path) == 0 && access(p->path, F_OK) < 0 ? 0 : -1;
}

static int here(void **state)
{
	return ((struct place *)*state)->dir;
}

/* Put a file there without the code under test. */
static void put(int dir, const char *path, const char *text)
{
	AUTO_FD int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_holds(int dir, const char *path, const char *want)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char got[256];
	ssize_t len;

	assert_true(fd >= 0);
	len = read(fd, got, sizeof got - 1);
	assert_true(len >= 0);
	got[len] = '\0';
	assert_string_equal(got, want);
}

static unsigned mode_of(int dir, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static void write_all_says_why_it_fails(void **state)
{
	int ends[2];

	assert_int_equal(fs_write_all(-1, "x", 1), -EBADF);
	assert_int_equal(fs_write_all(-1, "x", 0), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fs_write_all(ends[1], "hello", 5), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)state;
}

static const struct {
	const char *name, *path, *text;
	size_t max;
	int rc;
	const char *want; /* after "before:" */
} read_rows[] = {
	{ "a whole file", "f", "hello", 100, 0, "hello" },
	{ "exactly as long as allowed", "f", "hello", 5, 0, "hello" },
	{ "one longer leaves the buffer as it was", "f", "hello", 4, -EFBIG, "" },
	{ "an empty file", "f", "", 0, 0, "" },
	{ "no such file", "g", "hello", 100, -ENOENT, "" },
	{ "a directory is not a file", ".", "", 100, -EISDIR, "" },
};

static void reads_files(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(read_rows); i++) {
		AUTO_BUF struct buf b = { 0 };
		int rc;

		put(here(state), "f", read_rows[i].text);
		assert_int_equal(buf_add_text(&b, "before:"), 0);
		rc = fs_read(here(state), read_rows[i].path, read_rows[i].max, &b);
		if (rc != read_rows[i].rc || !text_starts(buf_text(&b), "before:") ||
		    strcmp(buf_text(&b) + 7, read_rows[i].want) != 0)
			fail_msg("fs_read: %s: %d \"%s\"", read_rows[i].name, rc, buf_text(&b));
	}
}

static void reads_more_than_a_piece(void **state)
{
	AUTO_BUF struct buf want = { 0 };
	AUTO_BUF struct buf got = { 0 };

	for (int i = 0; i < 3000; i++)
		assert_int_equal(buf_add_format(&want, "%d,", i), 0);
	put(here(state), "f", buf_text(&want));
	assert_int_equal(fs_read(here(state), "f", want.len, &got), 0);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, want.len);
	buf_clear(&got);
	assert_int_equal(fs_read(here(state), "f", want.len - 1, &got), -EFBIG);
	assert_int_equal(got.len, 0);
}

static void an_empty_file_makes_data_text(void **state)
{
	AUTO_BUF struct buf b = { 0 };

	put(here(state), "f", "");
	assert_int_equal(fs_read(here(state), "f", 10, &b), 0);
	assert_string_equal(b.data, "");
}

static void replaces_files(void **state)
{
	int dir = here(state);

	assert_int_equal(fs_replace(dir, "f", "one", 3, 0644), 0);
	assert_holds(dir, "f", "one");
	assert_int_equal(mode_of(dir, "f"), 0644);
	assert_int_equal(fs_replace(dir, "f", "two", 3, 0600), 0);
	assert_holds(dir, "f", "two");
	assert_int_equal(mode_of(dir, "f"), 0600);
	assert_false(fs_exists(dir, ".f.new"));
}

static void replaces_whatever_the_umask(void **state)
{
	mode_t old = umask(0077);

	assert_int_equal(fs_replace(here(state), "f", "x", 1, 0755), 0);
	(void)umask(old);
	assert_int_equal(mode_of(here(state), "f"), 0755);
}

static void replaces_below_a_directory_and_by_absolute_path(void **state)
{
	struct place *p = *state;
	char path[64];

	assert_int_equal(mkdirat(p->dir, "d", 0755), 0);
	assert_int_equal(fs_replace(p->dir, "d/f", "x", 1, 0600), 0);
	assert_holds(p->dir, "d/f", "x");
	assert_int_equal(TEXT_FORMAT(path, "%s/d/g", p->path), 0);
	assert_int_equal(fs_replace(-1, path, "y", 1, 0600), 0);
	assert_holds(p->dir, "d/g", "y");
}

static void a_reader_keeps_the_file_that_it_opened(void **state)
{
	AUTO_FD int old = -1;
	char got[4] = "";

	put(here(state), "f", "old");
	old = openat(here(state), "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fs_replace(here(state), "f", "new", 3, 0600), 0);
	assert_int_equal(read(old, got, 3), 3);
	assert_string_equal(got, "old");
	assert_holds(here(state), "f", "new");
}

static void a_leftover_is_removed_and_not_written_through(void **state)
{
	int dir = here(state);

	put(dir, "victim", "mine");
	assert_int_equal(symlinkat("victim", dir, ".f.new"), 0);
	assert_int_equal(fs_replace(dir, "f", "x", 1, 0600), 0);
	assert_holds(dir, "victim", "mine");
	assert_holds(dir, "f", "x");
}

static void a_symlink_is_replaced_and_not_followed(void **state)
{
	int dir = here(state);

	put(dir, "victim", "mine");
	assert_int_equal(symlinkat("victim", dir, "f"), 0);
	assert_int_equal(fs_replace(dir, "f", "x", 1, 0600), 0);
	assert_holds(dir, "victim", "mine");
	assert_holds(dir, "f", "x");
}

static void on_failure_the_old_file_stands(void **state)
{
	int dir = here(state);
	char name[NAME_MAX + 1];

	assert_int_equal(fs_replace(dir, "none/f", "x", 1, 0600), -ENOENT);
	put(dir, "d", "a file");
	assert_int_equal(fs_replace(dir, "d/f", "x", 1, 0600), -ENOTDIR);
	assert_int_equal(mkdirat(dir, "e", 0755), 0);
	assert_int_equal(fs_replace(dir, "e", "x", 1, 0600), -EISDIR);
	assert_false(fs_exists(dir, ".e.new"));
	assert_int_equal(fs_replace(dir, "e/", "x", 1, 0600), -EISDIR);
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(fs_replace(dir, name, "x", 1, 0600), -ENAMETOOLONG);
}

static void copies_files(void **state)
{
	AUTO_BUF struct buf large = { 0 };
	AUTO_BUF struct buf got = { 0 };
	AUTO_FD int from = -1;

	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf_add_format(&large, "%d.", i), 0);
	put(here(state), "f", buf_text(&large));
	from = openat(here(state), "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fs_copy_to(from, here(state), "g", 0755), 0);
	assert_int_equal(fs_read(here(state), "g", 1 << 20, &got), 0);
	assert_string_equal(buf_text(&got), buf_text(&large));
	assert_int_equal(mode_of(here(state), "g"), 0755);
}

static void a_copy_that_fails_leaves_nothing(void **state)
{
	int dir = here(state);

	put(dir, "g", "old");
	assert_int_equal(fs_copy_to(-1, dir, "g", 0644), -EBADF);
	assert_int_equal(fs_copy_to(dir, dir, "g", 0644), -EISDIR);
	assert_holds(dir, "g", "old");
	assert_false(fs_exists(dir, ".g.new"));
}

static void makes_directories(void **state)
{
	int dir = here(state);

	assert_int_equal(fs_make_dirs(dir, "a/b/c", 0700), 0);
	assert_int_equal(mode_of(dir, "a"), 0700);
	assert_int_equal(mode_of(dir, "a/b/c"), 0700);
	assert_int_equal(fs_make_dirs(dir, "a/b/c", 0755), 0);
	assert_int_equal(mode_of(dir, "a/b/c"), 0700);
	assert_int_equal(fs_make_dirs(dir, "a//d/", 0700), 0);
	assert_true(fs_exists(dir, "a/d"));
	put(dir, "f", "");
	assert_int_equal(fs_make_dirs(dir, "f", 0700), -ENOTDIR);
	assert_int_equal(fs_make_dirs(dir, "f/g", 0700), -ENOTDIR);
	assert_int_equal(fs_make_dirs(dir, "", 0700), -ENOENT);
}

static void makes_directories_by_absolute_path(void **state)
{
	struct place *p = *state;
	char path[64];

	assert_int_equal(TEXT_FORMAT(path, "%s/x/y", p->path), 0);
	assert_int_equal(fs_make_dirs(-1, path, 0755), 0);
	assert_true(fs_exists(p->dir, "x/y"));
}

static void removes_files_and_trees(void **state)
{
	int dir = here(state);

	assert_int_equal(fs_remove(dir, "nothing"), 0);
	put(dir, "f", "x");
	assert_int_equal(fs_remove(dir, "f"), 0);
	assert_false(fs_exists(dir, "f"));
	assert_int_equal(fs_make_dirs(dir, "t/u/v", 0700), 0);
	put(dir, "t/a", "x");
	put(dir, "t/u/b", "x");
	put(dir, "t/u/v/c", "x");
	put(dir, "stays", "x");
	assert_int_equal(fs_remove(dir, "t"), 0);
	assert_false(fs_exists(dir, "t"));
	assert_true(fs_exists(dir, "stays"));
	put(dir, "f", "x");
	assert_int_equal(fs_remove(dir, "f/g"), -ENOTDIR);
}

static void removes_links_and_not_what_they_name(void **state)
{
	int dir = here(state);

	assert_int_equal(fs_make_dirs(dir, "kept", 0700), 0);
	put(dir, "kept/f", "x");
	assert_int_equal(fs_make_dirs(dir, "t", 0700), 0);
	assert_int_equal(symlinkat("../kept", dir, "t/link"), 0);
	assert_int_equal(symlinkat("kept", dir, "direct"), 0);
	assert_int_equal(fs_remove(dir, "t"), 0);
	assert_int_equal(fs_remove(dir, "direct"), 0);
	assert_true(fs_exists(dir, "kept/f"));
	assert_false(fs_exists(dir, "t"));
	assert_false(fs_exists(dir, "direct"));
}

static void removes_a_deep_tree(void **state)
{
	char path[2 * 200 + 2] = "t";

	for (size_t at = 1; at + 2 < sizeof path; at += 2)
		(void)text_copy(path + at, sizeof path - at, "/d");
	assert_int_equal(fs_make_dirs(here(state), path, 0700), 0);
	assert_int_equal(fs_remove(here(state), "t"), 0);
	assert_false(fs_exists(here(state), "t"));
}

static void syncs_the_parent(void **state)
{
	assert_int_equal(fs_sync_parent(here(state), "f"), 0);
	assert_int_equal(fs_make_dirs(here(state), "d", 0700), 0);
	assert_int_equal(fs_sync_parent(here(state), "d/f"), 0);
	assert_int_equal(fs_sync_parent(here(state), "none/f"), -ENOENT);
	assert_int_equal(fs_sync_parent(here(state), "/f"), 0);
}

static void a_dangling_link_exists(void **state)
{
	assert_false(fs_exists(here(state), "link"));
	assert_int_equal(symlinkat("nowhere", here(state), "link"), 0);
	assert_true(fs_exists(here(state), "link"));
}

struct seen {
	char names[256];
	unsigned stop_after;
	unsigned count;
};

static int see(void *ctx, const char *name)
{
	struct seen *s = ctx;
	size_t at = strlen(s->names);

	(void)text_format(s->names + at, sizeof s->names - at, "%s ", name);
	return ++s->count == s->stop_after ? 17 : 0;
}

static void lists_in_byte_order(void **state)
{
	static const char *const names[] = { "b", "a", "Z", "a.d", "10", "9", ".hidden" };
	struct seen s = { 0 };
	struct seen none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put(here(state), names[i], "");
	assert_int_equal(fs_list(here(state), ".", see, &s), 0);
	assert_string_equal(s.names, ".hidden 10 9 Z a a.d b ");
	assert_int_equal(fs_list(here(state), "none", see, &none), -ENOENT);
	assert_int_equal(fs_list(here(state), "a", see, &none), -ENOTDIR);
	assert_int_equal(fs_make_dirs(here(state), "empty", 0700), 0);
	assert_int_equal(fs_list(here(state), "empty", see, &none), 0);
	assert_int_equal(none.count, 0);
}

static void lists_until_told_to_stop(void **state)
{
	struct seen s = { .stop_after = 2 };

	put(here(state), "a", "");
	put(here(state), "b", "");
	put(here(state), "c", "");
	assert_int_equal(fs_list(here(state), ".", see, &s), 17);
	assert_string_equal(s.names, "a b ");
}

static void lists_many(void **state)
{
	struct seen s = { 0 };
	char name[16];

	for (int i = 0; i < 100; i++) {
		assert_int_equal(TEXT_FORMAT(name, "%03d", i), 0);
		put(here(state), name, "");
	}
	assert_int_equal(fs_list(here(state), ".", see, &s), 0);
	assert_int_equal(s.count, 100);
	assert_true(text_starts(s.names, "000 001 002 003 "));
}

#define IN_PLACE(fn) cmocka_unit_test_setup_teardown(fn, place_make, place_remove)

enum { WRITERS = 8, ROUNDS = 100, SIZE = 40000 };

/* One of several processes that replace and run the same file at once. Its exit status is the
 * number of what went wrong. */
static void write_and_run(int dir, int writer, int program)
{
	char text[SIZE];

	memset(text, 'a' + writer, sizeof text);
	for (int i = 0; i < ROUNDS; i++) {
		AUTO_BUF struct buf got = { 0 };

		if (fs_replace(dir, "file", text, sizeof text, 0644) < 0)
			_exit(1);
		if (fs_read(dir, "file", 2 * SIZE, &got) < 0 || got.len != SIZE)
			_exit(2);
		for (size_t k = 1; k < got.len; k++)
			if (got.data[k] != got.data[0])
				_exit(3);
		if (lseek(program, 0, SEEK_SET) < 0 || fs_copy_to(program, dir, "true", 0755) < 0)
			_exit(4);
	}
	(void)fchdir(dir);
	(void)execl("./true", "true", (char *)NULL);
	_exit(errno == ETXTBSY ? 5 : 6);
}

/* Two handlers that are started at once write the same status and the same copy of the program. */
static void many_replace_at_once(void **state)
{
	int dir = here(state), status;
	pid_t writers[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		assert_true(writers[i] >= 0);
		if (writers[i] == 0)
			write_and_run(dir, i, open("/bin/true", O_RDONLY | O_CLOEXEC));
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	assert_false(fs_exists(dir, ".file.new"));
	assert_false(fs_exists(dir, ".true.new"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		IN_PLACE(write_all_says_why_it_fails),
		IN_PLACE(reads_files),
		IN_PLACE(reads_more_than_a_piece),
		IN_PLACE(an_empty_file_makes_data_text),
		IN_PLACE(replaces_files),
		IN_PLACE(replaces_whatever_the_umask),
		IN_PLACE(replaces_below_a_directory_and_by_absolute_path),
		IN_PLACE(a_reader_keeps_the_file_that_it_opened),
		IN_PLACE(a_leftover_is_removed_and_not_written_through),
		IN_PLACE(many_replace_at_once),
		IN_PLACE(a_symlink_is_replaced_and_not_followed),
		IN_PLACE(on_failure_the_old_file_stands),
		IN_PLACE(copies_files),
		IN_PLACE(a_copy_that_fails_leaves_nothing),
		IN_PLACE(makes_directories),
		IN_PLACE(makes_directories_by_absolute_path),
		IN_PLACE(removes_files_and_trees),
		IN_PLACE(removes_links_and_not_what_they_name),
		IN_PLACE(removes_a_deep_tree),
		IN_PLACE(syncs_the_parent),
		IN_PLACE(a_dangling_link_exists),
		IN_PLACE(lists_in_byte_order),
		IN_PLACE(lists_until_told_to_stop),
		IN_PLACE(lists_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
