/* lab-guest: makes the machine what the config disk says, then serves the host. */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../wire.h"

/* Tell systemd that what waits for us may start (sd_notify(3)). */
static void notify_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (path != NULL && fd >= 0) {
		size_t len = strnlen(path, sizeof to.sun_path - 1);

		memcpy(to.sun_path, path, len);
		if (to.sun_path[0] == '@')
			to.sun_path[0] = '\0';
		(void)sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	}
	if (fd >= 0)
		(void)close(fd);
}

static void say(int host, const char *word)
{
	char line[32];
	int len = snprintf(line, sizeof line, "%s\n", word);

	if (write(host, line, (size_t)len) != len)
		complain("the host does not listen: %s", strerror(errno));
}

static void start_servers(void)
{
	for (int port = 0; port < WIRE_EXEC_PORTS; port++) {
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_port(port);
		}
	}
}

/* Is systemd busy with nothing but us and what waits for us? */
static bool quiet(void)
{
	FILE *jobs = NULL;
	char line[256];
	int running = 0, ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		execlp("systemctl", "systemctl", "list-jobs", "--no-legend", "--no-pager",
		       (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	jobs = fdopen(ends[0], "r");
	while (jobs != NULL && fgets(line, sizeof line, jobs) != NULL)
		running += strstr(line, " running") != NULL;
	if (jobs != NULL)
		(void)fclose(jobs);
	return running == 1;
}

/* A snapshot is made while we are here; whoever restores it has written another mode before. */
static void park(struct config *c, int host)
{
	const char *const warm[] = { "waagent", "-version", NULL };

	for (int calm = 0; calm < 3; calm = quiet() ? calm + 1 : 0)
		(void)usleep(300000);
	(void)run_wait(warm); /* Python and the agent into the page cache */
	sync();
	say(host, "parked");
	while (strcmp(c->mode, "park") == 0) {
		(void)usleep(20000);
		config_free(c);
		config_read(c);
	}
}

/* Serve the port lab.host: each line is "apply". A read of nothing means that the host is away. */
static _Noreturn void obey(int host)
{
	char line[64];

	for (;;) {
		ssize_t n = read(host, line, sizeof line);
		struct config c = { 0 };

		if (n <= 0) {
			(void)usleep(50000);
			continue;
		}
		config_read(&c);
		adapter_apply(&c);
		config_free(&c);
		say(host, "applied");
	}
}

int main(void)
{
	struct config c = { 0 };
	int host = port_open("lab.host");

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	config_read(&c);
	if (strcmp(c.mode, "park") == 0)
		park(&c, host);
	system_prepare(&c);
	network_apply(&c);
	adapter_apply(&c);
	config_free(&c);
	start_servers();
	notify_ready();
	say(host, "ready");
	obey(host);
}
