/* Indexes and signs the repository with apt-ftparchive and gpg. */
#include "index.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/run.h"
#include "lab/vm/root.h"
#include "lab/vm/tree.h"
#include "lab/vm/vm.h"

#define SUITE "bookworm"

static int write_file(const char *dir, const char *name, const struct buf *b, struct error *err)
{
	struct tree t;

	if (tree_open(&t, dir, err) < 0)
		return -1;
	tree_data(&t, name, buf_text(b), b->len);
	return tree_close(&t, dir, err);
}

/* apt-ftparchive goes by its working directory, so env(1) sets that. Its output becomes dir/to. */
static int index_one(const struct vm_env *env, const char *dir, const char *const *args,
		     const char *to, struct error *err)
{
	const char *argv[24] = { "env", "-C",
				 dir,   "apt-ftparchive",
				 "-o",  "APT::FTPArchive::AlwaysStat=true" };
	struct run_spec spec = { .argv = argv, .deadline_s = 120, .keep = 16 << 20 };
	AUTO_RUN struct run_result r = { 0 };
	size_t n = 6;

	while (*args != NULL && n < ARRAY_SIZE(argv) - 1)
		argv[n++] = *args++;
	if (run(env->host, &spec, &r, err) < 0)
		return -1;
	if (!run_ok(&r))
		return error_set(err, FAULT_PROGRAM_FAILED, 0, "apt-ftparchive: %.300s",
				 buf_text(&r.err));
	return write_file(dir, to, &r.out, err);
}

static int sign(const struct vm_env *env, const char *dir, const char *suffix, struct error *err)
{
	char home[VM_PATH_MAX], in[VM_PATH_MAX], out[VM_PATH_MAX];
	const char *const argv[] = { "gpg",   "--homedir", home,          "--batch",
				     "--yes", "--quiet",   "--clearsign", "--output",
				     out,     in,          NULL };
	const char *const end[] = { "gpgconf", "--homedir", home, "--kill", "all", NULL };
	int rc;

	(void)TEXT_FORMAT(home, "%s/mirror-key", env->cache);
	(void)TEXT_FORMAT(in, "%s/dists/" SUITE "/Release%s", dir, suffix);
	(void)TEXT_FORMAT(out, "%s/dists/" SUITE "/InRelease%s", dir, suffix);
	rc = root_run(env, argv, NULL, 60, err);
	(void)root_run(env, end, NULL, 30, NULL);
	return rc;
}

/* The same with an end that is past, for the fault of that name. */
static int sign_expired(const struct vm_env *env, const char *dir, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };
	char path[VM_PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(path, "%s/dists/" SUITE "/Release", dir);
	rc = fs_read(AT_FDCWD, path, 1 << 20, &b);
	if (rc == 0)
		rc = buf_add_text(&b, "Valid-Until: Thu, 01 Jan 2015 00:00:00 UTC\n");
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot read %s", path);
	if (write_file(dir, "dists/" SUITE "/Release.expired", &b, err) < 0)
		return -1;
	return sign(env, dir, ".expired", err);
}

int index_all(const struct vm_env *env, const char *dir, struct error *err)
{
	static const char *const list[] = { "packages", "pool", NULL };
	static const char *const release[] = {
		"-o",      "APT::FTPArchive::Release::Origin=ib-lab",
		"-o",      "APT::FTPArchive::Release::Label=ib-lab",
		"-o",      "APT::FTPArchive::Release::Suite=" SUITE,
		"-o",      "APT::FTPArchive::Release::Codename=" SUITE,
		"-o",      "APT::FTPArchive::Release::Components=main",
		"-o",      "APT::FTPArchive::Release::Architectures=amd64",
		"release", "dists/" SUITE,
		NULL,
	};

	if (index_one(env, dir, list, "dists/" SUITE "/main/binary-amd64/Packages", err) < 0 ||
	    index_one(env, dir, release, "dists/" SUITE "/Release", err) < 0)
		return -1;
	return sign(env, dir, "", err) < 0 ? -1 : sign_expired(env, dir, err);
}
