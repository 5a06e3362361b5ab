/* The daemon: opens the network and the services, then one loop over clients, VMs and signals until
 * it is told to stop. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/text.h"
#include "client.h"
#include "lab/arm/arm.h"
#include "lab/fabric/fabric.h"
#include "lab/mirror/mirror.h"
#include "lab/vm/cgroup.h"
#include "lab/vm/net.h"

enum {
	TICK_MS = 50, /* how often reports are looked at while somebody waits for one */
	REQUEST_MAX = 1 << 20,
	STOP_PATIENCE_MS = 10000,
};

/* ---- opening --------------------------------------------------------------------------------- */

static int open_signals(struct lab *lab, struct error *err)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGPIPE);
	/* Before any service starts a thread, so that all of them inherit the mask. */
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	lab->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return lab->signals < 0 ? error_set(err, FAULT_INTERNAL, errno, "no signalfd") : 0;
}

static int open_listener(struct lab *lab, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	(void)TEXT_COPY(addr.sun_path, lab->paths.socket);
	(void)unlink(addr.sun_path);
	lab->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (lab->listener < 0 || bind(lab->listener, (struct sockaddr *)&addr, sizeof addr) < 0 ||
	    chmod(addr.sun_path, 0600) < 0 || listen(lab->listener, 32) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot listen on %s: %s",
				 lab->paths.socket, strerror(errno));
	return 0;
}

/* In the lab's network namespace. */
static int start_services(void *ctx, struct error *err)
{
	struct lab *lab = ctx;
	char dir[VM_PATH_MAX + 16];
	struct fabric_options options = { .state_dir = dir, .log = &lab->log };

	(void)TEXT_FORMAT(dir, "%s/fabric", lab->paths.state);
	if (fabric_start(&options, &lab->fabric, err) < 0)
		return -1;
	return mirror_start(&lab->env, VM_GATEWAY, 8000, &lab->mirror, err);
}

/* The Resource Manager's threads ask as any client does: what changes the lab happens in the loop.
 */
static int ask_lab(void *ctx, const char *verb, json_t *args, json_t **answer, struct error *err)
{
	const struct lab *lab = ctx;
	struct client_request q = { .verb = verb, .args = args };

	return client_call(&lab->paths, &q, answer, err) == LAB_OK ? 0 : -1;
}

static bool is_for_storage(void *arm, const char *token)
{
	return arm_token_check(arm, token, "https://storage.azure.com") == 0;
}

/* On the host's own loopback: az runs there. */
static int start_arm(struct lab *lab, struct error *err)
{
	struct arm_options options = { .state = lab->paths.state,
				       .fabric = lab->fabric,
				       .log = &lab->log,
				       .port = lab->arm_port,
				       .page = lab->page,
				       .ask = ask_lab,
				       .ask_ctx = lab };

	if (lab->arm_port == 0)
		return 0;
	if (arm_start(&options, &lab->arm, err) < 0)
		return -1;
	mirror_set_guard(lab->mirror, is_for_storage, lab->arm);
	return 0;
}

static int lab_open(struct lab *lab, struct error *err)
{
	if (open_signals(lab, err) < 0)
		return -1;
	lab->env.netns = net_open_lab(err);
	if (lab->env.netns < 0 || net_within(lab->env.netns, start_services, lab, err) < 0)
		return -1;
	if (dist_scan(lab, err) < 0 || start_arm(lab, err) < 0 || open_listener(lab, err) < 0)
		return -1;
	return guests_resume(lab, err) < 0 ? -1 : page_make(lab, err);
}

/* ---- clients --------------------------------------------------------------------------------- */

static void conn_close(struct conn *c)
{
	cleanup_fd(&c->fd);
	buf_free(&c->in);
	*c = (struct conn) { .fd = -1 };
}

static void accept_one(struct lab *lab)
{
	int fd = accept4(lab->listener, NULL, NULL, SOCK_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < LAB_CONNS_MAX; i++)
		if (lab->conns[i].fd < 0) {
			lab->conns[i] = (struct conn) { .fd = fd, .in = { .max = REQUEST_MAX } };
			return;
		}
	cleanup_fd(&fd);
}

static void conn_read(struct lab *lab, struct conn *c)
{
	char data[16 << 10];
	ssize_t len = recv(c->fd, data, sizeof data, MSG_DONTWAIT);
	char *end;

	if (len <= 0 || buf_add(&c->in, data, (size_t)len) < 0) {
		conn_close(c);
		return;
	}
	while (c->in.len > 0 && (end = memchr(c->in.data, '\n', c->in.len)) != NULL) {
		size_t line = (size_t)(end - c->in.data);

		control_request(lab, c, c->in.data, line);
		memmove(c->in.data, end + 1, c->in.len - line - 1);
		c->in.len -= line + 1;
	}
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void reap(struct lab *lab)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		guest_on_exit(lab, pid);
}

