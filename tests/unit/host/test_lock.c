/* tests/unit/host/test_lock.c - one holder, named, and gone with its process. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/lock.h"

static void names_its_holder(void **unused)
{
	struct world w;
	pid_t holder = -1;
	int fd;

	(void)unused;
	world_make(&w);
	assert_int_equal(lock_holder(w.fd, "lock"), 0); /* no file: nobody */
	fd = lock_take(w.fd, "lock", &holder);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(lock_holder(w.fd, "lock"), getpid());
	assert_int_equal(lock_take(w.fd, "lock", &holder), -EWOULDBLOCK);
	assert_int_equal(holder, getpid());
	assert_int_equal(lock_take(w.fd, "lock", NULL), -EWOULDBLOCK);
	close(fd);
	assert_int_equal(lock_holder(w.fd, "lock"), 0); /* the file still names us */
	fd = lock_take(w.fd, "lock", &holder);
	assert_true(fd >= 0);
	close(fd);
	world_drop(&w);
}

static void a_longer_name_of_before_leaves_nothing(void **unused)
{
	struct world w;
	int fd;

	(void)unused;
	world_make(&w);
	world_put(&w, "lock", "held by somebody of another version\n");
	fd = lock_take(w.fd, "lock", NULL);
	assert_true(fd >= 0);
	assert_int_equal(lock_holder(w.fd, "lock"), getpid());
	close(fd);
	world_drop(&w);
}

static void dies_with_its_holder(void **unused)
{
	struct world w;
	pid_t child;
	int fd, status = -1;

	(void)unused;
	world_make(&w);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(lock_take(w.fd, "lock", NULL) >= 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(lock_holder(w.fd, "lock"), 0);
	fd = lock_take(w.fd, "lock", NULL);
	assert_true(fd >= 0);
	close(fd);
	world_drop(&w);
}

static const struct {
	const char *name, *text;
} unsaid_rows[] = {
	{ "taken, and not written yet", "" },
	{ "not a number", "worker\n" },
	{ "a negative number would be a group", "-1\n" },
	{ "nought would be ourselves", "0\n" },
	{ "a holder of before, dead since", "2147483647\n" },
	{ "a number that is no pid", "99999999999\n" },
};

static void held_by_somebody_who_has_not_said_who(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(unsaid_rows); i++) {
		struct world w;
		pid_t holder = -1;
		int fd;

		world_make(&w);
		world_put(&w, "lock", unsaid_rows[i].text);
		fd = openat(w.fd, "lock", O_RDWR | O_CLOEXEC);
		assert_int_equal(flock(fd, LOCK_EX), 0);
		if (lock_holder(w.fd, "lock") != -EWOULDBLOCK ||
		    lock_take(w.fd, "lock", &holder) != -EWOULDBLOCK || holder != 0)
			fail_msg("lock_holder: %s: %d", unsaid_rows[i].name, (int)holder);
		close(fd);
		world_drop(&w);
	}
}

static void follows_no_symlink(void **unused)
{
	struct world w;

	(void)unused;
	world_make(&w);
	world_put(&w, "precious", "text");
	world_put_link(&w, "lock", "precious");
	assert_int_equal(lock_take(w.fd, "lock", NULL), -ELOOP);
	assert_int_equal(lock_holder(w.fd, "lock"), -ELOOP);
	assert_int_equal(lock_take(w.fd, "none/lock", NULL), -ENOENT);
	world_drop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_its_holder),
		cmocka_unit_test(a_longer_name_of_before_leaves_nothing),
		cmocka_unit_test(dies_with_its_holder),
		cmocka_unit_test(held_by_somebody_who_has_not_said_who),
		cmocka_unit_test(follows_no_symlink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
