/* Trees of small files, written out: the first failure sticks and is told at the end, so that
 * callers stay tables. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"
#include "vm.h"

void tree_fail(struct tree *t, const char *path, int rc)
{
	if (t->rc == 0 && rc < 0) {
		t->rc = rc;
		(void)TEXT_COPY(t->where, path);
	}
}

static void make_parent(struct tree *t, const char *path)
{
	char parent[VM_PATH_MAX];
	char *slash;

	(void)TEXT_COPY(parent, path);
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	tree_fail(t, parent, fs_make_dirs(t->dir, parent, 0755));
}

void tree_data(struct tree *t, const char *path, const void *data, size_t len)
{
	int fd;

	make_parent(t, path);
	fd = openat(t->dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		tree_fail(t, path, -errno);
		return;
	}
	tree_fail(t, path, fs_write_all(fd, data, len));
	(void)close(fd);
}

void tree_put(struct tree *t, const char *base, const char *name, const char *fmt, ...)
{
	char path[VM_PATH_MAX], text[1024];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof text - 1, fmt, args);
	va_end(args);
	text[len++] = '\n';
	tree_fail(t, name, TEXT_FORMAT(path, "%s/%s", base, name));
	tree_data(t, path, text, (size_t)len);
}

void tree_dir(struct tree *t, const char *path)
{
	tree_fail(t, path, fs_make_dirs(t->dir, path, 0755));
}

void tree_link(struct tree *t, const char *path, const char *target)
{
	char text[VM_PATH_MAX] = "";
	size_t len = 0;

	make_parent(t, path);
	for (const char *p = path; (p = strchr(p, '/')) != NULL; p++)
		if (p != path + 3 && len + 3 < sizeof text) /* the slash of "sys/" is the top */
			len += (size_t)snprintf(text + len, sizeof text - len, "../");
	(void)text_format(text + len, sizeof text - len, "%s", target + 4);
	if (symlinkat(text, t->dir, path) < 0 && errno != EEXIST)
		tree_fail(t, path, -errno);
}

void tree_move(struct tree *t, const char *from, const char *to)
{
	make_parent(t, to);
	if (renameat(t->dir, from, t->dir, to) < 0 && errno != ENOENT)
		tree_fail(t, from, -errno);
}

int tree_open(struct tree *t, const char *dir, struct error *err)
{
	*t = (struct tree) { .dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	if (t->dir < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot open %s: %s", dir,
				 strerror(errno));
	return 0;
}

int tree_close(struct tree *t, const char *dir, struct error *err)
{
	(void)close(t->dir);
	if (t->rc < 0)
		return error_set(err, FAULT_INTERNAL, -t->rc, "cannot write %s/%s: %s", dir,
				 t->where, strerror(-t->rc));
	return 0;
}
