/* tools/gen-faults.c - data/faults.json -> enum fault, the tables of faults and exit codes, and
 * docs/exit-codes.md. */
#include "gen-tables.h"

#include <string.h>

#include "gen-common.h"

static const char schema[] = "ib-vmext/faults/1";

static bool exit_code_known(const char *file, const json_t *doc, long long code)
{
	size_t count = rows_count(file, doc, "exitCodes");

	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "exitCodes", i, NULL);

		if (row_int(&row, "code", 0, 255) == code)
			return true;
	}
	return false;
}

static void check_exits(const char *file, const json_t *doc)
{
	static const char *const keys[] = { "code", "meaning", "remedy", NULL };
	size_t count = rows_count(file, doc, "exitCodes");
	long long former = -1;

	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "exitCodes", i, NULL);
		long long code = row_int(&row, "code", 0, 255);

		row_only(&row, keys);
		(void)row_text(&row, "meaning");
		(void)row_text(&row, "remedy");
		if (code <= former)
			row_fail(&row, "code %lld stands twice or out of order", code);
		former = code;
	}
	if (!exit_code_known(file, doc, 0)) {
		struct row row = { .file = file };

		row_fail(&row, "exitCodes lacks 0, which \"none\" stands under");
	}
}

static void check_fault(const char *file, const json_t *doc, const struct row *row, size_t i)
{
	static const char *const keys[] = { "slug",  "exitCode", "who", "transient",
					    "cause", "remedy",   NULL };
	static const char *const whos[] = { "user", "operator", "platform", "nobody", NULL };
	const char *slug = row_text(row, "slug");

	row_only(row, keys);
	row_slug(row, slug);
	row_one_of(row, "who", row_text(row, "who"), whos);
	(void)row_bool(row, "transient");
	(void)row_text(row, "cause");
	(void)row_text(row, "remedy");
	if (strcmp(slug, "none") == 0 || strcmp(slug, "count") == 0)
		row_fail(row, "this slug is taken by the enum itself");
	if (!exit_code_known(file, doc, row_int(row, "exitCode", 1, 255)))
		row_fail(row, "its exitCode is not among exitCodes");
	for (size_t k = 0; k < i; k++) {
		struct row other = row_at(file, doc, "faults", k, "slug");

		if (strcmp(row_text(&other, "slug"), slug) == 0)
			row_fail(row, "the slug stands at faults[%zu] already", k);
	}
}

/* Load the document and check every row of it, so that both outputs fail alike. */
static json_t *faults_load(const char *file)
{
	static const char *const keys[] = { "schema", "exitCodes", "faults", NULL };
	json_t *doc = document_load(file, schema);
	struct row whole = { .file = file, .object = doc };
	size_t count = rows_count(file, doc, "faults");

	row_only(&whole, keys);
	check_exits(file, doc);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "faults", i, "slug");

		check_fault(file, doc, &row, i);
	}
	return doc;
}

void make_fault_ids(const char *file, FILE *out)
{
	json_t *doc = faults_load(file);
	size_t count = rows_count(file, doc, "faults");

	write_banner(out, file);
	(void)fputs("#pragma once\n\nenum fault {\n\tFAULT_NONE = 0,\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "faults", i, "slug");

		(void)fputs("\tFAULT_", out);
		write_enumerator(out, row_text(&row, "slug"));
		(void)fputs(",\n", out);
	}
	(void)fputs("\tFAULT_COUNT\n};\n", out);
	json_decref(doc);
}

static void write_fault(FILE *out, const struct row *row)
{
	(void)fputs("\t[FAULT_", out);
	write_enumerator(out, row_text(row, "slug"));
	(void)fputs("] = { ", out);
	write_literal(out, row_text(row, "slug"));
	(void)fprintf(out, ", %lld, ", row_int(row, "exitCode", 1, 255));
	write_literal(out, row_text(row, "who"));
	(void)fprintf(out, ", %s,\n\t\t", row_bool(row, "transient") ? "true" : "false");
	write_literal(out, row_text(row, "cause"));
	(void)fputs(",\n\t\t", out);
	write_literal(out, row_text(row, "remedy"));
	(void)fputs(" },\n", out);
}

