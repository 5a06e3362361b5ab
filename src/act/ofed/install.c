/* Runs the vendor's installer: bounded, never two at a time, its end translated. */
#include "act/ofed/install.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "act/act.h"
#include "act/command.h"
#include "act/build/compile.h"
#include "act/build/dkms.h"
#include "act/ofed/end.h"
#include "act/ofed/unpack.h"
#include "act/step/step.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define LOCK_NAME "installer.lock"
#define LOG_NAME  "installer.log"

enum {
	UNPACK_S = 1800,
	UNINSTALL_S = 1800,
	KEEP = 256 << 10,
	LOG_BYTES_MAX = 1 << 20,
	LOGS_MAX = 4 << 20,
	DEPTH_MAX = 4,
};

static const char *const environment[] = {
	"DEBIAN_FRONTEND=noninteractive",
	"DEBIAN_PRIORITY=critical",
	"NEEDRESTART_SUSPEND=1",
	"UCF_FORCE_CONFFOLD=1",
	NULL,
};

int ofed_wait(const struct step_context *c, struct error *err)
{
	static const char *const paths[] = { ACT_STATE_DIR "/" LOCK_NAME, NULL };

	return package_lock_wait(&c->packages, paths, err);
}

/* The child inherits it, and with it all that it starts: it is free when the last of them is gone.
 */
