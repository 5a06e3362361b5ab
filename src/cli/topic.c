/* Finds a topic in the tables, and tells it. */
#include "cli/topic.h"

#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "cli/page.h"
#include "plan/advice.h"

enum { FIELD = 10, WARNINGS_MAX = 128 };

static const int codes[] = { 0, 1, 10, 11, 12, 13, 14 };

/* Finding. */

static const char *nearest_word(const char *word)
{
	const char *words[FAULT_COUNT + WARNINGS_MAX + 2] = { "issue" };
	const struct warning_row *row;
	size_t n = 1;

	for (int i = 1; i < FAULT_COUNT; i++)
		words[n++] = fault_row((enum fault)i)->slug;
	for (size_t i = 0; i < WARNINGS_MAX && (row = warning_row_at(i)) != NULL; i++)
		words[n++] = row->id;
	return text_nearest(word, words);
}

static int find_issue(const char *number, struct topic *ret, struct error *err)
{
	long n = 0;

	if (!number || text_to_long(number, 10, &n) < 0 || n < 1)
		return error_set(err, FAULT_USAGE, 0,
				 "explain issue needs the number of a known issue; "
				 "docs/known-issues.md lists them");
	ret->issue = issue_row((unsigned long long)n);
	if (ret->issue)
		return 0;
	return error_set(err, FAULT_USAGE, 0,
			 "there is no known issue %ld; docs/known-issues.md lists them", n);
}

static int find_code(long code, struct topic *ret, struct error *err)
{
	ret->code = exit_row((int)code);
	if (ret->code)
		return 0;
	return error_set(err, FAULT_USAGE, 0,
			 "%ld is not an exit code of this program; they are 0, 1, 10 to 14", code);
}

static int find_word(const char *word, struct topic *ret, struct error *err)
{
	enum fault fault = fault_by_slug(word);
	const char *nearest;

	if (fault != FAULT_NONE)
		ret->fault = fault_row(fault);
	ret->warning = warning_row(word);
	if (ret->fault || ret->warning)
		return 0;
	nearest = nearest_word(word);
	return error_set(err, FAULT_USAGE, 0, "there is no code, fault or warning %s%s%s%s", word,
			 nearest ? "; did you mean " : "", nearest ? nearest : "",
			 nearest ? "?" : "");
}

int topic_find(const char *word, const char *number, struct topic *ret, struct error *err)
{
	long code;

	*ret = (struct topic) { 0 };
	if (text_eq(word, "issue"))
		return find_issue(number, ret, err);
	if (number)
		return error_set(err, FAULT_USAGE, 0,
				 "explain takes one word, or `issue` and a number");
	if (text_to_long(word, 10, &code) == 0)
		return find_code(code, ret, err);
	return find_word(word, ret, err);
}

/* What support needs to see. It depends on who can act at all. */
static const char *support_text(const char *who)
{
	if (text_eq(who, "platform"))
		return "Azure support: the VM's id, the time, the output of `ib-vmext verify "
		       "--json`, and /var/log/azure/ib-vmext-status.";
	return "The output of `ib-vmext facts --json` and `ib-vmext plan --json`, and "
	       "/var/log/azure/ib-vmext-status; look them through for names and addresses first.";
}

static const char *retry_text(bool transient)
{
	return transient ? "can help by itself" : "changes nothing";
}

/* For people. */

static void put(const struct page *p, const char *name, const char *text)
{
	struct page_label label = { .indent = 2, .field = FIELD, .text = name };

	page_item(p, &label, "%s", text);
}

static void put_title(const struct page *p, const char *name, const char *what)
{
	char text[80];
	struct page_label label = { .style = PAGE_STRONG, .text = text };

	(void)TEXT_FORMAT(text, "%s ", name);
	page_item(p, &label, "%s", what);
}

/* "a,b" -> "a, b" */
static void words_text(const char *list, char *ret, size_t size)
{
	char former[200];

	(void)text_copy(ret, size, "");
	while (*list) {
		size_t len = strcspn(list, ",");

		(void)TEXT_COPY(former, ret);
		(void)text_format(ret, size, "%s%s%.*s", former, former[0] ? ", " : "", (int)len,
				  list);
		list += len + (list[len] == ',');
	}
}

static void put_code(const struct page *p, const struct exit_row *row)
{
	char name[16];
	struct page_label label = { .style = PAGE_STRONG, .text = name };

	(void)TEXT_FORMAT(name, "%d: ", row->code);
	page_item(p, &label, "%s %s", row->meaning, row->remedy);
	for (int i = 1; i < FAULT_COUNT; i++) {
		const struct fault_row *fault = fault_row((enum fault)i);
		struct page_label of = { .indent = 2, .field = 28, .text = fault->slug };

		if (fault->exit_code == row->code)
			page_item(p, &of, " %s", fault->cause);
	}
}

