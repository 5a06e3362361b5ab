/* plan/plan_json.c - ib-vmext/plan/1: the plan as a document, and back. */
#include "plan/plan.h"

#include <errno.h>

#include "base/text.h"

static const char schema[] = "ib-vmext/plan/1";

static const char *const kind_names[STEP_KIND_COUNT] = {
	[STEP_PACKAGES] = "packages",     [STEP_FILE] = "file",
	[STEP_MODULES] = "modules",       [STEP_DOWNLOAD] = "download",
	[STEP_REPOSITORY] = "repository", [STEP_INSTALLER] = "installer",
	[STEP_SERVICES] = "services",     [STEP_BUILD] = "build",
	[STEP_PREBUILT] = "prebuilt",     [STEP_SIGN] = "sign",
	[STEP_INITRAMFS] = "initramfs",   [STEP_NEXT_BOOT] = "next-boot",
	[STEP_RELOAD] = "reload",         [STEP_MANAGER] = "manager",
	[STEP_ADDRESSES] = "addresses",   [STEP_FOREIGN] = "foreign",
	[STEP_NAMES] = "names",           [STEP_SETTING] = "setting",
	[STEP_TAKEOVER] = "takeover",
};

const char *step_kind_name(enum step_kind kind)
{
	return (unsigned)kind < STEP_KIND_COUNT ? kind_names[kind] : "unknown";
}

/* Writing. */

/* null where the number is not known. */
static json_t *number_or_null(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *decision_to_json(const struct decision *d)
{
	return json_pack(
		"{s:i, s:o, s:o, s:o, s:o, s:o}", "exitCode", d->exit_code, "fault",
		json_text_or_null(d->fault == FAULT_NONE ? NULL : fault_row(d->fault)->slug),
		"route", json_text_or_null(d->route), "version", json_text_or_null(d->version),
		"reason", json_text_or_null(d->reason), "remedy", json_text_or_null(d->remedy));
}

static json_t *candidate_to_json(const struct candidate *c)
{
	return json_pack("{s:s, s:o, s:b, s:o, s:s, s:{s:o, s:o, s:o, s:s}}", "route", c->route,
			 "version", json_text_or_null(c->version), "eligible", c->eligible, "why",
			 json_text_or_null(c->why), "peerMemory", c->peer_memory, "estimate",
			 "seconds", number_or_null(c->estimate.seconds), "downloadBytes",
			 number_or_null(c->estimate.download_bytes), "diskBytes",
			 number_or_null(c->estimate.disk_bytes), "basis", c->estimate.basis);
}

static json_t *texts_to_json(const char *texts, size_t size, unsigned count)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < count; i++)
		(void)json_array_append_new(array, json_text_or_null(texts + i * size));
	return array;
}

static json_t *step_to_json(const struct step *s)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", s->id, "kind",
			 step_kind_name(s->kind), "what", json_text_or_null(s->what), "changes",
			 texts_to_json(s->changes[0], sizeof s->changes[0], s->nchanges), "undo",
			 json_text_or_null(s->undo), "items",
			 texts_to_json(s->items[0], sizeof s->items[0], s->nitems), "content",
			 json_text_or_null(s->content));
}

static json_t *warning_to_json(const struct warning *w)
{
	return json_pack("{s:s, s:o, s:o}", "id", w->id, "what", json_text_or_null(w->what),
			 "remedy", json_text_or_null(w->remedy));
}

json_t *plan_to_json(const struct plan *p)
{
	json_t *candidates = json_array(), *steps = json_array(), *warnings = json_array();

	for (unsigned i = 0; i < p->ncandidates; i++)
		(void)json_array_append_new(candidates, candidate_to_json(&p->candidates[i]));
	for (unsigned i = 0; i < p->nsteps; i++)
		(void)json_array_append_new(steps, step_to_json(&p->steps[i]));
	for (unsigned i = 0; i < p->nwarnings; i++)
		(void)json_array_append_new(warnings, warning_to_json(&p->warnings[i]));
	return json_pack("{s:s, s:o, s:o, s:b, s:o, s:s, s:o}", "schema", schema, "decision",
			 decision_to_json(&p->decision), "candidates", candidates, "resolved",
			 p->resolved, "steps", steps, "reboot", p->reboot ? "required" : "no",
			 "warnings", warnings);
}

/* Reading. */

#define FIELD_TEXT(type, key, member, required)                                                    \
	{                                                                                          \
		key, JSON_KIND_TEXT, required, offsetof(struct type, member),                      \
			sizeof(((struct type *)NULL)->member)                                      \
	}
#define FIELD(type, key, kind, member, required)                                                   \
	{                                                                                          \
		key, JSON_KIND_##kind, required, offsetof(struct type, member), 0                  \
	}

static const struct json_field decision_fields[] = {
	FIELD(decision, "exitCode", INT, exit_code, true),
	FIELD_TEXT(decision, "route", route, false),
	FIELD_TEXT(decision, "version", version, false),
	FIELD_TEXT(decision, "reason", reason, true),
	FIELD_TEXT(decision, "remedy", remedy, false),
};

static const struct json_field candidate_fields[] = {
	FIELD_TEXT(candidate, "route", route, true),
	FIELD_TEXT(candidate, "version", version, false),
	FIELD(candidate, "eligible", BOOL, eligible, true),
	FIELD_TEXT(candidate, "why", why, true),
	FIELD_TEXT(candidate, "peerMemory", peer_memory, true),
};

