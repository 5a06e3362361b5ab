/* A command inside a cell: namespaces, root, control group and capabilities of the cell's PID 1,
 * our own stdio. */
#include "cellshell.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "cgroup.h"

static const struct {
	const char *name;
	int flag;
} spaces[] = {
	{ "mnt", CLONE_NEWNS },    { "uts", CLONE_NEWUTS },       { "ipc", CLONE_NEWIPC },
	{ "net", CLONE_NEWNET },   { "cgroup", CLONE_NEWCGROUP }, { "pid", CLONE_NEWPID },
	{ "user", CLONE_NEWUSER }, /* last: in it we may enter no other */
};

/* Source: proc_pid_status(5), CapBnd. Returns 0 or -errno. */
static int read_bounding_set(pid_t leader, unsigned long long *ret)
{
	AUTO_BUF struct buf text = { 0 };
	char path[64];
	const char *line;
	int rc;

	(void)TEXT_FORMAT(path, "/proc/%d/status", (int)leader);
	rc = fs_read(AT_FDCWD, path, 64 << 10, &text);
	if (rc < 0)
		return rc;
	line = strstr(buf_text(&text), "CapBnd:");
	if (line == NULL)
		return -EPROTO;
	*ret = strtoull(line + 7, NULL, 16);
	return 0;
}

static int join_cgroup(const json_t *access)
{
	struct cgroup g = { 0 };
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(access, "cgroups"), i,
			   item) if (i < ARRAY_SIZE(g.path) &&
				     TEXT_FORMAT(g.path[i], "%s/payload",
						 json_string_value(item)) == 0) g.count = i + 1;
	return cgroup_enter(&g, "ib-lab-shell");
}

/* Open everything first: once in the cell's mount namespace, the host's /proc is gone. */
static int join_namespaces(pid_t leader)
{
	int fds[ARRAY_SIZE(spaces)];
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		(void)TEXT_FORMAT(path, "/proc/%d/ns/%s", (int)leader, spaces[i].name);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (setns(fds[i], spaces[i].flag) < 0)
			return -errno;
	return chdir("/root") < 0 && chdir("/") < 0 ? -errno : 0;
}

__attribute__((noreturn)) static void run_inside(char *const argv[], unsigned long long caps)
{
	char *const shell[] = { (char[]) { "/bin/bash" }, (char[]) { "-l" }, NULL };
	const char *term = getenv("TERM");
	char kept[64];

	(void)TEXT_COPY(kept, term != NULL ? term : "dumb");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned long cap = 0; cap < 64; cap++)
		if ((caps & 1ULL << cap) == 0)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	(void)clearenv();
	(void)setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	(void)setenv("HOME", "/root", 1);
	(void)setenv("TERM", kept, 1);
	(void)umask(022);
	if (argv[0] == NULL)
		argv = shell;
	(void)execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "ib-lab: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int cellshell_run(const json_t *access, char *const argv[], struct error *err)
{
	pid_t leader = (pid_t)json_int_at(access, "leader", 0), child;
	unsigned long long caps;
	int rc = leader > 0 ? read_bounding_set(leader, &caps) : -ESRCH, status;

	if (rc == 0)
		rc = join_cgroup(access);
	if (rc == 0)
		rc = join_namespaces(leader);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot enter the cell: %s",
				 strerror(-rc));
	child = fork(); /* only a child is in the new PID namespace */
	if (child == 0)
		run_inside(argv, caps);
	if (child < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot fork: %s", strerror(errno));
	(void)signal(SIGINT, SIG_IGN); /* the terminal sends it to the child, too */
	(void)signal(SIGQUIT, SIG_IGN);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
