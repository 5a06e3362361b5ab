/* Looks at the owner's key, and finds the files. */
#include "act/build/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { MOKUTIL_S = 30 };

static const char *below_root(const char *path)
{
	return path + strspn(path, "/");
}

static int refuse(struct error *err, const char *setting, const char *path, const char *why)
{
	return error_set(err, FAULT_SECURE_BOOT_KEY, 0, "%s %s %s", setting, path, why);
}

static int check_key(const struct host *h, const char *path, struct error *err)
{
	struct stat st;

	if (fstatat(h->root, below_root(path), &st, 0) < 0)
		return refuse(err, "modulesKey", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return refuse(err, "modulesKey", path,
			      "is not a file that root alone can read (mode 0600)");
	return 0;
}

/* "... is already enrolled" and "... is not enrolled": the exit code means different things in
 * different versions. */
static int check_enrolled(const struct host *h, const char *cert, struct error *err)
{
	const char *const argv[] = { "mokutil", "--test-key", cert, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = MOKUTIL_S };
	AUTO_RUN struct run_result r = { 0 };

	if (run(h, &spec, &r, err) < 0)
		return -1;
	if (strstr(buf_text(&r.out), "is not enrolled"))
		return refuse(err, "modulesCert", cert, "is not enrolled in the firmware's list");
	if (!strstr(buf_text(&r.out), "is already enrolled"))
		LOG(h->log, WARNING, "sign.enrolled",
		    "mokutil does not tell whether %s is enrolled: if it is not, the modules will "
		    "not load, and the run is turned back",
		    cert);
	return 0;
}

int sign_possible(const struct host *h, const struct settings *s, const struct plan *p,
		  struct error *err)
{
	bool signs = false;

	for (unsigned i = 0; i < p->nsteps; i++)
		signs |= p->steps[i].kind == STEP_SIGN;
	if (!signs)
		return 0;
	if (!s->modules_cert[0])
		return refuse(err, "modulesKey", s->modules_key,
			      "needs its certificate, as modulesCert");
	if (check_key(h, s->modules_key, err) < 0)
		return -1;
	if (!host_exists(h, below_root(s->modules_cert)))
		return refuse(err, "modulesCert", s->modules_cert, "is not there");
	return check_enrolled(h, s->modules_cert, err);
}

static bool is_file_of(const char *path, size_t len, const char *name)
{
	const char *slash = memrchr(path, '/', len);
	const char *base = slash ? slash + 1 : path;
	size_t n = 0;

	while (name[n] && base + n < path + len && (base[n] == '-' ? '_' : base[n]) == name[n])
		n++;
	return !name[n] && base[n] == '.';
}

static bool is_named(const char *path, size_t len, const char (*names)[192], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (is_file_of(path, len, names[i]))
			return true;
	return false;
}

/* "path: path path": the module, and all on which it depends. */
static int line_files(const char *line, size_t len, int (*fn)(void *ctx, const char *path),
		      void *ctx)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0 && at < len) {
		size_t n = strcspn(line + at, " :\n");
		char path[256];

		text_format(path, sizeof(path), "%.*s", (int)n, line + at);
		if (n > 0 && !text_starts(path, "kernel/"))
			rc = fn(ctx, path);
		at += n + 1;
	}
	return rc;
}

int sign_files(const char *dep, const char (*names)[192], unsigned n,
	       int (*fn)(void *ctx, const char *path), void *ctx)
{
	int rc = 0;

	while (rc == 0 && *dep) {
		size_t len = strcspn(dep, "\n"), path = strcspn(dep, ":\n");

		if (path < len && is_named(dep, path, names, n))
			rc = line_files(dep, len, fn, ctx);
		dep += len + (dep[len] == '\n');
	}
	return rc;
}
