/* Package files that lie in a directory, as the only source of apt: an index of them, a list of
 * packages of its own, nothing of the system's touched. */
#include "act/apt/call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

enum { DPKG_DEB_S = 60, INDEX_BYTES_MAX = 32 << 20, PATH_SIZE = 512 };

struct index {
	const struct package_context *c;
	const char *dir; /* below the root */
	struct buf text;
	struct error *err;
};

static int failed(const char *path, const char *doing, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "/%s cannot be %s: %s",
			 path, doing, strerror(-rc));
}

/* What the package says of itself. */
static int add_control(struct index *x, const char *path)
{
	char absolute[PATH_SIZE];
	const char *const argv[] = { "dpkg-deb", "-f", absolute, NULL };
	struct run_spec spec = { .argv = argv, .deadline_s = DPKG_DEB_S, .quiet = true };
	AUTO_RUN struct run_result r = { 0 };

	(void)TEXT_FORMAT(absolute, "/%s", path);
	if (run(x->c->host, &spec, &r, x->err) < 0)
		return -1;
	if (!run_ok(&r) || r.out.len == 0)
		return error_set(x->err, FAULT_OFFLINE_BUNDLE, 0,
				 "/%s is no package of Debian's kind", path);
	return buf_add(&x->text, r.out.data, r.out.len) < 0 ? failed(path, "read", -ENOMEM, x->err)
							    : 0;
}

static int add_file(struct index *x, const char *path, const char *name)
{
	AUTO_FD int fd = openat(x->c->host->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char sha256[DIGEST_TEXT_SIZE];
	struct stat st;
	int rc = fd < 0 || fstat(fd, &st) < 0 ? -errno : digest_of_fd(fd, sha256);

	if (rc == 0)
		rc = buf_add_format(&x->text, "Filename: ./%s\nSize: %lld\nSHA256: %s\n\n", name,
				    (long long)st.st_size, sha256);
	return rc < 0 ? failed(path, "read", rc, x->err) : 0;
}

static int add_package(void *ctx, const char *name)
{
	struct index *x = ctx;
	char path[PATH_SIZE];

	if (!text_ends(name, ".deb"))
		return 0;
	(void)TEXT_FORMAT(path, "%s/%s", x->dir, name);
	return add_control(x, path) < 0 ? -1 : add_file(x, path, name);
}

static int write_one(const struct host *h, const char *dir, const char *name,
		     const struct buf *text, struct error *err)
{
	char path[PATH_SIZE];
	int rc;

	(void)TEXT_FORMAT(path, "%s/%s", dir, name);
	rc = fs_replace(h->root, path, buf_text(text), text->len, 0600);
	return rc < 0 ? failed(path, "written", rc, err) : 0;
}

static int write_sources(struct index *x, const char *own)
{
	AUTO_BUF struct buf list = { 0 };
	char lists[PATH_SIZE];
	int rc = buf_add_format(&list, "deb [trusted=yes] file:/%s ./\n", x->dir);

	(void)TEXT_FORMAT(lists, "%s/lists/partial", own);
	if (rc == 0)
		rc = fs_make_dirs(x->c->host->root, lists, 0700);
	if (rc < 0)
		return failed(own, "written", rc, x->err);
	return write_one(x->c->host, own, "sources.list", &list, x->err);
}

int apt_use_local(const struct package_context *c, const char *dir, const char *own,
		  struct error *err)
{
	static const char *const verb[] = { "-o",     "Dir::Etc::sourceparts=/dev/null",
					    "-o",     "APT::Update::Error-Mode=any",
					    "update", NULL };
	struct error why = { .fault = FAULT_NONE };
	struct index x = { .c = c, .dir = dir, .text.max = INDEX_BYTES_MAX, .err = &why };
	AUTO_RUN struct run_result r = { 0 };
	int rc = fs_list(c->host->root, dir, add_package, &x);

	if (rc < 0 && why.fault == FAULT_NONE)
		(void)failed(dir, "read", rc, &why);
	if (rc == 0)
		rc = write_one(c->host, dir, "Packages", &x.text, &why);
	buf_free(&x.text);
	if (rc == 0)
		rc = write_sources(&x, own);
	if (rc == 0)
		rc = apt_get(c, verb, NULL, "apt-get update from the bundle", &r, &why);
	if (rc < 0 && err != NULL)
		*err = why;
	return rc < 0 ? -1 : 0;
}

int apt_local_config(const char *own, struct buf *ret)
{
	/* Its downloader has no way into our directory as anybody but root. */
	return buf_add_format(ret,
			      "Dir::Etc::sourcelist \"/%s/sources.list\";\n"
			      "Dir::State::lists \"/%s/lists\";\n"
			      "Dir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n"
			      "APT::Sandbox::User \"root\";\n",
			      own, own);
}
