/* The verbs about the lab itself: up, down, env, mirror. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"
#include "client.h"
#include "lab/arm/arm.h"
#include "lab/mirror/fault.h"
#include "lab/mirror/mirror.h"
#include "lab/mirror/tls.h"
#include "lab/mirror/vendor.h"
#include "lab/vm/distro.h"

enum { DOWN_PATIENCE_MS = 120000 }; /* as long as what VMs wrote takes to be removed */

/* Held by the daemon as long as it lives: after a SIGKILL it is free, whatever else is left.
 * Returns a descriptor, or -1 with *err set. */
static int take_lock(const struct lab *lab, struct error *err)
{
	char path[VM_PATH_MAX + 16];
	int fd, rc = fs_make_dirs(AT_FDCWD, lab->paths.state, 0711);

	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make %s: %s", lab->paths.state,
				 strerror(-rc));
	(void)TEXT_FORMAT(path, "%s/lock", lab->paths.state);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		rc = errno;
		cleanup_fd(&fd);
		return error_set(err, FAULT_INTERNAL, rc, "%s is held by another ib-lab: %s", path,
				 strerror(rc));
	}
	return fd;
}

static int prepare(struct lab *lab, struct error *err)
{
	struct vm_spec spec = { 0 };
	char root[VM_PATH_MAX];

	(void)TEXT_COPY(spec.image, distros[0].name);
	if (tls_prepare(&lab->env, err) < 0)
		return -1;
	if (vm_kind_cell.prepare(&lab->env, &spec, err) < 0 || root_find(&lab->env, root, err) < 0)
		return -1;
	return mirror_prepare(&lab->env, root, err);
}

/* The daemon's half of the fork; the lock's descriptor is open in it. */
__attribute__((noreturn)) static void become_daemon(struct lab *lab, int tell)
{
	char path[VM_PATH_MAX + 16];
	int fd;

	(void)TEXT_FORMAT(path, "%s/lab.log", lab->paths.state);
	(void)setsid();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	(void)close(fd);
	fd = open("/dev/null", O_RDONLY);
	(void)dup2(fd, STDIN_FILENO);
	(void)close(fd);
	if (chdir("/") < 0)
		_exit(LAB_FAILED);
	lab->log.nsinks = 0;
	(void)log_add_sink(&lab->log, log_sink_text, (void *)(intptr_t)STDERR_FILENO, LEVEL_DEBUG);
	_exit(server_run(lab, tell));
}

static int start_daemon(struct lab *lab)
{
	char said[600] = "";
	int fds[2];
	ssize_t len;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return LAB_FAILED;
	child = fork();
	if (child == 0)
		become_daemon(lab, fds[1]);
	(void)close(fds[1]);
	len = child > 0 ? read(fds[0], said, sizeof said - 1) : -1;
	(void)close(fds[0]);
	if (len > 0 && text_eq(said, "ok\n"))
		return LAB_OK;
	fprintf(stderr, "ib-lab: %s", len > 0 ? said : "the daemon ended at once; see lab.log\n");
	return LAB_FAILED;
}

static int choose_dist(struct lab *lab, const char *given)
{
	AUTO_FREE char *full = realpath(given != NULL ? given : "dist", NULL);

	if (full == NULL && given != NULL) {
		fprintf(stderr, "ib-lab: no directory %s\n", given);
		return LAB_USAGE;
	}
	(void)TEXT_COPY(lab->dist, full != NULL ? full : "/nonexistent");
	return LAB_OK;
}

static int choose_arm_port(struct lab *lab, const char *given)
{
	long port = 0;

	if (!given)
		port = ARM_USUAL_PORT;
	else if (text_eq(given, "any"))
		port = ARM_ANY_PORT;
	else if (text_eq(given, "off"))
		port = 0;
	else if (text_to_long(given, 10, &port) < 0 || port < 1 || port > 65535)
		return -EINVAL;
	lab->arm_port = (int)port;
	return 0;
}

static int run_up(const struct cli *c)
{
	struct lab *lab = c->lab;
	struct error err = { 0 };
	int lock, rc = choose_dist(lab, cli_value(c, "dist"));

	if (rc != LAB_OK)
		return rc;
	if (client_is_up(&lab->paths)) {
		fprintf(stderr, "ib-lab: the lab is up already\n");
		return LAB_OK;
	}
	if (choose_arm_port(lab, cli_value(c, "arm-port")) < 0) {
		fprintf(stderr, "ib-lab: --arm-port is a number from 1 to 65535, any or off\n");
		return LAB_USAGE;
	}
	lab->resume = cli_flag(c, "resume");
	lab->page = lab->arm_port != 0 && !cli_flag(c, "empty") && !lab->resume;
	lock = take_lock(lab, &err);
	if (lock < 0 || prepare(lab, &err) < 0) {
		fprintf(stderr, "ib-lab: %s\n", err.what);
		return LAB_FAILED;
	}
	lab_sweep(lab);
	return cli_flag(c, "foreground") ? server_run(lab, -1) : start_daemon(lab);
}

