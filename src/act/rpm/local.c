/* Package files that lie in a directory, as the only source of dnf, yum, tdnf and zypper: metadata
 * for them, and a directory of repositories in the place of the system's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "act/rpm/call.h"
#include "act/rpm/local.h"
#include "act/rpm/metadata.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

#define REPOSITORIES "repos.d"
#define REPOSITORY   REPOSITORIES "/ib-vmext-offline.repo"

enum { METADATA_BYTES_MAX = 64 << 20, PATH_SIZE = 512 };

struct indexing {
	const struct package_context *c;
	const char *dir; /* below the root */
	struct buf packages;
	size_t count;
	struct error *err;
};

static int failed(const char *path, const char *doing, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc, "/%s cannot be %s: %s",
			 path, doing, strerror(-rc));
}

static int add_file(struct indexing *x, const char *path, const struct rpm_file_is *file)
{
	char absolute[PATH_SIZE];
	const char *const words[] = { "rpm", "-qp", "--qf", RPM_METADATA_FORMAT, absolute, NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	int rc;

	(void)TEXT_FORMAT(absolute, "/%s", path);
	command_add_all(&cmd, words);
	if (rpm_query(x->c, &cmd, &r, x->err) < 0)
		return -1;
	rc = run_ok(&r) && !r.cut ? rpm_metadata_add(buf_text(&r.out), file, &x->packages)
				  : -EINVAL;
	if (rc == 0)
		x->count++;
	if (rc == -EINVAL)
		return error_set(x->err, FAULT_OFFLINE_BUNDLE, 0, "%s is no package of rpm's kind",
				 absolute);
	return rc < 0 ? failed(path, "read", rc, x->err) : 0;
}

static int add_package(void *ctx, const char *name)
{
	struct indexing *x = ctx;
	struct rpm_file_is file = { .name = name };
	char path[PATH_SIZE - 1], sha256[DIGEST_TEXT_SIZE];
	AUTO_FD int fd = -1;
	struct stat st;
	int rc;

	if (!text_ends(name, ".rpm"))
		return 0;
	(void)TEXT_FORMAT(path, "%s/%s", x->dir, name);
	fd = openat(x->c->host->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	rc = fd < 0 || fstat(fd, &st) < 0 ? -errno : digest_of_fd(fd, sha256);
	if (rc < 0)
		return failed(path, "read", rc, x->err);
	file.sha256 = sha256;
	file.bytes = st.st_size;
	return add_file(x, path, &file);
}

static int write_one(const struct indexing *x, const char *dir, const char *name,
		     const struct buf *text)
{
	char path[PATH_SIZE], parent[PATH_SIZE];
	int rc;

	(void)TEXT_FORMAT(path, "%s/%s", dir, name);
	(void)TEXT_FORMAT(parent, "%.*s", (int)(strrchr(path, '/') - path), path);
	rc = fs_make_dirs(x->c->host->root, parent, 0700);
	if (rc == 0)
		rc = fs_replace(x->c->host->root, path, buf_text(text), text->len, 0600);
	return rc < 0 ? failed(path, "written", rc, x->err) : 0;
}

static int write_metadata(struct indexing *x)
{
	AUTO_BUF struct buf primary = { .max = METADATA_BYTES_MAX }, index = { 0 };
	int rc = rpm_metadata_primary(&x->packages, x->count, &primary);

	if (rc == 0)
		rc = rpm_metadata_index(&primary, &index);
	if (rc < 0)
		return failed(x->dir, "listed", rc, x->err);
	return write_one(x, x->dir, "repodata/primary.xml", &primary) < 0 ||
			       write_one(x, x->dir, "repodata/repomd.xml", &index) < 0
		       ? -1
		       : 0;
}

/* Each file was held against the bundle's signature: rpm's own need not be known here. */
static int write_repository(struct indexing *x, const char *own)
{
	AUTO_BUF struct buf text = { 0 };
	int rc = buf_add_format(&text,
				"[ib-vmext-offline]\nname=ib-vmext-offline\nbaseurl=file:///%s\n"
				"enabled=1\ngpgcheck=0\nrepo_gpgcheck=0\npkg_gpgcheck=0\n"
				"autorefresh=1\nproxy=\n",
				x->dir);

	return rc < 0 ? failed(own, "written", rc, x->err) : write_one(x, own, REPOSITORY, &text);
}

int rpm_use_local(const struct package_context *c, const char *dir, const char *own,
		  struct error *err)
{
	struct error why = { .fault = FAULT_NONE };
	struct indexing x = { .c = c, .dir = dir, .packages.max = METADATA_BYTES_MAX, .err = &why };
	int rc = fs_list(c->host->root, dir, add_package, &x);

	if (rc < 0 && why.fault == FAULT_NONE)
		(void)failed(dir, "read", rc, &why);
	if (rc == 0)
		rc = write_metadata(&x);
	buf_free(&x.packages);
	if (rc == 0)
		rc = write_repository(&x, own);
	if (rc == 0)
		rc = c->manager->refresh(c, &why);
	if (rc < 0 && err != NULL)
		*err = why;
	return rc < 0 ? -1 : 0;
}

int rpm_local_config(const char *own, struct buf *ret)
{
	/* dnf and yum; tdnf. */
	return buf_add_format(ret,
			      "reposdir=/%s/" REPOSITORIES "\nrepodir=/%s/" REPOSITORIES
			      "\ncachedir=/%s/cache\n",
			      own, own, own);
}

int rpm_local_words(const char *own, char ret[RPM_LOCAL_WORDS][RPM_LOCAL_WORD_SIZE])
{
	if (TEXT_FORMAT(ret[0], "--reposd-dir=/%s/" REPOSITORIES, own) < 0 ||
	    TEXT_FORMAT(ret[1], "--cache-dir=/%s/cache", own) < 0)
		return -ENAMETOOLONG;
	return 0;
}
