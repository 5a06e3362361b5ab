/* Starts QEMU: the command line of every machine, and the descriptors that lead into it. */
#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/text.h"
#include "image.h"
#include "wire.h"

enum { ARGS_MAX = 96, ARG_TEXT_MAX = 1024 };

/* An argument vector with the storage of what was formatted for it. */
struct args {
	const char *argv[ARGS_MAX + 1];
	char text[ARGS_MAX][ARG_TEXT_MAX];
	size_t n;
};

static void add(struct args *a, const char *arg)
{
	if (a->n < ARGS_MAX)
		a->argv[a->n++] = arg;
}

#define ADD_FORMAT(a, ...)                                                                         \
	do {                                                                                       \
		(void)text_format((a)->text[(a)->n], ARG_TEXT_MAX, __VA_ARGS__);                   \
		add((a), (a)->text[(a)->n]);                                                       \
	} while (0)

/* A reboot ends QEMU: the daemon counts boots and starts the next. SMBIOS as on Azure: the vendor
 * makes systemd-detect-virt say "microsoft", the asset tag is how cloud-init and we know Azure. The
 * hypervisor bit would make the kernel look for KVM or Hyper-V. The processor is an old one, and
 * there is no SATA, since each feature more has the guest load modules: "-cpu max" boots a third
 * slower. One processor: a second costs the host a third more for the same work, and several
 * machines run at once. */
static const char *const fixed[] = {
	"-M",          "q35,sata=off,smbus=off,vmport=off",
	"-accel",      "tcg,tb-size=256",
	"-cpu",        "Nehalem,-hypervisor,+rdrand",
	"-smp",        "1",
	"-m",          "1024",
	"-nodefaults", "-no-user-config",
	"-display",    "none",
	"-no-reboot",  "-rtc",
	"base=utc",
};

static const char *const azure[] = {
	"-smbios",
	"type=1,manufacturer=Microsoft Corporation,product=Virtual Machine,"
	"version=Hyper-V UEFI Release v4.1",
	"-smbios",
	"type=3,manufacturer=Microsoft Corporation,"
	"asset=7783-7084-3265-9085-8269-3286-77",
};

static void add_disks(struct args *a)
{
	static const struct {
		const char *file, *options, *serial;
	} disks[] = {
		/* A cut kills QEMU, not the host: what the guest flushed is in the host's cache. */
		{ QEMU_DISK, "format=qcow2,cache=unsafe", "lab-root" },
		{ QEMU_CONFIG, "format=raw,readonly=on", "lab-config" },
		{ QEMU_AGENT, "format=raw,readonly=on", "lab-agent" },
		{ QEMU_BOOT, "format=raw,cache=unsafe", "lab-boot" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		add(a, "-drive");
		ADD_FORMAT(a, "file=%s,if=none,id=d%zu,%s", disks[i].file, i, disks[i].options);
		add(a, "-device");
		ADD_FORMAT(a, "virtio-blk-pci,drive=d%zu,serial=%s", i, disks[i].serial);
	}
}

static void add_network(struct args *a, const struct qemu_spec *spec)
{
	add(a, "-netdev");
	if (spec->tap >= 0)
		ADD_FORMAT(a, "tap,id=n0,fd=%d", spec->tap);
	else
		add(a, "hubport,id=n0,hubid=0");
	add(a, "-device");
	ADD_FORMAT(a, "virtio-net-pci,netdev=n0,romfile=,mac=%s",
		   spec->mac != NULL ? spec->mac : "02:00:0a:07:ff:fe");
}

/* The serial console to a file, the monitor and lab.host over socket pairs, the exec ports as
 * sockets. */
static void add_ports(struct args *a, const struct qemu *child)
{
	add(a, "-chardev");
	add(a, "file,id=console,append=on,path=" QEMU_CONSOLE);
	add(a, "-serial");
	add(a, "chardev:console");
	add(a, "-chardev");
	ADD_FORMAT(a, "socket,id=monitor,fd=%d", child->monitor);
	add(a, "-mon");
	add(a, "chardev=monitor,mode=control");
	add(a, "-device");
	add(a, "virtio-serial-pci");
	add(a, "-chardev");
	ADD_FORMAT(a, "socket,id=host,fd=%d", child->host);
	add(a, "-device");
	add(a, "virtserialport,chardev=host,name=lab.host");
	for (int i = 0; i < WIRE_EXEC_PORTS; i++) {
		add(a, "-chardev");
		ADD_FORMAT(a, "socket,id=exec%d,path=" QEMU_EXEC "%d,server=on,wait=off", i, i);
		add(a, "-device");
		ADD_FORMAT(a, "virtserialport,chardev=exec%d,name=lab.exec.%d", i, i);
	}
}

static void add_kernel(struct args *a, const struct qemu_spec *spec)
{
	char id[33];
	size_t n = 0;

	for (const char *p = spec->uuid; *p != '\0' && n < 32; p++)
		if (*p != '-')
			id[n++] = *p;
	id[n] = '\0';
	add(a, "-uuid");
	add(a, spec->uuid);
	add(a, "-kernel");
	ADD_FORMAT(a, "%s/" IMAGE_KERNEL, spec->boot);
	add(a, "-initrd");
	ADD_FORMAT(a, "%s/" IMAGE_INITRD, spec->boot);
	add(a, "-append");
	ADD_FORMAT(a,
		   "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off "
		   "tsc=reliable no_timer_check rcupdate.rcu_expedited=1 "
		   "random.trust_cpu=on systemd.machine_id=%s %s",
		   id, spec->parameters != NULL ? spec->parameters : "");
}

static void args_fill(struct args *a, const struct qemu_spec *spec, const struct qemu *child,
		      int snapshot)
{
	add(a, "qemu-system-x86_64");
	add(a, "-name");
	ADD_FORMAT(a, "ib-lab-%s", spec->name);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		add(a, fixed[i]);
	for (size_t i = 0; spec->azure && i < ARRAY_SIZE(azure); i++)
		add(a, azure[i]);
	add_kernel(a, spec);
	add_disks(a);
	add_network(a, spec);
	add_ports(a, child);
	if (snapshot >= 0) {
		add(a, "-incoming");
		ADD_FORMAT(a, "fd:%d", snapshot);
	}
	a->argv[a->n] = NULL;
}

static void keep(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, 0);
}

