/* tests/unit/act/test_holder.c - who holds a lock of a package manager: real locks, real processes.
 */
#include "machine.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/packages/holder.h"
#include "base/fs.h"

static struct machine m;

static int make(void **unused)
{
	(void)unused;
	machine_make(&m);
	machine_put(&m, "run/lock", "");
	assert_int_equal(fs_remove(m.host.root, "proc"), 0);
	return symlinkat("/proc", m.host.root, "proc");
}

static int drop(void **unused)
{
	(void)unused;
	(void)unlinkat(m.host.root, "proc", 0);
	machine_drop(&m);
	return 0;
}

enum how { SLEEPS, TAKES_FCNTL, TAKES_FLOCK };

/* A process that does so and waits to be killed; ready when this returns. */
static pid_t start(enum how how, const char *name)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = openat(m.host.root, "run/lock", O_RDWR);

		(void)prctl(PR_SET_NAME, name);
		if (how == TAKES_FCNTL)
			(void)fcntl(fd, F_SETLK, &lock);
		if (how == TAKES_FLOCK)
			(void)flock(fd, LOCK_EX);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

static void stop(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void finds_those_who_lock(void **unused)
{
	static const enum how ways[] = { TAKES_FCNTL, TAKES_FLOCK };

	(void)unused;
	assert_int_equal(package_holder(&m.host, "run/none"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		pid_t pid = start(ways[i], "locker");

		assert_int_equal(package_holder(&m.host, "run/lock"), pid);
		stop(pid);
		assert_int_equal(package_holder(&m.host, "run/lock"), 0);
	}
}

/* The file names the process; it was written `age_s` ago. */
static void put(pid_t pid, time_t age_s)
{
	struct timespec times[2] = { { .tv_sec = time(NULL) - age_s },
				     { .tv_sec = time(NULL) - age_s } };
	char text[24];

	TEXT_FORMAT(text, "%d\n", (int)pid);
	machine_put(&m, "run/x.pid", text);
	assert_int_equal(utimensat(m.host.root, "run/x.pid", times, 0), 0);
}

static void finds_those_who_are_named(void **unused)
{
	pid_t pid = start(SLEEPS, "other");

	(void)unused;
	put(pid, 0);
	assert_int_equal(package_holder(&m.host, "run/x.pid"), pid);
	stop(pid);
	assert_int_equal(package_holder(&m.host, "run/x.pid"), 0);
	assert_true(machine_has(&m, "run/x.pid"));
}

/* Of a time before the process was started: it is another that has got the number. */
static void sees_through_a_number_that_went_to_another(void **unused)
{
	pid_t other = start(SLEEPS, "other"), dnf = start(SLEEPS, "dnf");

	(void)unused;
	put(dnf, 86400);
	assert_int_equal(package_holder(&m.host, "run/x.pid"), dnf);
	put(other, 86400);
	assert_int_equal(package_holder(&m.host, "run/x.pid"), 0);
	assert_false(machine_has(&m, "run/x.pid"));
	stop(other);
	stop(dnf);
}

static void reads_no_nonsense(void **unused)
{
	static const char *const texts[] = { "", "\n", "x", "-1", "0", "99999999999999999999" };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		machine_put(&m, "run/x.pid", texts[i]);
		assert_int_equal(package_holder(&m.host, "run/x.pid"), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_those_who_lock),
		cmocka_unit_test(finds_those_who_are_named),
		cmocka_unit_test(sees_through_a_number_that_went_to_another),
		cmocka_unit_test(reads_no_nonsense),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
