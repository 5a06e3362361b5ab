/* What differs from a snapshot, and why. */
#include <string.h>

#include "act/act.h"
#include "act/journal/journal.h"
#include "act/packages/transaction.h"
#include "act/record/snapshot.h"
#include "base/log.h"
#include "base/text.h"
#include "host/host.h"

static const struct {
	const char *name, *what;
} reasons[] = {
	[DIFFERS_LEFT] = { "left", "this run changed it and could not put it back" },
	[DIFFERS_KEPT_BACK] = { "kept-back", "it was kept back, as the message says" },
	[DIFFERS_KEPT_BESIDE] = { "kept-beside",
				  "somebody changed our file meanwhile: their version is kept" },
	[DIFFERS_NEXT_BOOT] = { "next-boot",
				"modules are not unloaded: it is gone at the next boot" },
	[DIFFERS_FOREIGN] = { "foreign",
			      "no step of this run changed it: somebody else did since" },
};

const char *difference_why(const struct difference *d)
{
	return reasons[d->why].name;
}

const char *difference_explained(const struct difference *d)
{
	return reasons[d->why].what;
}

struct comparing {
	const struct journal *journal;
	const struct error *kept;
	const json_t *now_packages, *then_packages;
	struct outcome *out;
};

/* "x" of "x:amd64" */
static bool is_named(const char *key, const char *name)
{
	size_t len = strcspn(name, ":");

	return strncmp(key, name, len) == 0 && (key[len] == '\0' || key[len] == ':');
}

static bool of_transactions(const struct journal *j, const char *key)
{
	for (unsigned i = 0; i < j->plan.nsteps; i++) {
		AUTO_TRANSACTION struct transaction t = { 0 };
		json_t *kept = json_object_get(j->steps[i].before, "transaction");

		if (!kept || transaction_from_json(kept, &t, NULL) < 0)
			continue;
		for (size_t n = 0; n < t.count; n++)
			if (is_named(key, t.changes[n].name))
				return true;
	}
	return false;
}

static enum difference_reason why_package(const struct comparing *c, const char *key)
{
	if (!of_transactions(c->journal, key))
		return DIFFERS_FOREIGN;
	return c->kept->fault == FAULT_KEPT_BACK ? DIFFERS_KEPT_BACK : DIFFERS_LEFT;
}

/* A file that a step names and that is neither as it was nor a person's. */
static enum difference_reason why_file(const struct comparing *c, const char *path)
{
	const struct journal *j = c->journal;

	if (strstr(path, ".ib-vmext-kept"))
		return DIFFERS_KEPT_BESIDE;
	for (unsigned i = 0; i < j->plan.nsteps; i++) {
		const struct step *s = &j->plan.steps[i];

		if (s->kind == STEP_FILE && j->steps[i].state != STEP_SKIPPED &&
		    text_eq(s->items[0], path))
			return c->kept->fault == FAULT_KEPT_BACK ? DIFFERS_KEPT_BACK : DIFFERS_LEFT;
	}
	return DIFFERS_FOREIGN;
}

static enum difference_reason why_module(const struct comparing *c, const char *name)
{
	return facts_module(&c->out->facts, name) ? DIFFERS_NEXT_BOOT : DIFFERS_FOREIGN;
}

/* Marks of packages that are not installed mean nothing. */
static bool counts_mark(const struct comparing *c, const char *key)
{
	return json_object_get(c->now_packages, key) && json_object_get(c->then_packages, key);
}

static const struct {
	const char *kind;
	enum difference_reason (*why)(const struct comparing *c, const char *key);
	bool (*counts)(const struct comparing *c, const char *key); /* NULL: always */
} kinds[] = {
	{ "package", why_package, NULL },
	{ "mark", why_package, counts_mark },
	{ "file", why_file, NULL },
	{ "module", why_module, NULL },
};

static void add(struct comparing *c, size_t kind, const char *key, const char *then,
		const char *now)
{
	struct outcome *out = c->out;
	struct difference d = { .why = kinds[kind].why(c, key) };

	if (kinds[kind].counts && !kinds[kind].counts(c, key))
		return;
	TEXT_COPY(d.kind, kinds[kind].kind);
	TEXT_COPY(d.name, key);
	TEXT_COPY(d.before, then);
	TEXT_COPY(d.after, now);
	out->differ[d.why]++;
	if (out->ndifferences++ < DIFFERENCES_MAX)
		out->differences[out->ndifferences - 1] = d;
	LOG(c->journal->host->log, INFO, "undo.difference", "%s %s: %s before, %s now: %s", d.kind,
	    d.name, then, now, difference_explained(&d));
}

static void compare_kind(struct comparing *c, size_t kind, const json_t *then, const json_t *now)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)then, key, value)
	{
		const char *is = json_string_value(json_object_get(now, key));

		if (!is || !text_eq(is, json_string_value(value)))
			add(c, kind, key, json_string_value(value), is ? is : "none");
	}
	json_object_foreach((json_t *)now, key, value)
	{
		if (!json_object_get(then, key))
			add(c, kind, key, "none", json_string_value(value));
	}
}

void snapshot_compare(const json_t *then, const struct journal *j, const struct error *kept,
		      struct outcome *out)
{
	AUTO_JSON json_t *now = then ? snapshot_take(j->host, j) : NULL;
	struct comparing c = { .journal = j,
			       .kept = kept,
			       .then_packages = json_object_get(then, "package"),
			       .now_packages = json_object_get(now, "package"),
			       .out = out };

	out->ndifferences = 0;
	memset(out->differ, 0, sizeof(out->differ));
	out->compared = now != NULL;
	for (size_t i = 0; now && i < ARRAY_SIZE(kinds); i++)
		compare_kind(&c, i, json_object_get(then, kinds[i].kind),
			     json_object_get(now, kinds[i].kind));
}
