/* Writes the initial RAM disk as a cpio archive, not compressed: what is left is small. */
#include "initrd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "vm.h"

/* What a root on virtio and ext4 needs; all that they depend on is added. */
static const char *const wanted[] = { "virtio_pci", "virtio_blk", "crc32c_generic", "ext4" };

enum { FILE_MAX = 16 << 20 };

/* ---- cpio ---------------------------------------------------------------------------------------
 */

/* Source: Documentation/driver-api/early-userspace/buffer-format.rst (kernel tree), "newc". */
static int cpio_add(struct buf *out, const char *name, unsigned mode, const void *data, size_t len)
{
	static const char zeros[4];
	size_t name_size = strlen(name) + 1;
	int rc = buf_add_format(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
				(unsigned)out->len + 1, mode, 0, 0, 1, 0, len, 0, 0, 0, 0,
				name_size, 0);

	if (rc == 0)
		rc = buf_add(out, name, name_size);
	if (rc == 0)
		rc = buf_add(out, zeros, -out->len & 3);
	if (rc == 0 && len > 0)
		rc = buf_add(out, data, len);
	return rc < 0 ? rc : buf_add(out, zeros, -out->len & 3);
}

static int cpio_add_file(struct buf *out, const char *name, const char *from, unsigned mode)
{
	AUTO_BUF struct buf data = { 0 };
	int rc = fs_read(AT_FDCWD, from, FILE_MAX, &data);

	return rc < 0 ? rc : cpio_add(out, name, S_IFREG | mode, data.data, data.len);
}

/* ---- which modules
 * -------------------------------------------------------------------------------- */

/* Does the path end in /NAME.ko? */
static bool is_module(const char *path, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n + 4 && path[len - n - 4] == '/' &&
	       strncmp(path + len - n - 3, name, n) == 0 && strncmp(path + len - 3, ".ko", 3) == 0;
}

static int list_add(struct buf *list, const char *path)
{
	char line[VM_PATH_MAX];

	if (TEXT_FORMAT(line, "/%s\n", path) < 0)
		return -ENAMETOOLONG;
	return strstr(buf_text(list), line) != NULL ? 0 : buf_add_text(list, line);
}

/* One line of modules.dep, "PATH: DEP DEP ...": the dependencies from the last to the first, then
 * itself. */
static int list_add_line(struct buf *list, char *line)
{
	char *rest = strchr(line, ':'), *space;
	int rc = 0;

	*rest++ = '\0';
	while (rc == 0 && (space = strrchr(rest, ' ')) != NULL) {
		rc = space[1] != '\0' ? list_add(list, space + 1) : 0;
		*space = '\0';
	}
	return rc < 0 ? rc : list_add(list, line);
}

/* The paths in the order of loading, a line each. */
static int list_modules(const char *deps, struct buf *list)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(wanted) && rc == 0; i++) {
		for (const char *at = deps, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
			AUTO_FREE char *line = strndup(at, (size_t)(end - at));
			size_t len = line != NULL ? strcspn(line, ":") : 0;

			if (line == NULL)
				return -ENOMEM;
			if (line[len] == ':' && is_module(line, len, wanted[i]))
				rc = list_add_line(list, line);
		}
	}
	return rc;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------ */

static int add_dirs(struct buf *out, const char *path)
{
	char dir[VM_PATH_MAX];
	int rc = 0;

	for (const char *slash = strchr(path, '/'); slash != NULL && rc == 0;
	     slash = strchr(slash + 1, '/')) {
		(void)TEXT_FORMAT(dir, "%.*s", (int)(slash - path), path);
		rc = cpio_add(out, dir, S_IFDIR | 0755, NULL, 0);
	}
	return rc;
}

static int add_modules(struct buf *out, const char *dir, const char *list)
{
	int rc = cpio_add(out, "modules", S_IFREG | 0644, list, strlen(list));

	for (const char *at = list, *end; rc == 0 && (end = strchr(at, '\n')) != NULL;
	     at = end + 1) {
		char name[VM_PATH_MAX], from[VM_PATH_MAX];

		(void)TEXT_FORMAT(name, "%.*s", (int)(end - at - 1), at + 1);
		(void)TEXT_FORMAT(from, "%s/%s", dir, name);
		rc = add_dirs(out, name);
		if (rc == 0)
			rc = cpio_add_file(out, name, from, 0644);
	}
	return rc;
}

int initrd_make(const char *root, const char *release, const char *lab_init, const char *path,
		struct error *err)
{
	AUTO_BUF struct buf deps = { 0 }, list = { 0 }, out = { 0 };
	char dir[VM_PATH_MAX], dep[VM_PATH_MAX];
	int rc;

	(void)TEXT_FORMAT(dir, "%s/lib/modules/%s", root, release);
	(void)TEXT_FORMAT(dep, "%s/modules.dep", dir);
	rc = fs_read(AT_FDCWD, dep, FILE_MAX, &deps);
	if (rc == 0)
		rc = list_modules(buf_text(&deps), &list);
	if (rc == 0)
		rc = cpio_add(&out, "dev", S_IFDIR | 0755, NULL, 0);
	if (rc == 0)
		rc = cpio_add(&out, "root", S_IFDIR | 0755, NULL, 0);
	if (rc == 0)
		rc = cpio_add_file(&out, "init", lab_init, 0755);
	if (rc == 0)
		rc = add_modules(&out, dir, buf_text(&list));
	if (rc == 0)
		rc = cpio_add(&out, "TRAILER!!!", 0, NULL, 0);
	if (rc == 0)
		rc = fs_replace(AT_FDCWD, path, out.data, out.len, 0644);
	return rc < 0 ? error_set(err, FAULT_INTERNAL, -rc, "cannot make %s: %s", path,
				  strerror(-rc))
		      : 0;
}