/* Between fork and exec. What goes wrong stands in qemu.log. */
static _Noreturn void child_exec(const struct qemu_spec *spec, const struct qemu *child,
				 int snapshot, pid_t parent)
{
	struct args a = { .n = 0 };
	sigset_t none;
	int log;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || chdir(spec->dir) < 0)
		_exit(126);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setsid();
	log = open("qemu.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	(void)dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	(void)dup2(log, STDOUT_FILENO);
	(void)dup2(log, STDERR_FILENO);
	keep(child->host);
	keep(child->monitor);
	keep(spec->tap);
	keep(snapshot);
	args_fill(&a, spec, child, snapshot);
	execvp(a.argv[0], (char *const *)a.argv);
	_exit(127);
}

static int pair(int *ours, int *theirs)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	*ours = ends[0];
	*theirs = ends[1];
	return 0;
}

/* QEMU may have ended: no signal for that. The lines are shorter than any socket's buffer. */
static int say(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EPIPE;
}

int qemu_say(const struct qemu *q, const char *line)
{
	return say(q->host, line);
}

/* Without it the monitor neither obeys nor tells of events. */
static const char capabilities[] = "{\"execute\":\"qmp_capabilities\"}\n";

int qemu_start(const struct qemu_spec *spec, struct qemu *ret, struct error *err)
{
	struct qemu q = { 0, -1, -1 }, child = { 0, -1, -1 };
	AUTO_FD int snapshot = -1;
	pid_t parent = getpid();
	char path[VM_PATH_MAX];

	(void)TEXT_FORMAT(path, "%s/" IMAGE_SNAPSHOT, spec->image);
	if (spec->resume)
		snapshot = open(path, O_RDONLY | O_CLOEXEC);
	if (spec->resume && snapshot < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot open %s", path);
	if (pair(&q.host, &child.host) < 0 || pair(&q.monitor, &child.monitor) < 0) {
		qemu_close(&q);
		qemu_close(&child);
		return error_set(err, FAULT_INTERNAL, errno, "cannot make a socket pair");
	}
	q.pid = fork();
	if (q.pid == 0)
		child_exec(spec, &child, snapshot, parent);
	qemu_close(&child);
	if (q.pid < 0 || say(q.monitor, capabilities) < 0) {
		qemu_close(&q);
		return error_set(err, FAULT_INTERNAL, errno, "cannot fork");
	}
	*ret = q;
	return 0;
}

void qemu_close(struct qemu *q)
{
	cleanup_fd(&q->host);
	cleanup_fd(&q->monitor);
	q->host = q->monitor = -1;
}

/* ---- talking to it ----------------------------------------------------------------------------
 */

/* Read up to a newline, byte by byte: the lines are few and short. As qemu_line. */
static int line_read(int fd, int timeout_ms, struct buf *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	buf_clear(ret);
	for (;;) {
		int n = poll(&p, 1, timeout_ms);

		if (n <= 0)
			return n < 0 && errno == EINTR ? 0 : n;
		if (read(fd, &c, 1) != 1)
			return -1;
		if (c == '\n')
			return 1;
		if (buf_add(ret, &c, 1) < 0)
			return -1;
	}
}

int qemu_line(const struct qemu *q, int timeout_ms, char *ret, size_t size)
{
	AUTO_BUF struct buf b = { 0 };
	int rc = line_read(q->host, timeout_ms, &b);

	if (rc > 0)
		(void)text_copy(ret, size, buf_text(&b));
	return rc;
}

int qemu_power_button(const struct qemu *q)
{
	static const char text[] = "{\"execute\":\"system_powerdown\"}\n";

	return say(q->monitor, text);
}

/* Source: QEMU's qapi/run-state.json, event SHUTDOWN with its ShutdownCause. */
bool qemu_was_reset(const struct qemu *q)
{
	AUTO_BUF struct buf line = { 0 };

	while (line_read(q->monitor, 0, &line) == 1)
		if (strstr(buf_text(&line), "\"guest-reset\"") != NULL)
			return true;
	return false;
}

/* Events and the greeting come in between; an answer has "return" or "error" first. */
int qemu_command(const struct qemu *q, const char *json, struct buf *answer, struct error *err)
{
	int rc = say(q->monitor, json);

	for (int i = 0; rc == 0 && i < 100; i++) {
		if (line_read(q->monitor, 10000, answer) <= 0)
			rc = -ETIMEDOUT;
		else if (text_starts(buf_text(answer), "{\"return\""))
			return 0;
		else if (text_starts(buf_text(answer), "{\"error\""))
			rc = -EPROTO;
	}
	return error_set(err, FAULT_INTERNAL, -rc, "QEMU does not do %s: %s", json,
			 buf_text(answer));
}
