/* The client's side of a command in a machine: frames over one of the exec ports (wire.h). */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include "base/fs.h"
#include "base/text.h"
#include "qemu.h"
#include "wire.h"

enum { PING_MS = 5000 };

struct session {
	int port;
	uint32_t command;
	bool terminal;
	bool input_open;
	char boot[37]; /* the guest's boot id at the start */
	char out[sizeof(struct wire_frame) +
		 WIRE_FRAME_MAX]; /* a frame that the port has not taken yet */
	size_t out_at, out_len;
	char in[sizeof(struct wire_frame) + WIRE_FRAME_MAX];
	size_t in_len;
	int status; /* -1 until the command has ended */
};

/* ---- frames ------------------------------------------------------------------------------------
 */

static void frame_queue(struct session *s, uint32_t type, const void *payload, size_t size)
{
	struct wire_frame f = { WIRE_MARK, s->command, type, (uint32_t)size };

	memcpy(s->out, &f, sizeof f);
	if (size > 0)
		memcpy(s->out + sizeof f, payload, size);
	s->out_at = 0;
	s->out_len = sizeof f + size;
}

/* Write what the port takes. Returns 0, or -errno when the machine has gone. */
static int frame_flush(struct session *s)
{
	while (s->out_len > 0) {
		ssize_t n = send(s->port, s->out + s->out_at, s->out_len,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -errno;
		s->out_at += (size_t)n;
		s->out_len -= (size_t)n;
	}
	return 0;
}

/* One frame of ours. Returns 0, or -1 with *err set. */
static int frame_take(struct session *s, const struct wire_frame *f, const char *payload,
		      struct error *err)
{
	int32_t status;

	switch (f->type) {
	case WIRE_OUTPUT:
	case WIRE_ERROR: /* a reader that went away does not stop the command */
		(void)!fs_write_all(f->type == WIRE_OUTPUT ? STDOUT_FILENO : STDERR_FILENO, payload,
				    f->size);
		break;
	case WIRE_EXIT:
		memcpy(&status, payload, sizeof status);
		s->status = status;
		break;
	case WIRE_PONG:
		if (s->boot[0] == '\0')
			(void)text_format(s->boot, sizeof s->boot, "%.*s", (int)f->size, payload);
		else if (strncmp(s->boot, payload, f->size) != 0)
			return error_set(err, FAULT_INTERNAL, ECONNRESET,
					 "the machine restarted while the command ran");
		break;
	default:
		break;
	}
	return 0;
}

/* Take all whole frames out of s->in; what belongs to other commands, or is cut off, is skipped. */
static int frames_take(struct session *s, struct error *err)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && s->in_len - at >= sizeof(struct wire_frame)) {
		struct wire_frame f;

		memcpy(&f, s->in + at, sizeof f);
		if (f.mark != WIRE_MARK || f.size > WIRE_FRAME_MAX) {
			at++;
			continue;
		}
		if (s->in_len - at < sizeof f + f.size)
			break;
		if (f.command == s->command)
			rc = frame_take(s, &f, s->in + at + sizeof f, err);
		at += sizeof f + f.size;
	}
	memmove(s->in, s->in + at, s->in_len - at);
	s->in_len -= at;
	return rc;
}