static int lock_take(const struct step_context *c, struct error *err)
{
	int fd = openat(c->state_dir, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_set(err, FAULT_STATE_DIR, errno,
				 "/" ACT_STATE_DIR "/" LOCK_NAME " cannot be opened: %s",
				 strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	(void)close(fd);
	return error_set(err, FAULT_PACKAGE_LOCK, EAGAIN, "another mlnxofedinstall is at work");
}

/* Its logs. */

struct logs {
	const struct host *host;
	const char *dir;
	struct buf *into;
	int depth;
};

static void log_add(const struct host *h, const char *path, struct buf *into)
{
	AUTO_BUF struct buf text = { .max = LOG_BYTES_MAX };

	if (fs_read(h->root, path, LOG_BYTES_MAX, &text) == 0)
		(void)!buf_add_format(into, "==> /%s <==\n%s\n", path, buf_text(&text));
}

static int logs_visit(void *ctx, const char *name)
{
	struct logs l = *(const struct logs *)ctx;
	char path[UNPACKED_SIZE];

	if (TEXT_FORMAT(path, "%s/%s", l.dir, name) < 0)
		return 0;
	if (text_ends(name, ".log")) {
		log_add(l.host, path, l.into);
		return 0;
	}
	l.dir = path;
	if (++l.depth < DEPTH_MAX)
		(void)!fs_list(l.host->root, path, logs_visit, &l);
	return 0;
}

/* All that it wrote, in one file that outlives what was unpacked: beside the log that it names
 * there is one for each package. */
static void logs_collect(const struct step_context *c, const struct unpacked *u, const char *said,
			 struct buf *ret)
{
	struct logs l = { c->host, u->tmp, ret, 0 };
	char named[UNPACKED_SIZE], dir[UNPACKED_SIZE];

	(void)!buf_add_format(ret, "==> mlnxofedinstall <==\n%s\n", said);
	(void)!fs_list(c->host->root, u->tmp, logs_visit, &l);
	if (!end_log(said, named, sizeof named) || text_starts(named + 1, u->tmp))
		return;
	(void)TEXT_FORMAT(dir, "%.*s",
			  text_ends(named, ".logs") ? (int)strlen(named)
						    : (int)(strrchr(named, '/') - named),
			  named);
	l.dir = dir + 1;
	if (text_ends(dir, ".logs"))
		(void)!fs_list(c->host->root, l.dir, logs_visit, &l);
	else
		log_add(c->host, named + 1, ret);
}

static void logs_write(const struct step_context *c, const struct buf *logs)
{
	if (fs_replace(c->state_dir, LOG_NAME, buf_text(logs), logs->len, 0600) < 0)
		LOG(c->host->log, WARNING, "installer.log",
		    "the installer's log cannot be kept, ignoring");
}

/* On apt the installer says no more than that a package failed: the package's log, or that of DKMS
 * has the reason. */
static enum fault look_further(const struct step_context *c, const char *logs, const char **means,
			       char *lines, size_t size)
{
	enum fault fault = end_fault(1, logs, means);
	char release[96];

	if (fault != FAULT_INSTALLER_FAILED)
		return fault;
	if (host_kernel_release(c->host, release, sizeof release) < 0 ||
	    !dkms_log_tells(c->host, release, lines, size))
		return FAULT_INSTALLER_FAILED;
	fault = end_fault(1, lines, means);
	if (fault != FAULT_INSTALLER_FAILED)
		return fault;
	*means = "its modules do not compile for this kernel";
	return FAULT_BUILD_FAILED;
}

static int translate(const struct step_context *c, const struct ofed *o, const struct unpacked *u,
		     const struct run_spec *spec, const struct run_result *r, struct error *err)
{
	AUTO_BUF struct buf said = { 0 }, logs = { .max = LOGS_MAX };
	const char *means = "it failed";
	enum fault fault;
	char end[64], lines[230];

	(void)!buf_add_format(&said, "%s\n%s", buf_text(&r->out), buf_text(&r->err));
	logs_collect(c, u, buf_text(&said), &logs);
	logs_write(c, &logs);
	run_end_text(r, spec, end, sizeof end);
	fault = r->end == RUN_EXITED ? end_fault(r->code, buf_text(&said), &means)
				     : FAULT_PROGRAM_FAILED;
	/* The compiler's words are in the logs, behind the installer's own. */
	end_lines(strstr(buf_text(&logs), "\n==> ") ? strstr(buf_text(&logs), "\n==> ") : "", lines,
		  sizeof lines);
	if (!lines[0])
		end_lines(buf_text(&said), lines, sizeof lines);
	if (fault == FAULT_INSTALLER_FAILED && r->code == 1)
		fault = look_further(c, buf_text(&logs), &means, lines, sizeof lines);
	return error_set(err, fault, 0,
			 "mlnxofedinstall of MLNX_OFED %.40s: %s: %s%s%s; its log: /" ACT_STATE_DIR
			 "/" LOG_NAME,
			 o->version, end, means, lines[0] ? ": " : "", lines);
}

struct showing {
	const struct step_context *context;
	const struct ofed *ofed;
};

static void show_line(void *ctx, const char *line)
{
	const struct showing *s = ctx;
	struct log *log = s->context->host->log;

	if (end_is_progress(line))
		log_stage(log, s->ofed->stage, STAGE_RUNNING, -1, "installer.progress",
			  "MLNX_OFED %s: %.200s", s->ofed->version, line);
	else
		LOG(log, DEBUG, "installer.output", "%s", line);
}

/* Packages of modules are made on the machine, where it asks for that (mlnxofedinstall --help). */
static enum compiler compiler_of(const struct ofed *o)
{
	for (size_t i = 0; i < json_array_size(o->options); i++)
		if (text_eq(json_string_value(json_array_get(o->options, i)),
			    "--add-kernel-support"))
			return COMPILER_RPMBUILD;
	return COMPILER_DKMS;
}

static int run_installer(const struct step_context *c, const struct ofed *o,
			 const struct unpacked *u, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_FD int lock = lock_take(c, err);
	struct showing showing = { c, o };
	struct compile_env how;
	char program[UNPACKED_SIZE + 24], tmp[UNPACKED_SIZE + 1];
	struct run_spec spec = { .env = how.env,
				 .deadline_s = c->packages.deadline_s,
				 .keep = KEEP,
				 .line = show_line,
				 .ctx = &showing,
				 .keep_fds = &lock,
				 .nkeep_fds = 1 };

	if (lock < 0)
		return -1;
	compile_env_fill(c->host, compiler_of(o), environment, &how);
	(void)TEXT_FORMAT(program, "/%s/mlnxofedinstall", u->dir);
	(void)TEXT_FORMAT(tmp, "/%s", u->tmp);
	command_add(&cmd, program);
	for (size_t i = 0; i < json_array_size(o->options); i++)
		command_add(&cmd, json_string_value(json_array_get(o->options, i)));
	command_add(&cmd, "--tmpdir");
	command_add(&cmd, tmp);
	if (cmd.failed)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory to run the installer");
	spec.argv = cmd.argv;
	if (run(c->host, &spec, &r, err) < 0)
		return -1;
	return run_ok(&r) ? 0 : translate(c, o, u, &spec, &r, err);
}

int ofed_install(const struct step_context *c, const struct ofed *o, struct error *err)
{
	struct unpacked u;

	if (ofed_wait(c, err) < 0 || unpack_tarball(c->host, o->file, UNPACK_S, &u, err) < 0 ||
	    run_installer(c, o, &u, err) < 0)
		return -1;
	unpack_tidy(c->host);
	return 0;
}

static void run_uninstaller(const struct step_context *c, const char *path)
{
	const char *const argv[] = { path, "--force", NULL };
	struct run_spec spec = { .argv = argv, .env = environment, .deadline_s = UNINSTALL_S };
	struct error why = { 0 };

	if (run_or_fail(c->host, &spec, FAULT_PROGRAM_FAILED, path, &why) < 0)
		LOG(c->host->log, WARNING, "installer.uninstall",
		    "%s; what is left of its packages is removed one by one", why.what);
}

void ofed_uninstall(const struct step_context *c, const char *file)
{
	static const char installed[] = "/usr/sbin/ofed_uninstall.sh";
	char own[UNPACKED_SIZE + 16];
	struct unpacked u;

	if (fs_exists(c->host->root, installed + 1)) {
		run_uninstaller(c, installed);
		return;
	}
	if (unpack_find(c->host, file, &u) < 0)
		return;
	(void)TEXT_FORMAT(own, "/%s/uninstall.sh", u.dir);
	if (fs_exists(c->host->root, own + 1))
		run_uninstaller(c, own);
}
