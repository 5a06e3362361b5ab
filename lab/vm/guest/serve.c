/* Runs the commands that come over one port, one at a time. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../wire.h"

struct server {
	int port;
	uint32_t command; /* of the host's numbers; meaningless while pid is 0 */
	pid_t pid;
	int pidfd, in, out, err;      /* -1: closed; on a terminal in == out */
	char pending[WIRE_FRAME_MAX]; /* for the command's stdin */
	size_t pending_at, pending_len;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static bool read_all(int fd, void *into, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)into + at, len - at);

		if (n <= 0 && errno != EINTR)
			return false;
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* Read one frame. Returns false when the host has gone away. */
static bool frame_read(int fd, struct wire_frame *ret, char payload[static WIRE_FRAME_MAX])
{
	errno = 0;
	if (!read_all(fd, ret, sizeof *ret))
		return false;
	while (ret->mark != WIRE_MARK || ret->size > WIRE_FRAME_MAX) { /* skip what was cut off */
		memmove(ret, (char *)ret + 1, sizeof *ret - 1);
		if (!read_all(fd, (char *)ret + sizeof *ret - 1, 1))
			return false;
	}
	return read_all(fd, payload, ret->size);
}

static void frame_write(const struct server *s, uint32_t type, const void *payload, size_t size)
{
	char frame[sizeof(struct wire_frame) + WIRE_FRAME_MAX];
	struct wire_frame f = { WIRE_MARK, s->command, type, (uint32_t)size };

	memcpy(frame, &f, sizeof f);
	memcpy(frame + sizeof f, payload, size);
	for (size_t at = 0; at < sizeof f + size;) {
		ssize_t n = write(s->port, frame + at, sizeof f + size - at);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		at += n > 0 ? (size_t)n : 0;
	}
}

