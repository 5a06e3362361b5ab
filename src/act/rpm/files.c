/* Package files that lie in a directory of ours: found by what rpm says of them. */
#include <errno.h>
#include <string.h>

#include "act/rpm/call.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

enum { DEPTH_MAX = 4 };

struct walk {
	const struct package_context *c;
	struct rpm_files *ret;
	struct error *err;
	const char *dir; /* absolute */
	int depth;
};

void rpm_files_free(struct rpm_files *f)
{
	free(f->at);
	*f = (struct rpm_files) { 0 };
}

int rpm_file_read(const struct package_context *c, const char *path, struct rpm_package *ret,
		  struct error *err)
{
	const char *const words[] = { "rpm", "-qp", "--qf", RPM_LINE_FORMAT, path, NULL };
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, words);
	if (rpm_query(c, &cmd, &r, err) < 0)
		return -EIO;
	if (!run_ok(&r) ||
	    rpm_parse_line(buf_text(&r.out), strcspn(buf_text(&r.out), "\n"), ret) < 0)
		return -EINVAL;
	return 0;
}

/* What cannot be read as a package is no package: a file half-written by a killed download. */
static int add_file(const struct walk *w, const char *path)
{
	struct rpm_file file = { 0 }, *grown;
	int rc = TEXT_COPY(file.path, path);

	if (rc == 0)
		rc = rpm_file_read(w->c, path, &file.package, w->err);
	if (rc < 0)
		return rc == -EIO ? rc : 0;
	grown = realloc(w->ret->at, (w->ret->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	w->ret->at = grown;
	w->ret->at[w->ret->count++] = file;
	return 0;
}

static int visit(void *ctx, const char *name);

static int walk(struct walk *w)
{
	return fs_list(w->c->host->root, w->dir + (w->dir[0] == '/'), visit, w);
}

/* zypper makes a directory for each repository and some below it. */
static int visit(void *ctx, const char *name)
{
	const struct walk *above = ctx;
	struct walk w = *above;
	char path[512];
	int rc;

	if (TEXT_FORMAT(path, "%s/%s", above->dir, name) < 0)
		return -ENAMETOOLONG;
	if (text_ends(name, ".rpm"))
		return add_file(&w, path);
	w.dir = path;
	if (++w.depth > DEPTH_MAX)
		return 0;
	rc = walk(&w);
	return rc == -ENOTDIR || rc == -ELOOP ? 0 : rc;
}

int rpm_files_read(const struct package_context *c, const char *dir, struct rpm_files *ret,
		   struct error *err)
{
	struct error why = { 0 };
	struct walk w = { .c = c, .ret = ret, .err = &why, .dir = dir };
	int rc = walk(&w);

	if (rc == 0 || rc == -ENOENT)
		return 0;
	if (rc == -EIO && why.what[0]) {
		if (err)
			*err = why;
		return -1;
	}
	return error_set(err, FAULT_STATE_DIR, -rc, "%s cannot be read: %s", dir, strerror(-rc));
}

const struct rpm_file *rpm_file_of(const struct rpm_files *f, const struct change *change)
{
	for (size_t i = 0; i < f->count; i++)
		if (rpm_is(&f->at[i].package, change->name, change->arch) &&
		    text_eq(f->at[i].package.version, change->old_version))
			return &f->at[i];
	return NULL;
}
