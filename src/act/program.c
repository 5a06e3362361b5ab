/* Copies this program to where neither the agent nor its user deletes it, and tries the copy. */
#include "act/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "act/denial.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { TRIAL_DEADLINE_S = 30 };

void program_path(const char *version, char ret[static PROGRAM_PATH_SIZE])
{
	(void)text_format(ret, PROGRAM_PATH_SIZE, "/" PROGRAM_DIR "/%s/ib-vmext", version);
}

static bool is_same(int ours, int dir, const char *path)
{
	AUTO_FD int theirs = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char a[DIGEST_TEXT_SIZE], b[DIGEST_TEXT_SIZE];
	struct stat x, y;

	return theirs >= 0 && fstat(ours, &x) == 0 && fstat(theirs, &y) == 0 &&
	       S_ISREG(y.st_mode) && x.st_size == y.st_size && (y.st_mode & 07777) == 0755 &&
	       digest_of_fd(ours, a) == 0 && digest_of_fd(theirs, b) == 0 && text_eq(a, b);
}

static int copy(const struct host *h, const char *program, const char *path)
{
	AUTO_FD int ours = open(program, O_RDONLY | O_CLOEXEC);
	char parent[PROGRAM_PATH_SIZE];
	int rc;

	if (ours < 0)
		return -errno;
	if (is_same(ours, h->root, path))
		return 0;
	(void)TEXT_FORMAT(parent, "%.*s", (int)(strrchr(path, '/') - path), path);
	rc = fs_make_dirs(h->root, parent, 0755);
	if (rc < 0)
		return rc;
	if (lseek(ours, 0, SEEK_SET) < 0)
		return -errno;
	return fs_copy_to(ours, h->root, path, 0755);
}

static enum fault fault_of(int sys)
{
	static const struct {
		int sys;
		enum fault fault;
	} rows[] = { { EROFS, FAULT_READ_ONLY_USR }, { EACCES, FAULT_NOEXEC } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].sys == sys)
			return rows[i].fault;
	return fault_of_write(-sys, FAULT_WRITE_FAILED);
}

/* Why it may not run, as far as the file system tells. */
static const char *reason(const struct host *h)
{
	AUTO_FD int fd = openat(h->root, PROGRAM_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statvfs vfs;

	return fd >= 0 && fstatvfs(fd, &vfs) == 0 && (vfs.f_flag & ST_NOEXEC)
		       ? "its file system is mounted noexec"
		       : "a policy such as SELinux, fapolicyd or AppArmor may deny it";
}

static int try_out(const struct host *h, const char *path, struct error *err)
{
	const char *const argv[] = { path, "--version", NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = TRIAL_DEADLINE_S, .quiet = true };
	AUTO_RUN struct run_result result = { 0 };
	char how[64];

	if (run(h, &spec, &result, err) < 0)
		return error_set(err, FAULT_NOEXEC, err->sys, "%s cannot be run (%.200s): %s", path,
				 err->what, reason(h));
	if (run_ok(&result))
		return 0;
	/* The file is there: what was not found is leave to execute it. */
	if (result.end == RUN_NOT_FOUND)
		(void)TEXT_COPY(how, "not executable");
	else
		run_end_text(&result, &spec, how, sizeof how);
	return error_set(err, FAULT_NOEXEC, 0, "%s cannot be run (%s): %s", path, how, reason(h));
}

int program_install(const struct host *h, const char *program, const char *version,
		    char ret[static PROGRAM_PATH_SIZE], struct error *err)
{
	int rc;

	program_path(version, ret);
	rc = copy(h, program, ret + 1);
	if (rc < 0)
		rc = error_set(err, fault_of(-rc), -rc, "cannot copy this program to %s: %s", ret,
			       strerror(-rc));
	else
		rc = try_out(h, ret, err);
	if (rc < 0)
		denial_explain(h, err);
	return rc;
}

bool program_is_there(const struct host *h, const char *version)
{
	char path[PROGRAM_PATH_SIZE];

	program_path(version, path);
	return fs_exists(h->root, path + 1);
}

int program_remove(const struct host *h, const char *version)
{
	char path[PROGRAM_PATH_SIZE];
	int rc;

	/* The name of one directory, whatever a receipt says. */
	if (version[0] == '\0' || version[0] == '.' || strchr(version, '/'))
		return -EINVAL;
	(void)TEXT_FORMAT(path, PROGRAM_DIR "/%s", version);
	rc = fs_remove(h->root, path);
	if (rc < 0)
		return rc;
	/* Other versions may be there. */
	if (unlinkat(h->root, PROGRAM_DIR, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
	    errno != EEXIST && errno != ENOENT)
		return -errno;
	return 0;
}
