/* manual man|bash, or manual settings SCHEMA: the manual pages and the completion of ib-vmext, on
 * stdout. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(what, "man") == 0) {
		manual_print(stdout);
	} else if (argc == 2 && strcmp(what, "bash") == 0) {
		completion_print(stdout);
	} else if (argc == 3 && strcmp(what, "settings") == 0) {
		json_t *schema = json_load_file(argv[2], JSON_REJECT_DUPLICATES, NULL);

		if (!schema || manual_print_settings(schema, stdout) < 0) {
			fprintf(stderr, "manual: %s is not a schema of settings\n", argv[2]);
			return 1;
		}
		json_decref(schema);
	} else {
		fprintf(stderr, "usage: manual man|bash|settings SCHEMA\n");
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
