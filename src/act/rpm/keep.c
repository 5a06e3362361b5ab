/* What of a transaction has to stay, since packages that came later need it. */
#include <errno.h>
#include <string.h>

#include "act/rpm/undoing.h"
#include "base/text.h"
#include "host/host.h"

enum { ROUNDS_MAX = 50 };

/* Call `fn` for each dependency that rpm says would be broken. */
static void each_needed(const char *text, void (*fn)(void *ctx, const struct rpm_needed *n),
			void *ctx)
{
	struct rpm_needed needed;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (rpm_parse_needed(line, len, &needed))
			fn(ctx, &needed);
		line += len + (line[len] == '\n');
	}
}

/* ---- may the former versions come back? ---- */

struct blocking {
	const struct undoing *u;
	char by[240]; /* the first of those that are not ours */
};

static bool is_leaving(const struct undoing *u, const char *nevra)
{
	char full[RPM_SPEC_SIZE];

	for (size_t i = 0; i < u->count; i++) {
		const struct undo_item *item = &u->at[i];

		if (!item->erase)
			continue;
		(void)TEXT_FORMAT(full, "%s-%s.%s", item->now->name, item->now->version,
				  item->now->arch);
		if (text_eq(full, nevra))
			return true;
	}
	return false;
}

static void note_blocking(void *ctx, const struct rpm_needed *n)
{
	struct blocking *b = ctx;

	if (!b->by[0] && !is_leaving(b->u, n->by))
		(void)TEXT_COPY(b->by, n->by);
}

int undoing_judge_former(const struct package_context *c, struct undoing *u, struct error *err)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	struct blocking b = { .u = u };
	size_t n = undoing_add_files(u, "--test", &cmd);

	if (n == 0)
		return 0;
	if (rpm_query(c, &cmd, &r, err) < 0)
		return -1;
	each_needed(buf_text(&r.err), note_blocking, &b);
	for (size_t i = 0; b.by[0] && i < u->count; i++)
		if (u->at[i].change->kind == CHANGE_REPLACE && u->at[i].restore) {
			u->at[i].restore = false;
			u->at[i].stays = true;
		}
	return 0;
}

/* ---- may the new ones go? ---- */

struct finding {
	const struct package_context *c;
	struct undoing *u;
	bool found;
};

static void keep_provider(struct finding *f, const char *line, size_t len)
{
	struct rpm_package p;

	if (rpm_parse_line(line, len, &p) < 0)
		return;
	for (size_t i = 0; i < f->u->count; i++) {
		struct undo_item *item = &f->u->at[i];

		if (item->erase && item->now && text_eq(item->now->name, p.name) &&
		    text_eq(item->now->version, p.version) && text_eq(item->now->arch, p.arch)) {
			item->erase = false;
			item->stays = true;
			f->found = true;
		}
	}
}

static void keep_needed(void *ctx, const struct rpm_needed *n)
{
	struct finding *f = ctx;
	const char *const words[] = {
		"rpm", "-q", "--whatprovides", "--qf", RPM_LINE_FORMAT, n->capability, NULL
	};
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };

	command_add_all(&cmd, words);
	if (rpm_query(f->c, &cmd, &r, NULL) < 0)
		return;
	for (const char *line = buf_text(&r.out); *line;) {
		size_t len = strcspn(line, "\n");

		keep_provider(f, line, len);
		line += len + (line[len] == '\n');
	}
}

/* Those that are to go, and those that go because their former version comes: so rpm names only
 * what others need. */
static size_t add_leaving(const struct undoing *u, struct command *cmd)
{
	size_t n = 0;

	for (size_t i = 0; i < u->count; i++) {
		if (!u->at[i].now || (!u->at[i].erase && !u->at[i].restore))
			continue;
		command_add(cmd, u->at[i].nevra);
		n += u->at[i].erase;
	}
	return n;
}

int undoing_judge_new(const struct package_context *c, struct undoing *u, struct error *err)
{
	struct finding f = { .c = c, .u = u, .found = true };

	for (int round = 0; f.found && round < ROUNDS_MAX; round++) {
		AUTO_COMMAND struct command cmd = { 0 };
		AUTO_RUN struct run_result r = { 0 };

		f.found = false;
		command_add(&cmd, "rpm");
		command_add(&cmd, "-e");
		command_add(&cmd, "--test");
		if (add_leaving(u, &cmd) == 0)
			return 0;
		if (rpm_query(c, &cmd, &r, err) < 0)
			return -1;
		each_needed(buf_text(&r.err), keep_needed, &f);
	}
	return 0;
}
