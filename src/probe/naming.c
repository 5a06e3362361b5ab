/* probe/naming.c - looks into the programs that name RDMA devices, and for whom they work. */
#include "probe/naming.h"

#include <string.h>

#include "base/text.h"
#include "facts/facts.h"
#include "facts/own_files.h"
#include "host/host.h"
#include "probe/files.h"
#include "probe/slice.h"

/* An old version of the program lacks the word. */
static const struct {
	const char *path, *word;
} programs[] = {
	{ "usr/sbin/rdma", "dev set" },
	{ "usr/bin/rdma", "dev set" },
	{ "sbin/rdma", "dev set" },
	{ "usr/lib/udev/rdma_rename", "NAME_FIXED" },
	{ "lib/udev/rdma_rename", "NAME_FIXED" },
};

static const char *const units[] = {
	"etc/systemd/system/azure_persistent_rdma_naming.service",
	"usr/lib/systemd/system/azure_persistent_rdma_naming.service",
	"lib/systemd/system/azure_persistent_rdma_naming.service",
};

static bool has(struct slice s, const char *word)
{
	return memmem(s.text, s.len, word, strlen(word)) != NULL;
}

bool naming_parse_rules(const char *text, size_t len)
{
	struct slice rest = { text, len }, line;

	while (slice_line(&rest, &line))
		if (line.len > 0 && line.text[0] != '#' &&
		    (has(line, "rdma_rename") || has(line, "rdma dev set") ||
		     has(line, "azure_persistent_rdma_naming")))
			return true;
	return false;
}

static void take_rules(void *ctx, const char *path, struct slice text)
{
	struct naming_facts *n = ctx;

	if (!text_eq(path, OWN_NAMES_RULE) && naming_parse_rules(text.text, text.len))
		(void)TEXT_COPY(n->renamer, path);
}

struct look {
	const char *word;
	bool found;
};

static void take_program(void *ctx, struct slice text)
{
	struct look *l = ctx;

	l->found = has(text, l->word);
}

static enum tristate can_rename(const struct host *h)
{
	enum tristate can = h->live ? TRI_NO : TRI_UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		struct look l = { programs[i].word, false };

		if (!files_read(h, programs[i].path, take_program, &l))
			continue;
		if (l.found)
			return TRI_YES;
		can = TRI_NO;
	}
	return can;
}

void naming_read(const struct host *h, struct facts *ret)
{
	struct naming_facts *n = &ret->naming;

	memset(n, 0, sizeof *n);
	n->can_rename = can_rename(h);
	files_each(h, "etc/udev/rules.d", ".rules", take_rules, n);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (files_has(h, units[i]))
			(void)TEXT_COPY(n->renamer, units[i]);
}
