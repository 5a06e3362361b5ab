/* What the journals of earlier runs tell. */
#include "act/journal.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

enum { JOURNAL_BYTES_MAX = 16 << 20 };

struct counting {
	const struct host *host;
	int state_dir;
	int64_t seq;
	const char *digest;
	unsigned reboots;
};

static int count_one(void *ctx, const char *name)
{
	struct counting *c = ctx;
	AUTO_BUF struct buf text = { 0 };
	AUTO_FREE struct journal *j = calloc(1, sizeof(*j));
	struct error err = { 0 };
	char path[300];

	TEXT_FORMAT(path, "journal/%s", name);
	if (!j || !text_ends(name, ".jsonl") ||
	    fs_read(c->state_dir, path, JOURNAL_BYTES_MAX, &text) < 0)
		return 0;
	*j = (struct journal) { .host = c->host, .fd = -1, .salvaging = true };
	(void)journal_replay(j, buf_text(&text), text.len, &err);
	if (json_int_at(j->begin, "seq", INT64_MIN) == c->seq &&
	    text_eq(json_text_at(j->begin, "settingsDigest", ""), c->digest))
		c->reboots += j->reboots;
	journal_free(j);
	return 0;
}

unsigned journal_reboots_of(const struct host *h, int state_dir, int64_t seq,
			    const char *settings_digest)
{
	struct counting c = { h, state_dir, seq, settings_digest, 0 };

	if (fs_list(state_dir, "journal", count_one, &c) < 0)
		LOG(h->log, DEBUG, "journal.history", "the journals cannot be listed, ignoring");
	return c.reboots;
}
