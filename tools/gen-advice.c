/* tools/gen-advice.c - data/warnings.json and data/known-issues.json -> the tables behind a plan's
 * warnings and `explain`, docs/warnings.md and docs/known-issues.md. */
#include "gen-tables.h"

#include <string.h>

#include "gen-common.h"

/* A sentence of either file: begins with a capital or a name, ends with a full stop. */
static const char *row_sentence(const struct row *row, const char *key)
{
	const char *text = row_text(row, key);

	if (text[strlen(text) - 1] != '.')
		row_fail(row, "\"%s\" does not end with a full stop", key);
	return text;
}

static const json_t *row_array(const struct row *row, const char *key)
{
	const json_t *array = json_object_get(row->object, key);

	if (!json_is_array(array))
		row_fail(row, "\"%s\" is not an array", key);
	return array;
}

/* The row of `array` whose member `key` is `id`. False if there is none. */
static bool row_find(const char *file, const json_t *doc, const char *array, const char *key,
		     const char *id)
{
	size_t count = rows_count(file, doc, array);

	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, array, i, key);

		if (strcmp(row_text(&row, key), id) == 0)
			return true;
	}
	return false;
}

/* warnings.json */

static void check_warning(const char *file, const json_t *doc, const struct row *row, size_t i)
{
	static const char *const keys[] = { "id", "what", "remedy", "who", "issues", NULL };
	static const char *const whos[] = { "user", "operator", "platform", "nobody", NULL };
	const char *id = row_text(row, "id");
	const json_t *issues = row_array(row, "issues");

	row_only(row, keys);
	row_slug(row, id);
	row_one_of(row, "who", row_text(row, "who"), whos);
	(void)row_sentence(row, "what");
	if (strlen(row_sentence(row, "remedy")) > 239)
		row_fail(row, "\"remedy\" is longer than 239 bytes, which a plan has room for");
	for (size_t k = 0; k < json_array_size(issues); k++)
		if (json_integer_value(json_array_get(issues, k)) < 1)
			row_fail(row, "issues[%zu] is not a number from 1", k);
	for (size_t k = 0; k < i; k++) {
		struct row other = row_at(file, doc, "warnings", k, "id");

		if (strcmp(row_text(&other, "id"), id) == 0)
			row_fail(row, "the id stands at warnings[%zu] already", k);
	}
}

static json_t *warnings_load(const char *file)
{
	json_t *doc = document_load(file, "ib-vmext/warnings/1");
	size_t count = rows_count(file, doc, "warnings");

	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "warnings", i, "id");

		check_warning(file, doc, &row, i);
	}
	return doc;
}

/* The numbers as one text, "10,11". */
static void numbers_text(const json_t *array, char *ret, size_t size)
{
	size_t len = 0;

	*ret = '\0';
	for (size_t i = 0; i < json_array_size(array) && len < size; i++)
		len += (size_t)snprintf(ret + len, size - len, "%s%lld", i > 0 ? "," : "",
					json_integer_value(json_array_get(array, i)));
}

void make_warnings(const char *file, FILE *out)
{
	json_t *doc = warnings_load(file);
	size_t count = rows_count(file, doc, "warnings");

	write_banner(out, file);
	(void)fputs("static const struct warning_row warning_table[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "warnings", i, "id");
		char issues[80];

		numbers_text(row_array(&row, "issues"), issues, sizeof issues);
		(void)fputs("\t{ ", out);
		write_literal(out, row_text(&row, "id"));
		(void)fputs(", ", out);
		write_literal(out, row_text(&row, "who"));
		(void)fputs(", ", out);
		write_literal(out, issues);
		(void)fputs(",\n\t\t", out);
		write_literal(out, row_text(&row, "what"));
		(void)fputs(",\n\t\t", out);
		write_literal(out, row_text(&row, "remedy"));
		(void)fputs(" },\n", out);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}

static void write_issue_links(FILE *out, const json_t *issues)
{
	(void)fputs("- known issues: ", out);
	for (size_t i = 0; i < json_array_size(issues); i++)
		(void)fprintf(out, "%s%lld", i > 0 ? ", " : "",
			      json_integer_value(json_array_get(issues, i)));
	(void)fputs(" of [known-issues.md](known-issues.md)\n", out);
}

void make_warnings_md(const char *file, FILE *out)
{
	json_t *doc = warnings_load(file);
	size_t count = rows_count(file, doc, "warnings");

	(void)fputs("<!-- Made by tools/gen-tables from data/warnings.json: edit that. -->\n"
		    "# Warnings\n\n"
		    "What a plan may warn of although it goes on. The plan itself says what was "
		    "found on the\nmachine; here stands the general case. `ib-vmext explain NAME` "
		    "says the same, offline.\n",
		    out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "warnings", i, "id");
		const json_t *issues = row_array(&row, "issues");

		(void)fprintf(out, "\n## %s\n\n", row_text(&row, "id"));
		write_item(out, "what", row_text(&row, "what"));
		write_item(out, "remedy", row_text(&row, "remedy"));
		write_item(out, "who can act", row_text(&row, "who"));
		if (json_array_size(issues) > 0)
			write_issue_links(out, issues);
	}
	json_decref(doc);
}