static _Noreturn void command_exec(char *argv[])
{
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root",
		"USER=root",
		"LOGNAME=root",
		"SHELL=/bin/bash",
		"LANG=C.UTF-8",
		"TERM=linux",
		NULL
	};

	(void)signal(SIGPIPE, SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, 0);
	if (chdir("/root") < 0)
		(void)!chdir("/");
	environ = (char **)environment;
	execvp(argv[0], argv);
	complain("%s: %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static bool start_on_terminal(struct server *s, const struct wire_start *start, char *argv[])
{
	struct winsize size = { .ws_row = start->size.rows, .ws_col = start->size.columns };
	int fd = -1;

	s->pid = forkpty(&fd, NULL, NULL, &size);
	if (s->pid == 0)
		command_exec(argv);
	if (s->pid < 0)
		return false;
	s->in = fd;
	s->out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return true;
}

static bool start_on_pipes(struct server *s, char *argv[])
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return false;
	s->pid = fork();
	if (s->pid == 0) {
		(void)setsid();
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(err[1], STDERR_FILENO);
		command_exec(argv);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(err[1]);
	s->in = in[1];
	s->out = out[0];
	s->err = err[0];
	return s->pid > 0;
}

/* The payload: struct wire_start, then strings. */
static void command_start(struct server *s, char *payload, size_t size)
{
	struct wire_start start;
	char *argv[256];
	size_t n = 0;
	bool ok;

	memcpy(&start, payload, sizeof start);
	for (size_t at = sizeof start; at < size && n < 255; at += strlen(payload + at) + 1)
		argv[n++] = payload + at;
	argv[n] = NULL;
	ok = start.terminal ? start_on_terminal(s, &start, argv) : start_on_pipes(s, argv);
	if (!ok) {
		complain("a command was not started: %s", strerror(errno));
		s->pid = 0;
		return;
	}
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	(void)fcntl(s->in, F_SETFL, O_NONBLOCK);
	(void)fcntl(s->out, F_SETFL, O_NONBLOCK);
	if (s->err >= 0)
		(void)fcntl(s->err, F_SETFL, O_NONBLOCK);
}

static void command_forget(struct server *s)
{
	close_fd(&s->in);
	close_fd(&s->out);
	close_fd(&s->err);
	close_fd(&s->pidfd);
	s->pid = 0;
	s->pending_len = 0;
}

static void command_kill(struct server *s)
{
	if (s->pid == 0)
		return;
	(void)kill(-s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	command_forget(s);
}

/* Pass on what can be read now. Returns whether there was any. */
static bool output_pass(struct server *s, int *fd, uint32_t type)
{
	char data[WIRE_FRAME_MAX];
	ssize_t n;

	if (*fd < 0)
		return false;
	n = read(*fd, data, sizeof data);
	if (n > 0)
		frame_write(s, type, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(fd);
	return n > 0;
}

/* The command has ended: what it left in the pipes, then its status. Processes that it left behind
 * may hold the pipes open; they are not waited for. */
static void command_ended(struct server *s)
{
	int status = 0;
	int32_t code;

	while (output_pass(s, &s->out, WIRE_OUTPUT))
		;
	while (output_pass(s, &s->err, WIRE_ERROR))
		;
	(void)waitpid(s->pid, &status, 0);
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	frame_write(s, WIRE_EXIT, &code, sizeof code);
	command_forget(s);
}

static void input_pass(struct server *s)
{
	while (s->pending_len > 0) {
		ssize_t n = write(s->in, s->pending + s->pending_at, s->pending_len);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) { /* the command does not read any more */
			close_fd(&s->in);
			s->pending_len = 0;
			return;
		}
		s->pending_at += (size_t)n;
		s->pending_len -= (size_t)n;
	}
}

static void input_take(struct server *s, const char *payload, size_t size)
{
	if (s->in < 0)
		return;
	if (size == 0) {
		close_fd(&s->in);
		return;
	}
	memcpy(s->pending, payload, size);
	s->pending_at = 0;
	s->pending_len = size;
	input_pass(s);
}

static void resize(const struct server *s, const char *payload)
{
	struct wire_size size;

	memcpy(&size, payload, sizeof size);
	(void)ioctl(s->in, TIOCSWINSZ,
		    &(struct winsize) { .ws_row = size.rows, .ws_col = size.columns });
}

static void pong(const struct server *s)
{
	char id[37] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!read(fd, id, 36);
		(void)close(fd);
	}
	frame_write(s, WIRE_PONG, id, 36);
}

static void frame_take(struct server *s)
{
	char payload[WIRE_FRAME_MAX + 1];
	struct wire_frame f;

	if (!frame_read(s->port, &f, payload)) {
		command_kill(s);
		return;
	}
	payload[f.size] = '\0';
	if (f.type == WIRE_START) {
		command_kill(s); /* of a host that went away unseen */
		s->command = f.command;
		command_start(s, payload, f.size);
	} else if (f.type == WIRE_PING) {
		s->command = s->pid == 0 ? f.command : s->command;
		pong(s);
	} else if (f.command == s->command && s->pid != 0) {
		if (f.type == WIRE_INPUT)
			input_take(s, payload, f.size);
		else if (f.type == WIRE_RESIZE)
			resize(s, payload);
	}
}

static void serve_once(struct server *s)
{
	struct pollfd p[] = {
		{ s->port, s->pending_len ? 0 : POLLIN, 0 },
		{ s->pending_len ? s->in : -1, POLLOUT, 0 },
		{ s->out, POLLIN, 0 },
		{ s->err, POLLIN, 0 },
		{ s->pid ? s->pidfd : -1, POLLIN, 0 },
	};

	if (poll(p, sizeof p / sizeof p[0], -1) < 0)
		return;
	if (p[2].revents)
		(void)output_pass(s, &s->out, WIRE_OUTPUT);
	if (p[3].revents)
		(void)output_pass(s, &s->err, WIRE_ERROR);
	if (p[1].revents)
		input_pass(s);
	if (p[0].revents & POLLHUP) { /* nobody is connected */
		command_kill(s);
		(void)usleep(20000);
	} else if (p[0].revents & POLLIN) {
		frame_take(s);
	}
	if (p[4].revents && s->pid)
		command_ended(s);
}

_Noreturn void serve_port(int port)
{
	struct server s = { .pidfd = -1, .in = -1, .out = -1, .err = -1 };
	char name[16];

	(void)snprintf(name, sizeof name, "lab.exec.%d", port);
	s.port = port_open(name);
	for (;;)
		serve_once(&s);
}