static const struct json_field estimate_fields[] = {
	FIELD(candidate, "seconds", INT64, estimate.seconds, false),
	FIELD(candidate, "downloadBytes", INT64, estimate.download_bytes, false),
	FIELD(candidate, "diskBytes", INT64, estimate.disk_bytes, false),
	FIELD_TEXT(candidate, "basis", estimate.basis, true),
};

static const struct json_field step_fields[] = {
	FIELD_TEXT(step, "id", id, true),
	FIELD_TEXT(step, "what", what, true),
	FIELD_TEXT(step, "undo", undo, false),
	FIELD_TEXT(step, "content", content, false),
};

static const struct json_field warning_fields[] = {
	FIELD_TEXT(warning, "id", id, true),
	FIELD_TEXT(warning, "what", what, true),
	FIELD_TEXT(warning, "remedy", remedy, false),
};

static int bad(struct error *err, const char *where, const char *what)
{
	return error_set(err, FAULT_JOURNAL_DAMAGED, EINVAL, "this is not a plan: %s: %s", where,
			 what);
}

static int decision_from_json(const json_t *j, struct decision *ret, struct error *err)
{
	const char *slug = json_text_at(j, "fault", NULL), *key = "";

	if (json_read(j, decision_fields, ARRAY_SIZE(decision_fields), ret, &key) < 0)
		return bad(err, "decision", key);
	ret->fault = slug != NULL ? fault_by_slug(slug) : FAULT_NONE;
	if (slug != NULL && ret->fault == FAULT_NONE)
		return bad(err, "decision.fault", slug);
	return 0;
}

static int candidate_from_json(const json_t *j, void *into, struct error *err)
{
	struct candidate *c = into;
	const char *key = "";

	c->estimate.seconds = c->estimate.download_bytes = c->estimate.disk_bytes = -1;
	if (json_read(j, candidate_fields, ARRAY_SIZE(candidate_fields), c, &key) < 0 ||
	    json_read(json_object_get(j, "estimate"), estimate_fields, ARRAY_SIZE(estimate_fields),
		      c, &key) < 0)
		return bad(err, "candidates", key);
	return 0;
}

static int texts_from_json(const json_t *array, char *texts, size_t size, unsigned *count)
{
	if (!json_is_array(array) || json_array_size(array) > PLAN_ITEMS_MAX)
		return -EINVAL;
	for (*count = 0; *count < json_array_size(array); (*count)++) {
		const char *text = json_string_value(json_array_get(array, *count));

		if (text == NULL || text_copy(texts + *count * size, size, text) < 0)
			return -EINVAL;
	}
	return 0;
}

static int step_from_json(const json_t *j, void *into, struct error *err)
{
	struct step *s = into;
	const char *kind = json_text_at(j, "kind", ""), *key = "";
	unsigned k = 0;

	if (json_read(j, step_fields, ARRAY_SIZE(step_fields), s, &key) < 0)
		return bad(err, "steps", key);
	while (k < STEP_KIND_COUNT && !text_eq(kind_names[k], kind))
		k++;
	if (k == STEP_KIND_COUNT)
		return bad(err, "steps.kind", kind);
	s->kind = (enum step_kind)k;
	if (texts_from_json(json_object_get(j, "items"), s->items[0], sizeof s->items[0],
			    &s->nitems) < 0)
		return bad(err, s->id, "items");
	if (texts_from_json(json_object_get(j, "changes"), s->changes[0], sizeof s->changes[0],
			    &s->nchanges) < 0)
		return bad(err, s->id, "changes");
	return 0;
}

static int warning_from_json(const json_t *j, void *into, struct error *err)
{
	const char *key = "";

	if (json_read(j, warning_fields, ARRAY_SIZE(warning_fields), into, &key) < 0)
		return bad(err, "warnings", key);
	return 0;
}

/* An array of the document and where it goes. */
struct array_of {
	const char *key;
	size_t max, size;
	int (*read)(const json_t *j, void *into, struct error *err);
};

static int array_from_json(const json_t *j, const struct array_of *of, void *first, unsigned *count,
			   struct error *err)
{
	const json_t *array = json_object_get(j, of->key);

	if (!json_is_array(array) || json_array_size(array) > of->max)
		return bad(err, of->key, "not an array, or too long");
	for (*count = 0; *count < json_array_size(array); (*count)++)
		if (of->read(json_array_get(array, *count), (char *)first + *count * of->size,
			     err) < 0)
			return -1;
	return 0;
}

int plan_from_json(const json_t *j, struct plan *ret, struct error *err)
{
	static const struct array_of candidates = { "candidates", PLAN_CANDIDATES_MAX,
						    sizeof(struct candidate), candidate_from_json };
	static const struct array_of steps = { "steps", PLAN_STEPS_MAX, sizeof(struct step),
					       step_from_json };
	static const struct array_of warnings = { "warnings", PLAN_WARNINGS_MAX,
						  sizeof(struct warning), warning_from_json };
	struct plan p = { 0 };

	if (!text_eq(json_text_at(j, "schema", ""), schema))
		return bad(err, "schema", json_text_at(j, "schema", "missing"));
	if (decision_from_json(json_object_get(j, "decision"), &p.decision, err) < 0 ||
	    array_from_json(j, &candidates, p.candidates, &p.ncandidates, err) < 0 ||
	    array_from_json(j, &steps, p.steps, &p.nsteps, err) < 0 ||
	    array_from_json(j, &warnings, p.warnings, &p.nwarnings, err) < 0)
		return -1;
	p.resolved = json_bool_at(j, "resolved", false);
	p.reboot = text_eq(json_text_at(j, "reboot", ""), "required");
	*ret = p;
	return 0;
}
