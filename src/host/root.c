/* host/root.c - walks a path component by component, and takes symlinks as the root's own. */
#include "host/root.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

struct walk {
	char done[PATH_MAX]; /* resolved, relative, no symlink in it; "" is the root */
	char todo[PATH_MAX]; /* not looked at yet */
	unsigned links;
};

/* Cut the first component off w->todo. Returns its length, 0 at the end; *last says that nothing
 * follows it. */
static size_t walk_next(struct walk *w, char name[static NAME_MAX + 1], bool *last)
{
	const char *p = w->todo + strspn(w->todo, "/");
	size_t len = strcspn(p, "/");
	const char *rest = p + len;

	if (len > NAME_MAX)
		return len;
	memcpy(name, p, len);
	name[len] = '\0';
	*last = rest[strspn(rest, "/")] == '\0';
	memmove(w->todo, rest, strlen(rest) + 1);
	return len;
}

static void walk_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash)
		*slash = '\0';
	else
		w->done[0] = '\0'; /* above the root is the root */
}

static int walk_down(struct walk *w, const char *name)
{
	size_t at = strlen(w->done);

	return text_format(w->done + at, sizeof w->done - at, "%s%s", at ? "/" : "", name);
}

/* w->done ends in a symlink to `target`: go on from where that leads. */
static int walk_link(struct walk *w, const char *target)
{
	char rest[PATH_MAX];

	if (++w->links > ROOT_LINKS_MAX)
		return -ELOOP;
	if (target[0] == '/')
		w->done[0] = '\0';
	else
		walk_up(w);
	(void)TEXT_COPY(rest, w->todo);
	return TEXT_FORMAT(w->todo, "%s/%s", target, rest);
}

static int walk_step(struct walk *w, const struct root_query *q, const char *name, bool last)
{
	char target[PATH_MAX];
	ssize_t n;
	int rc;

	if (text_eq(name, "."))
		return 0;
	if (text_eq(name, "..")) {
		walk_up(w);
		return 0;
	}
	rc = walk_down(w, name);
	if (rc < 0 || (last && !q->follow))
		return rc;
	n = readlinkat(q->root, w->done, target, sizeof target);
	if (n < 0 && (errno == EINVAL || (errno == ENOENT && last)))
		return 0; /* no symlink */
	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof target)
		return -ENAMETOOLONG;
	target[n] = '\0';
	if (q->link)
		q->link(q->ctx, w->done, target);
	return walk_link(w, target);
}

int root_walk(const struct root_query *q, char *ret, size_t size)
{
	struct walk w = { .links = 0 };
	int rc = TEXT_COPY(w.todo, q->path);

	while (rc == 0) {
		char name[NAME_MAX + 1];
		bool last = false;
		size_t len = walk_next(&w, name, &last);

		if (len == 0)
			return text_copy(ret, size, w.done[0] ? w.done : ".");
		rc = len > NAME_MAX ? -ENAMETOOLONG : walk_step(&w, q, name, last);
	}
	return rc;
}

int root_resolve(int root, const char *path, bool follow, char *ret, size_t size)
{
	const struct root_query q = { .root = root, .path = path, .follow = follow };

	return root_walk(&q, ret, size);
}
