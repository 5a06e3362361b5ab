/* Reads which packages lie in a tree. */
#include "act/ofed/contents.h"

#include <errno.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

enum { DEPTH_MAX = 4, PATH_SIZE = 512 };

/* Cut what follows the last `c`. */
static int cut(char *text, char c)
{
	char *at = strrchr(text, c);

	if (!at || at == text)
		return -EINVAL;
	*at = '\0';
	return 0;
}

int contents_name(const char *file, char *ret, size_t size)
{
	if (text_copy(ret, size, file) < 0)
		return -EINVAL;
	if (text_ends(file, ".deb")) {
		size_t len = strcspn(ret, "_");

		if (len == 0 || ret[len] == '\0')
			return -EINVAL;
		ret[len] = '\0';
		return 0;
	}
	if (!text_ends(file, ".rpm") || text_ends(file, ".src.rpm"))
		return -EINVAL;
	/* name-version-release.arch.rpm */
	return cut(ret, '.') < 0 || cut(ret, '.') < 0 || cut(ret, '-') < 0 || cut(ret, '-') < 0
		       ? -EINVAL
		       : 0;
}

struct walk {
	const struct host *host;
	json_t *list;
	const char *dir;
	int depth;
};

static bool has(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_eq(json_string_value(json_array_get(list, i)), name))
			return true;
	return false;
}

static int visit(void *ctx, const char *file)
{
	struct walk w = *(const struct walk *)ctx;
	char path[PATH_SIZE], name[96];
	int rc;

	if (contents_name(file, name, sizeof name) == 0)
		return has(w.list, name) ? 0 : json_array_append_new(w.list, json_string(name));
	if (++w.depth > DEPTH_MAX || TEXT_FORMAT(path, "%s/%s", w.dir, file) < 0)
		return 0;
	w.dir = path;
	rc = fs_list(w.host->root, path, visit, &w);
	return rc == -ENOTDIR || rc == -ELOOP ? 0 : rc;
}

json_t *contents_list(const struct host *h, const char *dir)
{
	AUTO_JSON json_t *list = json_array();
	struct walk w = { h, list, dir, 0 };

	if (!list || fs_list(h->root, dir, visit, &w) < 0)
		return NULL;
	return TAKE(list);
}