/* known-issues.json */

enum { ISSUE_NUMBER_MAX = 9999 };

/* Where an issue can be caught; `table`: what the words of "by" are ids of, NULL where it has none
 * or where a test looks them up; `sentence`: how the page says it. */
static const struct {
	const char *word, *table, *sentence;
	bool by_needed, why_needed;
} places[] = {
	{ "warning", "warnings", "a warning of the plan", true, false },
	{ "blocked", "faults", "the driver is not eligible, before anything changes", true, true },
	{ "fault", "faults", "a fault", true, false },
	{ "verify", NULL, "a red check of verify", true, false },
	{ "catalogue", NULL, "the catalogue", false, true },
	{ "design", NULL, "it cannot come about", false, true },
	{ "act", NULL, "the work itself", false, true },
	{ "no", NULL, "not caught", false, true },
};

static size_t place_of(const struct row *row)
{
	const char *caught = row_text(row, "caught");

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(places[i].word, caught) == 0)
			return i;
	row_fail(row, "\"caught\" is \"%s\", which is none of the known words", caught);
}

/* The files beside known-issues.json whose ids it names. */
struct ids {
	char warnings_file[4096], faults_file[4096];
	json_t *warnings, *faults;
};

static void ids_load(const char *file, struct ids *ret)
{
	const char *slash = strrchr(file, '/');
	int dir = slash == NULL ? 0 : (int)(slash - file + 1);

	(void)snprintf(ret->warnings_file, sizeof ret->warnings_file, "%.*swarnings.json", dir,
		       file);
	(void)snprintf(ret->faults_file, sizeof ret->faults_file, "%.*sfaults.json", dir, file);
	ret->warnings = warnings_load(ret->warnings_file);
	ret->faults = document_load(ret->faults_file, "ib-vmext/faults/1");
}

static bool id_known(const struct ids *ids, const char *table, const char *id)
{
	if (strcmp(table, "warnings") == 0)
		return row_find(ids->warnings_file, ids->warnings, "warnings", "id", id);
	return row_find(ids->faults_file, ids->faults, "faults", "slug", id);
}

static void check_by(const struct ids *ids, const struct row *row)
{
	const json_t *by = row_array(row, "by");
	size_t place = place_of(row);

	if (places[place].by_needed != (json_array_size(by) > 0))
		row_fail(row, "\"by\" is %s", places[place].by_needed ? "empty" : "not empty");
	for (size_t i = 0; i < json_array_size(by); i++) {
		const char *id = json_string_value(json_array_get(by, i));

		if (id == NULL)
			row_fail(row, "by[%zu] is not a text", i);
		row_slug(row, id);
		if (places[place].table != NULL && !id_known(ids, places[place].table, id))
			row_fail(row, "by[%zu] \"%s\" is not in %s.json", i, id,
				 places[place].table);
	}
}

static void check_issue(const struct ids *ids, const struct row *row, size_t i)
{
	static const char *const keys[] = {
		"number", "title", "source", "caught", "by", "why", NULL
	};

	row_only(row, keys);
	(void)row_text(row, "title");
	(void)row_text(row, "source");
	if (row_int(row, "number", 1, ISSUE_NUMBER_MAX) != (long long)i + 1)
		row_fail(row, "its number is not %zu: they stand in order, without a gap", i + 1);
	if (places[place_of(row)].why_needed || json_object_get(row->object, "why") != NULL)
		(void)row_sentence(row, "why");
	check_by(ids, row);
}

static bool array_has(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (strcmp(json_string_value(json_array_get(array, i)), text) == 0)
			return true;
	return false;
}