static void write_exits(FILE *out, const char *file, const json_t *doc)
{
	size_t count = rows_count(file, doc, "exitCodes");

	(void)fputs("\nconst struct exit_row exit_table[] = {\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "exitCodes", i, NULL);

		(void)fprintf(out, "\t{ %lld, ", row_int(&row, "code", 0, 255));
		write_literal(out, row_text(&row, "meaning"));
		(void)fputs(",\n\t\t", out);
		write_literal(out, row_text(&row, "remedy"));
		(void)fputs(" },\n", out);
	}
	(void)fprintf(out, "};\nconst size_t exit_table_count = %zu;\n", count);
}

void make_fault_table(const char *file, FILE *out)
{
	json_t *doc = faults_load(file);
	size_t count = rows_count(file, doc, "faults");

	write_banner(out, file);
	(void)fputs("#include \"base/fault-table.h\"\n\n"
		    "const struct fault_row fault_table[FAULT_COUNT] = {\n"
		    "\t[FAULT_NONE] = { \"none\", 0, \"nobody\", false,\n"
		    "\t\t\"Nothing went wrong.\",\n\t\t\"Nothing to do.\" },\n",
		    out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "faults", i, "slug");

		write_fault(out, &row);
	}
	(void)fputs("};\n", out);
	write_exits(out, file, doc);
	json_decref(doc);
}

/* docs/exit-codes.md */

static void write_exits_md(FILE *out, const char *file, const json_t *doc)
{
	size_t count = rows_count(file, doc, "exitCodes");

	(void)fputs("| code | meaning | what to do |\n| ---: | --- | --- |\n", out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "exitCodes", i, NULL);

		(void)fprintf(out, "| %lld | ", row_int(&row, "code", 0, 255));
		write_cell(out, row_text(&row, "meaning"));
		(void)fputc(' ', out);
		write_cell(out, row_text(&row, "remedy"));
		(void)fputc('\n', out);
	}
}

static void write_fault_md(FILE *out, const struct row *row)
{
	(void)fprintf(out, "\n### %s\n\n", row_text(row, "slug"));
	write_item(out, "cause", row_text(row, "cause"));
	write_item(out, "remedy", row_text(row, "remedy"));
	write_item(out, "who must act", row_text(row, "who"));
	write_item(out, "can a retry help",
		   row_bool(row, "transient") ? "yes, nothing else need change" : "no");
}

/* The faults of one exit code, under its heading. */
static void write_code_md(FILE *out, const char *file, const json_t *doc, const struct row *code)
{
	size_t count = rows_count(file, doc, "faults");
	unsigned written = 0;

	(void)fprintf(out, "\n## Code %lld\n\n", row_int(code, "code", 0, 255));
	write_prose(out, row_text(code, "meaning"), "");
	(void)fputc('\n', out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "faults", i, "slug");

		if (row_int(&row, "exitCode", 1, 255) != row_int(code, "code", 0, 255))
			continue;
		write_fault_md(out, &row);
		written++;
	}
	if (written == 0)
		(void)fputs("\nNo fault stands under it.\n", out);
}

void make_exit_codes_md(const char *file, FILE *out)
{
	json_t *doc = faults_load(file);
	size_t count = rows_count(file, doc, "exitCodes");

	(void)fputs("<!-- Made by tools/gen-tables from data/faults.json: edit that. -->\n"
		    "# Exit codes\n\n"
		    "The code of the status that Azure shows, and of a verb at a shell, is one of "
		    "these:\n\n",
		    out);
	write_exits_md(out, file, doc);
	(void)fputs(
		"\nWhat went wrong exactly is a fault: its name stands in the status message, in "
		"the log\nand in `--json` answers. Who must act: *user* is who deploys the "
		"extension, *operator* who\nruns the VM, *platform* Azure and its agent on the "
		"VM.\n",
		out);
	for (size_t i = 0; i < count; i++) {
		struct row row = row_at(file, doc, "exitCodes", i, NULL);

		write_code_md(out, file, doc, &row);
	}
	json_decref(doc);
}