static int port_read(struct session *s, struct error *err)
{
	ssize_t n = recv(s->port, s->in + s->in_len, sizeof s->in - s->in_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return error_set(err, FAULT_INTERNAL, ECONNRESET, "the machine has ended");
	s->in_len += (size_t)n;
	return frames_take(s, err);
}

static void input_read(struct session *s)
{
	char data[WIRE_FRAME_MAX];
	ssize_t n = read(STDIN_FILENO, data, sizeof data);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		s->input_open = false;
	frame_queue(s, WIRE_INPUT, data, n > 0 ? (size_t)n : 0);
}

/* Move whatever can be moved. Returns 0, or -1 with *err set. */
static int session_step(struct session *s, struct error *err)
{
	bool idle = s->out_len == 0;
	struct pollfd p[] = {
		{ s->port, (short)(POLLIN | (idle ? 0 : POLLOUT)), 0 },
		{ idle && s->input_open && s->boot[0] != '\0' ? STDIN_FILENO : -1, POLLIN, 0 },
	};
	int n = poll(p, ARRAY_SIZE(p), PING_MS);
	int rc;

	if (n == 0 && idle)
		frame_queue(s, WIRE_PING, NULL, 0);
	if (n > 0 && p[1].revents)
		input_read(s);
	rc = frame_flush(s);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "the machine has ended");
	return n > 0 && p[0].revents ? port_read(s, err) : 0;
}

/* ---- opening -----------------------------------------------------------------------------------
 */

/* Connect to a socket in a directory whose path may be longer than sun_path. */
static int connect_in(int dir, int port)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)TEXT_FORMAT(to.sun_path, "/proc/self/fd/%d/" QEMU_EXEC "%d", dir, port);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* A port that no other client uses, or else the last of them, waited for. Returns the lock. */
static int port_lock(int dir, int *ret_port)
{
	for (int port = 0;; port++) {
		bool last = port == WIRE_EXEC_PORTS - 1;
		char name[32];
		int fd;

		(void)TEXT_FORMAT(name, QEMU_EXEC "%d.lock", port);
		fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0 && flock(fd, LOCK_EX | (last ? 0 : LOCK_NB)) == 0) {
			*ret_port = port;
			return fd;
		}
		if (fd >= 0)
			(void)close(fd);
		if (last)
			return -1;
	}
}

static void start_queue(struct session *s, char *const argv[])
{
	static const char *const login[] = { "bash", "-l", NULL };
	const char *const *arg = argv[0] != NULL ? (const char *const *)argv : login;
	struct wire_start start = { .terminal = s->terminal };
	struct winsize size = { 0 };
	char payload[WIRE_FRAME_MAX];
	size_t len = sizeof start;

	if (s->terminal && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		start.size = (struct wire_size) { size.ws_row, size.ws_col };
	memcpy(payload, &start, sizeof start);
	for (; *arg != NULL; arg++) {
		size_t n = strlen(*arg) + 1;

		if (len + n > sizeof payload)
			break;
		memcpy(payload + len, *arg, n);
		len += n;
	}
	frame_queue(s, WIRE_START, payload, len);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

/* The guest answers a ping once it is up; then the command. */
static int session_run(struct session *s, char *const argv[], struct error *err)
{
	frame_queue(s, WIRE_PING, NULL, 0);
	while (s->boot[0] == '\0' || s->out_len > 0)
		if (session_step(s, err) < 0)
			return -1;
	start_queue(s, argv);
	while (s->status < 0)
		if (session_step(s, err) < 0)
			return -1;
	return s->status;
}

static bool terminal_raw(struct termios *ret_old)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, ret_old) < 0)
		return false;
	raw = *ret_old;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

int machine_exec(const char *path, char *const argv[], struct error *err)
{
	AUTO_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int lock = -1;
	AUTO_FD int port = -1;
	AUTO_FREE struct session *s = calloc(1, sizeof *s);
	struct termios old;
	int number = 0, status;

	if (dir < 0 || s == NULL)
		return error_set(err, FAULT_INTERNAL, errno, "cannot open %s", path);
	lock = port_lock(dir, &number);
	port = lock < 0 ? -1 : connect_in(dir, number);
	if (port < 0)
		return error_set(err, FAULT_INTERNAL, errno, "the machine is not running");
	s->port = port;
	s->status = -1;
	s->input_open = true;
	(void)!getrandom(&s->command, sizeof s->command, 0);
	s->terminal = argv[0] == NULL && terminal_raw(&old);
	status = session_run(s, argv, err);
	if (s->terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &old);
	return status;
}
