/* base/fs_tree.c - directories as a whole: listing in a fixed order, removal of trees. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"

/* The names in a directory, in byte order. */
struct names {
	char **at;
	size_t count, space;
};

static void names_free(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->at[i]);
	free(n->at);
}

static int names_add(struct names *n, const char *name)
{
	if (n->count == n->space) {
		size_t space = n->space != 0 ? n->space * 2 : 16;
		char **at = realloc(n->at, space * sizeof *at);

		if (at == NULL)
			return -ENOMEM;
		n->at = at;
		n->space = space;
	}
	n->at[n->count] = strdup(name);
	if (n->at[n->count] == NULL)
		return -ENOMEM;
	n->count++;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void cleanup_dir(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

/* All names of the directory at `fd`, which stays open. Whole before anything is done with them: a
 * directory that is changed while it is read may show a name twice or never. */
static int names_read(int fd, struct names *ret)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(cleanup_dir) DIR *d = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;
	int rc;

	if (d == NULL) {
		rc = -errno;
		if (own >= 0)
			(void)close(own);
		return rc;
	}
	while (errno = 0, (entry = readdir(d)) != NULL) {
		if (text_eq(entry->d_name, ".") || text_eq(entry->d_name, ".."))
			continue;
		rc = names_add(ret, entry->d_name);
		if (rc < 0)
			return rc;
	}
	if (errno != 0)
		return -errno;
	if (ret->count > 1)
		qsort(ret->at, ret->count, sizeof *ret->at, by_bytes);
	return 0;
}

int fs_list(int dir, const char *path, int (*fn)(void *ctx, const char *name), void *ctx)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(names_free) struct names names = { 0 };
	int rc;

	if (fd < 0)
		return -errno;
	rc = names_read(fd, &names);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = fn(ctx, names.at[i]);
	return rc;
}

static int remove_at(int dir, const char *path, const dev_t *only);

/* Empty the directory at dir/path. Recursion is as deep as the tree and holds one descriptor a
 * level. */
static int empty_dir(int dir, const char *path, const dev_t *only)
{
	AUTO_FD int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP(names_free) struct names names = { 0 };
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (only != NULL && st.st_dev != *only)
		return -EXDEV;
	rc = names_read(fd, &names);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = remove_at(fd, names.at[i], &st.st_dev);
	return rc;
}

static int remove_at(int dir, const char *path, const dev_t *only)
{
	int rc;

	if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return -errno;
	rc = empty_dir(dir, path, only);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	return unlinkat(dir, path, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int fs_remove(int dir, const char *path)
{
	return remove_at(dir, path, NULL);
}
