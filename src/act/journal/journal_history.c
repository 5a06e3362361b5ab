/* What the journals of earlier runs tell. */
#include "act/journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { JOURNAL_BYTES_MAX = 16 << 20 };

enum { JOURNAL_NAME_SIZE = 80 };

struct names {
	char list[JOURNALS_KEPT + 2][JOURNAL_NAME_SIZE];
	unsigned count;
};

/* The newest are kept. */
static int names_add(void *ctx, const char *name)
{
	struct names *n = ctx;

	if (!text_ends(name, ".jsonl") || strlen(name) >= JOURNAL_NAME_SIZE)
		return 0;
	if (n->count == ARRAY_SIZE(n->list))
		memmove(n->list[0], n->list[1], (size_t)--n->count * JOURNAL_NAME_SIZE);
	TEXT_COPY(n->list[n->count++], name);
	return 0;
}

/* NULL where it cannot be read. */
static struct journal *read_one(const struct host *h, int state_dir, const char *name)
{
	AUTO_BUF struct buf text = { 0 };
	struct journal *j = calloc(1, sizeof(*j));
	struct error err = { 0 };
	char path[100];

	TEXT_FORMAT(path, "journal/%s", name);
	if (!j || fs_read(state_dir, path, JOURNAL_BYTES_MAX, &text) < 0) {
		free(j);
		return NULL;
	}
	*j = (struct journal) { .host = h, .fd = -1, .salvaging = true };
	TEXT_FORMAT(j->run, "%.*s", (int)(strlen(name) - strlen(".jsonl")), name);
	(void)journal_replay(j, buf_text(&text), text.len, &err);
	return j;
}

void journal_each(const struct host *h, int state_dir,
		  bool (*fn)(void *ctx, const struct journal *j), void *ctx)
{
	struct names names = { .count = 0 };
	bool enough = false;

	if (fs_list(state_dir, "journal", names_add, &names) < 0)
		LOG(h->log, DEBUG, "journal.history", "the journals cannot be listed, ignoring");
	while (names.count > 0 && !enough) {
		struct journal *j = read_one(h, state_dir, names.list[--names.count]);

		if (!j)
			continue;
		enough = j->begin && fn(ctx, j);
		journal_free(j);
		free(j);
	}
}

struct counting {
	int64_t seq;
	const char *digest;
	unsigned reboots;
};

static bool count_one(void *ctx, const struct journal *j)
{
	struct counting *c = ctx;

	if (json_int_at(j->begin, "seq", INT64_MIN) == c->seq &&
	    text_eq(json_text_at(j->begin, "settingsDigest", ""), c->digest))
		c->reboots += j->reboots;
	return false;
}

unsigned journal_reboots_of(const struct host *h, int state_dir, int64_t seq,
			    const char *settings_digest)
{
	struct counting c = { seq, settings_digest, 0 };

	journal_each(h, state_dir, count_one, &c);
	return c.reboots;
}