static void read_signals(struct lab *lab)
{
	struct signalfd_siginfo info;

	while (read(lab->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT ||
		    info.ssi_signo == SIGHUP)
			lab->stopping = true;
	reap(lab);
}

static int poll_timeout(const struct lab *lab)
{
	int ms = 1000;

	for (size_t i = 0; i < LAB_CONNS_MAX; i++)
		if (lab->conns[i].fd >= 0 && lab->conns[i].wait.kind == WAIT_EXTENSION)
			ms = TICK_MS;
	return ms;
}

/* What each polled descriptor belongs to. */
struct polled {
	struct pollfd fds[2 + LAB_CONNS_MAX + LAB_GUESTS_MAX];
	void *who[2 + LAB_CONNS_MAX + LAB_GUESTS_MAX];
	nfds_t count, conns, guests; /* where these begin */
};

static void polled_add(struct polled *p, int fd, void *who)
{
	p->fds[p->count] = (struct pollfd) { .fd = fd, .events = POLLIN };
	p->who[p->count++] = who;
}

static void polled_fill(struct polled *p, struct lab *lab)
{
	p->count = 0;
	polled_add(p, lab->signals, lab);
	polled_add(p, lab->listener, lab);
	p->conns = p->count;
	for (size_t i = 0; i < LAB_CONNS_MAX; i++)
		if (lab->conns[i].fd >= 0)
			polled_add(p, lab->conns[i].fd, &lab->conns[i]);
	p->guests = p->count;
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL && lab->guests[i]->vm.state == VM_STARTING &&
		    lab->guests[i]->vm.ready_fd >= 0)
			polled_add(p, lab->guests[i]->vm.ready_fd, lab->guests[i]);
}

/* Guests before signals and clients: those may free a guest. */
static void turn(struct lab *lab, struct polled *p)
{
	polled_fill(p, lab);
	if (poll(p->fds, p->count, poll_timeout(lab)) < 0 && errno != EINTR)
		abort();
	for (nfds_t i = p->guests; i < p->count; i++)
		if (p->fds[i].revents != 0)
			guest_on_ready(lab, p->who[i]);
	if (p->fds[0].revents != 0)
		read_signals(lab);
	for (nfds_t i = p->conns; i < p->guests; i++)
		if (p->fds[i].revents != 0)
			conn_read(lab, p->who[i]);
	if (p->fds[1].revents != 0)
		accept_one(lab);
	guest_on_time(lab);
	waits_check(lab);
}

/* ---- the end -----------------------------------------------------------------------------------
 */

static bool has_guests(const struct lab *lab)
{
	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL)
			return true;
	return false;
}

static void lab_close(struct lab *lab)
{
	int64_t end = lab_now_ms() + STOP_PATIENCE_MS;

	for (size_t i = 0; i < LAB_GUESTS_MAX; i++)
		if (lab->guests[i] != NULL)
			guest_cut(lab, lab->guests[i], THEN_FORGET);
	while (has_guests(lab) && lab_now_ms() < end) {
		struct pollfd p = { .fd = lab->signals, .events = POLLIN };

		(void)poll(&p, 1, 100);
		read_signals(lab);
	}
	/* First those who ask, of whom the Resource Manager's threads may be some. */
	cleanup_fd(&lab->listener);
	for (size_t i = 0; i < LAB_CONNS_MAX; i++)
		if (lab->conns[i].fd >= 0)
			conn_close(&lab->conns[i]);
	arm_stop(lab->arm);
	mirror_stop(lab->mirror);
	fabric_stop(lab->fabric);
	lab_sweep(lab);
	cleanup_fd(&lab->signals);
	cleanup_fd(&lab->env.netns);
}

int server_run(struct lab *lab, int tell)
{
	AUTO_FREE struct polled *p = calloc(1, sizeof *p);
	struct error err = { 0 };

	if (p == NULL || lab_open(lab, &err) < 0) {
		LOG(&lab->log, ERROR, "lab.up", "%s", err.what);
		if (tell >= 0)
			dprintf(tell, "%s\n", err.what);
		lab_close(lab);
		return LAB_FAILED;
	}
	LOG(&lab->log, INFO, "lab.up", "the lab is up, control socket %s", lab->paths.socket);
	if (tell >= 0) {
		dprintf(tell, "ok\n");
		(void)close(tell);
	}
	while (!lab->stopping)
		turn(lab, p);
	LOG(&lab->log, INFO, "lab.down", "the lab goes down");
	lab->resume = false;
	lab_close(lab);
	return LAB_OK;
}