/* Wait until the daemon's lock is free. */
static int wait_for_end(const struct lab *lab, struct error *err)
{
	int64_t end = lab_now_ms() + DOWN_PATIENCE_MS;
	int lock;

	while ((lock = take_lock(lab, err)) < 0 && lab_now_ms() < end)
		(void)poll(NULL, 0, 20);
	return lock;
}

static int run_down(const struct cli *c)
{
	struct lab *lab = c->lab;
	bool up = client_is_up(&lab->paths), left = fs_exists(AT_FDCWD, lab->paths.socket);
	struct error err = { 0 };
	int rc = LAB_OK;

	lab->keep = cli_flag(c, "keep");
	if (!up && !left) {
		fprintf(stderr, "ib-lab: the lab is not running\n");
		return LAB_NOT_RUNNING;
	}
	if (up)
		rc = client_ask(&lab->paths, "down", json_pack("{s:b}", "keep", (int)lab->keep),
				NULL, NULL);
	if (rc == LAB_OK && wait_for_end(lab, &err) < 0) {
		fprintf(stderr, "ib-lab: the lab does not end: %s\n", err.what);
		return LAB_FAILED;
	}
	lab_sweep(lab);
	return rc;
}

static void print_export(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	printf("export %s=%s\n", name, value);
}

static int run_env(const struct cli *c)
{
	AUTO_JSON json_t *answer = NULL;
	int rc = client_ask(&c->lab->paths, "env", NULL, NULL, &answer);

	if (rc != LAB_OK)
		return rc;
	if (cli_flag(c, "json")) {
		cli_print_json(json_incref(answer));
		return LAB_OK;
	}
	printf("export IB_LAB_STATE=%s\nexport IB_LAB_CACHE=%s\n",
	       json_text_at(answer, "state", ""), json_text_at(answer, "cache", ""));
	cli_arm_environment(answer, print_export, NULL);
	printf("# the lab's network: nsenter --net=/proc/%lld/fd/%lld\n",
	       json_int_at(answer, "pid", 0), json_int_at(answer, "netns", 0));
	return LAB_OK;
}

static int run_mirror(const struct cli *c)
{
	if (!text_starts(c->words[0], "fault=")) {
		fprintf(stderr, "ib-lab: mirror set fault=" FAULT_NAMES "\n");
		return LAB_USAGE;
	}
	return client_ask(&c->lab->paths, "mirror set",
			  json_pack("{s:s}", "fault", c->words[0] + strlen("fault=")), NULL, NULL);
}

static int run_mirror_add(const struct cli *c)
{
	AUTO_FREE char *full = realpath(c->words[0], NULL);

	if (full == NULL) {
		fprintf(stderr, "ib-lab: no directory %s\n", c->words[0]);
		return LAB_USAGE;
	}
	return client_ask(&c->lab->paths, "mirror add", json_pack("{s:s}", "dir", full), NULL,
			  NULL);
}

static int run_mirror_vendors(const struct cli *c)
{
	struct error err = { 0 };
	char dir[VM_PATH_MAX];
	json_t *settings = NULL;
	int rc;

	if (vendor_prepare(&c->lab->env, cli_flag(c, "real"), dir, sizeof dir, &err) < 0 ||
	    vendor_settings(dir, &settings, &err) < 0) {
		fprintf(stderr, "ib-lab: %s\n", err.what);
		return LAB_FAILED;
	}
	rc = client_ask(&c->lab->paths, "mirror add", json_pack("{s:s}", "dir", dir), NULL, NULL);
	if (rc == LAB_OK)
		cli_print_json(json_incref(settings));
	json_decref(settings);
	return rc;
}

static int run_mirror_proxy(const struct cli *c)
{
	json_t *args = json_object();

	cli_pass(c, args, "user", "user");
	cli_pass(c, args, "password", "password");
	return client_ask(&c->lab->paths, "mirror proxy", args, NULL, NULL);
}

const struct cli_verb cli_lab_verbs[] = {
	{ "up", "[--foreground] [--dist DIR] [--arm-port PORT|any|off] [--empty|--resume]",
	  "start the lab, with the VMs of the page, or without (--empty), or with those that\n"
	  "      the last one had (--resume)",
	  "foreground dist= arm-port= empty resume json", 0, 0, run_up },
	{ "down", "[--keep]", "stop it and take all of it away, but for what up --resume needs",
	  "keep json", 0, 0, run_down },
	{ "env", "", "its settings, for the shell", "json", 0, 0, run_env },
	{ "mirror set", "fault=" FAULT_NAMES, "trouble with the package source", "json", 1, 1,
	  run_mirror },
	{ "mirror add", "DIR", "its files appear below http://10.7.0.1:8000/files/", "json", 1, 1,
	  run_mirror_add },
	{ "mirror vendors", "[--real]",
	  "show stand-ins of the vendor's files there; prints the settings that use them",
	  "real json", 0, 0, run_mirror_vendors },
	{ "mirror proxy", "[--user USER --password PASSWORD]",
	  "the login that http://10.7.0.1:3128 asks for; without options none",
	  "user= password= json", 0, 0, run_mirror_proxy },
	{ 0 },
};