static void put_fault(const struct page *p, const struct fault_row *row)
{
	char what[40];

	(void)TEXT_FORMAT(what, "(a fault, exit code %d)", row->exit_code);
	put_title(p, row->slug, what);
	put(p, "cause:", row->cause);
	put(p, "remedy:", row->remedy);
	put(p, "who:", row->who);
	put(p, "a retry:", retry_text(row->transient));
	put(p, "support:", support_text(row->who));
}

static void put_warning(const struct page *p, const struct warning_row *row)
{
	char text[120], issues[80];

	put_title(p, row->id, "(a warning of a plan, which goes on)");
	put(p, "cause:", row->what);
	put(p, "remedy:", row->remedy);
	put(p, "who:", row->who);
	put(p, "a retry:", "warns again, as long as the machine is as it is");
	put(p, "support:", support_text(row->who));
	if (row->issues[0]) {
		words_text(row->issues, issues, sizeof(issues));
		(void)TEXT_FORMAT(text, "%s (`ib-vmext explain issue N`)", issues);
		put(p, "issues:", text);
	}
}

static void put_issue(const struct page *p, const struct issue_row *row)
{
	char text[300], by[200];

	(void)TEXT_FORMAT(text, "issue %u:", row->number);
	put_title(p, text, row->title);
	words_text(row->by, by, sizeof(by));
	(void)TEXT_FORMAT(text, "%s%s%s", row->sentence, by[0] ? ": " : "", by);
	put(p, "caught:", text);
	if (row->why[0])
		put(p, "why:", row->why);
	put(p, "source:", row->source);
}

/* The ids in a list of an issue, as topics of their own. */
static void put_those_that_catch(const struct page *p, const struct issue_row *row)
{
	for (const char *rest = row->by; *rest;) {
		struct topic t = { 0 };
		size_t len = strcspn(rest, ",");
		char id[64];

		(void)TEXT_FORMAT(id, "%.*s", (int)len, rest);
		rest += len + (rest[len] == ',');
		if (find_word(id, &t, NULL) < 0)
			continue; /* a check of verify, which says its own remedy */
		fputc('\n', p->out);
		if (t.warning && text_eq(row->caught, "warning"))
			put_warning(p, t.warning);
		else if (t.fault)
			put_fault(p, t.fault);
	}
}

void topic_render(const struct page *p, const struct topic *t)
{
	if (t->code)
		put_code(p, t->code);
	if (t->fault)
		put_fault(p, t->fault);
	if (t->fault && t->warning)
		fputc('\n', p->out);
	if (t->warning)
		put_warning(p, t->warning);
	if (t->issue) {
		put_issue(p, t->issue);
		put_those_that_catch(p, t->issue);
	}
}

void topics_render(const struct page *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		char name[8];
		struct page_label label = { .field = 5, .style = PAGE_STRONG, .text = name };

		(void)TEXT_FORMAT(name, "%3d", codes[i]);
		page_item(p, &label, "%s", exit_row(codes[i])->meaning);
	}
}

/* As JSON. */

static json_t *words_to_json(const char *list)
{
	json_t *array = json_array();

	while (*list) {
		size_t len = strcspn(list, ",");

		(void)json_array_append_new(array, json_stringn(list, len));
		list += len + (list[len] == ',');
	}
	return array;
}

static json_t *fault_to_json(const struct fault_row *row)
{
	if (!row)
		return json_null();
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:b, s:s}", "id", row->slug, "exitCode",
			 row->exit_code, "cause", row->cause, "remedy", row->remedy, "who",
			 row->who, "retryHelps", row->transient, "support", support_text(row->who));
}

static json_t *warning_to_json(const struct warning_row *row)
{
	if (!row)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:o}", "id", row->id, "cause", row->what,
			 "remedy", row->remedy, "who", row->who, "retryHelps", 0, "support",
			 support_text(row->who), "issues", words_to_json(row->issues));
}

static json_t *issue_to_json(const struct issue_row *row)
{
	if (!row)
		return json_null();
	return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}", "number", (int)row->number, "title",
			 row->title, "source", row->source, "caught", row->caught, "by",
			 words_to_json(row->by), "why", json_text_or_null(row->why));
}

static json_t *code_to_json(const struct exit_row *row)
{
	json_t *faults = json_array();

	for (int i = 1; row && i < FAULT_COUNT; i++)
		if (fault_row((enum fault)i)->exit_code == row->code)
			(void)json_array_append_new(faults,
						    fault_to_json(fault_row((enum fault)i)));
	if (!row) {
		json_decref(faults);
		return json_null();
	}
	return json_pack("{s:i, s:s, s:s, s:o}", "code", row->code, "meaning", row->meaning,
			 "remedy", row->remedy, "faults", faults);
}

json_t *topic_to_json(const struct topic *t)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "schema", "ib-vmext/explain/1", "exitCode",
			 code_to_json(t->code), "fault", fault_to_json(t->fault), "warning",
			 warning_to_json(t->warning), "issue", issue_to_json(t->issue));
}

json_t *topics_to_json(void)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		(void)json_array_append_new(array, code_to_json(exit_row(codes[i])));
	return json_pack("{s:s, s:o}", "schema", "ib-vmext/explain/1", "exitCodes", array);
}
