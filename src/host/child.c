/* host/child.c - looks a program up, forks and executes it. */
#include "host/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

static const char *const folders[] = {
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
};

static const char *const fixed_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C",
	"HOME=/root",
};

/* What the child needs between fork and exec, made before it. */
struct plan {
	char program[PATH_MAX];
	const char **env;
	int in, out, err; /* the child's ends; -1 as `in` is /dev/null */
	int report;       /* the errno of a failed exec goes here; closed by a successful one */
	pid_t parent;
};

static void plan_free(struct plan *p)
{
	int *fds[] = { &p->in, &p->out, &p->err, &p->report };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_fd(fds[i]);
	free(p->env);
}

void child_init(struct child *c)
{
	*c = (struct child) { .in = -1, .out = -1, .err = -1 };
}

void child_close(struct child *c)
{
	cleanup_fd(&c->in);
	cleanup_fd(&c->out);
	cleanup_fd(&c->err);
	c->in = c->out = c->err = -1;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static int find_program(const char *name, char ret[static PATH_MAX])
{
	if (strchr(name, '/'))
		return is_program(name) ? text_copy(ret, PATH_MAX, name) : -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		if (text_format(ret, PATH_MAX, "%s/%s", folders[i], name) == 0 && is_program(ret))
			return 0;
	}
	return -ENOENT;
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* Is the variable set again later in the list? */
static bool overridden(const char *variable, const char *const *later)
{
	for (; later && *later; later++) {
		if (same_name(variable, *later))
			return true;
	}
	return false;
}

/* Returns a NULL-terminated array that borrows its strings, or NULL. */
static const char **make_env(const char *const *extra)
{
	size_t n = 0;
	const char **env;

	while (extra && extra[n])
		n++;
	env = calloc(ARRAY_SIZE(fixed_env) + n + 1, sizeof *env);
	if (!env)
		return NULL;
	n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fixed_env); i++) {
		if (!overridden(fixed_env[i], extra))
			env[n++] = fixed_env[i];
	}
	for (; extra && *extra; extra++) {
		if (!overridden(*extra, extra + 1))
			env[n++] = *extra;
	}
	return env;
}

/* Our end does not block, theirs does. Returns 0 or -errno. */
static int make_pipe(int *ours, int *theirs, bool we_read)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	*ours = p[we_read ? 0 : 1];
	*theirs = p[we_read ? 1 : 0];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int make_pipes(const struct run_spec *spec, struct plan *p, struct child *c, int *report)
{
	int rc = make_pipe(&c->out, &p->out, true);

	if (rc == 0)
		rc = make_pipe(&c->err, &p->err, true);
	if (rc == 0 && spec->input)
		rc = make_pipe(&c->in, &p->in, false);
	if (rc == 0 && !spec->input) {
		p->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
		rc = p->in < 0 ? -errno : 0;
	}
	if (rc == 0)
		rc = make_pipe(report, &p->report, true);
	/* This one is read to its end before anything else happens. */
	if (rc == 0 && fcntl(*report, F_SETFL, 0) < 0)
		rc = -errno;
	return rc;
}

static bool is_kept(const struct run_spec *spec, int fd)
{
	for (size_t i = 0; i < spec->nkeep_fds; i++) {
		if (spec->keep_fds[i] == fd)
			return true;
	}
	return false;
}

/* Descriptors that we were started with ourselves may lack O_CLOEXEC; ours never do. */
static void close_others(const struct run_spec *spec, int report)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		long fd = -1;

		if (text_to_long(e->d_name, 10, &fd) < 0 || fd <= 2 || fd == report ||
		    fd == dirfd(d))
			continue;
		if (!is_kept(spec, (int)fd))
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
	if (d)
		(void)closedir(d);
	for (size_t i = 0; i < spec->nkeep_fds; i++)
		(void)fcntl(spec->keep_fds[i], F_SETFD, 0);
}

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Put the three streams on 0, 1 and 2, whatever their numbers are now. Returns 0, or -1 with
 * errno. */
static int place_streams(struct plan *p)
{
	int from[] = { p->in, p->out, p->err };

	p->report = fcntl(p->report, F_DUPFD_CLOEXEC, 3);
	if (p->report < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
		if (from[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(from[i], i) < 0)
			return -1;
	}
	return 0;
}

/* Until the request is made our own death goes unnoticed: look whether we are still there. Returns
 * 0, or -1 with errno. */
static int die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() == parent)
		return 0;
	errno = ESRCH;
	return -1;
}

__attribute__((noreturn)) static void become(const struct host *h, const struct run_spec *spec,
					     struct plan *p)
{
	int failure;

	(void)setpgid(0, 0);
	(void)umask(022);
	if (place_streams(p) == 0 && fchdir(h->root) == 0 &&
	    (!spec->dies_with_us || die_with(p->parent) == 0)) {
		close_others(spec, p->report);
		reset_signals();
		(void)execve(p->program, (char *const *)spec->argv, (char *const *)p->env);
	}
	failure = errno;
	(void)!write(p->report, &failure, sizeof failure);
	_exit(127);
}

/* Wait until the child has become the program. Returns 0 or the -errno of its failure. */
static int read_report(int fd)
{
	int failure = 0;
	ssize_t n;

	do
		n = read(fd, &failure, sizeof failure);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof failure ? -failure : 0;
}

static int start(const struct host *h, const struct run_spec *spec, struct plan *p, struct child *c)
{
	AUTO_FD int report = -1;
	int rc = make_pipes(spec, p, c, &report);

	if (rc < 0)
		return rc;
	p->parent = getpid();
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return -errno;
	}
	if (c->pid == 0)
		become(h, spec, p);
	(void)setpgid(c->pid, c->pid); /* in both, so that neither depends on who comes first */
	cleanup_fd(&p->report);
	p->report = -1;
	rc = read_report(report);
	if (rc < 0) {
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		c->pid = 0;
	}
	return rc;
}

int child_start(const struct host *h, const struct run_spec *spec, struct child *c)
{
	CLEANUP(plan_free) struct plan p = { .in = -1, .out = -1, .err = -1, .report = -1 };
	int rc = find_program(spec->argv[0], p.program);

	if (rc < 0)
		return rc;
	p.env = make_env(spec->env);
	if (!p.env)
		return -ENOMEM;
	return start(h, spec, &p, c);
}
