/* lab/vm/exec.c against a guest that this test plays: what a command answers, and what may go wrong
 * on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/machine.h"
#include "lab/vm/wire.h"

#define BOOT  "11111111-2222-3333-4444-555555555555"
#define BOOT2 "99999999-2222-3333-4444-555555555555"

struct frame {
	struct wire_frame head;
	char payload[WIRE_FRAME_MAX];
};

static void read_exactly(int fd, void *into, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)into + at, len - at);

		if (n <= 0)
			_exit(90);
		at += (size_t)n;
	}
}

static void frame_get(int fd, struct frame *f)
{
	read_exactly(fd, &f->head, sizeof f->head);
	if (f->head.mark != WIRE_MARK || f->head.size > WIRE_FRAME_MAX)
		_exit(91);
	read_exactly(fd, f->payload, f->head.size);
}

static void frame_put(int fd, uint32_t command, uint32_t type, const void *data, size_t len)
{
	struct wire_frame f = { WIRE_MARK, command, type, (uint32_t)len };

	(void)!write(fd, &f, sizeof f);
	(void)!write(fd, data, len);
}

static void put_exit(int fd, uint32_t command, int32_t status)
{
	frame_put(fd, command, WIRE_EXIT, &status, sizeof status);
}

/* Answer the ping; take the command. */
static uint32_t begin(int fd)
{
	struct frame f;

	frame_get(fd, &f);
	if (f.head.type != WIRE_PING)
		_exit(92);
	frame_put(fd, f.head.command, WIRE_PONG, BOOT, 36);
	frame_get(fd, &f);
	if (f.head.type != WIRE_START || f.head.size != sizeof(struct wire_start) + 8 ||
	    memcmp(f.payload + sizeof(struct wire_start), "echo\0hi", 7) != 0)
		_exit(93);
	return f.head.command;
}

static void plain(int fd)
{
	uint32_t command = begin(fd);

	frame_put(fd, command, WIRE_OUTPUT, "out", 3);
	frame_put(fd, command, WIRE_ERROR, "err", 3);
	put_exit(fd, command, 7);
}

static void after_rubbish(int fd)
{
	uint32_t command = begin(fd);

	(void)!write(fd, "half a frame", 12);
	frame_put(fd, command + 1, WIRE_OUTPUT, "of another", 10);
	put_exit(fd, command + 1, 1);
	frame_put(fd, command, WIRE_OUTPUT, "out", 3);
	frame_put(fd, command, WIRE_ERROR, "err", 3);
	put_exit(fd, command, 0);
}

static void restarted(int fd)
{
	frame_put(fd, begin(fd), WIRE_PONG, BOOT2, 36);
}

static void gone(int fd)
{
	(void)begin(fd);
}

/* Much in each direction at once must not stop either. Counts what came before the end of input. */
static void echo_all(int fd)
{
	uint32_t command = begin(fd);
	static struct frame f;
	int32_t total = 0;

	do {
		frame_get(fd, &f);
		total += (int32_t)f.head.size;
		for (int i = 0; f.head.size > 0 && i < 4; i++)
			frame_put(fd, command, WIRE_OUTPUT, f.payload, f.head.size);
	} while (f.head.type != WIRE_INPUT || f.head.size > 0);
	frame_put(fd, command, WIRE_ERROR, "err", 3);
	put_exit(fd, command, total == 300000 ? 0 : 99);
}

static const struct {
	const char *name;
	void (*guest)(int fd);
	int status;
	long out; /* bytes; -1: not compared */
	const char *what;
	size_t input;
} rows[] = {
	{ "status, output and errors keep apart", plain, 7, 3, NULL, 0 },
	{ "what another command left in the port is skipped", after_rubbish, 0, 3, NULL, 0 },
	{ "a restart is no exit", restarted, -1, -1, "restarted", 0 },
	{ "nor is the end of the machine", gone, -1, -1, "ended", 0 },
	{ "all of the input, and output meanwhile", echo_all, 0, 1200000, NULL, 300000 },
};

static pid_t guest_start(const char *dir, void (*guest)(int fd))
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	(void)TEXT_FORMAT(to.sun_path, "%s/exec.0", dir);
	(void)unlink(to.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	if (pid == 0) {
		guest(accept(fd, NULL, NULL));
		_exit(0);
	}
	(void)close(fd);
	return pid;
}

/* Run the client in a child with stdin, stdout and stderr in files; its error follows on stderr. */
static int client_run(const char *dir, size_t input)
{
	char *const argv[] = { (char[]) { "echo" }, (char[]) { "hi" }, NULL };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct error err = { 0 };
		int rc;

		assert_int_equal(chdir(dir), 0);
		assert_int_equal(truncate("in", (off_t)input), 0);
		(void)dup2(open("in", O_RDONLY), STDIN_FILENO);
		(void)dup2(open("out", O_RDWR | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
		(void)dup2(open("err", O_RDWR | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
		rc = machine_exec(dir, argv, &err);
		(void)!write(STDERR_FILENO, err.what, strlen(err.what));
		_exit(rc < 0 ? 255 : rc);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static void read_in(const char *dir, const char *name, struct buf *ret)
{
	AUTO_FD int fd = open(dir, O_RDONLY | O_DIRECTORY);

	assert_int_equal(fs_read(fd, name, 4 << 20, ret), 0);
}

static void runs_commands(void **unused)
{
	char dir[] = "/tmp/test-exec-XXXXXX", in[64];

	(void)unused;
	assert_non_null(mkdtemp(dir));
	(void)TEXT_FORMAT(in, "%s/in", dir);
	assert_int_equal(fs_replace(AT_FDCWD, in, "", 0, 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf out = { 0 }, err = { 0 };
		pid_t guest = guest_start(dir, rows[i].guest);
		int rc = client_run(dir, rows[i].input), status;

		assert_int_equal(waitpid(guest, &status, 0), guest);
		read_in(dir, "out", &out);
		read_in(dir, "err", &err);
		if (rc != rows[i].status || status != 0 ||
		    (rows[i].out >= 0 && out.len != (size_t)rows[i].out) ||
		    strstr(buf_text(&err), rows[i].what != NULL ? rows[i].what : "err") == NULL)
			fail_msg("%s: status %d, guest %x, %zu bytes, \"%s\"", rows[i].name, rc,
				 status, out.len, buf_text(&err));
	}
	assert_int_equal(fs_remove(AT_FDCWD, dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(runs_commands) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
