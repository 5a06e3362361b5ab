/* tools/gen-tables.c - makes const C tables, and a page of docs/, of data/ (JSON): gen-tables MODE
 * INPUT OUTPUT. */
#include "gen-tables.h"

#include <stdlib.h>
#include <string.h>

/* Each writes the whole of OUTPUT to `out`, or fails by row_fail. To add tables: write a function
 * in a file of its own (tools/gen-catalogue.c), declare it in gen-tables.h, and add its row here.
 */
static const struct {
	const char *mode;
	void (*make)(const char *file, FILE *out);
} modes[] = {
	{ "fault-ids", make_fault_ids },
	{ "fault-table", make_fault_table },
	{ "sizes", make_sizes },
	{ "adapters", make_adapters },
	{ "drivers", make_drivers },
	{ "exit-codes-md", make_exit_codes_md },
	{ "warnings", make_warnings },
	{ "warnings-md", make_warnings_md },
	{ "known-issues", make_known_issues },
	{ "known-issues-md", make_known_issues_md },
};

static int usage(void)
{
	(void)fputs("usage: gen-tables MODE INPUT OUTPUT; MODE is one of", stderr);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		(void)fprintf(stderr, " %s", modes[i].mode);
	(void)fputc('\n', stderr);
	return 1;
}

static int write_output(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(text, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return usage();
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out;
		int rc;

		if (strcmp(argv[1], modes[i].mode) != 0)
			continue;
		/* In memory first: a row that fails must not leave half a file for the compiler. */
		out = open_memstream(&text, &len);
		if (out == NULL)
			return 1;
		modes[i].make(argv[2], out);
		rc = fclose(out) != 0 ? 1 : write_output(argv[3], text, len);
		free(text);
		return rc;
	}
	return usage();
}
