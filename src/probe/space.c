/* probe/space.c - asks for the room on the root file system and on those that may be others. */
#include "probe/space.h"

#include "base/text.h"
#include "facts/facts.h"
#include "host/host.h"
#include "probe/mounts.h"

enum { MOUNTS_MAX = 1 << 20 };

static const char *const paths[] = { "/", "/tmp", "/var", "/boot", "/usr" };
_Static_assert(ARRAY_SIZE(paths) <= FACTS_SPACES_MAX, "facts.h has no room for all file systems");

static void read_spaces(const struct host *h, struct facts *ret)
{
	AUTO_BUF struct buf mounts = { .max = MOUNTS_MAX };

	if (host_read(h, "proc/self/mounts", MOUNTS_MAX, &mounts) < 0 &&
	    host_read(h, "proc/mounts", MOUNTS_MAX, &mounts) < 0)
		buf_clear(&mounts);
	ret->nspaces = 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct space_facts *s = &ret->spaces[ret->nspaces];

		if (host_space(h, paths[i], &s->free_bytes, &s->total_bytes) < 0)
			continue;
		(void)TEXT_COPY(s->path, paths[i]);
		mounts_parse(buf_text(&mounts), mounts.len, s);
		ret->nspaces++;
	}
}

/* Asked once: it changes while others write, and a captured world has one answer. */
void space_read(const struct host *h, struct facts *ret)
{
	const struct space_facts *root = &ret->spaces[0];

	read_spaces(h, ret);
	ret->root_space.known = ret->nspaces > 0 && text_eq(root->path, "/");
	if (!ret->root_space.known)
		return;
	ret->root_space.free_bytes = root->free_bytes;
	ret->root_space.total_bytes = root->total_bytes;
}