/* A warning that says that it stands for an issue must be among those that catch it. */
static void check_way_back(const char *file, const json_t *doc, const struct ids *ids)
{
	size_t count = rows_count(ids->warnings_file, ids->warnings, "warnings");

	for (size_t i = 0; i < count; i++) {
		struct row warning = row_at(ids->warnings_file, ids->warnings, "warnings", i, "id");
		const json_t *issues = row_array(&warning, "issues");

		for (size_t k = 0; k < json_array_size(issues); k++) {
			long long number = json_integer_value(json_array_get(issues, k));
			struct row issue;

			if (number > (long long)rows_count(file, doc, "issues"))
				row_fail(&warning, "there is no known issue %lld", number);
			issue = row_at(file, doc, "issues", (size_t)number - 1, "title");
			if (strcmp(row_text(&issue, "caught"), "warning") == 0 &&
			    !array_has(row_array(&issue, "by"), row_text(&warning, "id")))
				row_fail(&warning, "known issue %lld does not name it", number);
		}
	}
}

static json_t *issues_load(const char *file)
{
	json_t *doc = document_load(file, "ib-vmext/known-issues/1");
	size_t count = rows_count(file, doc, "issues");
	struct ids ids;

	ids_load(file, &ids);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "issues", i, "title");

		check_issue(&ids, &row, i);
	}
	check_way_back(file, doc, &ids);
	json_decref(ids.warnings);
	json_decref(ids.faults);
	return doc;
}

static const char *why_of(const struct row *row)
{
	return json_object_get(row->object, "why") == NULL ? "" : row_text(row, "why");
}

static void by_text(const struct row *row, const char *before, const char *after, FILE *out)
{
	const json_t *by = row_array(row, "by");

	for (size_t i = 0; i < json_array_size(by); i++)
		(void)fprintf(out, "%s%s%s%s",
			      i == 0              ? ""
			      : before[0] == '\0' ? ","
						  : ", ",
			      before, json_string_value(json_array_get(by, i)), after);
}

static void write_issue(FILE *out, const struct row *row)
{
	(void)fprintf(out, "\t{ %lld, ", row_int(row, "number", 1, ISSUE_NUMBER_MAX));
	write_literal(out, row_text(row, "title"));
	(void)fputs(",\n\t\t", out);
	write_literal(out, row_text(row, "source"));
	(void)fputs(", ", out);
	write_literal(out, row_text(row, "caught"));
	(void)fputs(", ", out);
	write_literal(out, places[place_of(row)].sentence);
	(void)fputs(", \"", out);
	by_text(row, "", "", out);
	(void)fputs("\",\n\t\t", out);
	write_literal(out, why_of(row));
	(void)fputs(" },\n", out);
}

void make_known_issues(const char *file, FILE *out)
{
	json_t *doc = issues_load(file);
	size_t count = rows_count(file, doc, "issues");

	write_banner(out, file);
	(void)fputs("static const struct issue_row issue_table[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "issues", i, "title");

		write_issue(out, &row);
	}
	(void)fputs("};\n", out);
	json_decref(doc);
}

static void write_issue_md(FILE *out, const struct row *row)
{
	size_t place = place_of(row);

	(void)fprintf(out, "| %lld | ", row_int(row, "number", 1, ISSUE_NUMBER_MAX));
	write_cell(out, row_text(row, "title"));
	(void)fprintf(out, " %s%s", places[place].sentence, places[place].by_needed ? ": " : "");
	by_text(row, "`", "`", out);
	if (why_of(row)[0] != '\0') {
		(void)fputs(". ", out);
		write_prose(out, why_of(row), "|");
	}
	(void)fputs(" | ", out);
	write_cell(out, row_text(row, "source"));
	(void)fputc('\n', out);
}

void make_known_issues_md(const char *file, FILE *out)
{
	json_t *doc = issues_load(file);
	size_t count = rows_count(file, doc, "issues");

	(void)fputs("<!-- Made by tools/gen-tables from data/known-issues.json: edit that. -->\n"
		    "# Known issues\n\n"
		    "What is known to go wrong with InfiniBand drivers on Azure Linux VMs, and "
		    "where ib-vmext\ncatches it, or why it cannot. Warnings are explained in "
		    "[warnings.md](warnings.md), faults in\n[exit-codes.md](exit-codes.md); "
		    "`ib-vmext explain issue N` says the same, offline.\n\n"
		    "| no. | issue | where it is caught | source |\n| ---: | --- | --- | --- |\n",
		    out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "issues", i, "title");

		write_issue_md(out, &row);
	}
	json_decref(doc);
}
